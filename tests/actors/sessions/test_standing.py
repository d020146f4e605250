"""How a session stands for people: pinned, archived, read; what it does in one word, since when, and why."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from argentos import (
    Address,
    Agent,
    Emit,
    FileStore,
    ManualClock,
    MemoryStore,
    ModelRefusedError,
    OfflineModel,
    Reply,
    Request,
    Supervisor,
    Transcript,
    TranscriptMessage,
    tool,
)
from argentos.errors import InputError
from argentos.storage import Store, inline
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Moody:
    """Waits where it is asked to, refuses where it is asked to, and is quick else."""

    def __init__(self) -> None:
        self.go_on = anyio.Event()

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        if request.messages[-1].text == "wait":
            await self.go_on.wait()
        if request.messages[-1].text == "refuse":
            raise ModelRefusedError("no more for today")
        return Reply("Yes.")


@tool(needs_approval=True)
async def launch(boat: str) -> str:
    """Launch a boat."""
    return f"{boat} floats"


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "state", run=inline)


async def test_pinned_archived_and_read_outlast_the_process(running: Running, store: Store) -> None:
    async with running(on=store) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        info = await session.info()
        assert (info.pinned, info.archived, info.unread) == (False, False, 2)
        info = await session.update(pinned=True, archived=True, read=1)
        assert (info.pinned, info.archived, info.unread) == (True, True, 1)
    async with running(on=store) as supervisor:
        session = supervisor.session("maren")
        await session.ask("two")
        info = await session.update(pinned=False, title="Boats")
        assert (info.pinned, info.archived, info.unread, info.title) == (False, True, 3, "Boats")
        assert (await session.update(read=1000)).unread == 0
        assert (await session.update(read=0)).unread == 4
        nonsense: tuple[dict[str, Any], ...] = ({"pinned": 1}, {"archived": "yes"}, {"read": -1}, {"read": True})
        for wrong in nonsense:
            with pytest.raises(InputError):
                await session.update(**wrong)


async def test_an_import_and_a_fork_begin_as_read(running: Running) -> None:
    async with running() as supervisor:
        messages = (TranscriptMessage(role="user", text="one"), TranscriptMessage(role="assistant", text="two"))
        assert (await supervisor.session("old").adopt(Transcript(session="old", messages=messages))).unread == 0
        assert (await supervisor.session("old").fork("new")).unread == 0


async def test_the_channels_are_those_of_its_messages(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        for channel in ("telegram", "discord", "telegram"):
            await session.ask("hello", address=Address(channel, "123"))
        await session.ask("hello")
        assert (await session.info()).channels == ("telegram", "discord")
        assert (await session.fork("other")).channels == ("telegram", "discord")


async def test_a_session_is_new_then_works_then_is_idle(running: Running, clock: ManualClock) -> None:
    model, begun = Moody(), clock.now()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        info = await session.create()
        assert (info.status, info.since, info.reason) == ("new", begun, "")
        clock.advance(60)
        turn = await session.send("wait")
        clock.advance(60)
        info = await session.info()
        assert (info.status, info.since) == ("working", begun + timedelta(seconds=60))
        model.go_on.set()
        await turn.reply()
        info = await session.info()
        assert (info.status, info.since) == ("idle", begun + timedelta(seconds=120))


async def test_a_session_whose_latest_turn_failed_says_why(running: Running, clock: ManualClock) -> None:
    async with running(Moody()) as supervisor:
        session = supervisor.session("maren")
        await session.ask("hello")
        clock.advance(60)
        with pytest.raises(ModelRefusedError):
            await session.ask("refuse")
        info = await session.info()
        assert (info.status, info.since, info.reason) == ("failed", clock.now(), "no more for today")
        await session.ask("hello")
        assert (await session.info()).status == "idle"


async def test_a_session_that_waits_for_a_person_says_for_which_tool(clock: ManualClock) -> None:
    agent = Agent(OfflineModel(), tools=[launch])
    async with Supervisor(MemoryStore(), agent, clock=clock, grace=0) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("launch Nixe")
        while not (waiting := await session.approvals()):
            await anyio.lowlevel.checkpoint()
        clock.advance(60)
        info = await session.info()
        assert (info.status, info.since, info.reason) == ("approval", waiting[0].asked_at, "launch")
        await session.approve(waiting[0].call_id)
        await turn.reply()
        assert (await session.info()).status == "idle"
