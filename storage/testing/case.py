"""The hooks and fixtures that all tests of a store share."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar, Final

import pytest
from anyio import wait_all_tasks_blocked

from argentos.storage.attachments import sha256_of
from argentos.storage.blocks import RawBlock
from argentos.storage.messages import SessionKey
from argentos.storage.store import Store
from argentos.storage.testing.story import KEY, Story

__all__ = ["BLOCKS", "IDS", "StoreCase", "both_ways", "ids_of", "refers_to", "shown", "written"]

IDS: Final = ("a", "A", "b", "Ünal", "c" * 300, "a.b", "z/z", "con", "%", "..", "a b", "e\u0301", "é")
"""Ids that a file system, or an order of letters, may confuse."""

BLOCKS: Final[tuple[RawBlock, ...]] = (
    {"type": "text", "text": "Look: ü"},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
    {"type": "not known yet", "deep": {"list": [1, -1.5, None, True, "", {}, []]}},
)
"""Content of every kind."""

both_ways: Final = pytest.mark.parametrize("is_checkpointed", [True, False])


class StoreCase:
    """Tests of one kind of store."""

    pytestmark: ClassVar[pytest.MarkDecorator] = pytest.mark.anyio

    def make_store(self, place: Path) -> Store:
        """Make a store that keeps its sessions in this place, not entered yet.

        Asked for more than once for the same place, as a program is that is started again: what the store is given
        back by is the place alone. A store that keeps them elsewhere takes the place as a name that no other has.

        Args:
            place: an empty folder; never one of another test.
        """
        raise NotImplementedError(f"{type(self).__name__} lacks make_store(self, place), which makes a store to test")

    def crash(self, place: Path, left: Path) -> None:
        """Copy to `left` what a crash would leave of the place now, while the store is open and nothing is written.

        By default all files are copied. A store that keeps its sessions elsewhere copies them there.
        """
        shutil.copytree(place, left)

    @pytest.fixture(params=["asyncio", "trio"])
    def anyio_backend(self, request: pytest.FixtureRequest) -> str:
        """The event loops that the store is for."""
        return str(request.param)

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """A place for one store."""
        place = tmp_path / "place"
        place.mkdir(mode=0o700)
        return place

    @pytest.fixture
    def durable_place(self, place: Path) -> Path:
        """A place for a store that does not state that it is volatile."""
        if (store := self.make_store(place)).is_volatile:
            pytest.skip(f"{type(store).__name__}.is_volatile: it states that it keeps nothing")
        return place

    @pytest.fixture
    def closed_store(self, place: Path) -> Store:
        """A store that is not entered yet."""
        return self.make_store(place)

    @pytest.fixture
    async def store(self, closed_store: Store) -> AsyncIterator[Store]:
        """An open store."""
        async with closed_store:
            yield closed_store


def refers_to(data: bytes) -> RawBlock:
    """A picture of bytes that were attached."""
    source = {"type": "attachment", "media_type": "image/png", "sha256": sha256_of(data), "size": len(data)}
    return {"type": "image", "source": source}


async def written(store: Store, *stories: Story, is_checkpointed: bool = True) -> None:
    """Give the store a checkpoint of each story, and time to write it."""
    if is_checkpointed:
        for story in stories:
            await store.checkpoint(story.key, story.snapshot)
        await wait_all_tasks_blocked()


async def shown(store: Store, key: SessionKey = KEY) -> object:
    """All that a store shows of a session."""
    lists = await store.list(key.agent), await store.unfinished(key.agent, {"Active"}), await store.owing(key.agent)
    kept = await store.transitions(key), await store.checkpoints(key)
    return await store.load(key), await store.read(key, 1, 1000), *kept, lists


async def ids_of(store: Store, limit: int = 1000, agent: str = "main") -> list[str]:
    """The ids of all sessions, page by page."""
    found: list[str] = []
    page = await store.list(agent, None, limit)
    while True:
        assert page.problems == ()
        assert len(page.sessions) <= limit
        found += [metadata.session for metadata in page.sessions]
        if (cursor := page.cursor) is None:
            return found
        page = await store.list(agent, cursor, limit)
        assert page.cursor is None or page.cursor > cursor
