"""Turns that are ended before their reply: one alone or all, with what had been said of the reply."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import anyio
import pytest

from argentos import Address, Config, FileStore, MemoryStore, Reply, Session, Supervisor, Turn
from argentos.errors import NoReplyError, SessionFailedError
from argentos.llm import Emit, Request
from argentos.storage import Message, Record, SessionKey
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

TELEGRAM: Final = Address("telegram", "123")
DISCORD: Final = Address("discord", "456")


class Speaker:
    """Says two pieces and waits, unless it is asked to answer; keeps what it is asked."""

    name = "speaker"

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces or ("Once upon ", "a time")
        self.requests: list[Request] = []
        self.is_cancelled = False

    async def reply(self, request: Request, emit: Emit) -> Reply:
        self.requests.append(request)
        if "answer" in request.messages[-1].text:
            return Reply("Yes.")
        for piece in self.pieces:
            await emit(piece)
        try:
            await anyio.sleep_forever()
        finally:
            self.is_cancelled = True
        return Reply("never")


async def hear(turn: Turn, pieces: int = 2) -> list[str]:
    """Wait for so many pieces of the reply."""
    heard: list[str] = []
    with anyio.fail_after(5):
        async for piece in turn.text():
            heard.append(piece)
            if len(heard) == pieces:
                break
    return heard


def told(messages: tuple[Message, ...]) -> list[tuple[str, str, str | None]]:
    return [(each.role, each.text, each.stop_reason) for each in messages]


async def outcome_of(turn: Turn) -> str:
    with pytest.raises(NoReplyError) as caught, anyio.fail_after(5):
        await turn.reply()
    return str(caught.value.outcome)


async def by_stop(session: Session, _: Turn) -> None:
    await session.stop()


async def by_cancel(_: Session, turn: Turn) -> None:
    assert await turn.cancel()


@pytest.mark.parametrize("end", [by_stop, by_cancel])
async def test_what_was_said_stays_marked_and_is_seen_by_the_model(
    running: Running, end: Callable[[Session, Turn], Awaitable[None]]
) -> None:
    model = Speaker()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story", message_id="m-1")
        await hear(turn)
        await end(session, turn)
        assert await outcome_of(turn) == "stopped"
        assert told(await session.history()) == [
            ("user", "a story", None),
            ("assistant", "Once upon a time", "stopped"),
        ]
        (_, kept) = await session.history()
        assert (kept.reply_to, kept.id) == (("m-1",), "m-1:reply")
        await session.ask("answer this")
        assert [each.text for each in model.requests[-1].messages] == ["a story", "Once upon a time", "answer this"]


async def test_the_tokens_of_what_was_said_count(running: Running) -> None:
    async with running(Speaker("one two three ", "four")) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story")
        await hear(turn)
        before = (await session.info()).tokens
        await turn.cancel()
        (_, kept) = await session.history()
        assert kept.tokens == 4 + 4
        assert (await session.info()).tokens == before + kept.tokens


async def test_a_turn_that_had_said_nothing_leaves_nothing(running: Running) -> None:
    async with running(Speaker("")) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story")
        await anyio.wait_all_tasks_blocked()
        await session.stop()
        assert await outcome_of(turn) == "stopped"
        assert told(await session.history()) == [("user", "a story", None)]


async def test_a_turn_is_cancelled_alone_and_what_waits_is_answered(running: Running) -> None:
    model = Speaker()
    async with running(model, config=Config(queue_mode="followup")) as supervisor:
        session = supervisor.session("maren")
        first = await session.send("a story", message_id="m-1")
        await hear(first)
        second = await session.send("answer me", message_id="m-2")
        assert await first.cancel()
        assert (await second.reply()).text == "Yes."
        assert model.is_cancelled
        assert not await first.cancel()
        assert not await second.cancel()


async def test_a_message_that_waits_is_cancelled_and_the_turn_before_it_goes_on(running: Running) -> None:
    async with running(Speaker(), config=Config(queue_mode="followup")) as supervisor:
        session = supervisor.session("maren")
        first = await session.send("a story", message_id="m-1")
        await hear(first)
        second = await session.send("another", message_id="m-2")
        third = await session.send("answer me", message_id="m-3")
        assert await second.cancel()
        assert await outcome_of(second) == "stopped"
        info = await session.info()
        assert (info.waiting, await session.current_turn()) == (2, first)
        assert await first.cancel()
        assert (await third.reply()).text == "Yes."
        assert [each.id for each in await session.history()] == ["m-1", "m-2", "m-3", "m-1:reply", "m-3:reply"]
        assert (await session.info()).waiting == 0


async def test_all_messages_that_a_turn_answers_end_with_it(running: Running) -> None:
    async with running(Speaker(), config=Config(queue_mode="collect")) as supervisor:
        session = supervisor.session("maren")
        first = await session.send("a story", message_id="m-1")
        await hear(first)
        others = [await session.send(f"more {number}", message_id=f"m-{number}") for number in (2, 3)]
        await first.cancel()
        await hear(others[0])
        assert await others[0].cancel()
        assert [await outcome_of(each) for each in others] == ["stopped"] * 2


async def test_a_message_that_interrupts_leaves_what_was_said(running: Running) -> None:
    async with running(Speaker(), config=Config(queue_mode="interrupt")) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story")
        await hear(turn)
        await session.ask("no, answer this")
        assert told(await session.history()) == [
            ("user", "a story", None),
            ("assistant", "Once upon a time", "stopped"),
            ("user", "no, answer this", None),
            ("assistant", "Yes.", None),
        ]


async def test_a_message_from_elsewhere_interrupts_nothing_and_the_turn_goes_on_streaming(running: Running) -> None:
    goes_on = anyio.Event()

    class Patient:
        name = "patient"

        async def reply(self, _request: Request, emit: Emit) -> Reply:
            await emit("Once ")
            await goes_on.wait()
            await emit("more.")
            return Reply("Once more.")

    async with running(Patient(), config=Config(queue_mode="interrupt")) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story", address=TELEGRAM)
        await hear(turn, 1)
        await session.send("and here?", address=DISCORD)
        goes_on.set()
        assert await hear(turn) == ["Once ", "more."]
        assert (await turn.reply()).text == "Once more."


async def test_what_was_said_of_a_stopped_reply_is_owed_to_no_channel(running: Running) -> None:
    async with running(Speaker(), outbox=["telegram"]) as supervisor, supervisor.outbox("telegram") as outbox:
        session = supervisor.session("maren")
        turn = await session.send("a story", address=TELEGRAM)
        await hear(turn)
        await turn.cancel()
        assert await supervisor.owed() == ()
        await session.ask("answer this", address=TELEGRAM)
        async for delivery in outbox:
            assert delivery.message.text == "Yes."
            await delivery.done()
            break


async def test_a_message_sent_again_after_a_stop_hears_that_it_was_stopped(
    running: Running, store: MemoryStore
) -> None:
    async with running(Speaker()) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story", message_id="m-1")
        await hear(turn)
        await turn.cancel()
        again = await session.send("a story", message_id="m-1")
        assert await outcome_of(again) == "stopped"
    async with running(Speaker(), on=store) as supervisor:
        found = await supervisor.session("maren").turn("m-1")
        assert found is not None
        assert await outcome_of(found) == "stopped"
        assert not await found.cancel()


async def test_a_transcript_has_what_was_said_and_a_session_made_of_it_tells_the_same(running: Running) -> None:
    async with running(Speaker()) as supervisor:
        session, copy = supervisor.session("maren"), supervisor.session("copy")
        turn = await session.send("a story", message_id="m-1")
        await hear(turn)
        await turn.cancel()
        await copy.adopt(await session.transcript())
        assert told(await copy.history()) == told(await session.history())
        assert (await copy.info()).tokens == (await session.info()).tokens
        found = await copy.turn("m-1")
        assert found is not None
        assert await outcome_of(found) == "stopped"


async def test_a_long_text_is_counted_beside_the_event_loop_and_kept_as_it_was_heard(running: Running) -> None:
    async with running(Speaker("word " * 30_000, "end"), count_inline=100) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story")
        heard = await hear(turn)
        await turn.cancel()
        (_, kept) = await session.history()
        assert kept.text == "".join(heard)
        assert kept.tokens == 30_001 + 4


async def test_a_counter_that_fails_keeps_nobody_from_stopping(running: Running) -> None:
    def count(text: str) -> int:
        if "time" in text:
            raise ValueError("a bug")
        return 1

    async with running(Speaker(), count=count) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story")
        await hear(turn)
        await session.stop()
        assert told(await session.history())[-1] == ("assistant", "Once upon a time", "stopped")


async def test_a_stopped_turn_goes_on_where_the_stop_was_not_durable(running: Running) -> None:
    class Full(MemoryStore):
        is_full = False

        async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
            if self.is_full:
                raise OSError("no room")
            return await super().append(key, epoch, expected_sequence, records)

    store = Full()
    async with running(Speaker("answer"), on=store) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("a story")
        await hear(turn, 1)
        store.is_full = True
        with pytest.raises(SessionFailedError):
            await session.stop()
        store.is_full = False
        assert await hear(turn, 1) == ["answer"]
        assert (await session.info()).messages == 1


async def test_another_process_cancels_a_turn_alone(tmp_path: Path) -> None:
    model = Speaker()
    async with (
        Supervisor(FileStore(tmp_path), model, config=Config(queue_mode="followup"), grace=0),
        Supervisor.connect(tmp_path) as remote,
    ):
        session = remote.session("shared")
        first = await session.send("a story", message_id="m-1")
        await hear(first)
        second = await session.send("answer me", message_id="m-2")
        assert await first.cancel()
        assert await outcome_of(first) == "stopped"
        assert (await second.reply()).text == "Yes."
        assert not await first.cancel()
        assert told(await session.history())[2] == ("assistant", "Once upon a time", "stopped")
