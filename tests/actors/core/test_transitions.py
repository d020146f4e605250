"""A session tells each edge that it took, from the records; a model of its life says which ones these are."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

import anyio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from argentos import (
    Config,
    FileStore,
    ManualClock,
    OfflineModel,
    RecordAppended,
    Session,
    Supervisor,
    TokenCounter,
    Transitioned,
)
from argentos.errors import NothingToCompactError, SessionNotFoundError
from argentos.storage import inline
from tests.actors.conftest import Running, count_words

BEGIN: Final = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
CONFIG: Final = Config(max_context_tokens=500, keep_recent_tokens=50, idle_after=60.0, passivate_after=60.0)
Act: TypeAlias = Literal["ask", "ask at length", "say", "idle", "passivate", "compact", "clear", "restart"]
ACTS: Final[st.SearchStrategy[list[Act]]] = st.lists(
    st.sampled_from(["ask", "ask at length", "say", "idle", "passivate", "compact", "clear", "restart"]),
    min_size=1,
    max_size=12,
)


@asynccontextmanager
async def supervising(
    directory: Path, clock: ManualClock, heard: list[Transitioned], count: TokenCounter = count_words
) -> AsyncGenerator[Supervisor]:
    """A supervisor on a directory, and each edge that its events tell of; it begins nothing by itself."""
    store = FileStore(directory, run=inline)
    supervisor = Supervisor(
        store, OfflineModel(), config=CONFIG, clock=clock, count=count, count_inline=10**6, grace=30, resume=False
    )
    async with AsyncExitStack() as stack:
        async with supervisor:
            events = await stack.enter_async_context(supervisor.events(limit=10_000))
            yield supervisor  # whose compactions may end as late as it does
        records = [event.record async for event in events if isinstance(event, RecordAppended)]
        heard += [record for record in records if isinstance(record, Transitioned)]


async def do(act: Act, session: Session, clock: ManualClock) -> None:
    match act:
        case "ask" | "ask at length":
            await session.ask("Hello?" + " word" * (120 if act == "ask at length" else 1))
        case "say":
            await session.say("By the way")
        case "compact":
            with suppress(NothingToCompactError, SessionNotFoundError):
                await session.compact()
        case "clear":
            with suppress(SessionNotFoundError):
                await session.clear()
        case "idle" | "passivate":
            for _ in range(1 if act == "idle" else 2):
                clock.advance(60)
                await anyio.wait_all_tasks_blocked()
        case "restart":
            pass


@pytest.mark.anyio
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(lives=st.lists(ACTS, min_size=1, max_size=3))
@example(lives=[["ask", "ask", "ask at length", "ask at length"]])  # its compaction ends as the supervisor does
async def test_the_edges_told_are_those_taken_over_restarts_compactions_and_passivations(
    lives: list[list[Act]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory, clock = tmp_path_factory.mktemp("state"), ManualClock(BEGIN)
    taken: list[Transitioned] = []
    for acts in lives:
        async with supervising(directory, clock, taken) as supervisor:
            for act in acts:
                await do(act, supervisor.session("maren"), clock)
        async with supervising(directory, clock, []) as supervisor, Supervisor.connect(directory) as remote:
            for session in (supervisor.session("maren"), remote.session("maren")):
                assert (list(await session.transitions()) if await exists(session) else []) == taken
        assert [each.source for each in taken[1:]] == [each.target for each in taken[:-1]]


async def exists(session: Session) -> bool:
    try:
        await session.info()
    except SessionNotFoundError:
        return False
    return True


@pytest.mark.anyio
async def test_a_timer_is_told_at_its_own_time_though_nobody_was_there(running: Running, clock: ManualClock) -> None:
    async with running() as supervisor:
        await supervisor.session("maren").ask("Hello?")
        begun = clock.now()
    clock.advance(10 * 3600)
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.ask("Are you there?")
        told = [(each.target, (each.at - begun).total_seconds()) for each in await session.transitions()]
    assert told == [("Created", 0), ("Active", 0), ("Idle", Config().idle_after), ("Active", 10 * 3600)]


@pytest.mark.anyio
async def test_of_a_session_that_does_not_exist_no_edges_are_told(running: Running) -> None:
    async with running() as supervisor:
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("nobody").transitions()


@pytest.mark.anyio
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts=ACTS, factor=st.sampled_from([0, 3, 100]))
async def test_another_counter_alters_nothing_of_what_was_decided(
    acts: list[Act], factor: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory, clock = tmp_path_factory.mktemp("state"), ManualClock(BEGIN)
    async with supervising(directory, clock, []) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        for act in acts:
            await do(act, session, clock)
        await anyio.wait_all_tasks_blocked()
        before = (await session.info(), await session.transitions(), await session.history(full=True))
    async with supervising(directory, clock, [], lambda text: factor * len(text)) as again:
        session = again.session("maren")
        assert (await session.info(), await session.transitions(), await session.history(full=True)) == before
