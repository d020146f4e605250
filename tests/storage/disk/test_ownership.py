"""One owner of a state directory: the way into it, and what becomes of it under its owner."""

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from anyio import wait_all_tasks_blocked

from argentos.errors import InputError, StoreBusyError, StoreFailedError
from argentos.storage import FileStore, MemoryStore, SessionKey, Store, inline
from argentos.storage.disk import durable, reading
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.storage.directories import assert_kept, put

pytestmark = pytest.mark.anyio


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def descriptors_of(path: Path) -> list[str]:
    """The descriptors of this process that are open on a file."""
    found: list[str] = []
    for each in Path("/dev/fd").iterdir():
        with suppress(OSError):
            if os.path.samestat(each.stat(), path.stat()):
                found.append(each.name)
    return found


# Where it is -------------------------------------------------------------------------------------------------


async def test_a_store_stays_where_it_was_named_though_the_process_changes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    named, opened = FileStore("state"), FileStore("./other")
    story = Story().converse("a")
    async with opened as store:
        monkeypatch.chdir(tmp_path / "elsewhere")
        await append(store, story)
        await store.checkpoint(KEY, story.snapshot)
    async with named as store:
        await append(store, other := Story())
    assert list((tmp_path / "elsewhere").iterdir()) == []
    await assert_kept(tmp_path / "other", story)
    await assert_kept(tmp_path / "state", other)


def test_a_relative_path_is_refused_where_the_folder_of_the_process_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(InputError, match="state cannot be used"):
        FileStore("state")


# Who has it --------------------------------------------------------------------------------------------------


async def test_a_store_that_is_open_is_not_entered_a_second_time_and_goes_on_unharmed(closed_store: Store) -> None:
    story = Story()
    async with closed_store as store:
        await append(store, story.say("a"))
        for _ in range(2):
            with pytest.raises(StoreBusyError, match="is open already"):
                await store.__aenter__()
        assert await store.load(KEY) == story.snapshot
        await append(store, story.say("b"))
        assert await store.load(KEY) == story.snapshot
    async with closed_store as store:
        assert await store.load(KEY) == story.snapshot
        story.epoch += 1
        await append(store, story.say("c"))


async def test_a_store_refused_while_it_is_open_keeps_its_directory_locked(state: Path) -> None:
    async with FileStore(state) as store:
        await append(store, story := Story())
        with pytest.raises(StoreBusyError):
            await store.__aenter__()
        with pytest.raises(StoreBusyError, match=f"process {os.getpid()} "):
            await FileStore(state).__aenter__()
        await append(store, story.say())
    await assert_kept(state, story)


@pytest.mark.parametrize("read_only", [False, True], ids=["to own it", "to look"])
async def test_a_store_that_could_not_be_opened_can_be_entered_when_that_is_mended(
    state: Path, *, read_only: bool
) -> None:
    put(state, b"a file")
    store = FileStore(state, read_only=read_only)
    with pytest.raises(Exception, match="cannot be used"):
        await store.__aenter__()
    durable.remove(state)
    async with store:
        assert await store.load(KEY) is None


async def test_a_disk_too_full_to_name_the_owner_costs_neither_lock_nor_descriptor(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY) is None
        with pytest.raises(StoreBusyError, match=f"process {os.getpid()} "):
            await FileStore(state).__aenter__()
    assert descriptors_of(state / "lock") == []
    monkeypatch.undo()
    await assert_kept_after_all(state)


async def assert_kept_after_all(state: Path) -> None:
    async with FileStore(state) as store:
        await append(store, story := Story())
    await assert_kept(state, story)


async def test_a_memory_store_keeps_what_it_holds_when_it_is_refused() -> None:
    async with MemoryStore() as store:
        await append(store, story := Story().converse("a"))
        with pytest.raises(StoreBusyError, match="a store in memory"):
            await store.__aenter__()
        assert await store.load(KEY) == story.snapshot


# What becomes of it ------------------------------------------------------------------------------------------


def replaced(state: Path) -> None:
    """Move the directory away and put a copy in its place, as a backup by hand does."""
    moved(state)
    shutil.copytree(state.with_name("moved"), state, ignore=shutil.ignore_patterns("control.sock"))


def moved(state: Path) -> None:
    state.rename(state.with_name("moved"))


def removed(state: Path) -> None:
    shutil.rmtree(state)


def unlocked(state: Path) -> None:
    (state / "lock").unlink()


FATES = pytest.mark.parametrize("fate", [replaced, moved, removed, unlocked], ids=lambda fate: str(fate.__name__))


def contents(path: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its identity."""
    found = sorted(each for each in path.rglob("*") if each.is_file())
    return {str(each.relative_to(path)): (each.stat().st_ino, each.read_bytes()) for each in found}


@FATES
@pytest.mark.parametrize("follows", [False, True], ids=["files there", "files to come"])
async def test_an_owner_whose_directory_is_another_stops_and_writes_nothing_to_it(
    state: Path, caplog: pytest.LogCaptureFixture, fate: Callable[[Path], None], *, follows: bool
) -> None:
    story, other = Story().converse("a"), Story(OTHER).converse("b")
    async with FileStore(state, run=inline) as store:
        await appended(store, story, other)
        if not follows:
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
        assert store.failure is None
        fate(state)
        before = contents(state)
        if follows:
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
        for _ in range(2):
            with pytest.raises(StoreFailedError, match=f"{state}.* was (moved|replaced|removed)"):
                await append(store, Story(SessionKey("main", "third")))
            with pytest.raises(StoreFailedError, match="nothing more is accepted"):
                await store.delete(OTHER)
        assert isinstance(store.failure, StoreFailedError)
    assert contents(state) == before
    told = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert [str(state) in record.getMessage() for record in told] == [True]


async def test_a_directory_that_was_moved_back_is_opened_again_with_everything_acknowledged(state: Path) -> None:
    story = Story().converse("a")
    async with FileStore(state) as store:
        await append(store, story)
        moved(state)
        with pytest.raises(StoreFailedError):
            await append(store, Story(OTHER))
    state.with_name("moved").rename(state)
    await assert_kept(state, story)


async def test_a_message_is_not_acknowledged_where_the_directory_is_replaced_while_it_is_written(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = durable.sync

    def syncing(descriptor: int) -> None:
        sync(descriptor)
        if fates:
            fates.pop()(state)

    fates: list[Callable[[Path], None]] = []
    monkeypatch.setattr(durable, "sync", syncing)
    async with FileStore(state, run=inline) as store:
        await append(store, Story())
        fates.append(replaced)
        with pytest.raises(StoreFailedError, match="was moved, removed or replaced"):
            await append(store, Story(OTHER))


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_a_directory_that_is_gone_is_not_made_again_by_files_that_are_just_being_written(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder = durable.make_folder

    def making(path: Path) -> None:
        if path.name == KEY.id:
            moved(state)
        make_folder(path)

    story = Story().converse("a")
    async with FileStore(state, run=inline) as store:
        await append(store, story)
        monkeypatch.setattr(durable, "make_folder", making)
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
    assert not reading.exists(state)
    durable.move(state.with_name("moved"), state)
    monkeypatch.undo()
    await assert_kept(state, story)
