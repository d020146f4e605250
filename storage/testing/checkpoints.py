"""Tests of checkpoints, which spare work and change nothing that is shown, and of opening."""

from pathlib import Path

import pytest
from anyio import wait_all_tasks_blocked

from argentos.errors import StaleWriteError, StoreBusyError, StoreError
from argentos.storage.fold import fold
from argentos.storage.store import Store
from argentos.storage.testing.case import StoreCase, shown, written
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended

__all__ = ["CheckpointCases", "OpeningCases"]


class CheckpointCases(StoreCase):
    """Checkpoints come early, late or never."""

    async def test_a_checkpoint_changes_nothing_that_is_shown(self, store: Store) -> None:
        story = Story().converse("a", "b").summarise(1)
        await append(store, story)
        before = await shown(store)
        await store.checkpoint(KEY, story.snapshot)
        assert await shown(store) == before
        await wait_all_tasks_blocked()
        assert await shown(store) == before

    @pytest.mark.parametrize("covered", [1, 5, 9])
    async def test_a_checkpoint_of_an_earlier_moment_changes_nothing_that_is_shown(
        self, store: Store, covered: int
    ) -> None:
        story = Story().converse("a", "b")
        await append(store, story)
        before = await shown(store)
        await store.checkpoint(KEY, fold(KEY, None, story.records[:covered]).snapshot)
        await wait_all_tasks_blocked()
        assert await shown(store) == before
        await append(store, story.say("c"))
        assert await store.load(KEY) == story.snapshot

    async def test_a_checkpoint_that_comes_late_takes_nothing_back(self, store: Store) -> None:
        story = Story().converse("a")
        early = story.snapshot
        await append(store, story.converse("b"))
        await written(store, story)
        await append(store, story.say("c"))
        await store.checkpoint(KEY, early)
        await wait_all_tasks_blocked()
        assert await store.load(KEY) == story.snapshot
        assert await store.read(KEY, 1, 100) == story.messages

    async def test_a_checkpoint_of_one_session_leaves_the_others_alone(self, store: Store) -> None:
        story, other = Story().converse("a").clear(), Story(OTHER).converse("b").say("c")
        await appended(store, story, other)
        await written(store, story)
        assert await store.load(OTHER) == other.snapshot
        await append(store, other.say("on"))
        assert await store.load(OTHER) == other.snapshot

    async def test_a_session_goes_on_behind_its_checkpoint(self, store: Store) -> None:
        story = Story()
        for text in "abc":
            await append(store, story.converse(text))
            await store.checkpoint(KEY, story.snapshot)
            await append(store, story.say(text).start())
            assert await store.load(KEY) == story.snapshot
            await append(store, story.end())
        with pytest.raises(StaleWriteError):
            await store.append(KEY, 1, 3, story.records[3:4])


class OpeningCases(StoreCase):
    """A store has one owner, or fences a former one off."""

    async def test_a_store_that_is_open_is_not_opened_again_and_goes_on(self, store: Store) -> None:
        story = Story().say()
        await append(store, story)
        with pytest.raises(StoreBusyError):
            await store.__aenter__()
        await append(store, story.say("on"))
        assert await store.load(KEY) == story.snapshot

    async def test_a_second_owner_is_refused_or_fences_the_first_off(self, durable_place: Path) -> None:
        first, second = Story(), Story()
        async with self.make_store(durable_place) as store:
            await append(store, first)
            second.take()
            second.epoch = 2
            try:
                async with self.make_store(durable_place) as other:
                    await append(other, second.say("second"))
            except StoreBusyError:
                await append(store, first.say("first"))
                assert await store.load(KEY) == first.snapshot
            else:
                with pytest.raises(StaleWriteError):
                    await append(store, first.say("first"))
                assert await store.load(KEY) == second.snapshot

    async def test_a_backup_is_a_new_file_or_refused(self, store: Store, tmp_path: Path) -> None:
        await append(store, story := Story().converse("a"))
        target = tmp_path / "backup"
        try:
            size = await store.backup(target)
        except StoreError:
            assert not target.exists()
        else:
            assert target.stat().st_size == size > 0
            with pytest.raises(StoreError):
                await store.backup(target)
        assert await store.load(KEY) == story.snapshot
