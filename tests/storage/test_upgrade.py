"""A state directory that an earlier build of this version has written is read; one of another version is refused."""

import shutil
from pathlib import Path
from typing import TypedDict

import msgspec
import pytest

from argentos.errors import StoreVersionError
from argentos.storage import Context, FileStore, Kept, Message, Metadata, SessionKey, Snapshot, Store, file_name, inline
from argentos.storage.wal.frames import MAGIC
from tests.storage.directories import EVERYTHING, crashed, journal, listed, tree

pytestmark = pytest.mark.anyio

FIXTURE = Path(__file__).parent / "fixtures" / "version-3"
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


def test_the_fixture_has_a_live_journal() -> None:
    assert (FIXTURE / "state" / "journal" / FIRST).read_bytes().startswith(MAGIC)
    assert not list(FIXTURE.rglob("index.sqlite"))
    assert EXPECTED["user-jason"]["metadata"].compactions == 1
    assert EXPECTED["user-jason"]["metadata"].undelivered


async def test_a_reader_finds_what_was_written_and_changes_nothing(state: Path) -> None:
    before = tree(state)
    async with FileStore(state, read_only=True) as reader:
        await assert_holds_what_it_held(reader)
    assert tree(state) == before
    assert not (state / "index.sqlite").exists()


async def test_an_owner_finds_what_was_written(state: Path) -> None:
    async with FileStore(state) as store:
        await assert_holds_what_it_held(store)
        copy = crashed(state)
    assert journal(state) == []
    for path in (state, copy):
        for _ in range(2):
            async with FileStore(path) as store:
                await assert_holds_what_it_held(store)


async def test_sessions_go_on(state: Path) -> None:
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


@pytest.mark.parametrize("magic", [b"ARGENTJ1", b"ARGENTJ2", b"ARGENTJ4"])
async def test_a_journal_of_another_version_is_refused_and_left_as_it_is(state: Path, magic: bytes) -> None:
    path = state / "journal" / FIRST
    path.write_bytes(path.read_bytes().replace(MAGIC, magic, 1))
    before = tree(state)
    with pytest.raises(StoreVersionError, match=r"was written by an? (older|newer) argentos"):
        await FileStore(state).__aenter__()
    assert tree(state) == before


@pytest.mark.parametrize("version", [1, 2, 4])
async def test_files_of_another_version_are_refused_and_left_as_they_are(state: Path, version: int) -> None:
    shutil.rmtree(state / "journal")
    folder = state / "agents" / "main" / "sessions" / "user-jason"
    for path in (folder / "metadata.json", folder / "history.json"):
        path.write_bytes(path.read_bytes().replace(b'"version":3', b'"version":%d' % version))
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreVersionError, match=r"by (an older|a newer) argentos"):
            await store.load(SessionKey("main", "user-jason"))
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
