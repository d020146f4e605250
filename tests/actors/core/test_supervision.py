"""Actors that fail: restarted from the snapshot, parked when they fail too often, and no trouble for the others."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import pytest

from argentos import (
    Config,
    Emit,
    FileStore,
    ManualClock,
    MemoryStore,
    OfflineModel,
    ReplayModel,
    Reply,
    Request,
    SessionParked,
    SessionRestarted,
    Supervisor,
)
from argentos.actors.core.supervision import Supervision
from argentos.errors import SessionFailedError, SessionNotFoundError, SessionParkedError, StoreFullError
from argentos.machines import END, START
from argentos.machines.lifecycles.supervision import SUPERVISION
from argentos.storage import Record, Replied, SessionKey, TurnEnded
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

AT = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
KEY = SessionKey("main", "maren")
OTHER = SessionKey("main", "hela")


class Faulty(MemoryStore):
    """Raises what it is told to when a session is written, before or after the records are durable."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Exception] = []
        self.is_faulty: Callable[[Sequence[Record]], bool] = lambda _: True
        self.before = True

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        strikes = key == KEY and self.faults and self.is_faulty(records)
        if strikes and self.before:
            raise self.faults.pop(0)
        welcome = await super().append(key, epoch, expected_sequence, records)
        if strikes:
            raise self.faults.pop(0)
        return welcome


def ends_a_turn(records: Sequence[Record]) -> bool:
    return any(isinstance(record, Replied | TurnEnded) for record in records)


@pytest.fixture
def store() -> Faulty:
    return Faulty()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_message_is_answered_though_the_actor_fails_when_its_turn_has_ended(
    running: Running, store: Faulty, when: str
) -> None:
    store.faults += [ValueError("a bug")] * 2
    store.is_faulty, store.before = ends_a_turn, when == "before"
    async with running(OfflineModel()) as supervisor:
        reply = await supervisor.session("maren").ask("Hello?", message_id="m-1")
        history = await supervisor.session("maren").history()
        assert [message.id for message in history] == ["m-1", reply.id]
        assert supervisor.health().is_well


async def test_a_message_that_was_not_taken_is_refused_with_the_cause(running: Running, store: Faulty) -> None:
    store.faults += [ValueError("a bug")]
    async with running(OfflineModel()) as supervisor:
        with pytest.raises(SessionFailedError, match="a bug"):
            await supervisor.session("maren").send("Hello?")
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("maren").info()
        assert (await supervisor.session("maren").ask("Hello?")).text


async def test_a_first_message_that_was_not_taken_can_be_sent_again_at_once_with_its_id(
    running: Running, store: Faulty
) -> None:
    store.faults += [ValueError("a bug")]
    async with running(OfflineModel()) as supervisor:
        with pytest.raises(SessionFailedError, match="a bug"):
            await supervisor.session("maren").send("Hello?", message_id="m-1")
        assert (await supervisor.session("maren").ask("Hello?", message_id="m-1")).text
        assert [message.id for message in await supervisor.session("maren").history()][:1] == ["m-1"]


async def test_a_session_that_fails_too_often_is_parked_with_the_cause(running: Running, store: Faulty) -> None:
    store.faults += [ValueError("a bug")] * 100
    store.is_faulty = ends_a_turn
    async with running(OfflineModel()) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        with pytest.raises(
            SessionParkedError, match=r"parked \(ValueError\('a bug'\)\); `argent sessions unpark maren`"
        ):
            await session.ask("Hello?")
        assert len(store.faults) == 100 - 4
        failures = [event for event in events.pending() if isinstance(event, SessionRestarted | SessionParked)]
        parked = [(event.session, isinstance(event, SessionParked)) for event in failures]
        assert parked == [(KEY, False)] * 3 + [(KEY, True)]
        assert supervisor.health().parked == {"maren": "ValueError('a bug')"}
        assert not supervisor.health().is_well
        for refused in (session.send, session.say, session.compact):
            with pytest.raises(SessionParkedError):
                await refused("And now?")
        assert (await session.info()).waiting == 1
        assert [message.text for message in await session.history()] == ["Hello?"]
        assert (await supervisor.session("hela").ask("Are you there?")).text


async def test_a_parked_session_says_why_and_goes_on_where_it_was_once_it_is_unparked(
    running: Running, store: Faulty, clock: ManualClock
) -> None:
    begun = clock.now()
    store.faults += [ValueError("a bug")] * 4
    store.is_faulty = ends_a_turn
    async with running(OfflineModel()) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(SessionParkedError):
            await session.ask("Hello?", message_id="m-1")
        clock.advance(60)
        info = await session.info()
        assert (info.status, info.since, info.reason) == ("parked", begun, "ValueError('a bug')")
        assert await supervisor.list() == [info]
        await session.unpark()
        assert (await session.info()).status == "working"
        reply = await session.ask("Hello?", message_id="m-1")
        assert [message.id for message in await session.history()] == ["m-1", reply.id]
        assert supervisor.health().is_well
        await session.unpark()  # it is parked no more


async def test_a_parked_session_can_be_deleted(running: Running, store: Faulty) -> None:
    store.faults += [ValueError("a bug")] * 4
    store.is_faulty = ends_a_turn
    async with running(OfflineModel()) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(SessionParkedError):
            await session.ask("Hello?")
        assert await session.delete()
        assert (await session.ask("Hello again?")).text


async def test_failures_that_lie_apart_do_not_park(running: Running, store: Faulty, clock: ManualClock) -> None:
    store.is_faulty = ends_a_turn
    async with running(OfflineModel()) as supervisor:
        for _ in range(10):
            store.faults += [ValueError("a bug")]
            assert (await supervisor.session("maren").ask("Hello?")).text
            clock.advance(3)


async def test_what_waits_in_the_mailbox_outlives_a_restart(running: Running, store: Faulty) -> None:
    store.faults += [ValueError("a bug")]
    outcomes: dict[str, object] = {}

    async def send(number: int) -> None:
        try:
            outcomes[f"m-{number}"] = await supervisor.session("maren").send("Hello?", message_id=f"m-{number}")
        except SessionFailedError as error:
            outcomes[f"m-{number}"] = error

    async with running(ReplayModel(live=True)) as supervisor:
        async with anyio.create_task_group() as group:
            for number in range(200):  # more than one step takes
                group.start_soon(send, number)
        refused = {name for name, outcome in outcomes.items() if isinstance(outcome, SessionFailedError)}
        taken = {message.id for message in await supervisor.session("maren").history()}
        assert refused
        assert taken == outcomes.keys() - refused


async def test_a_supervisor_that_has_not_begun_says_so_and_knows_of_no_fault_of_its_store(tmp_path: Path) -> None:
    health = Supervisor(FileStore(tmp_path), OfflineModel()).health()
    assert (health.is_open, health.is_well, health.store) == (False, False, "")


async def test_a_full_store_parks_nobody(running: Running, store: Faulty) -> None:
    store.faults += [StoreFullError("full")] * 10
    async with running(OfflineModel()) as supervisor:
        for _ in range(10):
            with pytest.raises(StoreFullError):
                await supervisor.session("maren").send("Hello?")
        assert (await supervisor.session("maren").ask("Hello?")).text


@pytest.mark.parametrize(("intensity", "allowed"), [(0, 0), (1, 1), (3, 3)])
def test_the_intensity_is_the_number_of_restarts_within_the_period(intensity: int, allowed: int) -> None:
    supervision = Supervision(intensity, 5.0)
    fail = partial(supervision.fail, KEY, ValueError("a bug"), at=AT)
    assert [fail(float(number) / 10) for number in range(allowed + 1)] == ["restart"] * allowed + ["park"]
    supervision = Supervision(intensity, 5.0)
    assert [supervision.fail(KEY, ValueError("a bug"), 5.1 * n, AT) for n in range(9)] == [
        "restart" if intensity else "park"
    ] * 9


def test_every_session_has_failures_of_its_own() -> None:
    supervision = Supervision(1, 5.0)
    assert [supervision.fail(key, ValueError("a bug"), 0.0, AT) for key in (KEY, OTHER)] == ["restart"] * 2
    assert supervision.fail(KEY, ValueError("a bug"), 0.0, AT) == "park"
    assert set(supervision.parked) == {KEY}


def test_the_life_of_an_actor_is_its_diagram() -> None:
    assert SUPERVISION.states == (START, "Resting", "Live", "Parked")
    assert SUPERVISION.effects == {"restart", "park"}
    assert END not in SUPERVISION.states


async def test_the_session_that_was_quiet_for_longest_leaves_memory_when_there_are_too_many(running: Running) -> None:
    async with running(OfflineModel(), config=Config(max_live=3)) as supervisor:
        for number in range(10):
            await supervisor.session(f"s-{number % 5}").ask("Hello?")
            assert supervisor.live <= 3
        assert [info.messages for info in await supervisor.list()] == [4] * 5


async def test_sessions_at_work_stay_in_memory_however_many_there_are(running: Running) -> None:
    async with running(ReplayModel(live=True), config=Config(max_live=3)) as supervisor:
        for number in range(10):
            await supervisor.session(f"s-{number}").send("Hello?")
        assert supervisor.live == 10


async def test_the_log_has_the_traceback_of_the_first_failure_and_a_line_for_those_that_follow(
    running: Running, store: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    store.faults += [ValueError("a bug")] * 2
    store.is_faulty = ends_a_turn
    async with running(OfflineModel()) as supervisor:
        await supervisor.session("maren").ask("Hello?")
    failures = [record for record in caplog.records if "failed" in record.getMessage()]
    assert [record.getMessage() for record in failures] == ["session maren failed: ValueError('a bug')"] * 2
    assert [bool(record.exc_info) for record in failures] == [True, False]


def raised(kind: type[Exception]) -> Exception:
    with pytest.raises(kind) as caught:
        raise kind("a bug")
    return caught.value


def test_a_failure_is_news_unless_the_same_was_raised_at_its_place_within_the_period() -> None:
    supervision = Supervision(intensity=3, period=5.0)
    assert supervision.is_news(raised(ValueError), 0.0)
    assert not supervision.is_news(raised(ValueError), 4.9)
    assert supervision.is_news(raised(KeyError), 4.9)
    assert supervision.is_news(ValueError("raised elsewhere"), 4.9)
    assert supervision.is_news(raised(ValueError), 5.1)
    assert not supervision.is_news(raised(ValueError), 10.0)


async def test_many_sessions_that_fail_alike_leave_one_traceback(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(Instant(), on=AlwaysFaulty()) as supervisor, supervisor.events() as events:
        for number in range(5):
            await supervisor.session(f"failing-{number}").send("Hello?")
        while len(supervisor.health().parked) < 5:
            await events.get()
    failures = [record for record in caplog.records if "failed: ValueError" in record.getMessage()]
    assert len(failures) == 5 * 4
    assert [bool(record.exc_info) for record in failures] == [True] + [False] * 19


class AlwaysFaulty(MemoryStore):
    """Fails whenever a turn ends, but in one session."""

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        if key != OTHER and ends_a_turn(records):
            raise ValueError("a bug")
        return await super().append(key, epoch, expected_sequence, records)


class Instant(OfflineModel):
    """Answers at once."""

    async def reply(self, _request: Request, _emit: Emit) -> Reply:
        return Reply("Yes.")


async def test_restarts_come_one_after_the_other_so_that_others_are_served_meanwhile(running: Running) -> None:
    sessions, failures = 50, 0
    async with running(Instant(), on=AlwaysFaulty()) as supervisor:
        async with supervisor.events() as events, anyio.create_task_group() as group:
            for number in range(sessions):
                group.start_soon(supervisor.session(f"failing-{number}").send, "Hello?")
            while failures < sessions:
                failures += isinstance(await events.get(), SessionRestarted | SessionParked)
            await supervisor.session("hela").say("I am here.")
        assert len(supervisor.health().parked) < sessions / 2


def test_the_time_for_which_a_restart_waits_does_not_count() -> None:
    supervision, now = Supervision(intensity=3, period=5.0), 0.0
    for _ in range(3):
        assert supervision.fail(KEY, ValueError("a bug"), now, AT) == "restart"
        now += 60.0
        supervision.waited(KEY, 60.0)
    assert supervision.fail(KEY, ValueError("a bug"), now, AT) == "park"
