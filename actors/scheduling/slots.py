"""Background tasks, turns and compactions: one at a time in a session, and so many at a time in all sessions.

A task that waits for a turn of another session lends its slot until then: so nested turns never wait for each other's
slots, however few there are.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import partial
from typing import Final, TypeAlias

import anyio

from argentos.actors.scheduling.wait_graph import Node, WaitGraph
from argentos.actors.scheduling.worker_pool import WorkerPool
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.storage import SessionKey

__all__ = ["BackgroundTask", "CurrentTask", "Slots", "TaskId", "awaiting", "is_in_task", "wait"]


TaskId: TypeAlias = tuple[str, int, int, int]
"""A task's identity: `("turn", turn, attempt, step)`, `("calls", turn, attempt, ended)`, or of a summary."""


class BackgroundTask:
    """A turn or a compaction.

    Args:
        tag: which.
        work: does it, and is given this.
        session: whose it is.

    Attributes:
        scope: for the work to enter.
        is_cancelled: it is to end, or not to begin.
        passes: it begins also where others are held back.
    """

    __slots__ = (
        "_cancel_elsewhere",
        "_slots",
        "_waits",
        "_work",
        "is_cancelled",
        "passes",
        "scope",
        "session",
        "tag",
    )

    def __init__(
        self, tag: TaskId, work: Callable[["BackgroundTask"], Awaitable[None]], session: "CurrentTask"
    ) -> None:
        self.tag: TaskId = tag
        self.scope: anyio.CancelScope = anyio.CancelScope()
        self.session: CurrentTask = session
        self.passes: bool = False
        self._work = work
        self._cancel_elsewhere: Callable[[], object] | None = None
        self._slots: Slots | None = None  # where it runs
        self.is_cancelled: bool = False
        self._waits = 0  # of its tasks, for other turns

    async def run(self, slots: "Slots") -> None:
        """Do the work."""
        if self.is_cancelled:
            return
        token = _running.set(self)
        self._slots = slots
        try:
            await self._work(self)
        finally:
            self._slots = self._cancel_elsewhere = None
            if self._waits:
                slots.take_back()
            _running.reset(token)

    def hold(self, cancel: Callable[[], object]) -> None:
        """Keep how to cancel what is done for it elsewhere, at the same time as the task."""
        self._cancel_elsewhere = cancel

    async def wait(self, waiter: Waiter) -> None:
        """Wait for another turn, and lend the slot meanwhile."""
        self._waits += 1
        if self._waits == 1 and self._slots is not None:
            self._slots.lend()
        try:
            await waiter.wait()
        finally:
            self._waits -= 1
            if not self._waits and self._slots is not None:
                self._slots.take_back()

    def cancel(self) -> None:
        """End it, or do not let it begin."""
        self.is_cancelled = True
        self.scope.cancel()
        if self._cancel_elsewhere is not None:
            self._cancel_elsewhere()


_IN_NO_TASK: Final = nullcontext()
_running: Final[ContextVar[BackgroundTask | None]] = ContextVar("argentos task", default=None)


def is_in_task() -> bool:
    """Tell whether this is asked in a turn or a compaction."""
    return _running.get() is not None


def awaiting(slots: "Slots", key: SessionKey) -> AbstractContextManager[None]:
    """Wait for turns of a session, from before a message is sent there on: see `Node.awaiting`."""
    task = _running.get()
    return _IN_NO_TASK if task is None else task.session.node.awaiting(slots.waits.node(key))


async def wait(waiter: Waiter, session: "CurrentTask | None" = None) -> None:
    """Wait for what may need a slot, as a turn of this session; a task that does so lends its own.

    Raises:
        SessionError: see `Node.awaiting`.
    """
    task = _running.get()
    if task is None:
        await waiter.wait()
    elif session is None:
        await task.wait(waiter)
    else:
        with task.session.node.awaiting(session.node):
            await task.wait(waiter)


class Slots:
    """Runs tasks in the order in which they were submitted, at most `limit` at a time.

    Those that have lent their slot do not count. One that takes it back need not wait for it: so more may run for a
    moment, at most twice as many, and nobody else begins meanwhile.

    Args:
        limit: how many.
        workers: do it. Tasks are submitted by what they run.

    Attributes:
        waits: which sessions wait for which.
    """

    def __init__(self, limit: int, workers: WorkerPool) -> None:
        self.waits: WaitGraph = WaitGraph()
        self._limit = limit
        self._workers = workers
        self._queue: deque[BackgroundTask] = deque()
        self._taken: set[BackgroundTask] = set()
        self._lent = 0
        self._is_held = False
        self._drained: list[Waiter] = []

    def start(self) -> None:
        """Begin with all slots free; what ran earlier has ended with its workers."""
        self._queue.clear()
        self._taken.clear()
        self._lent = 0
        self._is_held = False

    @property
    def running(self) -> int:
        """The number of tasks that run."""
        return len(self._taken)

    @property
    def waiting(self) -> int:
        """The number of tasks that wait for a slot."""
        return len(self._queue)

    def submit(self, task: BackgroundTask) -> None:
        """Run the task as soon as there is a slot."""
        if self._is_held or self._queue or len(self._taken) - self._lent >= self._limit:
            self._queue.append(task)
            self._fill(self._workers.follow)
        else:  # there is a slot, and nobody waits for it
            self._begin(task, self._workers.follow)

    def hold(self) -> None:
        """Begin no task but those that pass."""
        self._is_held = True

    def release(self) -> None:
        """Begin tasks as always."""
        self._is_held = False
        self._fill(self._workers.submit)

    def lend(self) -> None:
        """Let another task have the slot of one that runs and waits, and another worker do what his would."""
        self._lent += 1
        self._workers.widen(1)
        self._fill(self._workers.submit)

    def take_back(self) -> None:
        """Count a task again that waits no more."""
        self._lent -= 1
        self._workers.widen(-1)

    def _fill(self, run: Callable[[Callable[[], Awaitable[None]]], None]) -> None:
        """Begin what there is a slot for."""
        while len(self._taken) - self._lent < self._limit and (task := self._next()) is not None:
            self._queue.remove(task)
            self._begin(task, run)

    def _begin(self, task: BackgroundTask, run: Callable[[Callable[[], Awaitable[None]]], None]) -> None:
        self._taken.add(task)
        run(partial(self._run, task))

    def _next(self) -> BackgroundTask | None:
        if not self._is_held:
            return self._queue[0] if self._queue else None
        return next((task for task in self._queue if task.passes), None)

    async def _run(self, task: BackgroundTask) -> None:
        try:
            await task.run(self)
        finally:
            self._taken.discard(task)
            self._fill(self._workers.follow)
            if not self._taken:
                for waiter in self._drained:
                    waiter.set()
                self._drained.clear()

    async def drained(self) -> None:
        """Wait until nothing runs and nothing waits to."""
        while self._taken or self._queue:
            waiter = new_waiter()
            self._drained.append(waiter)
            await waiter.wait()

    def cancel(self) -> None:
        """End what runs; what waits is dropped."""
        self._queue.clear()
        for task in self._taken:
            task.cancel()


class CurrentTask:
    """Starts, cancels and recognises the task of one session.

    Args:
        slots: where they run.
        key: the session.
    """

    __slots__ = ("_key", "_slots", "_task")

    def __init__(self, slots: Slots, key: SessionKey) -> None:
        self._slots = slots
        self._key = key
        self._task: BackgroundTask | None = None

    @property
    def node(self) -> Node:
        """The session among those that wait for each other."""
        return self._slots.waits.node(self._key)

    @property
    def tag(self) -> TaskId | None:
        """Of the task that was started and has neither reported nor been cancelled."""
        return None if self._task is None else self._task.tag

    @property
    def is_running(self) -> bool:
        """Tell whether a task was started that has neither reported nor been cancelled."""
        return self._task is not None

    def start(
        self,
        tag: TaskId,
        work: Callable[[BackgroundTask], Awaitable[None]],
        *,
        passes: bool = False,
    ) -> None:
        """Start a task in the place of any other, unless it is the one that runs."""
        if self._task is None or tag != self._task.tag:
            self.cancel()
            self._task = BackgroundTask(tag, work, self)
            self._task.passes = passes
            self._slots.submit(self._task)

    def finish(self, tag: TaskId) -> bool:
        """A task reports; False if that is not the one that runs, but one that was cancelled."""
        if self._task is None or tag != self._task.tag:
            return False
        self._task = None
        return True

    def unfinish(self, tag: TaskId) -> None:
        """The report of a task that has ended is to come once more."""
        self._task = BackgroundTask(tag, _is_done, self)

    def cancel(self) -> None:
        """End the task, if one runs; its report will not be recognised."""
        if self._task is not None:
            self._task.cancel()
            self._task = None


async def _is_done(_: BackgroundTask) -> None:
    """Nothing is left to do for a task that has ended."""
