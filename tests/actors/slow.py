"""What the tests of cancellation share: stores, a model, and what must not be left over."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest

from argentos import Config, Emit, FileStore, ManualClock, MemoryStore, Model, Reply, Request, Supervisor
from argentos.storage import Record, Runner, SessionKey, Store, fold, threads
from tests.actors.conftest import count_words

__all__ = ["HANG", "SMALL", "Disk", "Files", "Memory", "Talker", "new_clock", "nothing_left", "supervise"]

T = TypeVar("T")

SMALL = Config(max_context_tokens=500, keep_recent_tokens=20)
HANG = "hang"


class Noting:
    """Remembers the appends to a store, which take a moment before and behind it; to be mixed in with one."""

    appends: list[tuple[SessionKey, Sequence[Record]]]

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        await anyio.lowlevel.checkpoint()
        self.appends.append((key, records))
        wants_files = await cast("Store", super()).append(key, epoch, expected_sequence, records)
        await anyio.lowlevel.checkpoint()
        return wants_files


class NotingMemory(Noting, MemoryStore):
    pass


class NotingFiles(Noting, FileStore):
    pass


class Disk(Protocol):
    """What outlasts a supervisor.

    Attributes:
        appends: what stores on it were told to append, a step each.
    """

    appends: list[tuple[SessionKey, Sequence[Record]]]

    def store(self) -> Store:
        """A store on it."""
        ...

    def leftovers(self) -> list[str]:
        """What only a running owner may have on it."""
        ...


class Memory:
    def __init__(self, _: Path | None = None) -> None:
        self.appends: list[tuple[SessionKey, Sequence[Record]]] = []
        self._store = NotingMemory()
        self._store.appends = self.appends

    def store(self) -> Store:
        return self._store

    def leftovers(self) -> list[str]:
        return []


class Files:
    """A state directory.

    Attributes:
        run: where its stores' blocking calls run; None for threads of their own.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.appends: list[tuple[SessionKey, Sequence[Record]]] = []
        self.run: Runner | None = None

    def store(self) -> Store:
        store = NotingFiles(self.path, run=self.run, segment_size=65_536)
        store.appends = self.appends
        return store

    def leftovers(self) -> list[str]:
        return [str(path) for path in self.path.rglob("*") if path.name.startswith(".") or path.is_socket()]


async def steps_are_whole(disk: Disk) -> None:
    """Each session stands behind one of the steps that were appended to it, and has everything up to there."""
    async with disk.store() as store:
        for key in {key for key, _ in disk.appends}:
            snapshot = await store.load(key)
            steps = [records for each, records in disk.appends if each == key]
            ends = {0, *(records[-1].sequence for records in steps)}
            assert (snapshot.metadata.sequence if snapshot else 0) in ends
            if snapshot is not None:
                known = {each.sequence: each for records in steps for each in records}
                upto = [known[number] for number in range(1, snapshot.metadata.sequence + 1)]
                assert snapshot == fold(key, None, upto).snapshot


class Interrupting:
    """Runs blocking calls in threads, and does something when one of them has just begun, or is just about to end."""

    def __init__(self, action: Callable[[], None], *, behind: bool) -> None:
        self._left = 0
        self._action = action
        self._behind = behind
        self._threads = threads()
        self._token: anyio.lowlevel.EventLoopToken | None = None

    def then(self, calls: int) -> None:
        """Do it during the so manyth call from now."""
        self._left = calls

    async def __call__(self, function: Callable[[], T], /) -> T:
        self._left -= 1
        self._token = anyio.lowlevel.current_token()
        return await self._threads(partial(self._interrupt, function) if self._left == 0 else function)

    def _interrupt(self, function: Callable[[], T]) -> T:
        if not self._behind:
            anyio.from_thread.run_sync(self._action, token=self._token)
        result = function()
        if self._behind:
            anyio.from_thread.run_sync(self._action, token=self._token)
        return result


class Talker:
    """Takes a moment for each word; asked to hang, it says nothing more until it is ended.

    Attributes:
        ended: how many of its streams have come to their end, whichever way.
        begun: how many have begun.
    """

    name = "talker"
    can_summarise = True

    def __init__(self) -> None:
        self.begun = self.ended = 0

    async def reply(self, request: Request, emit: Emit) -> Reply:
        self.begun += 1
        try:
            last = request.messages[-1].text
            for word in ("Yes ", "indeed."):
                await anyio.lowlevel.checkpoint()
                await emit(word)
            if last == HANG and not request.instruction:
                await anyio.sleep_forever()
            return Reply("Yes indeed.")
        finally:
            self.ended += 1


def new_clock() -> ManualClock:
    return ManualClock(datetime(2026, 5, 8, 7, 0, tzinfo=UTC))


def supervise(disk: Disk, model: Model, clock: ManualClock, **options: Any) -> Supervisor:
    settings: dict[str, Any] = {"config": SMALL, "count": count_words, "count_inline": 10**6, "grace": 0, **options}
    return Supervisor(disk.store(), model, clock=clock, **settings)


@contextmanager
def nothing_left(disk: Disk, caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """What is begun inside has ended: no task, no descriptor, no file that is only an owner's, and no traceback."""
    tasks, descriptors = tasks_now(), descriptors_now()
    yield
    assert tasks_now() <= tasks
    assert descriptors_now() == descriptors
    assert disk.leftovers() == []
    assert [record.getMessage() for record in caplog.records if record.exc_info or record.levelname == "ERROR"] == []


def tasks_now() -> set[object]:
    """Trio's end with their nursery; asyncio's may outlive whoever began them."""
    try:
        return set(asyncio.all_tasks())
    except RuntimeError:
        return set()


def descriptors_now() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())
