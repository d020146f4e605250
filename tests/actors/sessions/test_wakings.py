"""Wakings: an asker is woken by the reply alone, however the message is accepted and the text streams."""

from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar

import anyio
import anyio.lowlevel
import pytest

from argentos import Emit, MemoryStore, NoReplyError, Reply, Request
from argentos.errors import StoreFullError
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio
T = TypeVar("T")


class Counted(Awaitable[T], Generic[T]):
    """Counts how often what it awaits is suspended."""

    def __init__(self, work: Awaitable[T]) -> None:
        self._work = work
        self.suspensions = 0

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._work.__await__()
        sent: Any = None
        while True:
            try:
                awaited = steps.send(sent)
            except StopIteration as end:
                result: T = end.value
                return result
            self.suspensions += 1
            sent = yield awaited


class Talker:
    """Streams its reply in many pieces, and lets others run in between."""

    async def reply(self, _request: Request, emit: Emit) -> Reply:
        for _ in range(20):
            await emit("word ")
            await anyio.lowlevel.checkpoint()
        return Reply("word " * 20)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # trio's checkpoints are suspensions of their own
async def test_who_asks_is_suspended_once(running: Running) -> None:
    async with running(Talker()) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        asked = Counted(session.ask("And now?"))
        assert (await asked).text == "word " * 20
        assert asked.suspensions == 1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # where tasks begin in order, so that one step takes all three
async def test_an_ask_whose_turn_was_stopped_before_it_began_is_told_so(running: Running) -> None:
    async with running(Talker()) as supervisor, anyio.create_task_group() as group:
        session = supervisor.session("maren")
        heard: list[str] = []

        async def ask() -> None:
            with pytest.raises(NoReplyError):
                await session.ask("Hello?")
            heard.append("no reply")

        group.start_soon(ask)
        group.start_soon(ask)
        await anyio.lowlevel.checkpoint()
        await session.stop()
        with anyio.fail_after(5):
            while len(heard) < 2:
                await anyio.lowlevel.checkpoint()


class Full(MemoryStore):
    """Takes nothing."""

    async def append(self, *_: Any, **__: Any) -> bool:
        raise StoreFullError("it is full")


async def test_an_ask_that_cannot_be_accepted_is_told_why(running: Running) -> None:
    async with running(Talker(), on=Full()) as supervisor:
        with pytest.raises(StoreFullError):
            await supervisor.session("maren").ask("Hello?")
