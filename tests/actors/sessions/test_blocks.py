"""Messages of content blocks: sent, answered, kept, shown, and given to the model as they came."""

from pathlib import Path
from typing import Any, Final

import pytest

from argentos import Emit, FileStore, Reply, Request, Supervisor
from argentos.errors import InputError
from argentos.storage import Image, Text, Thinking, ToolResult, ToolUse, Unknown
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

URL: Final = {"type": "url", "url": "https://example.org/cat.png"}
PICTURE: Final = ({"type": "text", "text": "What is this?"}, {"type": "image", "source": URL})
THOUGHT: Final = (
    {"type": "thinking", "thinking": "A cat.", "signature": "c2ln"},
    {"type": "text", "text": "A cat."},
    {"type": "of_tomorrow", "deep": [1, {"x": None}]},
)


class Seeing:
    """Answers with blocks, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def reply(self, request: Request, emit: Emit, /) -> Reply:  # noqa: ARG002 - it does not stream
        self.requests.append(request)
        return Reply(THOUGHT)


async def test_blocks_are_sent_and_answered(running: Running) -> None:
    model = Seeing()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        reply = await session.ask([Text("What is this?"), Image(URL)])
        assert reply.text == "A cat."
        assert reply.content == (Thinking("A cat.", "c2ln"), Text("A cat."), Unknown(THOUGHT[2]))
        await session.ask("And now?")
    shown = [(message.text, message.raw) for message in model.requests[1].messages]
    assert shown == [("What is this?", PICTURE), ("A cat.", THOUGHT), ("And now?", "And now?")]


async def test_blocks_are_whole_behind_a_restart(tmp_path: Path) -> None:
    async with Supervisor(FileStore(tmp_path), Seeing()) as supervisor:
        await supervisor.session("maren").ask(PICTURE)
    async with Supervisor(FileStore(tmp_path), Seeing()) as supervisor:
        asked, replied = await supervisor.session("maren").history()
        assert (asked.raw, replied.raw) == (PICTURE, THOUGHT)
        transcript = await supervisor.session("maren").transcript()
        await supervisor.session("other").adopt(transcript)
        asked, replied = await supervisor.session("other").history()
        assert (asked.raw, replied.raw) == (PICTURE, THOUGHT)


async def test_another_process_sends_blocks(tmp_path: Path) -> None:
    async with (
        Supervisor(FileStore(tmp_path), Seeing()),
        Supervisor.connect(tmp_path) as remote,
    ):
        session = remote.session("maren")
        reply = await session.ask([Text("What is this?"), Image(URL)], message_id="m-1")
        assert reply.raw == THOUGHT
        assert (await session.ask(PICTURE, message_id="m-1")).number == reply.number
        said = await session.append([Text("Look."), Image(URL)])
        assert said.content == (Text("Look."), Image(URL))


async def test_the_same_id_with_other_blocks_is_another_message(running: Running) -> None:
    async with running(Seeing()) as supervisor:
        session = supervisor.session("maren")
        await session.ask(PICTURE, message_id="m-1")
        with pytest.raises(InputError, match="which has another"):
            await session.ask(PICTURE[:1], message_id="m-1")


REFUSED: Final[list[tuple[Any, str]]] = [
    ([], "the message has no content blocks; send at least one"),
    ([ToolUse("c", "f", {})], "a message cannot be sent with a block of the type 'tool_use', which only a turn makes"),
    ([ToolResult("c")], "a message cannot be sent with a block of the type 'tool_result', which only a turn makes"),
    ([Thinking("hm")], "a message cannot be sent with a block of the type 'thinking', which only a turn makes"),
]


@pytest.mark.parametrize(("content", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
async def test_what_only_a_turn_makes_cannot_be_sent(running: Running, content: Any, sentence: str) -> None:
    async with running(Seeing()) as supervisor:
        session = supervisor.session("maren")
        for send in (session.send, session.ask, session.say, session.append):
            with pytest.raises(InputError) as refused:
                await send(content)
            assert str(refused.value) == sentence
