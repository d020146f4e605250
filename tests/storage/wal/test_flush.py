"""What a killed process has left can be read before it is on the disk: nothing counts on it until it was flushed."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from argentos.errors import StoreError
from argentos.storage import FileStore, inline
from argentos.storage.disk import durable
from argentos.storage.repair.copies import restore
from argentos.storage.repair.doctor import mend
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.storage.directories import assert_kept, crashed, folder, kept, tree

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


class Flushes:
    """Notes what is flushed, and written over; each file by its device and inode."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.fails = False
        self._seen: list[tuple[str, tuple[int, int]]] = []
        for name in ("fsync", "fdatasync", "pwrite"):
            self._note(patch, name)

    def _note(self, patch: pytest.MonkeyPatch, name: str) -> None:
        call = getattr(os, name)

        def noting(descriptor: int, *rest: object) -> object:
            if self.fails and name != "pwrite":
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            found = os.fstat(descriptor)
            self._seen.append(("pwrite" if name == "pwrite" else "flush", (found.st_dev, found.st_ino)))
            return call(descriptor, *rest)

        patch.setattr(os, name, noting)

    def of(self, path: Path) -> list[str]:
        """What was done to a file or folder, in order."""
        found = path.stat()
        return [what for what, which in self._seen if which == (found.st_dev, found.st_ino)]


@pytest.fixture
def flushes(monkeypatch: pytest.MonkeyPatch) -> Flushes:
    return Flushes(monkeypatch)


async def killed(tmp_path: Path) -> tuple[Path, Story]:
    """A state directory as a kill leaves it, with two segments of the journal."""
    story = Story()
    async with FileStore(tmp_path / "state", run=inline, segment_size=300) as store:
        for text in ("a", "b" * 300):
            await append(store, story.converse(text))
        copy = crashed(tmp_path / "state")
    story.epoch += 1
    return copy, story


async def test_a_journal_is_flushed_and_its_end_written_again_before_anything_counts_on_it(
    tmp_path: Path, flushes: Flushes
) -> None:
    state, story = await killed(tmp_path)
    segments = sorted((state / "journal").iterdir())
    before = tree(state)
    async with FileStore(state, run=inline):
        assert len(segments) > 1
        assert tree(state) == before
        assert all("flush" in flushes.of(each) for each in (*segments, state / "journal", state, state.parent))
        assert flushes.of(segments[-1])[-2:] == ["pwrite", "flush"]
    await assert_kept(state, story)


async def test_a_directory_whose_journal_cannot_be_flushed_is_refused_and_left_as_it_is(
    tmp_path: Path, flushes: Flushes
) -> None:
    state, story = await killed(tmp_path)
    before = tree(state)
    flushes.fails = True
    with pytest.raises(StoreError, match="Input/output error"):
        async with FileStore(state, run=inline):
            pass
    flushes.fails = False
    assert tree(state) == before
    await assert_kept(state, story)


async def test_what_a_killed_repair_has_mended_is_flushed_by_the_next_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, flushed = tmp_path / "state", list[Path]()
    await kept(state, Story())
    (folder(state) / "metadata.json").unlink()

    def kill(_: Path) -> None:
        raise KeyboardInterrupt

    def note(*folders: Path) -> None:
        flushed.extend(folders)

    with monkeypatch.context() as patched:
        patched.setattr(durable, "remove", kill)
        with pytest.raises(KeyboardInterrupt):
            mend(state)
    assert (folder(state) / "metadata.json").exists()
    monkeypatch.setattr(durable, "sync_all", note)
    for expected in (True, False):
        async with FileStore(state, run=inline):
            assert (state / "agents" in flushed) == expected
        flushed.clear()


async def test_what_a_killed_process_has_brought_back_is_flushed_by_the_next_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, flushed, move = tmp_path / "state", list[Path](), durable.move
    await kept(state, Story())
    (state / "agents" / "main" / "damaged").mkdir()
    folder(state).rename(state / "agents" / "main" / "damaged" / "user-jason.damaged-20260101T000000Z")

    def move_and_kill(path: Path, target: Path) -> None:
        move(path, target)
        raise KeyboardInterrupt

    def note(*folders: Path) -> None:
        flushed.extend(folders)

    with monkeypatch.context() as patched:
        patched.setattr(durable, "move", move_and_kill)
        with pytest.raises(KeyboardInterrupt):
            await restore(state, KEY)
    assert folder(state).exists()
    monkeypatch.setattr(durable, "sync_all", note)
    async with FileStore(state, run=inline):
        assert state / "agents" in flushed


async def test_a_session_whose_folder_a_killed_process_removed_does_not_come_back(
    tmp_path: Path, flushes: Flushes
) -> None:
    state, other = tmp_path / "state", Story(OTHER)
    async with FileStore(state, run=inline) as store:
        await appended(store, Story().converse("a"), other)
    async with FileStore(state, run=inline) as store:
        shutil.rmtree(folder(state))  # and the flush has not come to pass
        before = len(flushes.of(folder(state).parent))
        await append(store, Story(KEY))
        assert await store.delete(KEY)
        assert len(flushes.of(folder(state).parent)) > before


def test_a_folder_that_could_not_be_made_lasting_is_not_there(tmp_path: Path, flushes: Flushes) -> None:
    flushes.fails = True
    with pytest.raises(OSError, match="Input/output error"):
        durable.make_folder(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []
