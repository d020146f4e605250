"""When a conversation begins anew: pure, from times alone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.actors.settings.reset_policy import ResetPolicy

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
ODD = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
)
ZONES = st.sampled_from([*ODD, *sorted(available_timezones())])
MOMENTS = st.integers(0, 2**31 - 1).map(lambda each: datetime.fromtimestamp(each, UTC))
WALLS = st.times().map(lambda each: each.replace(second=0, microsecond=0))


def berlin(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=BERLIN)


def first_behind(policy: ResetPolicy, heard: datetime) -> datetime:
    """The first moment at which a reset is due, to the second, found by asking alone."""
    low, high = heard, heard + 3 * DAY
    assert policy.due(heard, high, 0) == "daily"
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (low, middle) if policy.due(heard, middle, 0) else (middle, high)
    return high


@pytest.mark.parametrize(
    ("heard", "now", "due"),
    [
        ("2026-05-08 22:00", "2026-05-09 03:59:59", None),
        ("2026-05-08 22:00", "2026-05-09 04:00", "daily"),
        ("2026-05-09 03:59", "2026-05-09 04:01", "daily"),
        ("2026-05-09 04:00", "2026-05-09 23:00", None),
        ("2026-05-09 04:01", "2026-05-10 03:00", None),
        ("2026-05-01 12:00", "2026-05-09 12:00", "daily"),
        ("2026-05-09 12:00", "2026-05-08 12:00", None),  # the clock was set back
    ],
)
def test_a_day_ends_at_the_wall_time_of_its_zone(heard: str, now: str, due: str | None) -> None:
    policy = ResetPolicy(time(4), BERLIN, None)
    assert policy.due(berlin(heard).astimezone(UTC), berlin(now).astimezone(UTC), 0) == due


def test_an_hour_that_is_missing_is_when_the_clock_is_put_on() -> None:
    policy = ResetPolicy(time(2, 30), BERLIN, None)
    heard = datetime(2026, 3, 28, 20, tzinfo=UTC)  # the night in which 02:00 is 03:00
    assert first_behind(policy, heard) - datetime(2026, 3, 29, 1, tzinfo=UTC) <= timedelta(seconds=1)


def test_an_hour_that_comes_twice_counts_the_first_time_alone() -> None:
    policy = ResetPolicy(time(2, 30), BERLIN, None)
    first, second = (berlin("2026-10-25 02:30").replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    assert first_behind(policy, first - timedelta(hours=5)) - first <= timedelta(seconds=1)
    assert policy.due(first, second + timedelta(hours=1), 0) is None
    assert policy.due(first - timedelta(seconds=1), first, 0) == "daily"


def test_what_comes_first_is_the_reason() -> None:
    policy = ResetPolicy(time(4), BERLIN, 3600)
    evening, morning = berlin("2026-05-08 22:00").astimezone(UTC), berlin("2026-05-09 08:00").astimezone(UTC)
    assert policy.due(evening, morning, (morning - evening).total_seconds()) == "idle"
    night = berlin("2026-05-09 03:30").astimezone(UTC)
    assert policy.due(night, morning, (morning - night).total_seconds()) == "daily"
    assert policy.due(evening, evening, 0) is None


def test_a_pause_is_measured_by_what_is_known_better_than_the_wall_clock() -> None:
    policy = ResetPolicy(None, UTC, 3600)
    now = datetime(2026, 5, 8, tzinfo=UTC)
    assert policy.due(now - 30 * DAY, now, 60) is None  # the wall clock jumped
    assert policy.due(now + 30 * DAY, now, 3600) == "idle"


def test_a_day_that_a_country_leaves_out_has_no_reset() -> None:
    policy = ResetPolicy(time(4), ZoneInfo("Pacific/Apia"), None)
    first = first_behind(policy, datetime(2011, 12, 29, 0, tzinfo=UTC))  # the 30th came there never
    second = first_behind(policy, first)
    assert timedelta(hours=20) < second - first < timedelta(hours=28)


@given(ZONES, WALLS, MOMENTS)
def test_every_day_has_its_reset_and_none_has_two(zone: str, at: time, heard: datetime) -> None:
    policy = ResetPolicy(at, ZoneInfo(zone), None)
    first = first_behind(policy, heard)
    second = first_behind(policy, first)
    assert heard < first
    assert timedelta(hours=20) < second - first < timedelta(hours=50)  # 24, but for changes of the clock


@given(ZONES, WALLS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=4)), st.timedeltas(timedelta(0), DAY))
def test_once_due_it_stays_due(zone: str, at: time, heard: datetime, later: timedelta, still: timedelta) -> None:
    policy = ResetPolicy(at, ZoneInfo(zone), None)
    if policy.due(heard, heard + later, 0):
        assert policy.due(heard, heard + later + still, 0)


@given(ZONES, WALLS, MOMENTS)
def test_where_the_wall_shows_the_time_a_reset_has_just_become_due(zone: str, at: time, day: datetime) -> None:
    wall = datetime.combine(day.date(), at, ZoneInfo(zone))
    moment = wall.astimezone(UTC)
    policy = ResetPolicy(at, ZoneInfo(zone), None)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall.replace(tzinfo=None):  # it is not left out
        assert policy.due(moment - timedelta(seconds=1), moment, 0) == "daily"
        assert policy.due(moment, moment + timedelta(hours=20), 0) is None
