"""Messages of content blocks: records carry them, files have them as the Messages API does, and text stays text."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from argentos.storage import (
    Accepted,
    Content,
    FileStore,
    MemoryStore,
    Record,
    Replied,
    SessionKey,
    Store,
    Transitioned,
    fold,
)

pytestmark = pytest.mark.anyio

KEY: Final = SessionKey("main", "maren")
AT: Final = datetime(2026, 5, 8, tzinfo=UTC)
HEAD: Final[dict[str, Any]] = {"epoch": 1, "at": AT}
ASKED: Final = (
    {"type": "text", "text": "What is "},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
    {"type": "text", "text": "this?"},
)
REPLIED: Final = (
    {"type": "thinking", "thinking": "a cat", "signature": "c2ln"},
    {"type": "of_tomorrow", "n": [1, None]},
)


def life(asked: Content, replied: Content) -> list[Record]:
    return [
        Transitioned(**HEAD, sequence=1, source="[*]", target="Created", event="first_message", label="First message"),
        Accepted(**HEAD, sequence=2, id="m-1", number=1, role="user", content=asked, tokens=5, turn=1),
        Replied(
            **HEAD,
            sequence=3,
            id="m-1:reply",
            number=2,
            content=replied,
            tokens=3,
            turn=1,
            reply_to=("m-1",),
            messages=(1,),
        ),
    ]


async def assert_told(store: Store, asked: Content, replied: Content) -> None:
    snapshot = await store.load(KEY)
    assert snapshot == fold(KEY, None, life(asked, replied)).snapshot
    assert [each.raw for each in await store.read(KEY, 1, 3)] == [asked, replied]


def test_the_text_of_a_record_is_what_of_its_content_is_text() -> None:
    _, asked, replied = life(ASKED, "Yes.")
    assert isinstance(asked, Accepted)
    assert isinstance(replied, Replied)
    assert (asked.text, replied.text) == ("What is this?", "Yes.")


async def test_blocks_are_kept_whole_in_memory() -> None:
    async with MemoryStore() as store:
        await store.append(KEY, 1, 0, life(ASKED, REPLIED))
        await assert_told(store, ASKED, REPLIED)


async def test_blocks_are_kept_whole_in_the_journal_and_in_the_files(tmp_path: Path) -> None:
    async with FileStore(tmp_path) as store:
        await store.append(KEY, 1, 0, life(ASKED, REPLIED))
    async with FileStore(tmp_path) as store:
        await assert_told(store, ASKED, REPLIED)
        snapshot = await store.load(KEY)
        assert snapshot is not None
        await store.checkpoint(KEY, snapshot)
    async with FileStore(tmp_path) as store:
        await assert_told(store, ASKED, REPLIED)
    (asked, replied) = history_of(tmp_path)
    assert (asked["text"], asked["content"]) == ("What is this?", list(ASKED))
    assert (replied["text"], replied["content"]) == ("", list(REPLIED))


async def test_a_text_is_written_without_blocks(tmp_path: Path) -> None:
    async with FileStore(tmp_path) as store:
        await store.append(KEY, 1, 0, life("Hello?", "Yes."))
        snapshot = await store.load(KEY)
        assert snapshot is not None
        await store.checkpoint(KEY, snapshot)
    assert [(each["text"], "content" in each) for each in history_of(tmp_path)] == [("Hello?", False), ("Yes.", False)]


def history_of(state: Path) -> list[dict[str, Any]]:
    (path,) = state.glob("agents/main/sessions/maren/history.json")
    messages: list[dict[str, Any]] = json.loads(path.read_text())["messages"]
    return messages
