"""Tests of deleting: a session that is gone is nowhere, and stays there."""

import pytest
from anyio import wait_all_tasks_blocked

from argentos.errors import StaleWriteError
from argentos.storage.messages import SessionKey
from argentos.storage.store import Store
from argentos.storage.testing.case import StoreCase, both_ways, written
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended

__all__ = ["DeletingCases"]


class DeletingCases(StoreCase):
    """A deleted session is nowhere, and its id is free again."""

    @both_ways
    async def test_a_deleted_session_is_nowhere_and_the_others_stay(
        self, store: Store, *, is_checkpointed: bool
    ) -> None:
        story, other = Story().converse("a", "b").owe().summarise(2).say("c"), Story(OTHER).converse("a").say("b")
        await appended(store, story, other)
        await written(store, story, is_checkpointed=is_checkpointed)
        assert await store.delete(KEY) is True
        assert await store.load(KEY) is None
        assert await store.read(KEY, 1, 100) == ()
        assert await store.transitions(KEY) == ()
        assert await store.checkpoints(KEY) == ()
        assert await store.size(KEY) == 0
        assert (await store.list("main")).sessions == (other.metadata,)
        assert await store.unfinished("main", ["Created"]) == (other.metadata,)
        assert await store.owing("main") == ()
        assert await store.load(OTHER) == other.snapshot
        await append(store, other.say("on"))
        assert await store.load(OTHER) == other.snapshot

    async def test_only_what_is_there_is_deleted(self, store: Store) -> None:
        assert await store.delete(KEY) is False
        await append(store, Story())
        assert await store.delete(OTHER) is False
        assert await store.delete(SessionKey("other", KEY.id)) is False
        assert [await store.delete(KEY) for _ in range(3)] == [True, False, False]

    async def test_a_writer_of_a_deleted_session_is_stale(self, store: Store) -> None:
        story = Story().say()
        await append(store, story)
        await store.delete(KEY)
        with pytest.raises(StaleWriteError):
            await append(store, story.say())
        assert await store.load(KEY) is None

    async def test_a_new_session_under_the_id_of_a_deleted_one_begins_with_its_first_record(self, store: Store) -> None:
        old = Story(epoch=7).converse("old").summarise(1)
        await append(store, old)
        await written(store, old)
        await store.delete(KEY)
        await append(store, new := Story().say("new"))
        assert await store.load(KEY) == new.snapshot
        assert [message.text for message in await store.read(KEY, 1, 100)] == ["new"]
        assert await store.transitions(KEY) == new.transitions
        with pytest.raises(StaleWriteError):
            await append(store, old.say("late"))
        assert await store.delete(KEY)

    async def test_a_checkpoint_of_a_deleted_session_changes_nothing(self, store: Store) -> None:
        old = Story().converse("old", "old").say("old")
        await append(store, old)
        await store.delete(KEY)
        await store.checkpoint(KEY, old.snapshot)
        await wait_all_tasks_blocked()
        assert await store.load(KEY) is None
        await append(store, new := Story().say("new"))
        await store.checkpoint(KEY, old.snapshot)
        await wait_all_tasks_blocked()
        assert await store.load(KEY) == new.snapshot
        assert [message.text for message in await store.read(KEY, 1, 100)] == ["new"]
        await append(store, new.say("on"))
        assert await store.load(KEY) == new.snapshot
