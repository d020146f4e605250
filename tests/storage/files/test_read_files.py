"""Files that nobody has written since they were read are not decoded again; whatever changes is seen at once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
import pytest

from argentos.errors import StoreDamagedError
from argentos.storage import FileStore, Snapshot
from argentos.storage.testing.story import KEY, Story, append
from tests.storage.directories import flip, folder

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


class Known(NamedTuple):
    """A session whose files the store has read."""

    store: FileStore
    story: Story
    history: Path

    async def load(self) -> Snapshot:
        snapshot = await self.store.load(KEY)
        assert snapshot is not None
        return snapshot


@asynccontextmanager
async def known(state: Path) -> AsyncGenerator[Known]:
    story = Story().converse("hello").summarise(1).converse("and then")
    async with FileStore(state) as store:
        await append(store, story)
    async with FileStore(state) as store:
        session = Known(store, story, folder(state) / "history.json")
        with anyio.fail_after(5):
            while (await session.load()).context is not (await session.load()).context:  # noqa: ASYNC110 - no event tells
                await anyio.sleep(0.01)  # when they are old enough for every change to be seen
        yield session


async def test_what_nobody_has_written_is_decoded_once(tmp_path: Path) -> None:
    async with known(tmp_path) as session:
        assert (await session.load()).context is (await session.load()).context
        assert await session.load() == session.story.snapshot


async def test_what_is_appended_is_folded_onto_it(tmp_path: Path) -> None:
    async with known(tmp_path) as session:
        session.story.epoch = 2
        await append(session.store, session.story.converse("go on"))
        assert await session.load() == session.story.snapshot


async def test_an_edit_by_hand_is_seen(tmp_path: Path) -> None:
    async with known(tmp_path) as session:
        session.history.write_bytes(session.history.read_bytes().replace(b"and then", b"and when", 1))
        assert [each.text for each in (await session.load()).context.messages][-2] == "and when"


async def test_damage_is_seen_and_set_aside(tmp_path: Path) -> None:
    async with known(tmp_path) as session:
        flip(session.history, b'"messages"')
        with pytest.raises(StoreDamagedError, match="set aside"):
            await session.store.load(KEY)


async def test_nothing_is_left_of_a_session_that_is_deleted(tmp_path: Path) -> None:
    async with known(tmp_path) as session:
        assert await session.store.delete(KEY)
        assert await session.store.load(KEY) is None
