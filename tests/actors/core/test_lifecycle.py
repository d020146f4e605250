"""A session in time: idling, waking, leaving memory, coming back."""

import gc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import anyio
import pytest

from argentos import Config, ManualClock, RecordAppended, ReplayModel, Supervisor
from argentos.actors import Subscription
from argentos.actors.core.live_session import LiveSession
from argentos.storage import MemoryStore, Transitioned

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]

HALF_AN_HOUR = 1800.0


async def next_transition(events: Subscription) -> Transitioned:
    """Wait for the next edge that a session takes."""
    with anyio.fail_after(5):
        async for event in events:
            if isinstance(event, RecordAppended) and isinstance(event.record, Transitioned):
                return event.record
    raise AssertionError("the subscription ended")


async def test_the_first_message_creates_and_activates(running: Running) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor, supervisor.events() as events:
        await supervisor.session("maren").ask("Hello?")
        edges = [await next_transition(events), await next_transition(events)]
        assert [(edge.source, edge.target) for edge in edges] == [("[*]", "Created"), ("Created", "Active")]


async def test_a_session_made_by_hand_becomes_active_with_its_first_message(running: Running) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor:
        session = supervisor.session("maren")
        await session.create()
        await session.ask("Hello?")
        assert (await session.info()).state == "Active"


async def test_an_active_session_idles_after_its_time_and_wakes_with_a_message(
    running: Running, clock: ManualClock
) -> None:
    async with running(ReplayModel(["Yes.", "Still."])) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        quiet_since = clock.now()
        for _ in range(2):
            await next_transition(events)
        clock.advance(HALF_AN_HOUR)
        idle = await next_transition(events)
        assert (idle.target, (idle.at - quiet_since).total_seconds()) == ("Idle", HALF_AN_HOUR)
        await session.ask("There?")
        assert (await next_transition(events)).label == "New message"


async def test_activity_puts_idling_off(running: Running, clock: ManualClock) -> None:
    async with running(ReplayModel(["Yes."] * 3)) as supervisor:
        session = supervisor.session("maren")
        for _ in range(3):
            await session.ask("Hello?")
            clock.advance(HALF_AN_HOUR - 1)
            assert (await session.info()).state == "Active"


async def test_a_session_with_an_open_turn_does_not_idle(running: Running, clock: ManualClock) -> None:
    model = ReplayModel(live=True)
    async with running(model) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        turn = await session.send("Hello?")
        clock.advance(10 * HALF_AN_HOUR)
        assert (await session.info()).state == "Active"
        model.feed("At last.")
        await turn.reply()
        clock.advance(HALF_AN_HOUR)
        while (await next_transition(events)).target != "Idle":
            pass


async def test_an_agents_own_message_counts_as_activity_and_wakes(running: Running, clock: ManualClock) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.say("Good morning.")
        clock.advance(2 * HALF_AN_HOUR)
        await session.say("Good evening.")
        edges = (await session.info()).edges
        assert edges["Active --> Idle: No recent activity"].count == 1
        assert edges["Idle --> Active: New message"].count == 1


async def test_a_silence_that_nobody_timed_is_seen_when_the_next_message_comes(
    running: Running, clock: ManualClock
) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor:
        await supervisor.session("maren").ask("Hello?")
    left = clock.now()
    clock.advance(86400)  # nobody was running
    async with running(ReplayModel(["Again."])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("There?")
        idled = (await session.info()).edges["Active --> Idle: No recent activity"]
        assert (idled.count, (idled.last - left).total_seconds()) == (1, HALF_AN_HOUR)


async def test_after_a_restart_overdue_sessions_list_as_idle_at_once(
    running: Running, clock: ManualClock, store: MemoryStore
) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
    clock.advance(HALF_AN_HOUR)
    async with running() as supervisor:
        assert [info.state for info in await supervisor.list()] == ["Idle"]
        snapshot = await store.load(session.key)
        assert snapshot is not None
        assert snapshot.metadata.state == "Active"  # nothing was written for it


async def test_an_idle_session_leaves_memory_and_is_revived_by_a_message(running: Running, clock: ManualClock) -> None:
    async with (
        running(ReplayModel(["Yes.", "Still here."]), config=Config(passivate_after=60)) as supervisor,
        supervisor.events() as events,
    ):
        session = supervisor.session("maren")
        await session.ask("Hello?")
        assert supervisor.live == 1
        clock.advance(HALF_AN_HOUR)
        while (await next_transition(events)).target != "Idle":
            pass
        while supervisor.live:
            clock.advance(61)
            await anyio.wait_all_tasks_blocked()
        await session.ask("There?")
        assert [message.text for message in await session.history()] == ["Hello?", "Yes.", "There?", "Still here."]


async def test_a_session_that_leaves_memory_does_not_wait_for_the_garbage_collector(running: Running) -> None:
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, LiveSession) for each in gc.get_objects())
        async with running(ReplayModel(["Yes."] * 10), config=Config(max_live=1)) as supervisor:
            for number in range(10):
                await supervisor.session(f"user-{number}").ask("Hello?")
            assert supervisor.live == 1
            assert sum(isinstance(each, LiveSession) for each in gc.get_objects()) == before + 1
    finally:
        gc.enable()


async def test_looking_at_a_session_does_not_bring_it_into_memory(running: Running) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor:
        await supervisor.session("maren").ask("Hello?")
    async with running() as supervisor:
        await supervisor.session("maren").info()
        await supervisor.session("maren").history(full=True)
        assert supervisor.live == 0


async def test_a_quiet_session_has_no_task(running: Running) -> None:
    async with running(ReplayModel(["Yes."] * 100)) as supervisor:
        for number in range(100):
            await supervisor.session(f"quiet {number}").ask("Hello?")
        await anyio.wait_all_tasks_blocked()
        assert supervisor.live == 100
        assert len(anyio.get_running_tasks()) < 15


async def test_every_edge_that_is_taken_is_an_edge_of_the_diagram(running: Running, clock: ManualClock) -> None:
    config = Config(max_context_tokens=500)
    async with running(ReplayModel(["word " * 30] * 40), config=config) as supervisor:
        session = supervisor.session("maren")
        for _ in range(40):
            await session.ask("word " * 10)
            clock.advance(HALF_AN_HOUR * 0.7)
        clock.advance(HALF_AN_HOUR)
        await session.say("Still there?")
        assert list((await session.info()).edges) == [
            "[*] --> Created: First message",
            "Created --> Active: Processing messages",
            "Active --> Compacted: Context window full",
            "Compacted --> Active: Continues with summary",
            "Active --> Idle: No recent activity",
            "Idle --> Active: New message",
        ]
