"""Anybody may attach to a running turn: a second tab, a connection that was lost, another task."""

import anyio
import pytest

from argentos import Emit, MemoryStore, Reply, Request
from argentos.errors import InputError, ModelError, NoReplyError, SessionNotFoundError
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Slow:
    """Streams its reply in two pieces, and waits in between until it is let."""

    def __init__(self) -> None:
        self.gate = anyio.Event()

    async def reply(self, request: Request, emit: Emit) -> Reply:
        text = request.messages[-1].text
        await emit(f"Re: {text}")
        await self.gate.wait()
        await emit(", at last")
        return Reply(f"Re: {text}, at last")


class Failing:
    async def reply(self, _request: Request, _emit: Emit) -> Reply:
        raise ModelError("it is broken")


async def test_a_running_turn_streams_from_its_beginning_to_whoever_attaches(running: Running) -> None:
    model = Slow()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        sent = await session.send("one", message_id="m-1")
        await anyio.wait_all_tasks_blocked()
        current = await session.current_turn()
        by_id = await supervisor.session("maren").turn("m-1")
        assert current is not None
        assert by_id is not None
        assert (current.message_id, by_id.message_id) == ("m-1", "m-1")
        reader = aiter(current.text())
        assert await anext(reader) == "Re: one"
        model.gate.set()
        assert [piece async for piece in by_id.text()] == ["Re: one", ", at last"]
        assert await by_id.reply() == await current.reply() == await sent.reply()


async def test_what_waits_behind_a_turn_can_be_attached_to_by_its_id(running: Running) -> None:
    model = Slow()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.send("one", message_id="m-1")
        await session.send("two", message_id="m-2")
        await anyio.wait_all_tasks_blocked()
        waiting = await session.turn("m-2")
        assert waiting is not None
        assert waiting.attempt == 0
        model.gate.set()
        assert (await waiting.reply()).text == "Re: two, at last"


async def test_a_message_whose_turn_is_over_gives_how_it_ended(running: Running, store: MemoryStore) -> None:
    model = Slow()
    model.gate.set()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        reply = await session.ask("one", message_id="m-1")
        await session.say("two", message_id="said")
        assert await session.current_turn() is None
        for _ in range(2):
            turn = await session.turn("m-1")
            assert turn is not None
            assert turn.number == 1
            assert [piece async for piece in turn.text()] == [reply.text]
            assert await turn.reply() == reply
            await session.clear()  # it is found in the archive, too
        for other in ("m-2", "said", reply.id):
            assert await session.turn(other) is None
    async with running(Failing(), on=store) as supervisor:
        session = supervisor.session("maren")
        with pytest.raises(ModelError):
            await session.ask("three", message_id="m-3")
        failed = await session.turn("m-3")
        assert failed is not None
        with pytest.raises(NoReplyError, match="it is broken"):
            await failed.reply()


async def test_a_turn_left_by_an_earlier_life_can_be_attached_to(running: Running, store: MemoryStore) -> None:
    async with running(Slow(), on=store) as supervisor:
        await supervisor.session("maren").send("one", message_id="m-1")
        await anyio.wait_all_tasks_blocked()
    model = Slow()
    async with running(model, on=store, resume=False) as supervisor:
        turn = await supervisor.session("maren").current_turn()
        assert turn is not None
        assert turn.message_id == "m-1"
        model.gate.set()
        assert (await turn.reply()).text == "Re: one, at last"


async def test_there_is_nothing_to_attach_to_where_there_is_no_session(running: Running) -> None:
    async with running(Slow()) as supervisor:
        session = supervisor.session("nobody")
        with pytest.raises(SessionNotFoundError):
            await session.current_turn()
        with pytest.raises(SessionNotFoundError):
            await session.turn("m-1")
        with pytest.raises(InputError, match="the message id is empty"):
            await session.turn("")
        assert await supervisor.list() == []
