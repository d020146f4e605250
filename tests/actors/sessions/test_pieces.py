"""Replies as they stream, in typed pieces: here and in another process, and as the terminal shows them."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from argentos import (
    CompactionFailed,
    Emit,
    FileStore,
    MemoryStore,
    ModelError,
    Piece,
    Reply,
    Request,
    Retrying,
    Supervisor,
    TextDelta,
    ThinkingDelta,
    ToolAnswer,
    ToolCall,
    Turn,
)
from argentos.gateway.replies import show
from argentos.gateway.terminal.screens import PlainScreen

pytestmark = pytest.mark.anyio

PIECES: Sequence[Piece] = (
    ThinkingDelta("Rain, "),
    ThinkingDelta("I think."),
    ToolCall("srv-1", "web_search", {"query": "Bergen"}),
    ToolAnswer("srv-1", "web_search", ({"type": "text", "text": "It rains."},)),
    Retrying(1, 0.5, "overloaded"),
    CompactionFailed("no room"),
    TextDelta("It "),
    TextDelta("rains."),
)


class Speaker:
    """Emits these pieces, whatever it is asked."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces: Sequence[Any] = pieces

    async def reply(self, _request: Request, emit: Emit) -> Reply:
        for each in self.pieces:
            await emit(each)
        return Reply("It rains.")


async def heard(turn: Turn) -> tuple[list[Piece], str]:
    return [piece async for piece in turn], "".join([text async for text in turn.text()])


async def test_pieces_that_have_come_meanwhile_are_given_together(store: MemoryStore) -> None:
    async with Supervisor(store, Speaker(*PIECES)) as supervisor:
        turn = await supervisor.session("maren").send("What is the weather?")
        await turn.reply()
        assert [(attempt, list(pieces)) async for attempt, pieces in turn.together()] == [(1, list(PIECES))]


async def test_a_reply_streams_in_typed_pieces_and_text_alone_is_a_word_away(store: MemoryStore) -> None:
    async with Supervisor(store, Speaker(*PIECES)) as supervisor:
        turn = await supervisor.session("maren").send("Hi")
        assert await heard(turn) == ([*PIECES], "It rains.")
        assert (await turn.reply()).text == "It rains."


async def test_another_process_hears_the_same_pieces(tmp_path: Path) -> None:
    async with Supervisor(FileStore(tmp_path), Speaker(*PIECES)), Supervisor.connect(tmp_path) as remote:
        assert await heard(await remote.session("maren").send("Hi")) == ([*PIECES], "It rains.")


async def test_what_was_not_streamed_of_the_text_is_the_last_piece(store: MemoryStore) -> None:
    async with Supervisor(store, Speaker(ThinkingDelta("Hm."), "", "It ")) as supervisor:
        turn = await supervisor.session("maren").send("Hi")
        assert await heard(turn) == ([ThinkingDelta("Hm."), TextDelta("It "), TextDelta("rains.")], "It rains.")


@pytest.mark.parametrize("piece", [TextDelta("\ud83d"), ToolCall("1", "x", {"a": object()}), b"text", None])
async def test_a_piece_that_cannot_be_sent_fails_its_turn(store: MemoryStore, piece: object) -> None:
    async with Supervisor(store, Speaker(piece)) as supervisor:
        with pytest.raises(ModelError, match="gave what cannot be taken: a piece of the reply"):
            await supervisor.session("maren").ask("Hi")


async def test_the_terminal_shows_thoughts_and_calls_in_lines_of_their_own(
    store: MemoryStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    async with Supervisor(store, Speaker(*PIECES)) as supervisor:
        session = supervisor.session("maren")
        await show(session, await session.send("Hi"), PlainScreen())
    assert capsys.readouterr().out.splitlines() == [
        "\x1b[2mRain, \x1b[0m\x1b[2mI think.\x1b[0m",
        '\x1b[2m→ web_search({"query":"Bergen"})\x1b[0m',
        "\x1b[2m← web_search: It rains.\x1b[0m",
        "It rains.",
    ]


async def test_where_there_is_no_terminal_only_text_is_printed(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Supervisor(store, Speaker(*PIECES)) as supervisor:
        session = supervisor.session("maren")
        await show(session, await session.send("Hi"), PlainScreen())
    assert capsys.readouterr().out == "It rains.\n"
