"""Deleting sessions: by hand, and by age and size; never one that is at work."""

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos import Config, Emit, FileStore, ManualClock, MemoryStore, OfflineModel, ReplayModel, Request, Supervisor
from argentos.actors import parse_size
from argentos.actors.retention import Stored, choose
from argentos.errors import ConfigError, SessionNotFoundError, StoreError
from argentos.llm import Reply
from argentos.storage import Page, SessionKey, Snapshot

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]

NOW = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
DAY = 86400.0


def files_with(directory: Path, text: str) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


async def ids(supervisor: Supervisor) -> set[str]:
    return {info.id for info in await supervisor.list()}


# By hand ------------------------------------------------------------------------------------------


async def test_a_deleted_session_is_nowhere(running: Running) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        assert await session.delete() is True
        assert supervisor.live == 0
        assert await ids(supervisor) == set()
        for look in (session.info, session.history, session.summary, session.clear, session.delete):
            with pytest.raises(SessionNotFoundError, match="no session maren"):
                await look()


async def test_an_unknown_session_cannot_be_deleted(running: Running) -> None:
    async with running() as supervisor:
        with pytest.raises(SessionNotFoundError, match="no session nobody"):
            await supervisor.session("nobody").delete()
        assert supervisor.live == 0


async def test_a_session_not_in_memory_is_deleted(running: Running) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor:
        await supervisor.session("maren").ask("Hello?")
    async with running() as supervisor:
        assert await supervisor.session("maren").delete() is True
        assert await ids(supervisor) == set()


async def test_whoever_waits_for_a_reply_is_told_of_the_deletion(running: Running) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        session = supervisor.session("maren")
        turns = [await session.send(text) for text in ("Hello?", "Are you there?")]
        assert await session.delete() is True
        for turn in turns:
            with pytest.raises(SessionNotFoundError, match="session maren was deleted"):
                await turn.reply()
        assert await ids(supervisor) == set()


async def test_whoever_waits_for_a_compaction_is_told_of_the_deletion(running: Running) -> None:
    config = Config(max_context_tokens=500, keep_recent_tokens=20)
    async with running(ReplayModel(live=True), config=config) as supervisor:
        session = supervisor.session("maren")
        for _ in range(5):
            await session.say("word " * 20)
        await session.send("Hello?")
        told: list[str] = []

        async def compact() -> None:
            with pytest.raises(SessionNotFoundError) as raised:
                await session.compact()
            told.append(str(raised.value))

        async with anyio.create_task_group() as group:
            group.start_soon(compact)
            await anyio.wait_all_tasks_blocked()
            await session.delete()
        assert told == ["session maren was deleted; a new message begins it again"]


async def test_a_message_to_a_deleted_session_begins_it_again(running: Running) -> None:
    async with running(ReplayModel(["Yes.", "Who are you?"])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?", message_id="m-1")
        await session.delete()
        reply = await session.ask("Hello?", message_id="m-1")
        assert (reply.text, reply.number) == ("Who are you?", 2)
        assert (await session.info()).messages == 2
        assert len(await session.history(full=True)) == 2


class Stubborn(OfflineModel):
    """A model that hears of no cancellation: it ends its reply all the same."""

    def __init__(self) -> None:
        self.asked = anyio.Event()
        self.may_reply = anyio.Event()
        self.done = 0

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.asked.set()
        with anyio.CancelScope(shield=True):
            await self.may_reply.wait()
        self.done += 1
        return Reply(f"Late, to “{request.messages[-1].text}”.")


async def test_a_turn_that_ends_late_neither_resurrects_nor_answers_for_another(running: Running) -> None:
    model = Stubborn()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.send("The old question?")
        await model.asked.wait()
        await session.delete()
        turn = await session.send("The new question?")
        model.may_reply.set()
        assert (await turn.reply()).text == "Late, to “The new question?”."
        assert model.done == 2
        await session.delete()
        await anyio.wait_all_tasks_blocked()
        assert await ids(supervisor) == set()


class Slow(MemoryStore):
    """A store that takes its time to forget."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = anyio.Event()

    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:
        await self.go_on.wait()
        return await super().delete(key, set_aside=set_aside)


async def test_what_comes_while_a_session_is_deleted_is_refused_and_may_be_sent_again(running: Running) -> None:
    store = Slow()
    async with running(ReplayModel(["One.", "Two."]), on=store) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        outcomes: list[object] = []

        async def attempt(work: Callable[[], Awaitable[object]]) -> None:
            try:
                outcomes.append(await work())
            except SessionNotFoundError as error:
                outcomes.append(str(error))

        async with anyio.create_task_group() as group:
            for work in (session.delete, lambda: session.send("Meanwhile."), session.delete):
                group.start_soon(attempt, work)
                await anyio.wait_all_tasks_blocked()
            store.go_on.set()
        refused = "session maren was deleted; a new message begins it again"
        assert sorted(outcomes, key=str) == [True, refused, refused]  # which is told first does not matter
        assert (await session.ask("Meanwhile.")).text == "Two."


class Failing(MemoryStore):
    """A store that cannot forget the first time."""

    fails = True

    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:
        if self.fails:
            self.fails = False
            raise StoreError("the disk is busy")
        return await super().delete(key, set_aside=set_aside)


async def test_a_deletion_that_fails_is_told_and_can_be_tried_again(running: Running) -> None:
    async with running(ReplayModel(["Yes."]), on=Failing()) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        with pytest.raises(StoreError, match="the disk is busy"):
            await session.delete()
        assert len(await session.history()) == 2
        assert await session.delete() is True
        assert await ids(supervisor) == set()


async def test_a_damaged_session_can_be_deleted(running: Running, tmp_path: Path) -> None:
    async with running(ReplayModel(["Yes."]), on=FileStore(tmp_path)) as supervisor:
        await supervisor.session("maren").ask("Hello?")
    folder = tmp_path / "agents" / "main" / "sessions" / "maren"
    (folder / "history.json").write_text("{")
    async with running(on=FileStore(tmp_path)) as supervisor:
        assert await supervisor.session("maren").delete() is True
        assert not folder.exists()


async def test_a_deleted_session_leaves_no_byte_of_its_texts(running: Running, tmp_path: Path) -> None:
    canary = "xylophone-canary"
    async with running(ReplayModel(live=True), on=FileStore(tmp_path)) as supervisor:
        session = supervisor.session("maren")
        for number in range(5):
            await session.say(f"{canary} {number}")
            if number == 2:
                await session.clear()
        turn = await session.send(f"{canary}?")
        await session.delete()
        with pytest.raises(SessionNotFoundError):
            await turn.reply()
    assert files_with(tmp_path, canary) == []


# Unless it was active ------------------------------------------------------------------------------------------


async def test_a_session_is_kept_if_it_was_active_after_the_look(running: Running, clock: ManualClock) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.say("Good morning.")
        seen = (await session.info()).last_activity
        clock.advance(1)
        await session.say("Anybody there?")
        assert await session.delete(unless_active_since=seen) is False
        assert len(await session.history()) == 2
        assert await session.delete(unless_active_since=(await session.info()).last_activity) is True


async def test_a_session_at_work_is_kept(running: Running, clock: ManualClock) -> None:
    model = ReplayModel(live=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("Hello?")
        assert await session.delete(unless_active_since=clock.now()) is False
        model.feed("Yes.")
        assert (await turn.reply()).text == "Yes."
        assert await session.delete(unless_active_since=clock.now()) is True


async def test_a_session_that_a_crash_left_at_work_is_kept_and_not_revived(
    running: Running, clock: ManualClock
) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        await supervisor.session("maren").send("Hello?")
    model = ReplayModel(live=True)
    async with running(model, resume=False) as supervisor:
        assert await supervisor.session("maren").delete(unless_active_since=clock.now()) is False
        await anyio.wait_all_tasks_blocked()
        assert supervisor.live == 0


class SlowToLoad(MemoryStore):
    """A store that takes its time to load."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = anyio.Event()
        self.go_on.set()

    async def load(self, key: SessionKey) -> Snapshot | None:
        await self.go_on.wait()
        return await super().load(key)


async def test_a_message_that_comes_while_its_session_is_looked_at_keeps_it(
    running: Running, clock: ManualClock
) -> None:
    store = SlowToLoad()
    async with running(on=store) as supervisor:
        await supervisor.session("maren").say("Good morning.")
    async with running(ReplayModel(["Yes."]), on=store) as supervisor:
        session = supervisor.session("maren")
        store.go_on = anyio.Event()
        kept: list[bool] = []

        async def delete() -> None:
            kept.append(not await session.delete(unless_active_since=clock.now()))

        async with anyio.create_task_group() as group:
            group.start_soon(delete)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(session.ask, "Just in time?")
            await anyio.wait_all_tasks_blocked()
            store.go_on.set()
        assert kept == [True]
        assert len(await session.history()) == 3


# Which ------------------------------------------------------------------------------------------


def stored(name: str, days: float = 0, size: int = 10, *, at_work: bool = False) -> Stored:
    return Stored(name, NOW - timedelta(days=days), size, at_work)


@pytest.mark.parametrize(
    ("retain_for", "retain_bytes", "due"),
    [
        (None, None, []),
        (30 * DAY, None, [("c", "age"), ("b", "age")]),
        (20 * DAY, None, [("c", "age"), ("b", "age")]),
        (None, 40, []),
        (None, 39, [("c", "size")]),
        (None, 15, [("c", "size"), ("b", "size"), ("a", "size")]),
        (None, 0, [("c", "size"), ("b", "size"), ("a", "size")]),
        (35 * DAY, 25, [("c", "age"), ("b", "size")]),
    ],
)
def test_the_oldest_are_due_and_those_at_work_never(
    retain_for: float | None, retain_bytes: int | None, due: list[tuple[str, str]]
) -> None:
    sessions = [stored("a", 1), stored("b", 31), stored("work", 99, at_work=True), stored("c", 40)]
    chosen = choose(sessions, now=NOW, retain_for=retain_for, retain_bytes=retain_bytes)
    assert [(each.session.id, each.reason) for each in chosen] == due


@given(
    st.lists(
        st.builds(
            Stored,
            st.uuids().map(str),
            st.datetimes(datetime(2026, 1, 1), datetime(2026, 5, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given a zone
            st.integers(0, 1000),
            st.booleans(),
        )
    ),
    st.none() | st.floats(1, 100 * DAY),
    st.none() | st.integers(1, 5000),
)
def test_what_is_left_is_within_the_limits_or_at_work_and_nothing_is_due_without_need(
    sessions: list[Stored], retain_for: float | None, retain_bytes: int | None
) -> None:
    due = choose(sessions, now=NOW, retain_for=retain_for, retain_bytes=retain_bytes)
    gone = {each.session.id for each in due}
    left = [each for each in sessions if each.id not in gone]
    idle = [each for each in left if not each.at_work]
    assert not any(each.session.at_work for each in due)
    if retain_for is not None:
        assert all(NOW - each.last_activity <= timedelta(seconds=retain_for) for each in idle)
    if retain_bytes is not None and idle:
        assert sum(each.size for each in left) <= retain_bytes
    by_size = [each.session for each in due if each.reason == "size"]
    if by_size:
        assert retain_bytes is not None
        assert sum(each.size for each in left) + by_size[-1].size > retain_bytes
        assert all(each.last_activity >= by_size[-1].last_activity for each in idle)


# By the supervisor ------------------------------------------------------------------------------------------


async def grace_passes(clock: ManualClock) -> None:
    """What is due by its age is deleted ten minutes after that was seen."""
    await anyio.wait_all_tasks_blocked()
    clock.advance(600)
    await anyio.wait_all_tasks_blocked()


async def test_a_supervisor_deletes_what_is_too_old_at_its_start_and_every_hour(
    running: Running, clock: ManualClock
) -> None:
    async with running() as supervisor:
        await supervisor.session("old").say("Good morning.")
        clock.advance(DAY + 1)
        await supervisor.session("young").say("Good morning.")
    config = Config(retain_for=DAY)
    async with running(config=config, resume=False) as supervisor:
        await anyio.wait_all_tasks_blocked()
        assert await ids(supervisor) == {"old", "young"}
    async with running(config=config) as supervisor:
        await anyio.wait_all_tasks_blocked()
        assert await ids(supervisor) == {"old", "young"}
        await grace_passes(clock)
        assert await ids(supervisor) == {"young"}
        clock.advance(DAY - 660)
        await anyio.wait_all_tasks_blocked()
        assert await ids(supervisor) == {"young"}
        clock.advance(3600)
        await grace_passes(clock)
        assert await ids(supervisor) == set()


async def test_a_supervisor_deletes_the_oldest_until_the_rest_is_small_enough(
    running: Running, clock: ManualClock, store: MemoryStore
) -> None:
    async with running() as supervisor:
        for name in ("a", "b", "c"):
            clock.advance(60)
            await supervisor.session(name).say(f"Good morning from {name}.")
        size = await store.size(SessionKey("main", "a"))
    async with running(config=Config(retain_bytes=2 * size)) as supervisor:
        await anyio.wait_all_tasks_blocked()
        assert await ids(supervisor) == {"b", "c"}


async def test_a_supervisor_leaves_other_agents_and_sessions_at_work_alone(
    running: Running, clock: ManualClock
) -> None:
    async with running(agent="other") as supervisor:
        await supervisor.session("theirs").say("Good morning.")
    async with running(ReplayModel(live=True)) as supervisor:
        await supervisor.session("at-work").send("Hello?")
    clock.advance(10 * DAY)
    async with running(ReplayModel(live=True), config=Config(retain_for=DAY, retain_bytes=1)) as supervisor:
        await anyio.wait_all_tasks_blocked()
        assert await ids(supervisor) == {"at-work"}
    async with running(agent="other") as supervisor:
        assert await ids(supervisor) == {"theirs"}


class Unlisted(MemoryStore):
    """A store whose list cannot be read the first time."""

    fails = True

    async def list(self, agent: str, cursor: str | None = None, limit: int = 1000) -> Page:
        if self.fails:
            self.fails = False
            raise StoreError("no list today")
        return await super().list(agent, cursor, limit)


async def test_a_retention_that_fails_is_told_and_tried_again(
    running: Running, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = Unlisted()
    async with running(on=store) as supervisor:
        await supervisor.session("old").say("Good morning.")
        clock.advance(2 * DAY)
        await supervisor.session("young").say("Good morning.")
    async with running(on=store, config=Config(retain_for=DAY)) as supervisor:
        await anyio.wait_all_tasks_blocked()
        assert "the retention was not applied in full, and will be in an hour: no list today" in caplog.text
        clock.advance(3600)
        await grace_passes(clock)
        assert await ids(supervisor) == {"young"}


# Clocks that are wrong ------------------------------------------------------------------------------------

YEAR = 365 * DAY
YOUNG = Config(retain_for=30 * DAY)


async def some(supervisor: Supervisor, count: int, prefix: str = "s") -> set[str]:
    names = {f"{prefix}-{number}" for number in range(count)}
    for name in names:
        await supervisor.session(name).say("Good morning.")
    return names


@pytest.mark.parametrize("jump", [YEAR, DAY, 1.0, -1.0, -DAY, -YEAR])
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("talks", [False, True])
async def test_a_clock_that_is_set_deletes_nothing_that_another_would_keep(
    running: Running, clock: ManualClock, jump: float, *, restarts: bool, talks: bool
) -> None:
    """As sessions are 29 days and some hours old: with a steady clock they are due after the fifth hour."""
    async with running(config=YOUNG) as supervisor:
        names = await some(supervisor, 5)
        for day in range(29):
            clock.advance(DAY)
            await supervisor.session("daily").say(f"Day {day}.")
        clock.advance(0.79 * DAY)
        if not restarts:
            clock.jump(jump)
        if talks:
            await supervisor.session("daily").say("And today.")
        for _ in range(4):
            clock.advance(3600)
            await grace_passes(clock)
        assert names <= await ids(supervisor)
    if restarts:
        clock.jump(jump)
        async with running(config=YOUNG) as supervisor:
            clock.advance(1)
            if talks:
                await supervisor.session("daily").say("And now.")
            await grace_passes(clock)
            assert names <= await ids(supervisor)
            if jump == YEAR:
                assert "sessions are due by their age and kept" in supervisor.health().retention


async def test_what_is_kept_though_the_clock_says_otherwise_is_deleted_when_its_time_has_passed(
    running: Running, clock: ManualClock
) -> None:
    async with running(config=YOUNG) as supervisor:
        await some(supervisor, 3)
        clock.jump(YEAR)
        for _ in range(29):
            clock.advance(DAY)
            await anyio.wait_all_tasks_blocked()
        assert len(await ids(supervisor)) == 3
        assert "the clock is further ahead than the time that passed" in supervisor.health().retention
        assert "argent sessions prune" in supervisor.health().retention
        clock.advance(DAY + 3600)
        await grace_passes(clock)
        assert await ids(supervisor) == set()
        clock.advance(3600)
        await anyio.wait_all_tasks_blocked()
        assert supervisor.health().retention == ""


async def test_a_clock_that_is_set_right_within_the_grace_deletes_nothing(running: Running, clock: ManualClock) -> None:
    async with running() as supervisor:
        names = await some(supervisor, 3)
        clock.jump(40 * DAY)  # and a message is recorded by it: the one case that looks like an absence
        await supervisor.session("today").say("Good morning.")
    async with running(config=YOUNG) as supervisor:
        await anyio.wait_all_tasks_blocked()
        clock.jump(-40 * DAY)
        await grace_passes(clock)
        assert names <= await ids(supervisor)


@pytest.mark.parametrize(("sessions", "young", "goes"), [(10, 0, True), (11, 5, False), (20, 190, True)])
async def test_more_than_some_at_once_are_deleted_only_by_hand(
    running: Running, clock: ManualClock, sessions: int, young: int, *, goes: bool
) -> None:
    async with running() as supervisor:
        old = await some(supervisor, sessions)
        clock.advance(31 * DAY)
        await some(supervisor, 1 + young, "young")
    async with running(config=YOUNG) as supervisor:
        await grace_passes(clock)
        left = await ids(supervisor)
        assert old & left == (set() if goes else old)
        told = supervisor.health().retention
        assert goes or told == (
            f"{sessions} sessions are due by their age and kept, for more than 10 of {sessions + young + 1} at once are"
            " deleted only by hand; see `argent sessions prune`"
        )


async def test_a_session_that_was_active_since_is_kept_though_the_clock_was_set_back(
    running: Running, clock: ManualClock
) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.say("Good morning.")
        seen = (await session.info()).last_activity
        clock.jump(-DAY)
        await session.say("Good evening.")
        assert await session.delete(unless_active_since=seen) is False


# Settings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"), [(4096, 4096), ("4096", 4096), ("64K", 65536), ("1.5M", 1572864), ("10G", 10 * 1024**3)]
)
def test_sizes_are_read(text: str | int, size: int) -> None:
    assert parse_size(text, "x") == size


@pytest.mark.parametrize("text", ["", "0", "-1", "10 g", "10GB", "much", "2000T"])
def test_wrong_sizes_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--larger-than: .* is no size"):
        parse_size(text, "--larger-than")


@pytest.mark.parametrize(
    ("session", "retain_for", "retain_bytes"),
    [({}, None, None), ({"retainFor": "90d"}, 90 * DAY, None), ({"retainBytes": "10G"}, None, 10 * 1024**3)],
)
def test_the_settings_say_how_long_and_how_much(
    tmp_path: Path, session: dict[str, str], retain_for: float | None, retain_bytes: int | None
) -> None:
    (tmp_path / "argent.json").write_text(json.dumps({"agents": {"defaults": {"session": session}}}))
    config = Config.load(tmp_path)
    assert (config.retain_for, config.retain_bytes) == (retain_for, retain_bytes)


@pytest.mark.parametrize("session", [{"retainFor": "soon"}, {"retainBytes": "much"}, {"retainBytes": []}])
def test_a_wrong_setting_is_named(tmp_path: Path, session: dict[str, object]) -> None:
    (tmp_path / "argent.json").write_text(json.dumps({"agents": {"main": {"session": session}}}))
    with pytest.raises(ConfigError, match=rf"agents.main.session.{next(iter(session))}(:| is) "):
        Config.load(tmp_path)
