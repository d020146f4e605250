"""Tests of durability: acknowledged records are there once the store is opened again, also after a crash."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from argentos.errors import StaleWriteError
from argentos.storage.messages import SessionKey
from argentos.storage.store import Store
from argentos.storage.testing.case import BLOCKS, IDS, StoreCase, both_ways, ids_of, shown, written
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended

__all__ = ["DurabilityCases"]


class DurabilityCases(StoreCase):
    """A store that is not volatile keeps what it has acknowledged."""

    @both_ways
    async def test_a_store_that_is_opened_again_shows_the_same(
        self, durable_place: Path, *, is_checkpointed: bool
    ) -> None:
        story = Story().mark().converse("a", "b").owe().summarise(3).clear().undo()
        story.update("title", "tag").show(*BLOCKS).say("c")
        async with self.make_store(durable_place) as store:
            await append(store, story)
            await written(store, story, is_checkpointed=is_checkpointed)
            before = await shown(store)
        async with self.make_store(durable_place) as store:
            assert await shown(store) == before
            assert await store.load(KEY) == story.snapshot
            with pytest.raises(StaleWriteError):
                await store.append(KEY, 1, 0, story.records)
            await append(store, story.say("d"))
            assert await store.load(KEY) == story.snapshot

    @both_ways
    async def test_results_of_calls_are_kept_while_others_are_waited_for(
        self, durable_place: Path, *, is_checkpointed: bool
    ) -> None:
        story = Story().say("a").start().call("look", "read", "count").result("42").result("x", is_error=True)
        async with self.make_store(durable_place) as store:
            await append(store, story)
            await written(store, story, is_checkpointed=is_checkpointed)
        async with self.make_store(durable_place) as store:
            assert await store.load(KEY) == story.snapshot
            await append(store, story.result("7"))
            assert await store.load(KEY) == story.snapshot
            assert await store.read(KEY, 1, 100) == story.messages

    async def test_sessions_are_apart_and_in_order_once_it_is_opened_again(self, durable_place: Path) -> None:
        stories = [Story(SessionKey("main", id_)).say(id_) for id_ in IDS]
        async with self.make_store(durable_place) as store:
            await appended(store, *stories)
            before = await ids_of(store, 2)
        async with self.make_store(durable_place) as store:
            assert await ids_of(store, 2) == before
            assert [await store.load(story.key) for story in stories] == [story.snapshot for story in stories]

    @pytest.mark.parametrize("moves", [50, 300])
    async def test_edges_are_kept_over_openings(self, durable_place: Path, moves: int) -> None:
        story = Story()
        for _ in range(2):
            for _ in range(moves):
                story.move("Active", "Idle").say()
            async with self.make_store(durable_place) as store:
                await append(store, story)
                await written(store, story)
            async with self.make_store(durable_place) as store:
                assert await store.transitions(KEY) == story.transitions
                assert await store.load(KEY) == story.snapshot

    async def test_a_former_owner_is_stale_once_it_is_opened_again(self, durable_place: Path) -> None:
        old, new = Story().say("a"), Story(epoch=2).say("a")
        async with self.make_store(durable_place) as store:
            await append(store, new)
        async with self.make_store(durable_place) as store:
            old.take()
            with pytest.raises(StaleWriteError):
                await append(store, old.say("old"))
            await append(store, new.say("new"))
            assert await store.load(KEY) == new.snapshot

    async def test_a_deleted_session_does_not_come_back_with_the_next_opening(self, durable_place: Path) -> None:
        async with self.make_store(durable_place) as store:
            await append(store, story := Story().converse("a").owe().clear())
            await store.checkpoint(KEY, story.snapshot)
            await append(store, story.say())
            await store.delete(KEY)
        async with self.make_store(durable_place) as store:
            await _expect_nothing(store)
            await append(store, new := Story().say("new"))
            assert await store.read(KEY, 1, 100) == new.messages

    async def test_a_crash_loses_nothing_that_was_appended(self, durable_place: Path, tmp_path: Path) -> None:
        story, other = Story().say("a"), Story(OTHER).converse("b").owe()

        async def look(store: Store) -> None:
            assert await store.load(KEY) == story.snapshot
            assert await store.load(OTHER) == other.snapshot
            assert await store.read(KEY, 1, 100) == story.messages
            assert await store.transitions(KEY) == story.transitions
            assert (await store.list("main")).sessions == (other.metadata, story.metadata)
            assert await store.unfinished("main", ()) == (story.metadata,)
            assert await store.owing("main") == (other.metadata,)

        async with self.make_store(durable_place) as store:
            await append(store, other)
            for number in range(3):
                await append(store, story.say(f"message {number}"))
                await self._crashed(durable_place, tmp_path / f"crash {number}", look)
            await append(store, story.start().reply().clear().say("on"))
            await self._crashed(durable_place, tmp_path / "last crash", look)

    async def test_a_crash_brings_no_deleted_session_back(self, durable_place: Path, tmp_path: Path) -> None:
        async with self.make_store(durable_place) as store:
            await append(store, story := Story().converse("a").owe().clear())
            await append(store, story.say())
            await store.delete(KEY)
            await self._crashed(durable_place, tmp_path / "crash", _expect_nothing)

    async def _crashed(self, place: Path, left: Path, look: Callable[[Store], Awaitable[None]]) -> None:
        """Look at what a crash would leave now."""
        self.crash(place, left)
        async with self.make_store(left) as store:
            await look(store)


async def _expect_nothing(store: Store) -> None:
    assert await store.load(KEY) is None
    assert await store.read(KEY, 1, 100) == ()
    assert await store.transitions(KEY) == ()
    assert (await store.list("main")).sessions == ()
    assert await store.unfinished("main", ["Created"]) == ()
    assert await store.owing("main") == ()
