"""Whatever happens, and whenever the machine stops, the store on disk shows what the store in memory shows."""

import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import pytest
from anyio import wait_all_tasks_blocked
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from argentos.errors import StaleWriteError
from argentos.storage import FileStore, MemoryStore, Metadata, SessionKey, Store, file_name, inline
from tests.storage.builders import Scene, Story, play, scenes

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

KEYS = [*(SessionKey("main", each) for each in ("a", "A", "b", "ü.json")), SessionKey("other", "a")]
keys = st.sampled_from(KEYS)
agents = st.sampled_from(["main", "other", "nobody"])
cursors = st.none() | st.sampled_from(["", "%", "aa", "z", *(file_name(key.id) for key in KEYS)])
limits = st.sampled_from([1, 2, 1000])


async def load(store: Store, key: SessionKey) -> object:
    return await store.load(key)


async def read(store: Store, key: SessionKey) -> object:
    return await store.read(key, 1, 1000)


async def delete(store: Store, key: SessionKey) -> object:
    return await store.delete(key)


async def page(store: Store, agent: str, cursor: str | None, limit: int) -> object:
    return await store.list(agent, cursor, limit)


async def unfinished(store: Store, agent: str) -> object:
    return sorted(each.session for each in await store.unfinished(agent, {"Active"}))


async def owing(store: Store, agent: str) -> object:
    return sorted((each.session, each.undelivered) for each in await store.owing(agent))


async def pages(store: Store, agent: str, limit: int) -> list[Metadata]:
    page = await store.list(agent, None, limit)
    sessions = [*page.sessions]
    while page.cursor is not None:
        page = await store.list(agent, page.cursor, limit)
        sessions += page.sessions
    return sessions


@asynccontextmanager
async def owned(store: FileStore) -> AsyncGenerator[None]:
    async with store:
        yield


class Stores(RuleBasedStateMachine):
    """One history told to both stores."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal("trio"))
        self._root = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._copies = 0
        self._calls_until_crash = -1
        self._left_by_crash: Path | None = None
        self._memory = MemoryStore()
        self._stories: dict[SessionKey, Story] = {}

    @initialize(segment_size=st.sampled_from([1, 500, 5000]))
    def open(self, segment_size: int) -> None:
        self._segment_size = segment_size
        self._enter(self._root / "state")

    def _enter(self, path: Path) -> None:
        self._file = FileStore(path, run=self._run, segment_size=self._segment_size)
        self._opened = self._portal.wrap_async_context_manager(owned(self._file))
        self._opened.__enter__()
        for story in self._stories.values():
            story.epoch += 1

    def _both(self, call: Callable[[Store, *Ts], Awaitable[object]], *args: *Ts) -> None:
        assert self._portal.call(call, self._file, *args) == self._portal.call(call, self._memory, *args)

    @rule(key=keys, script=scenes)
    def append(self, key: SessionKey, script: list[Scene]) -> None:
        story = self._stories.get(key) or Story(key)
        if records := play(story, script).take():
            self._stories[key] = story
            for store in (self._file, self._memory):
                self._portal.call(store.append, key, story.epoch, records[0].sequence - 1, records)

    @rule(key=keys, behind=st.integers(0, 3))
    def append_what_is_stale(self, key: SessionKey, behind: int) -> None:
        if story := self._stories.get(key):
            epoch, sequence = story.metadata.epoch, story.metadata.sequence
            stale = (key, epoch, max(0, sequence - behind)) if behind else (key, epoch - 1, sequence)
            for store in (self._file, self._memory):
                with pytest.raises(StaleWriteError):
                    self._portal.call(store.append, *stale, story.records)

    @rule(key=keys)
    def checkpoint(self, key: SessionKey) -> None:
        self._checkpoint(key)
        self._portal.call(wait_all_tasks_blocked)

    def _checkpoint(self, key: SessionKey) -> None:
        if story := self._stories.get(key):
            for store in (self._file, self._memory):
                self._portal.call(store.checkpoint, key, story.snapshot)

    @rule()
    def reopen(self) -> None:
        self._opened.__exit__(None, None, None)
        assert not list((self._file.path / "journal").glob("*.journal"))
        self._enter(self._file.path)

    @rule(key=keys)
    def delete(self, key: SessionKey) -> None:
        self._both(delete, key)
        self._stories.pop(key, None)

    @rule(key=keys, calls=st.integers(0, 9))
    def crash(self, key: SessionKey, calls: int) -> None:
        self._calls_until_crash = calls
        self._checkpoint(key)
        self._portal.call(wait_all_tasks_blocked)
        self._crash()

    @rule(key=keys, calls=st.integers(0, 9))
    def crash_in_a_deletion(self, key: SessionKey, calls: int) -> None:
        self._calls_until_crash = calls
        self._portal.call(self._file.delete, key)
        self._crash()
        if self._portal.call(self._file.load, key) is None:  # it had come far enough
            self._portal.call(self._memory.delete, key)
            self._stories.pop(key, None)

    def _crash(self) -> None:
        """Go on with the directory as it was then, or is now if there were fewer calls."""
        self._calls_until_crash = -1
        copy = self._left_by_crash or self._copy()
        self._left_by_crash = None
        self._opened.__exit__(None, None, None)
        self._enter(copy)

    async def _run(self, function: Callable[[], T], /) -> T:
        """Every call of the store to the disk is a moment to crash at."""
        if self._calls_until_crash == 0:
            self._left_by_crash = self._copy()
        self._calls_until_crash -= 1
        return await inline(function)

    def _copy(self) -> Path:
        self._copies += 1
        return shutil.copytree(self._file.path, self._root / f"copy-{self._copies}")

    @invariant()
    def both_show_the_same(self) -> None:
        for key in KEYS:
            story = self._stories.get(key)
            assert self._portal.call(self._file.load, key) == (story.snapshot if story else None)
            self._both(load, key)
            self._both(read, key)

    @rule(agent=agents, limit=limits)
    def list(self, agent: str, limit: int) -> None:
        self._both(pages, agent, limit)
        self._both(unfinished, agent)
        self._both(owing, agent)

    @rule(agent=agents, cursor=cursors, limit=limits)
    def turn_to_a_page(self, agent: str, cursor: str | None, limit: int) -> None:
        self._both(page, agent, cursor, limit)

    def teardown(self) -> None:
        self._opened.__exit__(None, None, None)
        self._stack.close()


def test_the_store_on_disk_and_the_store_in_memory_agree() -> None:
    run_state_machine_as_test(Stores, settings=settings(max_examples=20, stateful_step_count=20))
