"""State directories of older versions are read as they are, and written as this one writes."""

import shutil
from pathlib import Path
from typing import TypedDict

import msgspec
import pytest

from argentos.storage import Context, FileStore, Kept, Message, Metadata, SessionKey, Snapshot, Store, file_name, inline
from argentos.storage.wal.frames import MAGIC
from tests.storage.directories import EVERYTHING, crashed, journal, listed, tree

pytestmark = pytest.mark.anyio

FIXTURE = Path(__file__).parent / "fixtures" / "version-1"
FIRST = "00000001.journal"


class Expected(TypedDict):
    metadata: Metadata
    context: Context
    history: tuple[Message, ...]


EXPECTED = msgspec.json.decode((FIXTURE / "expected.json").read_bytes(), type=dict[str, Expected])


@pytest.fixture
def anyio_backend() -> str:
    return "trio"  # that the store is the same on asyncio is said in test_contract.py


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return shutil.copytree(FIXTURE / "state", tmp_path / "state")


async def assert_holds_what_it_held(store: Store) -> None:
    for id_, expected in EXPECTED.items():
        key = SessionKey("main", id_)
        assert await store.load(key) == Snapshot(expected["metadata"], expected["context"])
        assert await store.read(key, *EVERYTHING) == expected["history"]
    assert await listed(store) == [EXPECTED[id_]["metadata"] for id_ in sorted(EXPECTED, key=file_name)]


def test_the_fixture_is_of_the_first_version_and_has_a_live_journal() -> None:
    assert (FIXTURE / "state" / "journal" / FIRST).read_bytes().startswith(b"ARGENTJ1")
    assert not list(FIXTURE.rglob("index.sqlite"))
    assert EXPECTED["user-jason"]["metadata"].compactions == 1


async def test_a_reader_finds_what_the_first_version_held_and_changes_nothing(state: Path) -> None:
    before = tree(state)
    async with FileStore(state, read_only=True) as reader:
        await assert_holds_what_it_held(reader)
    assert tree(state) == before
    assert not (state / "index.sqlite").exists()


async def test_an_owner_finds_what_the_first_version_held(state: Path) -> None:
    async with FileStore(state) as store:
        await assert_holds_what_it_held(store)
        copy = crashed(state)
    assert journal(state) == []
    for path in (state, copy):
        for _ in range(2):
            async with FileStore(path) as store:
                await assert_holds_what_it_held(store)


async def test_a_torn_end_of_the_first_version_is_set_aside_and_nothing_before_it_is_lost(state: Path) -> None:
    path = state / "journal" / FIRST
    whole = path.read_bytes()
    path.write_bytes(whole + b"\x40\0\0\0torn")
    async with FileStore(state, run=inline) as store:
        await assert_holds_what_it_held(store)
        copy = crashed(state)
    assert (copy / "journal" / FIRST).read_bytes().startswith(MAGIC)
    [torn] = [name for name in journal(state) if "torn" in name]
    assert (state / "journal" / torn).read_bytes() == b"\x40\0\0\0torn"
    async with FileStore(copy, run=inline) as store:
        await assert_holds_what_it_held(store)


async def test_sessions_of_the_first_version_go_on(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        for id_ in EXPECTED:
            snapshot = await store.load(SessionKey("main", id_))
            assert snapshot
            sequence = snapshot.metadata.sequence
            record = Kept(sequence=sequence + 1, epoch=2, at=snapshot.metadata.last_activity)
            await store.append(SessionKey("main", id_), 2, sequence, [record])
        copy = crashed(state)
    for path in (state, copy):
        async with FileStore(path, run=inline) as store:
            for id_, expected in EXPECTED.items():
                snapshot = await store.load(SessionKey("main", id_))
                assert snapshot
                assert snapshot.metadata.sequence == expected["metadata"].sequence + 1
                assert await store.read(SessionKey("main", id_), *EVERYTHING) == expected["history"]


async def test_a_session_of_the_first_version_is_deleted_whole(state: Path) -> None:
    text = "Message 5 of Jason"
    assert any(text.encode() in each for each in tree(state).values())
    async with FileStore(state, run=inline) as store:
        assert await store.delete(SessionKey("main", "user-jason"))
        assert not any(text.encode() in each for each in tree(state).values())
        other = await store.load(SessionKey("main", "Ünïcode"))
        assert other
        assert other.metadata == EXPECTED["Ünïcode"]["metadata"]
