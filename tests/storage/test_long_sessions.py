"""Long sessions: whatever is done with one, the event loop goes on."""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import pytest

from argentos.storage import Accepted, Cleared, FileStore, MemoryStore, Message, Record, Store, Transitioned
from argentos.storage.disk import reading
from argentos.storage.testing.story import BEGIN, KEY
from tests.effort import most_effort_of_a_round
from tests.storage.directories import folder

pytestmark = pytest.mark.anyio

MANY: Final = 5000
MOST: Final = 3 * MANY  # lines of a round of the event loop
TEXT = "What is said takes some room. " * 20


def many_messages() -> list[Record]:
    """The first records of a session in which the agent alone has spoken."""
    made = Transitioned(sequence=1, epoch=1, at=BEGIN, source="[*]", target="Created", event="e", label="First message")
    said = (
        Accepted(sequence=n + 1, epoch=1, at=BEGIN, id=f"m-{n}", number=n, role="assistant", content=TEXT, tokens=9)
        for n in range(1, MANY + 1)
    )
    return [made, *said]


def archive(state: Path) -> list[str]:
    return reading.names(folder(state) / "archive")


@asynccontextmanager
async def store_with_many(store: Store) -> AsyncGenerator[list[Record]]:
    async with store:
        records = many_messages()
        await store.append(KEY, 1, 0, records)
        yield records


async def test_a_store_in_memory_reads_and_folds_beside_the_event_loop() -> None:
    store = MemoryStore()
    async with store_with_many(store):
        for work in (
            lambda: store.load(KEY),
            lambda: store.read(KEY, 1, MANY + 1),
            lambda: store.list("main"),
            lambda: store.unfinished("main", ()),
            lambda: store.owing("main"),
            lambda: store.size(KEY),
        ):
            assert await most_effort_of_a_round(work) < MOST


async def test_a_checkpoint_in_memory_archives_beside_the_event_loop_and_reading_goes_on_meanwhile() -> None:
    store = MemoryStore()
    async with store_with_many(store) as records:
        await store.append(KEY, 1, len(records), [Cleared(sequence=len(records) + 1, epoch=1, at=BEGIN)])
        snapshot = await store.load(KEY)
        assert snapshot is not None
        read: list[tuple[Message, ...]] = []

        async def read_all() -> None:
            read.append(await store.read(KEY, 1, MANY + 1))

        async with anyio.create_task_group() as group:
            group.start_soon(read_all)
            assert await most_effort_of_a_round(lambda: store.checkpoint(KEY, snapshot)) < MOST
        read.append(await store.read(KEY, 1, MANY + 1))
        assert [[message.number for message in each] for each in read] == [[*range(1, MANY + 1)]] * 2


async def test_a_long_history_stands_in_lines_each_of_which_is_decoded_in_a_moment(tmp_path: Path) -> None:
    async with store_with_many(FileStore(tmp_path)):
        pass
    data = (folder(tmp_path) / "history.json").read_bytes()
    assert [message["number"] for message in json.loads(data)["messages"]] == [*range(1, MANY + 1)]
    assert max(map(len, data.splitlines())) < 100_000
    async with FileStore(tmp_path) as store:
        snapshot = await store.load(KEY)
        assert snapshot is not None
        assert [message.number for message in snapshot.context.messages] == [*range(1, MANY + 1)]


async def test_a_long_history_that_was_edited_into_one_line_is_read_all_the_same(tmp_path: Path) -> None:
    async with store_with_many(FileStore(tmp_path)):
        pass
    path = folder(tmp_path) / "history.json"
    path.write_text(json.dumps(json.loads(path.read_bytes())))
    async with FileStore(tmp_path) as store:
        assert len(await store.read(KEY, 1, sys.maxsize)) == MANY


async def test_many_messages_leave_the_context_into_several_files(tmp_path: Path) -> None:
    async with store_with_many(store := FileStore(tmp_path)) as records:
        await store.append(KEY, 1, len(records), [Cleared(sequence=len(records) + 1, epoch=1, at=BEGIN)])
    sizes = [len(reading.read(folder(tmp_path) / "archive" / name)) for name in archive(tmp_path)]
    assert len(sizes) >= 3
    assert max(sizes) < 1_200_000
    async with FileStore(tmp_path) as store:
        assert [each.number for each in await store.read(KEY, 1, sys.maxsize)] == [*range(1, MANY + 1)]
        assert [each.number for each in await store.read(KEY, 100, 103)] == [100, 101, 102]


async def test_a_list_folds_what_the_files_of_a_long_session_lack_beside_the_event_loop(tmp_path: Path) -> None:
    async with store_with_many(store := FileStore(tmp_path)):
        assert await most_effort_of_a_round(lambda: store.list("main")) < MOST
        assert [each.messages for each in (await store.list("main")).sessions] == [MANY]
