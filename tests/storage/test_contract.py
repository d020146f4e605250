"""Our own stores do what every store promises, and some things more."""

from pathlib import Path

import pytest
from anyio import wait_all_tasks_blocked

from argentos import ManualClock
from argentos.errors import StaleWriteError
from argentos.storage import FileStore, MemoryStore, Store, inline
from argentos.storage.testing import StoreConformance
from argentos.storage.testing.story import BEGIN, KEY, Story, append


class TestMemoryStore(StoreConformance):
    def make_store(self, place: Path) -> Store:  # noqa: ARG002 - it keeps nothing
        return MemoryStore()


class TestFileStoreInThreads(StoreConformance):
    def make_store(self, place: Path) -> Store:
        return FileStore(place, clock=ManualClock(BEGIN))  # so that no file is written while a crash is copied


class TestFileStoreInline(StoreConformance):
    lives = 5  # test_agreement.py has more, with crashes

    def make_store(self, place: Path) -> Store:
        return FileStore(place, run=inline)


@pytest.mark.anyio
async def test_what_is_stale_is_told_what_the_session_stands_at(store: Store) -> None:
    await append(store, story := Story(epoch=2).say())
    more = story.say().say().take()
    with pytest.raises(StaleWriteError, match=r"stands at record 2, the writer expected 3; load it again"):
        await store.append(KEY, 2, 3, more)
    with pytest.raises(StaleWriteError, match=r"has a newer owner \(epoch 2, not 1\); load it again"):
        await store.append(KEY, 1, 2, more)
    with pytest.raises(StaleWriteError, match="do not follow record 2 one by one"):
        await store.append(KEY, 2, 2, more[1:])


@pytest.mark.anyio
@pytest.mark.parametrize("closed_store", ["memory", "file inline"], indirect=True)
async def test_much_that_is_new_asks_for_a_checkpoint_until_it_is_there(store: Store) -> None:
    story = Story()
    for _ in range(1100):
        story.say("x" * 100)
    assert await append(store, story) is True
    await store.checkpoint(KEY, story.snapshot)
    await wait_all_tasks_blocked()
    assert await append(store, story.say()) is False


@pytest.mark.anyio
async def test_a_store_in_memory_that_is_entered_again_holds_what_it_held() -> None:
    story = Story().converse("a", "b").summarise(3).say("c")
    async with MemoryStore() as store:
        await append(store, story)
    async with store:
        assert await store.load(KEY) == story.snapshot
        await append(store, story.say("d"))
        assert await store.load(KEY) == story.snapshot
