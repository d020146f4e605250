"""Undo: what a compaction, a clear, a rewind or a regeneration took out of the context comes back."""

import anyio
import pytest

from argentos import Config, Emit, MemoryStore, RecordAppended, ReplayModel, Reply, Request, Session, Undone
from argentos.errors import (
    CheckpointNotFoundError,
    ModelError,
    NothingToRetryError,
    SessionNotFoundError,
    UndoRefusedError,
)
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

SMALL = Config(max_context_tokens=500)


async def talk(session: Session, *texts: str) -> None:
    for text in texts:
        await session.ask(f"{text} " + "word " * 30)


async def first_words(session: Session) -> list[str]:
    """The first word of each message of the context."""
    return [message.text.split()[0] for message in await session.history()]


class Moody(ReplayModel):
    """A model that fails as long as it is told to."""

    fails = False

    async def reply(self, request: Request, emit: Emit) -> Reply:
        if self.fails:
            raise ModelError("the key is wrong")
        return await super().reply(request, emit)


def model() -> Moody:
    return Moody([f"reply-{number} " + "word " * 10 for number in range(1, 40)])


async def test_a_clear_is_taken_back_and_what_came_since_stands_behind_it(running: Running) -> None:
    async with running(model()) as supervisor:
        session = supervisor.session("maren")
        await talk(session, "one", "two")
        await session.clear()
        await talk(session, "three")
        info = await session.undo()
        assert await first_words(session) == ["one", "reply-1", "two", "reply-2", "three", "reply-3"]
        assert [message.number for message in await session.history(full=True)] == [1, 2, 3, 4, 5, 6]
        assert (info.undo, info.checkpoints) == ("", 1)


async def test_a_compaction_is_taken_back_with_the_summary_before_it(running: Running) -> None:
    async with running(model(), config=Config(max_context_tokens=2000)) as supervisor:
        session = supervisor.session("maren")
        await talk(session, *"abcdefgh")
        await session.compact()
        first = await session.summary()
        between = await session.history()
        await talk(session, *"ijklmnop")
        before, tokens = await session.history(), (await session.info()).tokens
        await session.compact()
        assert await session.history() != before
        info = await session.undo()
        assert await session.history() == before
        assert await session.summary() == first
        assert info.tokens == tokens
        await session.undo()
        assert await session.summary() is None
        assert len(await session.history()) == 32 > len(between)


async def test_a_checkpoint_that_is_named_is_taken_back_once(running: Running) -> None:
    async with running(model()) as supervisor:
        session = supervisor.session("maren")
        await talk(session, "one")
        await session.clear()
        await talk(session, "two")
        await session.clear()
        with pytest.raises(UndoRefusedError, match="c1 of session maren is not the latest: take c2 back first"):
            await session.undo("c1")
        await session.undo("c2")
        before = await session.info()
        assert await session.undo("c2") == before
        await session.undo("c1")
        assert await first_words(session) == ["one", "reply-1", "two", "reply-2"]
        with pytest.raises(UndoRefusedError, match="nothing has left the context of session maren"):
            await session.undo()
        with pytest.raises(CheckpointNotFoundError, match="has no checkpoint 'c3'; there are c1 to c2"):
            await session.undo("c3")


async def test_what_fits_no_more_is_refused_with_figures_and_nothing_changes(running: Running) -> None:
    async with running(model(), config=SMALL) as supervisor:
        session = supervisor.session("maren")
        await talk(session, *"abcdefg")
        await session.clear()
        await talk(session, *"hijklm")
        before = await session.info(), await session.history()
        with pytest.raises(
            UndoRefusedError,
            match=r"at c1 the context of session maren would have about \d+ tokens, and its window has 500; fork from",
        ):
            await session.undo()
        assert (await session.info(), await session.history()) == before


async def test_a_context_that_is_full_again_is_kept_until_the_next_message(running: Running) -> None:
    async with running(model(), config=SMALL) as supervisor:
        session = supervisor.session("maren")
        await talk(session, *"abcdefgh")
        full = await session.info()
        await session.ask("i " + "word " * 60)
        assert (await session.info()).compactions == 1
        info = await session.undo()
        assert info.state == "Active"
        assert (info.compactions, info.messages) == (1, full.messages + 2)
        assert len(await session.history()) == info.messages
        await session.ask("j")
        assert (await session.info()).compactions == 2


async def test_a_turn_that_runs_goes_on(running: Running) -> None:
    class Slow:
        name = "slow"

        def __init__(self) -> None:
            self.asked, self.may_reply = anyio.Event(), anyio.Event()

        async def reply(self, request: Request, _emit: Emit) -> Reply:
            if request.messages[-1].text == "slowly":
                self.asked.set()
                await self.may_reply.wait()
            return Reply(f"about {request.messages[-1].text}")

    slow = Slow()
    async with running(slow) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        await session.clear()
        turn = await session.send("slowly")
        await slow.asked.wait()
        await session.undo()
        slow.may_reply.set()
        assert (await turn.reply()).text == "about slowly"
        assert [each.text for each in await session.history()] == ["one", "about one", "slowly", "about slowly"]


async def test_an_undo_is_there_behind_a_restart(running: Running, store: MemoryStore) -> None:
    async with running(model()) as supervisor:
        session = supervisor.session("maren")
        await talk(session, "one", "two")
        await session.clear()
        await session.undo()
        before = await session.history()
    async with running(model(), on=store) as supervisor:
        session = supervisor.session("maren")
        assert await session.history() == before
        await session.ask("three")
        assert len(await session.history()) == len(before) + 2


async def test_a_message_that_is_back_is_known_when_it_is_sent_again(running: Running) -> None:
    async with running(model()) as supervisor:
        session = supervisor.session("maren")
        reply = await session.ask("one", message_id="m-1")
        await session.clear()
        await session.undo()
        assert await session.ask("one", message_id="m-1") == reply


@pytest.mark.parametrize("leaves", ["clear", "rewind", "compact"])
async def test_a_turn_that_failed_and_is_back_can_be_tried_again(running: Running, leaves: str) -> None:
    replies = model()
    async with running(replies, config=Config(max_context_tokens=2000)) as supervisor:
        session = supervisor.session("maren")
        await talk(session, *"abcdefgh")
        replies.fails = True
        with pytest.raises(ModelError):
            await session.ask("never answered", message_id="m-1")
        replies.fails = False
        await talk(session, *"ijklmnop")
        match leaves:
            case "clear":
                await session.clear()
            case "rewind":
                await session.rewind(before=3)
            case _:
                await session.compact()
        assert (await session.info()).failed == 0
        with pytest.raises(NothingToRetryError, match="has left the context"):
            await session.retry("m-1")
    async with running(replies, config=Config(max_context_tokens=2000)) as supervisor:
        session = supervisor.session("maren")
        assert (await session.undo()).failed == 1
        assert (await (await session.retry("m-1")).reply()).reply_to == ("m-1",)
        assert (await session.info()).failed == 0


async def test_events_tell_what_came_back(running: Running) -> None:
    async with running(model()) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        await talk(session, "one")
        await session.clear()
        await session.undo()
        records = [event.record for event in events.pending() if isinstance(event, RecordAppended)]
        (undone,) = [record for record in records if isinstance(record, Undone)]
        assert (undone.checkpoint, undone.parent, len(undone.messages)) == ("c1", None, 2)


async def test_an_empty_context_that_is_cleared_makes_no_checkpoint(running: Running) -> None:
    async with running(model()) as supervisor:
        session = supervisor.session("maren")
        await session.create()
        await session.clear()
        assert await session.checkpoints() == ()
        with pytest.raises(UndoRefusedError):
            await session.undo()


async def test_a_session_that_does_not_exist_has_nothing_to_take_back(running: Running) -> None:
    async with running(model()) as supervisor:
        for call in (supervisor.session("nobody").undo(), supervisor.session("nobody").checkpoints()):
            with pytest.raises(SessionNotFoundError):
                await call
