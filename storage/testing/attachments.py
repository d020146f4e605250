"""Tests of attachments: bytes are kept for the session that they are of, and as long as that."""

import hashlib
from pathlib import Path

import pytest

from argentos.errors import AttachmentNotFoundError, InputError
from argentos.storage.attachments import sha256_of
from argentos.storage.messages import SessionKey
from argentos.storage.store import Store
from argentos.storage.testing.case import StoreCase, both_ways, refers_to, written
from argentos.storage.testing.story import KEY, OTHER, Story, append

__all__ = ["AttachmentCases"]

_DATA = (b"", b"\0", b"{}\n", bytes(range(256)) * 4096)
_NONE = "0" * 64


class AttachmentCases(StoreCase):
    """Bytes that a record refers to are there as long as it is."""

    async def test_what_is_attached_is_given_back_by_itssha256_of(self, store: Store) -> None:
        for data in _DATA:
            sha256 = await store.attach(KEY, data)
            assert sha256 == hashlib.sha256(data).hexdigest()
            assert await store.attach(KEY, data) == sha256
        await append(store, Story().show(*[refers_to(data) for data in _DATA]))
        assert [await store.attachment(KEY, sha256_of(data)) for data in _DATA] == [*_DATA]

    async def test_it_belongs_to_its_session_alone(self, store: Store) -> None:
        sha256 = await _shown(store, Story(), b"a")
        await append(store, Story(OTHER).say())
        for key in (OTHER, SessionKey("other", KEY.id), SessionKey("main", "nobody")):
            with pytest.raises(AttachmentNotFoundError):
                await store.attachment(key, sha256)
        with pytest.raises(AttachmentNotFoundError):
            await store.attachment(KEY, _NONE)

    @pytest.mark.parametrize("name", ["", "../history.json", "A" * 64, "0" * 63, f"{_NONE}\n"])
    async def test_what_is_no_hash_is_refused(self, store: Store, name: str) -> None:
        await _shown(store, Story(), b"a")
        with pytest.raises(InputError):
            await store.attachment(KEY, name)

    async def test_it_makes_no_session(self, store: Store) -> None:
        await store.attach(KEY, b"a")
        assert await store.load(KEY) is None
        assert await store.list("main") == ((), None, ())
        assert await store.delete(KEY) is False
        await append(store, story := Story().show(refers_to(b"a")))
        assert await store.load(KEY) == story.snapshot

    @both_ways
    async def test_it_is_linked_for_another_session_that_outlives_the_first(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        sha256 = await _shown(store, story := Story(), b"a")
        await written(store, story, is_checkpointed=is_checkpointed)
        await store.link(KEY, OTHER, sha256)
        await append(store, other := Story(OTHER).fork(story))
        await written(store, other, is_checkpointed=is_checkpointed)
        await store.delete(KEY)
        assert await store.attachment(OTHER, sha256) == b"a"

    async def test_what_is_not_there_is_not_linked(self, store: Store) -> None:
        await _shown(store, Story(), b"a")
        with pytest.raises(AttachmentNotFoundError):
            await store.link(KEY, OTHER, _NONE)
        with pytest.raises(AttachmentNotFoundError):
            await store.link(OTHER, KEY, sha256_of(b"a"))
        assert await store.load(OTHER) is None

    async def test_it_counts_in_the_size(self, store: Store) -> None:
        await append(store, story := Story().say())
        before = await store.size(KEY)
        await _shown(store, story, bytes(100_000))
        assert before + 100_000 <= await store.size(KEY) < before + 110_000

    @both_ways
    async def test_it_is_deleted_with_its_session(self, store: Store, *, is_checkpointed: bool) -> None:
        sha256 = await _shown(store, story := Story(), b"a")
        other = await _shown(store, Story(OTHER), b"a")
        await written(store, story, is_checkpointed=is_checkpointed)
        assert await store.delete(KEY) is True
        with pytest.raises(AttachmentNotFoundError):
            await store.attachment(KEY, sha256)
        assert await store.attachment(OTHER, other) == b"a"
        await append(store, new := Story().say("new"))
        with pytest.raises(AttachmentNotFoundError):
            await store.attachment(KEY, sha256)
        await _shown(store, new, b"a")
        assert await store.attachment(KEY, sha256) == b"a"

    @both_ways
    async def test_it_is_there_when_the_store_is_opened_again(
        self, durable_place: Path, *, is_checkpointed: bool
    ) -> None:
        async with self.make_store(durable_place) as store:
            sha256 = await _shown(store, story := Story(), b"a")
            await _shown(store, story.say("on"), b"b")
            await written(store, story, is_checkpointed=is_checkpointed)
        async with self.make_store(durable_place) as store:
            assert await store.attachment(KEY, sha256) == b"a"
            await _shown(store, story.clear(), b"a")
            await store.checkpoint(KEY, story.snapshot)
        async with self.make_store(durable_place) as store:
            assert [await store.attachment(KEY, sha256_of(each)) for each in (b"a", b"b")] == [b"a", b"b"]
            await store.delete(KEY)
        async with self.make_store(durable_place) as store:
            with pytest.raises(AttachmentNotFoundError):
                await store.attachment(KEY, sha256)

    async def test_a_crash_loses_nothing_that_an_appended_recordrefers_to(
        self, durable_place: Path, tmp_path: Path
    ) -> None:
        async with self.make_store(durable_place) as store:
            await _shown(store, story := Story(), b"a")
            await store.attach(KEY, b"never referred to")
            await store.attach(OTHER, b"nor this")
            self.crash(durable_place, left := tmp_path / "left")
        async with self.make_store(left) as store:
            assert await store.attachment(KEY, sha256_of(b"a")) == b"a"
            assert await store.load(KEY) == story.snapshot
            assert (await store.list("main")).sessions == (story.metadata,)
            await _shown(store, story, b"never referred to")
            assert await store.attachment(KEY, sha256_of(b"never referred to")) == b"never referred to"


async def _shown(store: Store, story: Story, data: bytes) -> str:
    """Have bytes attached, and a message that refers to them appended; gives their hash."""
    sha256 = await store.attach(story.key, data)
    await append(store, story.show(refers_to(data)))
    return sha256
