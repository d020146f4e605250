"""What is printed for people."""

from datetime import UTC, datetime, timedelta

import pytest

from argentos.gateway.output import age

NOW = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "just now"),
        (59, "just now"),
        (-30, "just now"),
        (300, "5m ago"),
        (3 * 3600 + 59, "3h ago"),
        (999 * 86400, "999d ago"),
        (1001 * 86400, "2024-03-03"),
        (20_786 * 86400 + 14 * 3600, "1970-01-01"),
        (-120, "2026-11-29"),
        (-365 * 86400, "2027-11-29"),
    ],
)
def test_an_age_is_told_by_its_day_where_the_clock_may_have_been_wrong(seconds: float, shown: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == shown


@pytest.mark.parametrize("time", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_the_ends_of_time_have_an_age(time: datetime) -> None:
    assert age(time, NOW) == f"{time:%Y-%m-%d}"
