"""Bytes that a record refers to lie in the folder of their session, and those that none came to refer to nowhere."""

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
import pytest

from argentos.errors import AttachmentNotFoundError, StoreDamagedError, StoreError, StoreFullError
from argentos.storage import FileStore, backup, inline
from argentos.storage.attachments import sha256_of
from argentos.storage.testing.case import refers_to
from argentos.storage.testing.story import KEY, OTHER, Story, append
from tests.campaigns.scarcity import few_bytes
from tests.storage.directories import Gate, assert_kept, crashed, flip, folder, kept

T = TypeVar("T")

pytestmark = pytest.mark.anyio

DATA = b"\x89PNG canary"
NAME = sha256_of(DATA)


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def files(state: Path) -> list[str]:
    """The files of sessions, and marks, without those that the journal is written to."""
    found = (each for top in ("agents", "attaching") for each in (state / top).rglob("*"))
    return sorted(str(each.relative_to(state)) for each in found if each.suffix != ".json")


async def show(store: FileStore, story: Story, data: bytes = DATA) -> None:
    await store.attach(story.key, data)
    await append(store, story.show(refers_to(data)))


async def test_bytes_are_private_and_in_the_folder_of_their_session(state: Path) -> None:
    async with FileStore(state) as store:
        await show(store, Story())
    path = folder(state) / "attachments" / NAME
    assert path.read_bytes() == DATA
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent)] == [0o600, 0o700]
    assert files(state) == [
        "agents/main",
        "agents/main/sessions",
        f"agents/main/sessions/{KEY.id}",
        f"agents/main/sessions/{KEY.id}/attachments",
        f"agents/main/sessions/{KEY.id}/attachments/{NAME}",
    ]


async def test_what_no_record_came_to_refer_to_is_gone_after_a_close_and_after_a_kill(state: Path) -> None:
    async with FileStore(state) as store:
        await show(store, story := Story())
        await store.attach(KEY, b"unused")
        await store.attach(OTHER, b"unused")
        left = crashed(state)
    for each in (state, left):
        async with FileStore(each) as store:
            assert [path.name for path in each.rglob("attachments/*")] == [NAME]
            assert not folder(each, OTHER).exists()
            assert not (each / "attaching").exists()
            assert await store.load(KEY) == story.snapshot


async def test_a_kill_leaves_what_only_the_archive_refers_to(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        await show(store, story := Story().say())
        await append(store, story.clear())
        await store.checkpoint(KEY, story.snapshot)
        await anyio.wait_all_tasks_blocked()
        await store.attach(KEY, DATA)  # once more, and then nothing is said
        left = crashed(state)
    async with FileStore(left) as store:
        assert await store.attachment(KEY, NAME) == DATA


async def test_a_deletion_waits_for_what_is_being_attached(state: Path) -> None:
    gate = Gate()
    async with FileStore(state, run=gate) as store, anyio.create_task_group() as group:
        await show(store, Story())
        gate.hold("_write")
        group.start_soon(store.attach, KEY, b"more")
        await gate.is_waiting.wait()
        group.start_soon(store.delete, KEY)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(StoreError, match="is being deleted"):
            await store.attach(KEY, b"and more")
        assert folder(state).exists()
        gate.open()
    assert files(state) == ["agents/main", "agents/main/sessions"]


async def test_a_deletion_leaves_no_mark(state: Path) -> None:
    async with FileStore(state) as store:
        await show(store, Story())
        await store.attach(KEY, b"unused")
        await store.delete(KEY)
        assert [*(state / "attaching").iterdir()] == []


async def test_changed_bytes_are_told_of_and_replaced_when_they_come_again(state: Path) -> None:
    async with FileStore(state) as store:
        await show(store, story := Story())
        flip(folder(state) / "attachments" / NAME, b"canary")
        with pytest.raises(StoreDamagedError, match="its bytes have another hash; restore it from a backup"):
            await store.attachment(KEY, NAME)
        await show(store, story)
        assert await store.attachment(KEY, NAME) == DATA
        (folder(state) / "attachments" / NAME).unlink()
        with pytest.raises(AttachmentNotFoundError, match=f"session {KEY} has no attachment {NAME}"):
            await store.attachment(KEY, NAME)


async def test_a_link_in_their_place_is_not_followed(state: Path, tmp_path: Path) -> None:
    await kept(state, story := Story().say())
    (tmp_path / "elsewhere").mkdir()
    (folder(state) / "attachments").symlink_to(tmp_path / "elsewhere")
    async with FileStore(state) as store:
        with pytest.raises(StoreError, match="is a symbolic link, which is not followed"):
            await store.attach(KEY, DATA)
        with pytest.raises(StoreError, match="is a symbolic link, which is not followed"):
            await store.attachment(KEY, NAME)
        await append(store, story.say())
    assert [*(tmp_path / "elsewhere").iterdir()] == []


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, StoreFullError), (errno.EIO, StoreError)])
async def test_what_cannot_be_written_is_refused_and_the_store_goes_on(
    state: Path, number: int, kind: type[StoreError]
) -> None:
    fails = False

    async def run(function: Callable[[], T], /) -> T:
        if fails and getattr(function, "func", None).__name__ == "_write":  # type: ignore[union-attr]
            raise OSError(number, os.strerror(number))
        return await inline(function)

    async with FileStore(state, run=run) as store:
        await append(store, story := Story().say())
        fails = True
        with pytest.raises(StoreError) as refused:
            await store.attach(KEY, DATA)
        assert type(refused.value) is kind
        fails = False
        await show(store, story)
    async with FileStore(state) as store:
        assert await store.attachment(KEY, NAME) == DATA


async def test_what_does_not_fit_leaves_nothing_behind(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        await append(store, Story().say())
        with few_bytes(4096), pytest.raises(StoreError, match="File too large"):
            await store.attach(KEY, bytes(100_000))
        assert not [each for each in files(state) if "attachments/" in each]


async def test_bytes_are_set_aside_with_a_damaged_session(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with FileStore(state) as store:
        await show(store, Story())
    (folder(state) / "history.json").write_text("{")
    with caplog.at_level(logging.CRITICAL):
        async with FileStore(state) as store:
            with pytest.raises(StoreDamagedError):
                await store.load(KEY)
            with pytest.raises(AttachmentNotFoundError):
                await store.attachment(KEY, NAME)
            await append(store, new := Story().say("new"))
    assert [path.read_bytes() for path in (state / "agents/main/damaged").rglob(NAME)] == [DATA]
    await assert_kept(state, new)


async def test_a_store_for_reading_only_reads_them_and_takes_none(state: Path) -> None:
    async with FileStore(state) as store:
        await show(store, Story())
        async with FileStore(state, read_only=True) as looking:
            assert await looking.attachment(KEY, NAME) == DATA
            with pytest.raises(StoreError, match="was opened for reading only"):
                await looking.attach(KEY, DATA)


async def test_a_backup_has_them(state: Path, tmp_path: Path) -> None:
    async with FileStore(state) as store:
        await show(store, story := Story())
        await store.backup(tmp_path / "backup")
    backup.restore(tmp_path / "backup", tmp_path / "restored")
    async with FileStore(tmp_path / "restored") as store:
        assert await store.load(KEY) == story.snapshot
        assert await store.attachment(KEY, NAME) == DATA
