"""The machines of a session as they stand: their states, and what every event would do now."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest

from argentos import (
    Agent,
    Emit,
    FileStore,
    KnownEvent,
    Lifecycle,
    ManualClock,
    MemoryStore,
    ModelUnavailableError,
    Reply,
    Request,
    Session,
    Supervisor,
    tool,
)
from argentos.errors import SessionNotFoundError
from argentos.machines import SESSION, START
from argentos.machines.lifecycles.turn import TURN
from tests.actors.core.tools import Scripted, call

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]


async def machine(session: Session, name: str) -> Lifecycle:
    return next(each for each in await session.lifecycles() if each.machine == name)


def event(lifecycle: Lifecycle, name: str) -> KnownEvent:
    return next(each for each in lifecycle.events if each.event == name)


async def test_a_quiet_session_says_when_it_becomes_idle_and_what_keeps_it_until_then(
    running: Running, clock: ManualClock
) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.ask("hello")
        lifecycle = await machine(session, "session")
        assert lifecycle.state == "Active"
        quiet = event(lifecycle, "no_recent_activity")
        assert (quiet.label, quiet.target, quiet.refused_by) == ("No recent activity", "Idle", "is_quiet")
        assert quiet.due_at == clock.now() + timedelta(minutes=30)
        full = event(lifecycle, "context_window_full")
        assert [(guard.name, guard.is_met) for guard in full.guards] == [
            ("compaction_is_due", False),
            ("has_older_messages", False),
        ]
        assert full.due_at is None


async def test_the_events_are_those_that_the_state_knows(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.create()
        for lifecycle in await session.lifecycles():
            known = {"session": SESSION, "turn": TURN}[lifecycle.machine]
            assert {each.event for each in lifecycle.events} == {
                each for each in known.events if known.knows(lifecycle.state, each)
            }
        assert (await machine(session, "turn")).state == START
        assert event(await machine(session, "session"), "processing_messages").refused_by == "has_message"


async def test_an_idle_session_has_nothing_but_a_new_message_to_wait_for(running: Running, clock: ManualClock) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.ask("hello")
        clock.advance(1801)
        lifecycle = await machine(session, "session")
        assert lifecycle.state == "Idle"
        assert [(each.event, each.refused_by) for each in lifecycle.events] == [("new_message", "")]


async def test_a_turn_that_waits_for_a_person_says_until_when(clock: ManualClock) -> None:
    @tool(needs_approval=True)
    async def send_mail(to: str) -> str:
        """Send a mail."""
        return f"sent to {to}"

    agent = Agent(Scripted(Reply([call("send_mail", "c1", to="jason")]), "done"), tools=[send_mail])
    async with Supervisor(MemoryStore(), agent, clock=clock, grace=0) as supervisor:
        session = supervisor.session("maren")
        await session.send("write to jason")
        with anyio.fail_after(10):
            while not await supervisor.approvals():  # noqa: ASYNC110 - the turn has to get there
                await anyio.sleep(0.005)
        lifecycle = await machine(session, "turn")
        assert lifecycle.state == "Approving"
        assert event(lifecycle, "approval_expired").due_at == clock.now() + timedelta(days=7)
        assert event(lifecycle, "approval_expired").refused_by == "approval_is_over"
        assert event(lifecycle, "stop").refused_by == ""


async def test_a_turn_that_is_put_off_says_until_when(running: Running, clock: ManualClock) -> None:
    class Busy:
        async def reply(self, request: Request, emit: Emit) -> Reply:
            del request, emit
            raise ModelUnavailableError("too many requests", retry_after=20)

    async with running(Busy()) as supervisor:
        session = supervisor.session("maren")
        await session.send("hello")
        with anyio.fail_after(10):
            while (await machine(session, "turn")).state != "Delayed":  # noqa: ASYNC110 - the turn has to get there
                await anyio.sleep(0.005)
        due = event(await machine(session, "turn"), "delay_over").due_at
        assert due is not None
        assert timedelta(seconds=20) <= due - clock.now() <= timedelta(seconds=22)


async def test_looking_at_machines_changes_nothing(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        await session.ask("hello")
        before = await session.info()
        await session.lifecycles()
        assert await session.info() == before


async def test_a_session_that_is_not_there_has_no_machines(running: Running) -> None:
    async with running() as supervisor:
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("nobody").lifecycles()


async def test_another_process_is_told_the_same(tmp_path: Path, running: Running) -> None:
    async with running(on=FileStore(tmp_path)) as supervisor:
        session = supervisor.session("maren")
        await session.ask("hello")
        async with Supervisor.connect(tmp_path) as remote:
            assert await remote.session("maren").lifecycles() == await session.lifecycles()
