"""Jobs, turns and compactions: one at a time in a session, and so many at a time in all sessions.

A job that waits for a turn of another session lends its place until then: so nested turns never wait for each other's
places, however few there are.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Final, TypeAlias

import anyio

from argentos.actors.scheduling.wait_graph import Node, Waits
from argentos.actors.scheduling.waiter import Waiter, new_waiter
from argentos.actors.scheduling.worker_pool import Dispatcher
from argentos.storage import SessionKey

__all__ = ["Job", "Jobs", "Places", "Tag", "awaiting", "is_in_job", "wait"]


Tag: TypeAlias = tuple[str, int, int]
"""Which job: `("turn", turn, attempt)` or `("summary", sequence, 0)`."""


class Job:
    """A turn or a compaction.

    Args:
        tag: which.
        work: does it, and is given this.
        session: whose it is.

    Attributes:
        scope: for the work to enter.
        passes: it begins also where others are held back.
    """

    __slots__ = (
        "_cancel_elsewhere",
        "_is_cancelled",
        "_places",
        "_waits",
        "_work",
        "passes",
        "scope",
        "session",
        "tag",
    )

    def __init__(self, tag: Tag, work: Callable[["Job"], Awaitable[None]], session: "Jobs") -> None:
        self.tag = tag
        self.scope = anyio.CancelScope()
        self.session = session
        self.passes = False
        self._work = work
        self._cancel_elsewhere: Callable[[], object] | None = None
        self._places: Places | None = None  # where it runs
        self._is_cancelled = False
        self._waits = 0  # of its tasks, for other turns

    async def run(self, places: "Places") -> None:
        """Do the work."""
        if self._is_cancelled:
            return
        token = _running.set(self)
        self._places = places
        try:
            await self._work(self)
        finally:
            self._places = self._cancel_elsewhere = None
            if self._waits:
                places.take_back()
            _running.reset(token)

    def hold(self, cancel: Callable[[], object]) -> None:
        """Keep how to cancel what is done for it elsewhere, at the same time as the job."""
        self._cancel_elsewhere = cancel

    async def wait(self, waiter: Waiter) -> None:
        """Wait for another turn, and lend the place meanwhile."""
        self._waits += 1
        if self._waits == 1 and self._places is not None:
            self._places.lend()
        try:
            await waiter.wait()
        finally:
            self._waits -= 1
            if not self._waits and self._places is not None:
                self._places.take_back()

    def cancel(self) -> None:
        """End it, or do not let it begin."""
        self._is_cancelled = True
        self.scope.cancel()
        if self._cancel_elsewhere is not None:
            self._cancel_elsewhere()


_running: Final[ContextVar[Job | None]] = ContextVar("argentos job", default=None)


def is_in_job() -> bool:
    """Whether this is asked in a turn or a compaction."""
    return _running.get() is not None


@contextmanager
def awaiting(session: Node) -> Generator[None]:
    """Wait for turns of a session, from before a message is sent there on: see `Node.awaiting`."""
    job = _running.get()
    if job is None:
        yield
    else:
        with job.session.node.awaiting(session):
            yield


async def wait(waiter: Waiter, session: "Jobs | None" = None) -> None:
    """Wait for what may need a place, as a turn of this session; a job that does so lends its own.

    Raises:
        SessionError: see `Node.awaiting`.
    """
    job = _running.get()
    if job is None:
        await waiter.wait()
    elif session is None:
        await job.wait(waiter)
    else:
        with job.session.node.awaiting(session.node):
            await job.wait(waiter)


class Places:
    """Runs jobs in the order in which they were submitted, at most `limit` at a time.

    Those that have lent their place do not count. One that takes it back need not wait for it: so more may run for a
    moment, at most twice as many, and nobody else begins meanwhile.

    Args:
        limit: how many.
        dispatcher: whose workers do it. Jobs are submitted by what it runs.

    Attributes:
        waits: which sessions wait for which.
    """

    def __init__(self, limit: int, dispatcher: Dispatcher) -> None:
        self.waits = Waits()
        self._limit = limit
        self._dispatcher = dispatcher
        self._queue: deque[Job] = deque()
        self._taken: set[Job] = set()
        self._lent = 0
        self._is_held = False
        self._drained: Waiter | None = None

    def start(self) -> None:
        """Begin with all places free; what ran earlier has ended with its workers."""
        self._queue.clear()
        self._taken.clear()
        self._lent = 0
        self._is_held = False

    @property
    def running(self) -> int:
        """How many jobs run."""
        return len(self._taken)

    @property
    def waiting(self) -> int:
        """How many jobs wait for a place."""
        return len(self._queue)

    def submit(self, job: Job) -> None:
        """Run the job as soon as there is a place."""
        self._queue.append(job)
        self._fill(self._dispatcher.follow)

    def hold(self) -> None:
        """Begin no job but those that pass."""
        self._is_held = True

    def release(self) -> None:
        """Begin jobs as always."""
        self._is_held = False
        self._fill(self._dispatcher.submit)

    def lend(self) -> None:
        """Let another job have the place of one that runs and waits, and another worker do what his would."""
        self._lent += 1
        self._dispatcher.widen(1)
        self._fill(self._dispatcher.submit)

    def take_back(self) -> None:
        """Count a job again that waits no more."""
        self._lent -= 1
        self._dispatcher.widen(-1)

    def _fill(self, run: Callable[[Callable[[], Awaitable[None]]], None]) -> None:
        """Begin what there is a place for."""
        while len(self._taken) - self._lent < self._limit and (job := self._next()) is not None:
            self._queue.remove(job)
            self._taken.add(job)
            run(partial(self._run, job))

    def _next(self) -> Job | None:
        if not self._is_held:
            return self._queue[0] if self._queue else None
        return next((job for job in self._queue if job.passes), None)

    async def _run(self, job: Job) -> None:
        try:
            await job.run(self)
        finally:
            self._taken.discard(job)
            self._fill(self._dispatcher.follow)
            if self._drained is not None and not self._taken:
                self._drained.set()

    async def drained(self) -> None:
        """Wait until nothing runs and nothing waits to."""
        while self._taken or self._queue:
            self._drained = new_waiter()
            await self._drained.wait()

    def cancel(self) -> None:
        """End what runs; what waits is dropped."""
        self._queue.clear()
        for job in self._taken:
            job.cancel()


class Jobs:
    """Starts, cancels and recognises the job of one session.

    Args:
        places: where they run.
        key: the session.
    """

    __slots__ = ("_job", "_key", "_places")

    def __init__(self, places: Places, key: SessionKey) -> None:
        self._places = places
        self._key = key
        self._job: Job | None = None

    @property
    def node(self) -> Node:
        """The session among those that wait for each other."""
        return self._places.waits.node(self._key)

    @property
    def tag(self) -> Tag | None:
        """Of the job that was started and has neither reported nor been cancelled."""
        return None if self._job is None else self._job.tag

    @property
    def is_running(self) -> bool:
        """Whether a job was started that has neither reported nor been cancelled."""
        return self._job is not None

    def start(
        self,
        tag: Tag,
        work: Callable[[Job], Awaitable[None]],
        *,
        passes: bool = False,
    ) -> None:
        """Start a job in the place of any other, unless it is the one that runs."""
        if self._job is None or tag != self._job.tag:
            self.cancel()
            self._job = Job(tag, work, self)
            self._job.passes = passes
            self._places.submit(self._job)

    def finish(self, tag: Tag) -> bool:
        """A job reports; False if that is not the one that runs, but one that was cancelled."""
        if self._job is None or tag != self._job.tag:
            return False
        self._job = None
        return True

    def unfinish(self, tag: Tag) -> None:
        """The report of a job that has ended is to come once more."""
        self._job = Job(tag, _is_done, self)

    def cancel(self) -> None:
        """End the job, if one runs; its report will not be recognised."""
        if self._job is not None:
            self._job.cancel()
            self._job = None


async def _is_done(_: Job) -> None:
    """What is left to do of a job that has ended."""
