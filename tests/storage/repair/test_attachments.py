"""Damage to attachments is found, and mended without losing one that a message refers to."""

from pathlib import Path

import pytest

from argentos.errors import AttachmentNotFoundError
from argentos.storage import FileStore, SessionKey
from argentos.storage.attachments import sha256_of
from argentos.storage.repair.doctor import check, repair
from argentos.storage.testing.case import refers_to
from argentos.storage.testing.story import KEY, OTHER, Story, append
from tests.storage.directories import crashed, flip, folder, put, tree

pytestmark = pytest.mark.anyio

NEW, OLD = b"a new canary", b"an old canary"


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    """A session that refers to bytes in its context, in its archive, and in the journal alone."""
    state = tmp_path / "state"
    async with FileStore(state) as store:
        story = Story()
        await show(store, story, OLD)
        await append(store, story.clear())
        await show(store, story, NEW)
        await store.checkpoint(KEY, story.snapshot)
    async with FileStore(state) as store:
        story.epoch = 2
        await show(store, story, b"in the journal")
        return crashed(state)


async def show(store: FileStore, story: Story, data: bytes) -> None:
    await store.attach(story.key, data)
    await append(store, story.show(refers_to(data)))


def at(state: Path, data: bytes, key: SessionKey = KEY) -> Path:
    return folder(state, key) / "attachments" / sha256_of(data)


def found(state: Path) -> list[str]:
    return [f"{each.path.name}: {each.what} → {each.remedy}" for each in check(state)]


async def test_nothing_is_wrong_with_those_that_are_referred_to(state: Path) -> None:
    assert found(state) == []


async def test_a_missing_one_is_told_with_its_message(state: Path) -> None:
    at(state, OLD).unlink()
    missing = f"attachments: the attachment {sha256_of(OLD)} of message 1 is missing; restore it from a backup → "
    assert found(state) == [missing]
    assert await repair(state) == []
    assert found(state) == [missing]


async def test_a_changed_one_is_set_aside(state: Path) -> None:
    flip(at(state, NEW), b"canary")
    what = "it is damaged: its bytes have another hash; restore it from a backup"
    assert found(state) == [f"{sha256_of(NEW)}: {what} → set it aside beside"]
    assert [each.what for each in await repair(state)] == [what]
    (aside,) = at(state, NEW).parent.glob("*.damaged-*")
    assert aside.stat().st_size == len(NEW)
    async with FileStore(state) as store:
        with pytest.raises(AttachmentNotFoundError):
            await store.attachment(KEY, sha256_of(NEW))


async def test_those_that_nothing_refers_to_are_removed(state: Path) -> None:
    for path in (at(state, b"orphan"), at(state, b"of nobody", OTHER)):
        put(path, b"orphan")
        path.chmod(0o600)
        path.parent.chmod(0o700)
        path.parent.parent.chmod(0o700)
    before = tree(state)
    assert found(state) == [
        f"{OTHER.id}: it holds attachments of no session → remove it",
        f"{sha256_of(b'orphan')}: no message refers to it → remove it",
    ]
    assert tree(state) == before
    await repair(state)
    assert found(state) == []
    assert sorted(at(state, NEW).parent.iterdir()) == sorted(at(state, each) for each in (NEW, OLD, b"in the journal"))
    assert not folder(state, OTHER).exists()
