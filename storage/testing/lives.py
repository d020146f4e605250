"""Generated lives of a store, held against what its records add up to."""

import tempfile
from collections.abc import AsyncGenerator, Iterable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import ClassVar, Final, TypeAlias

import pytest
from anyio import wait_all_tasks_blocked
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from argentos.errors import StaleWriteError
from argentos.storage.attachments import hashes_in, sha256_of
from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.fold import fold
from argentos.storage.messages import Message, SessionKey
from argentos.storage.names import file_name
from argentos.storage.records import Transitioned
from argentos.storage.snapshot import Metadata, Snapshot
from argentos.storage.store import Store
from argentos.storage.testing.case import refers_to
from argentos.storage.testing.script import Scene, play, scenes
from argentos.storage.testing.story import Story

__all__ = ["KEYS", "StoreLives", "keys"]

KEYS: Final = (*(SessionKey("main", each) for each in ("a", "A", "b", "ü.json")), SessionKey("other", "a"))
keys: Final = st.sampled_from(KEYS)
_agents: Final = st.sampled_from(["main", "other", "nobody"])
_cursors: Final = st.none() | st.sampled_from(["", "%", "aa", "z", *(file_name(key.id) for key in KEYS)])
_limits: Final = st.sampled_from([1, 2, 1000])


@asynccontextmanager
async def _entered(store: Store) -> AsyncGenerator[None]:
    async with store:
        yield


_Seen: TypeAlias = tuple[Snapshot | None, tuple[Message, ...], tuple[Transitioned, ...], tuple[Checkpoint, ...]]


async def _seen(store: Store, key: SessionKey) -> _Seen:
    """The snapshot, the messages, the edges and the checkpoints of a session."""
    edges, places = await store.transitions(key), await store.checkpoints(key)
    return await store.load(key), await store.read(key, 1, 1000), edges, places


class StoreLives(RuleBasedStateMachine):
    """One history told to a store, and to a list of records.

    Attributes:
        backend: the event loop.
        portal: to it.
        root: a folder that goes with the life.
        store: the one that is open.
        stories: the sessions that there are.
    """

    backend: ClassVar[str] = "trio"

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.portal: BlockingPortal = self._stack.enter_context(start_blocking_portal(self.backend))
        self.root: Path = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self.stories: dict[SessionKey, Story] = {}

    def make_store(self, place: Path) -> Store:
        """Make a store over what is kept in this place."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        """Open a store in which nothing is."""
        place = self.root / "place"
        place.mkdir(mode=0o700)
        self.enter(place)

    def enter(self, place: Path) -> None:
        """Open the store of this place; whoever writes now is a new owner."""
        self.place: Path = place
        self.store: Store = self.make_store(place)
        self._opened = self.portal.wrap_async_context_manager(_entered(self.store))
        self._opened.__enter__()
        for story in self.stories.values():
            story.epoch += 1

    def leave(self) -> None:
        """Close the store."""
        self._opened.__exit__(None, None, None)

    @rule(key=keys, script=scenes)
    def append(self, key: SessionKey, script: list[Scene]) -> None:
        story = self.stories.get(key) or Story(key)
        if records := play(story, script).take():
            self.stories[key] = story
            self.portal.call(self.store.append, key, story.epoch, records[0].sequence - 1, records)

    @rule(key=keys, data=st.binary(max_size=3), is_shown=st.booleans())
    def attach(self, key: SessionKey, data: bytes, is_shown: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        sha256 = self.portal.call(self.store.attach, key, data)
        if is_shown:
            story = self.stories.setdefault(key, Story(key))
            records = story.show(refers_to(data)).take()
            self.portal.call(self.store.append, key, story.epoch, records[0].sequence - 1, records)
            assert self.portal.call(self.store.attachment, key, sha256) == data

    @rule(key=keys, source=keys)
    def fork(self, key: SessionKey, source: SessionKey) -> None:
        if key in self.stories or not (other := self.stories.get(source)):
            return
        for sha256 in {each for message in other.context.messages for each in hashes_in(message.raw)}:
            self.portal.call(self.store.link, source, key, sha256)
        story = self.stories[key] = Story(key).fork(other)
        self.portal.call(self.store.append, key, story.epoch, 0, story.take())

    @rule(key=keys, behind=st.integers(0, 3))
    def append_what_is_stale(self, key: SessionKey, behind: int) -> None:
        if story := self.stories.get(key):
            epoch, sequence = story.metadata.epoch, story.metadata.sequence
            stale = (key, epoch, max(0, sequence - behind)) if behind else (key, epoch - 1, sequence)
            with pytest.raises(StaleWriteError):
                self.portal.call(self.store.append, *stale, story.records)

    @rule(key=keys, behind=st.sampled_from([0, 0, 0, 1, 3]))
    def checkpoint(self, key: SessionKey, behind: int) -> None:
        self.give_checkpoint(key, behind)
        self.portal.call(wait_all_tasks_blocked)

    def give_checkpoint(self, key: SessionKey, behind: int = 0) -> None:
        """Give a checkpoint of this moment, or of so many records ago."""
        if story := self.stories.get(key):
            covered = story.records[: max(1, len(story.records) - behind)]
            snapshot = fold(key, None, covered).snapshot if behind else story.snapshot
            self.portal.call(self.store.checkpoint, key, snapshot)

    @rule(key=keys)
    def delete(self, key: SessionKey) -> None:
        async def delete() -> bool:
            return await self.store.delete(key)

        assert self.portal.call(delete) == (key in self.stories)
        self.stories.pop(key, None)

    @rule()
    def reopen(self) -> None:
        if not self.store.is_volatile:
            self.leave()
            self.enter(self.place)

    @invariant()
    def each_session_is_what_its_records_add_up_to(self) -> None:
        for key, seen in zip(KEYS, self.portal.call(self._look), strict=True):
            story = self.stories.get(key)
            assert seen == (
                (story.snapshot, story.messages, story.transitions, story.checkpoints) if story else (None, (), (), ())
            )

    async def _look(self) -> list[_Seen]:
        """All of each session: at once, for each way into the loop is long."""
        return [await _seen(self.store, key) for key in KEYS]

    @invariant()
    def what_its_messages_refer_to_is_there(self) -> None:
        named = [
            (key, sha256)
            for key, story in self.stories.items()
            for message in story.messages
            for sha256 in hashes_in(message.raw)
        ]
        if named:
            assert self.portal.call(self._hashes_of, named) == [sha256 for _, sha256 in named]

    async def _hashes_of(self, named: Iterable[tuple[SessionKey, str]]) -> list[str]:
        return [sha256_of(await self.store.attachment(key, sha256)) for key, sha256 in named]

    @rule(agent=_agents, cursor=_cursors, limit=_limits)
    def look_at_a_page(self, agent: str, cursor: str | None, limit: int) -> None:
        behind = [each for each in self._known(agent) if cursor is None or file_name(each.session) > cursor]
        page = self.portal.call(self.store.list, agent, cursor, limit)
        expected = file_name(behind[limit - 1].session) if len(behind) > limit else None
        assert page == (tuple(behind[:limit]), expected, ())

    @rule(agent=_agents)
    def look_for_work(self, agent: str) -> None:
        known = self._known(agent)
        unfinished = self.portal.call(self.store.unfinished, agent, {"Active"})
        assert _sorted(unfinished) == [each for each in known if not each.is_settled or each.state == "Active"]
        assert _sorted(self.portal.call(self.store.owing, agent)) == [each for each in known if each.is_owing]

    def _known(self, agent: str) -> list[Metadata]:
        return _sorted(story.metadata for key, story in self.stories.items() if key.agent == agent)

    def teardown(self) -> None:
        """Close what is open."""
        self.leave()
        self._stack.close()


def _sorted(sessions: Iterable[Metadata]) -> list[Metadata]:
    return sorted(sessions, key=lambda each: file_name(each.session))
