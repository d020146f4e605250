"""What takes long: turns and compactions, one at a time in a session, and so many at a time in all sessions."""

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import anyio

from argentos.actors.dispatcher import Dispatcher
from argentos.actors.waiter import Waiter, new_waiter

__all__ = ["Job", "Jobs", "Places", "Tag"]

Tag: TypeAlias = tuple[str, int, int]
"""Which job: `("turn", turn, attempt)` or `("summary", sequence, 0)`."""


class Job:
    """A turn or a compaction."""

    __slots__ = ("_is_cancelled", "_scope", "_work", "tag")

    def __init__(self, tag: Tag, work: Callable[[anyio.CancelScope], Awaitable[None]]) -> None:
        self.tag = tag
        self._work = work
        self._scope: anyio.CancelScope | None = None
        self._is_cancelled = False

    async def run(self) -> None:
        """Do the work in a scope of its own."""
        if not self._is_cancelled:
            self._scope = anyio.CancelScope()
            await self._work(self._scope)

    def cancel(self) -> None:
        """End it, or do not let it begin."""
        self._is_cancelled = True
        if self._scope is not None:
            self._scope.cancel()


class Places:
    """Runs jobs in the order in which they were submitted, at most `limit` at a time.

    Args:
        limit: how many.
        dispatcher: whose workers do it. Jobs are submitted by what it runs.
    """

    def __init__(self, limit: int, dispatcher: Dispatcher) -> None:
        self._limit = limit
        self._dispatcher = dispatcher
        self._queue: deque[Job] = deque()
        self._taken: set[Job] = set()
        self._drained: Waiter | None = None

    def start(self) -> None:
        """Begin with all places free; what ran earlier has ended with its workers."""
        self._queue.clear()
        self._taken.clear()

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
        if len(self._taken) < self._limit:
            self._begin(job)
        else:
            self._queue.append(job)

    def _begin(self, job: Job) -> None:
        self._taken.add(job)
        self._dispatcher.follow(partial(self._run, job))

    async def _run(self, job: Job) -> None:
        try:
            await job.run()
        finally:
            self._taken.discard(job)
            if self._queue:
                self._begin(self._queue.popleft())
            elif self._drained is not None and not self._taken:
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
    """Starts, cancels and recognises the job of one session."""

    __slots__ = ("_job", "_places")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._job: Job | None = None

    @property
    def tag(self) -> Tag | None:
        """Of the job that was started and has neither reported nor been cancelled."""
        return None if self._job is None else self._job.tag

    @property
    def is_running(self) -> bool:
        """Whether a job was started that has neither reported nor been cancelled."""
        return self._job is not None

    def start(self, tag: Tag, work: Callable[[anyio.CancelScope], Awaitable[None]]) -> None:
        """Start a job in the place of any other, unless it is the one that runs."""
        if self._job is None or tag != self._job.tag:
            self.cancel()
            self._job = Job(tag, work)
            self._places.submit(self._job)

    def finish(self, tag: Tag) -> bool:
        """A job reports; False if that is not the one that runs, but one that was cancelled."""
        if self._job is None or tag != self._job.tag:
            return False
        self._job = None
        return True

    def unfinish(self, tag: Tag) -> None:
        """The report of a job that has ended is to come once more."""
        self._job = Job(tag, _is_done)

    def cancel(self) -> None:
        """End the job, if one runs; its report will not be recognised."""
        if self._job is not None:
            self._job.cancel()
            self._job = None


async def _is_done(_: anyio.CancelScope) -> None:
    """What is left to do of a job that has ended."""
