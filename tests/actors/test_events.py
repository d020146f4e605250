"""Events tell what becomes durable and what the supervisor does, end with it, and go on behind a cursor."""

from collections.abc import Sequence
from datetime import timedelta

import anyio
import pytest

from argentos import (
    Config,
    CursorExpired,
    Emit,
    Event,
    EventsMissed,
    ManualClock,
    MemoryStore,
    RecordAppended,
    Reply,
    Request,
    SessionDeleted,
    SessionParked,
    SessionRestarted,
    SessionUnparked,
    Subscription,
    Supervisor,
    SupervisorDraining,
)
from argentos.errors import InputError, SessionError, SessionNotFoundError, SupervisorStoppedError
from argentos.storage import Accepted, Record, SessionKey
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Echo:
    async def reply(self, request: Request, emit: Emit) -> Reply:  # noqa: ARG002 - at once
        return Reply(f"Re: {request.messages[-1].text}")


def told(events: Sequence[Event]) -> list[str]:
    """The texts of the messages that were accepted from users."""
    records = [event.record for event in events if isinstance(event, RecordAppended)]
    return [record.text for record in records if isinstance(record, Accepted)]


async def heard_until_the_end(events: Subscription) -> list[Event]:
    with anyio.fail_after(5):
        return [event async for event in events]


# The end ------------------------------------------------------------------------------------------------------


async def test_the_events_end_with_the_supervisor_and_have_told_everything(running: Running) -> None:
    heard: list[Event] = []

    async def read(supervisor: Supervisor, started: anyio.Event) -> None:
        async with supervisor.events() as events:
            started.set()
            heard.extend([event async for event in events])

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group, running(Echo()) as supervisor:
            started = anyio.Event()
            group.start_soon(read, supervisor, started)
            await started.wait()
            await supervisor.session("maren").ask("one")
    assert told(heard) == ["one"]
    assert isinstance(heard[-1], SupervisorDraining)


async def test_what_was_not_read_yet_can_be_read_after_the_end(running: Running) -> None:
    async with running(Echo()) as supervisor, supervisor.events() as events:
        await supervisor.session("maren").ask("one")
    assert told(await heard_until_the_end(events)) == ["one"]
    with pytest.raises(SupervisorStoppedError, match="no more events come"):
        await events.get()


async def test_a_supervisor_that_is_closed_takes_no_subscription(running: Running) -> None:
    async with running(Echo()) as supervisor:
        pass
    with pytest.raises(SupervisorStoppedError):
        async with supervisor.events():
            pass


# Readers ------------------------------------------------------------------------------------------------------


async def test_a_second_reader_of_a_subscription_is_refused_and_the_first_goes_on(running: Running) -> None:
    first: list[Event] = []

    async def read(events: Subscription) -> None:
        async for event in events:
            first.append(event)  # noqa: PERF401 - as they come

    async with running(Echo()) as supervisor, supervisor.events() as events, anyio.create_task_group() as group:
        group.start_soon(read, events)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(InputError, match="another task reads this subscription already"):
            await events.get()
        await supervisor.session("maren").ask("one")
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert told(first) == ["one"]


async def test_a_reader_may_hear_of_one_session_only(running: Running) -> None:
    async with (
        running(Echo()) as supervisor,
        supervisor.events(session="maren") as maren,
        supervisor.events(agent="main") as main,
        supervisor.events(agent="sales") as sales,
    ):
        await supervisor.session("maren").ask("one")
        await supervisor.session("ada").ask("two")
        assert told(list(maren.pending())) == ["one"]
        assert told(list(main.pending())) == ["one", "two"]
        assert told(list(sales.pending())) == []


async def test_a_reader_may_hear_of_the_sessions_of_one_owner_only_as_long_as_they_are_his(running: Running) -> None:
    async with (
        running(Echo()) as supervisor,
        supervisor.events(owner="maren") as hers,
        supervisor.events() as all_of_them,
    ):
        session = supervisor.session("boat")
        await session.ask("before it is hers")
        await session.update(owner="maren")
        await session.ask("hers")
        await supervisor.session("other").ask("of nobody")
        await session.update(owner="ada")
        await session.ask("of Ada")
        assert told([*hers.pending()]) == ["hers"]
        assert {event.owner for event in all_of_them.pending() if isinstance(event, RecordAppended)} == {
            "",
            "maren",
            "ada",
        }
        async with supervisor.events(owner="maren", after="") as again:
            assert [*again.pending()] == [CursorExpired(cursor=again.cursor, sessions=())]
        async with supervisor.events(owner="ada", session="boat", after="") as again:
            (snapshot,) = again.pending()
            assert isinstance(snapshot, CursorExpired)
            assert [each.id for each in snapshot.sessions] == ["boat"]


async def test_the_owner_of_a_session_hears_that_it_was_deleted_though_it_is_not_in_memory(
    running: Running, store: MemoryStore
) -> None:
    async with running(Echo(), on=store) as supervisor:
        await supervisor.session("boat").ask("one")
        await supervisor.session("boat").update(owner="maren")
    async with running(Echo(), on=store) as supervisor, supervisor.events(owner="maren") as events:
        await supervisor.session("boat").delete()
        assert [type(event) for event in events.pending()] == [SessionDeleted]


async def test_the_owner_of_a_session_hears_that_it_fails_is_parked_and_goes_on(running: Running) -> None:
    class Faulty(MemoryStore):
        faults = 0

        async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
            if self.faults:
                self.faults -= 1
                raise ValueError("a bug")
            return await super().append(key, epoch, expected_sequence, records)

    store = Faulty()
    async with running(Echo(), on=store) as supervisor, supervisor.events(owner="maren") as events:
        session = supervisor.session("boat")
        await session.create()
        await session.update(owner="maren")
        store.faults = 4
        for _ in range(4):
            with pytest.raises(SessionError, match="a bug"):
                await session.send("one")
            await anyio.wait_all_tasks_blocked()
        await session.unpark()
        kinds = [type(event) for event in events.pending() if not isinstance(event, RecordAppended)]
        assert kinds == [SessionRestarted] * 3 + [SessionParked, SessionUnparked]


# What is told -------------------------------------------------------------------------------------------------


async def test_deletions_are_told_in_their_place_and_by_whom(running: Running, clock: ManualClock) -> None:
    config = Config(retain_for=3600.0)
    async with running(Echo(), config=config) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        await session.ask("one")
        await session.delete()
        await session.ask("two")
        heard = list(events.pending())
        (deleted,) = [event for event in heard if isinstance(event, SessionDeleted)]
        assert (deleted.session, deleted.by, deleted.at) == (SessionKey("main", "maren"), "command", clock.now())
        assert told(heard[: heard.index(deleted)]) == ["one"]
        assert told(heard[heard.index(deleted) :]) == ["two"]
        await anyio.wait_all_tasks_blocked()
        for _ in range(3):  # the retention looks once an hour, and waits for its grace
            clock.advance(timedelta(hours=1).total_seconds())
            await anyio.wait_all_tasks_blocked()
        by_retention = [event for event in events.pending() if isinstance(event, SessionDeleted)]
        assert [(event.session, event.by) for event in by_retention] == [(SessionKey("main", "maren"), "retention")]


async def test_a_session_that_fails_is_told_to_be_restarted_parked_and_unparked(running: Running) -> None:
    class Faulty(MemoryStore):
        faults = 4

        async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
            if self.faults:
                self.faults -= 1
                raise ValueError("a bug")
            return await super().append(key, epoch, expected_sequence, records)

    async with running(Echo(), on=Faulty()) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        for _ in range(4):
            with pytest.raises(SessionError, match="a bug"):
                await session.send("one")
            await anyio.wait_all_tasks_blocked()
        with pytest.raises(SessionNotFoundError):
            await session.unpark()
        kinds = [type(event) for event in events.pending() if not isinstance(event, RecordAppended)]
        assert kinds == [SessionRestarted] * 3 + [SessionParked, SessionUnparked]


# Cursors ------------------------------------------------------------------------------------------------------


async def test_a_reader_goes_on_behind_the_last_event_that_it_has(running: Running) -> None:
    async with running(Echo()) as supervisor:
        session = supervisor.session("maren")
        async with supervisor.events() as events:
            await session.ask("one")
            heard = list(events.pending())
        await session.ask("two")
        async with supervisor.events(after=heard[-1].cursor) as events:
            await session.ask("three")
            assert told(list(events.pending())) == ["two", "three"]
        async with supervisor.events(after=heard[0].cursor, session="ada") as events:
            assert list(events.pending()) == []
        async with supervisor.events(after=heard[0].cursor, limit=1) as events:
            everything = [*heard[1:], *list(events.pending())]
            assert not any(isinstance(event, EventsMissed) for event in everything)
    assert len({event.cursor for event in heard}) == len(heard)


async def test_the_cursor_of_a_subscription_is_behind_the_latest_event_that_was_given(running: Running) -> None:
    async with running(Echo()) as supervisor:
        async with supervisor.events() as events:
            begin = events.cursor
            await supervisor.session("maren").ask("one")
            first = await events.get()
            assert events.cursor == first.cursor
        async with supervisor.events(after=begin) as events:
            assert events.cursor == begin
            assert await events.get() == first


async def test_a_reader_that_was_too_slow_gets_what_it_missed_by_its_cursor(running: Running) -> None:
    async with running(Echo()) as supervisor, supervisor.events(limit=1) as events:
        begin = events.cursor
        await supervisor.session("maren").ask("one")
        missed = await events.get()
        assert isinstance(missed, EventsMissed)
        last = await events.get()
        async with supervisor.events(after=begin) as again:
            everything = list(again.pending())
        assert len(everything) == missed.count + 1
        assert everything[-1] == last
        assert everything[-2].cursor == missed.cursor


async def test_an_expired_cursor_brings_all_sessions_and_a_new_one(running: Running) -> None:
    async with running(Echo(), events_kept=3) as supervisor:
        async with supervisor.events() as events:
            begin = events.cursor
        await supervisor.session("maren").ask("one")
        await supervisor.session("ada").ask("two")
        async with supervisor.events(after=begin) as events:
            expired = await events.get()
            assert isinstance(expired, CursorExpired)
            assert {info.id: info.messages for info in expired.sessions} == {"maren": 2, "ada": 2}
            await supervisor.session("maren").ask("three")
            (maren,) = [info for info in expired.sessions if info.id == "maren"]
            following = list(events.pending())
            sequences = [event.record.sequence for event in following if isinstance(event, RecordAppended)]
            assert sequences[0] == maren.sequence + 1
        async with supervisor.events(after=expired.cursor, limit=1, session="ada") as events:
            expired_again = await events.get()
            assert isinstance(expired_again, CursorExpired)
            assert [info.id for info in expired_again.sessions] == ["ada"]
        async with supervisor.events(after=following[-1].cursor) as events:
            assert list(events.pending()) == []


@pytest.mark.parametrize("cursor", ["", "nonsense", "1", "-", "٣", "x" * 500])
async def test_a_cursor_that_is_none_counts_as_expired(running: Running, cursor: str) -> None:
    async with running(Echo()) as supervisor, supervisor.events(after=cursor) as events:
        expired = await events.get()
        assert isinstance(expired, CursorExpired)
        assert expired.sessions == ()


async def test_a_cursor_of_another_life_of_the_supervisor_has_expired(store: MemoryStore, clock: ManualClock) -> None:
    supervisor = Supervisor(store, Echo(), clock=clock)
    async with supervisor, supervisor.events() as events:
        await supervisor.session("maren").ask("one")
        cursor = (await events.get()).cursor
    async with supervisor, supervisor.events(after=cursor) as events:
        expired = await events.get()
        assert isinstance(expired, CursorExpired)
        assert [info.id for info in expired.sessions] == ["maren"]


async def test_long_texts_are_kept_up_to_a_bound(running: Running) -> None:
    async with running(Echo()) as supervisor:
        async with supervisor.events() as events:
            begin = events.cursor
        for _ in range(5):
            await supervisor.session("maren").say("x" * 4_000_000)
            await supervisor.session("maren").clear()
        async with supervisor.events(after=begin) as events:
            assert isinstance(await events.get(), CursorExpired)
