"""Pictures and documents: their bytes beside the records, whole for the model, and refused where they are none."""

import base64
import logging
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import pytest

from argentos import Agent, Config, Emit, FileStore, Health, MemoryStore, Reply, Request, Supervisor
from argentos.errors import (
    AttachmentNotFoundError,
    AttachmentTooLargeError,
    InputError,
    MailboxFullError,
    NoReplyError,
    SessionNotFoundError,
)
from argentos.llm import tool
from argentos.storage import SessionKey, Text, ToolUse
from argentos.storage.attachments import sha256_of
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG: Final = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(bytes(29 * 28)))
    + _chunk(b"IEND", b"")
)
PDF: Final = b"%PDF-1.4\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"


def block(data: bytes, kind: str = "image", media_type: str = "image/png") -> dict[str, Any]:
    source = {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}
    return {"type": kind, "source": source}


SHOWN: Final = ({"type": "text", "text": "Look:"}, block(PNG), block(PDF, "document", "application/pdf"))


class Seeing:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def reply(self, request: Request, emit: Emit, /) -> Reply:  # noqa: ARG002 - it does not stream
        self.requests.append(request)
        return Reply("I see.")

    @property
    def saw(self) -> tuple[dict[str, Any], ...]:
        """The blocks of the first message of the last request."""
        return self.requests[-1].messages[0].blocks


async def test_records_refer_to_bytes_and_the_model_sees_them(running: Running) -> None:
    model = Seeing()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.ask(SHOWN)
        asked, _ = await session.history()
        text, image, document = asked.blocks
        assert text == SHOWN[0]
        assert {**image["source"], "tokens": 1} == {
            "type": "attachment",
            "media_type": "image/png",
            "sha256": sha256_of(PNG),
            "size": len(PNG),
            "tokens": 1,
        }
        assert model.saw == SHOWN
        assert [await session.attachment(each["source"]["sha256"]) for each in (image, document)] == [PNG, PDF]
        await session.ask("And now?")
        assert model.saw == SHOWN


async def test_bytes_within_other_blocks_are_taken_out_too(running: Running) -> None:
    nested = {"type": "document", "source": {"type": "content", "content": [block(PNG)]}}
    text = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}
    known = {"type": "of_tomorrow", "content": [block(PNG), "a text"], "source": "a name"}
    model = Seeing()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.ask([nested, text, known])
        ((asked, _), whole) = await session.history(), model.saw
        assert asked.blocks[0]["source"]["content"][0]["source"]["sha256"] == sha256_of(PNG)
        assert asked.blocks[1] == text
        assert asked.blocks[2]["content"][0]["source"]["type"] == "attachment"
        assert whole == (nested, text, known)


async def test_the_same_message_sent_again_is_the_same(running: Running) -> None:
    async with running(Seeing()) as supervisor:
        session = supervisor.session("maren")
        reply = await session.ask(SHOWN, message_id="m-1")
        assert await session.ask(SHOWN, message_id="m-1") == reply
        referring = (await session.history())[0].blocks
        assert await session.ask(referring, message_id="m-1") == reply
        with pytest.raises(InputError, match="which has another"):
            await session.ask([block(PNG + b"!")], message_id="m-1")


async def test_a_message_may_refer_to_what_the_session_has_and_to_nothing_else(running: Running) -> None:
    model = Seeing()
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.ask(SHOWN)
        _, image, _ = (await session.history())[0].blocks
        forged = {**image, "source": {**image["source"], "tokens": 0, "size": 1}}
        await session.ask([forged])
        assert (await session.history())[2].blocks == (image,)
        with pytest.raises(AttachmentNotFoundError):
            await supervisor.session("other").ask([image])
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("other").info()
        with pytest.raises(AttachmentNotFoundError):
            await session.attachment("0" * 64)
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("other").attachment(sha256_of(PNG))


def without(name: str) -> dict[str, Any]:
    made = block(PNG)
    del made["source"][name]
    return made


REFUSED: Final[list[tuple[Any, str]]] = [
    (
        {"type": "image", "source": {**block(PNG)["source"], "data": "no base64!"}},
        r"the image in the message is no base64: .*; encode its bytes with base64\.b64encode",
    ),
    (without("data"), "the image in the message has no `data` in its source; give its bytes in base64"),
    (without("media_type"), "the image in the message has no `media_type` in its source; give one, as 'image/png'"),
    (
        {"type": "image", "source": {"type": "attachment", "media_type": "image/png", "sha256": "../history.json"}},
        "a block in the message refers to nothing: the hash of an attachment is the text '../history.json'; .*",
    ),
    (
        {"type": "image", "source": {"type": "attachment", "media_type": "image/png"}},
        "a block in the message refers to nothing: the hash of an attachment is nothing; .*",
    ),
]


@pytest.mark.parametrize(("wrong", "sentence"), REFUSED, ids=range(len(REFUSED)))
async def test_what_is_none_is_refused_with_a_sentence(running: Running, wrong: Any, sentence: str) -> None:
    async with running(Seeing()) as supervisor:
        session = supervisor.session("maren")
        for send in (session.send, session.ask, session.say, session.append):
            with pytest.raises(InputError, match=f"^{sentence}$"):
                await send([wrong])
        with pytest.raises(SessionNotFoundError):
            await session.info()


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (Config(attachment_bytes=100), "the image in the message has 101 bytes; attachmentBytes allows 100"),
        (Config(message_attachment_bytes=201), "have more than 201 bytes, which is what messageAttachmentBytes allows"),
        (Config(message_attachments=1), "more than 1 pictures and documents, which is what messageAttachments allows"),
    ],
)
async def test_limits_are_named(running: Running, config: Config, sentence: str) -> None:
    async with running(Seeing(), config=config) as supervisor:
        with pytest.raises(AttachmentTooLargeError, match=sentence):
            await supervisor.session("maren").ask([block(bytes(101)), block(bytes(101))])


class Silent:
    """Never answers."""

    async def reply(self, request: Request, emit: Emit, /) -> Reply:  # noqa: ARG002 - see there
        await anyio.sleep_forever()
        raise AssertionError


async def test_what_is_refused_is_not_kept(tmp_path: Path, running: Running) -> None:
    async with running(Silent(), on=FileStore(tmp_path), config=Config(mailbox_limit=1)) as supervisor:
        session = supervisor.session("maren")
        for number in range(2):
            await session.send([block(PNG + bytes([number]))])
        with pytest.raises(MailboxFullError):
            await session.send([block(PNG + b"no room")])
        there = await anyio.to_thread.run_sync(lambda: {each.name for each in tmp_path.rglob("attachments/*")})
    assert there == {sha256_of(PNG + bytes([number])) for number in range(2)}


async def test_a_missing_file_gives_a_text_in_its_place_and_is_told_of(
    tmp_path: Path, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    model = Seeing()
    async with running(model, on=FileStore(tmp_path)) as supervisor:
        session = supervisor.session("maren")
        await session.ask(SHOWN)
        (tmp_path / "agents/main/sessions/maren/attachments" / sha256_of(PNG)).unlink()
        with caplog.at_level(logging.ERROR):
            for _ in range(2):
                assert (await session.ask("And now?")).text == "I see."
        missing = f"[a missing image: image/png, {len(PNG)} bytes; its file is gone]"
        assert model.saw == (SHOWN[0], {"type": "text", "text": missing}, SHOWN[2])
        sentence = f"session maren has no attachment {sha256_of(PNG)}"
        assert [each.getMessage() for each in caplog.records] == [
            f"session maren goes on without an attachment: {sentence}"
        ]
        health: Health = supervisor.health()
        assert (health.attachments, health.is_well) == ((sentence,), True)
        await session.append([block(PNG)])
        await session.ask("And now?")
        assert model.saw == SHOWN
        assert supervisor.health().attachments == ()


class Drawing:
    """Calls the tool `draw`, and shows a picture of its own in the end."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def reply(self, request: Request, emit: Emit, /) -> Reply:  # noqa: ARG002 - it does not stream
        self.requests.append(request)
        if len(self.requests) == 1:
            return Reply([ToolUse(id="c-1", name="draw", input={})], stop_reason="tool_use")
        return Reply([Text(text="Here:"), block(PDF, "document", "application/pdf")])


async def test_bytes_of_results_and_replies_are_taken_out(tmp_path: Path) -> None:
    async def draw() -> object:
        """Draw a picture."""
        return [block(PNG)]

    model = Drawing()
    async with Supervisor(FileStore(tmp_path), Agent(model, tools=(tool(draw),))) as supervisor:
        session = supervisor.session("maren")
        reply = await session.ask("Draw!")
        assert reply.blocks[1]["source"]["sha256"] == sha256_of(PDF)
        (result,) = model.requests[1].messages[-1].blocks
        assert result["content"] == [block(PNG)]
        kept = {each: await session.attachment(sha256_of(each)) for each in (PNG, PDF)}
    assert kept == {each: each for each in kept}
    async with Supervisor(FileStore(tmp_path), model) as supervisor:
        session = supervisor.session("maren")
        assert [await session.attachment(sha256_of(each)) for each in kept] == [*kept]


@pytest.mark.parametrize("step", [1, 2], ids=["result", "reply"])
async def test_bytes_of_what_a_stop_cuts_off_are_not_kept(store: MemoryStore, step: int) -> None:
    counting, told = threading.Event(), threading.Event()

    def count(text: str) -> int:
        if text == {1: "drawn", 2: "Here:"}[step]:
            counting.set()
            told.wait(10)
        return len(text.split())

    async def draw() -> object:
        """Draw a picture."""
        return [Text(text="drawn"), block(PNG)]

    agent = Agent(Drawing(), tools=(tool(draw),))
    async with Supervisor(store, agent, count=count, count_inline=0, grace=0) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("Draw!")
        await anyio.to_thread.run_sync(counting.wait)
        await session.stop()
        told.set()
        with pytest.raises(NoReplyError):
            await turn.reply()
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(AttachmentNotFoundError):
            await session.attachment(sha256_of(PNG if step == 1 else PDF))


async def test_other_threads_that_are_all_busy_hold_up_no_picture(running: Running) -> None:
    done = threading.Event()
    busy = int(anyio.to_thread.current_default_thread_limiter().total_tokens)

    async def wait() -> None:
        await anyio.to_thread.run_sync(done.wait)

    async with running(Seeing()) as supervisor, anyio.create_task_group() as group:
        for _ in range(busy):
            group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        try:
            with anyio.fail_after(10):
                await supervisor.session("maren").ask(SHOWN)
        finally:
            done.set()


async def test_a_copy_of_a_session_has_its_own(running: Running, store: MemoryStore) -> None:
    async with running(Seeing()) as supervisor:
        await supervisor.session("maren").ask(SHOWN)
        transcript = await supervisor.session("maren").transcript()
        assert transcript.messages[0].content == SHOWN
        await supervisor.session("copy").adopt(transcript)
        await supervisor.session("maren").delete()
        history = await supervisor.session("copy").history()
        assert [await supervisor.session("copy").attachment(sha256_of(each)) for each in (PNG, PDF)] == [PNG, PDF]
        with pytest.raises(AttachmentNotFoundError):
            await store.attachment(SessionKey("main", "maren"), sha256_of(PNG))
        assert (await supervisor.session("copy").transcript()).messages == transcript.messages
        assert history[0].text == "Look:"


async def test_a_deletion_and_a_message_with_bytes_never_leave_a_message_without_them(
    tmp_path: Path, running: Running
) -> None:
    async with running(Seeing(), on=FileStore(tmp_path)) as supervisor:
        session = supervisor.session("maren")
        for number in range(10):
            data = PNG + bytes([number])
            await session.say("here")
            async with anyio.create_task_group() as group:
                group.start_soon(say_at_last, session.say, [block(data)])
                group.start_soon(session.delete)
            messages = await supervisor.session("maren").history()
            found = [each["source"]["sha256"] for message in messages for each in message.blocks]
            assert [await session.attachment(each) for each in found] == [data] * len(found)


async def say_at_last(say: Callable[[Any], Any], content: Any) -> None:
    try:
        await say(content)
    except SessionNotFoundError:  # it was deleted in the same step
        await say(content)


async def test_another_process_sends_reads_and_copies_more_than_a_request_holds(tmp_path: Path) -> None:
    large = PNG + bytes(8 * 1024 * 1024)
    model = Seeing()
    async with Supervisor(FileStore(tmp_path), model), Supervisor.connect(tmp_path) as remote:
        session = remote.session("maren")
        reply = await session.ask([block(large)], message_id="m-1")
        assert (await session.ask([block(large)], message_id="m-1")).number == reply.number
        assert model.saw == (block(large),)
        said = await session.append([block(PDF, "document", "application/pdf")])
        assert said.blocks[0]["source"]["sha256"] == sha256_of(PDF)
        assert await session.attachment(sha256_of(large)) == large
        with pytest.raises(AttachmentNotFoundError):
            await session.attachment("0" * 64)
        await remote.session("copy").adopt(await session.transcript())
        assert await remote.session("copy").attachment(sha256_of(large)) == large
