"""A run queue and standing workers: what is ready runs, what is quiet costs nothing."""

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from typing import Final, TypeAlias

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from argentos.concurrency.foreign_code import in_log, passes
from argentos.concurrency.waiter import Waiter, new_waiter

__all__ = ["Work", "WorkerPool"]

Work: TypeAlias = Callable[[], Awaitable[None]]

_FAIR_AFTER: Final = 16
_WAY: Final = 0.002  # seconds
_log: Final = logging.getLogger(__name__)


class WorkerPool:
    """Runs work in the order in which it was submitted, at most `limit` at a time, in the context of its start.

    Workers are started when there is more to do than there are workers, and stay. Work that raises is logged. They end
    with `cancel`, and not before: where the host is cancelled, what runs may still be ended in order.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._queue: deque[Work] = deque()
        self._following: list[Work] = []
        self._again: list[Work] = []
        self._idle: list[Waiter] = []
        self._hired = 0
        self._present = 0  # of those hired: asyncio may cancel a task before it begins
        self._busy = 0
        self._is_over = False
        self._scopes: list[anyio.CancelScope] = []
        self._drained: list[Waiter] = []
        self._group: TaskGroup | None = None
        self._context = copy_context()

    def start(self, group: TaskGroup) -> None:
        """Take workers from this task group from now on; those of an earlier one have ended with it."""
        self._group = group
        self._context = copy_context()
        self._hired = self._present = self._busy = 0
        self._is_over = False
        self._queue.clear()
        self._following.clear()
        self._again.clear()
        self._idle.clear()
        self._scopes.clear()

    def widen(self, by: int) -> None:
        """Have so many more workers, or fewer; those that are there stay."""
        self._limit += by

    @property
    def is_drained(self) -> bool:
        """Nothing runs and nothing waits to."""
        return not self._queue and not self._busy

    def submit(self, work: Work) -> None:
        """Run the work as soon as a worker is free."""
        self._queue.append(work)
        if self._idle:
            self._idle.pop().set()
        elif self._hired < self._limit:
            self._hire()

    def follow(self, work: Work) -> None:
        """Run the work once the one that calls this has ended, as it is about to.

        Its worker goes on with it, so that what follows costs no change of tasks.
        """
        self._following.append(work)

    def again(self, work: Work) -> None:
        """Run the work, which calls this and is about to end, once more: when everybody else has had a chance."""
        self._again.append(work)

    def _hire(self) -> None:
        if self._group is not None:
            self._hired += 1
            work = partial(self._group.start_soon, self._work, name=f"argentos {self._name} {self._hired}")
            # Whoever submits work hires, and with the task that begins would lend it the variables of his request.
            self._context.copy().run(work)

    async def drained(self) -> None:
        """Wait until nothing runs and nothing waits to."""
        for _ in range(2):  # in which those just hired begin
            await anyio.lowlevel.checkpoint()
        while not self.is_drained:
            if not self._present:  # cancelled from elsewhere before they began
                self._hire()
            waiter = new_waiter()
            self._drained.append(waiter)
            await waiter.wait()

    async def give_way(self, pause: float = _WAY) -> None:
        """Let what runs go on, for so many seconds, between two steps of something that is in no hurry."""
        if self.is_drained:
            await anyio.lowlevel.checkpoint()
        else:
            # Work that waits for a thread gains nothing by a turn of the event loop: only while that sleeps does the
            # thread get the interpreter at once.
            await anyio.sleep(pause)

    def cancel(self) -> None:
        """End the workers, and what they are running; what waits is dropped."""
        self._is_over = True
        self._queue.clear()
        for scope in self._scopes:
            scope.cancel()

    def _tell_drained(self) -> None:
        if self._drained and self.is_drained:
            for waiter in self._drained:
                waiter.set()
            self._drained.clear()

    async def _work(self) -> None:
        self._present += 1
        try:
            with anyio.CancelScope(shield=True) as scope:
                self._scopes.append(scope)
                while not self._is_over:
                    await self._run_all()
                    await self._rest()
        finally:
            self._present -= 1
            self._hired -= 1
            if self._queue and not self._is_over:  # cancelled from elsewhere
                self._hire()

    async def _run_all(self) -> None:
        run = 0
        self._busy += 1
        try:
            while self._queue:
                await self._run(self._queue.popleft())
                run += 1
                if self._again or run % _FAIR_AFTER == 0:
                    await self._pause()
        finally:
            self._busy -= 1
            self._tell_drained()

    async def _pause(self) -> None:
        """Give everybody else a chance, and queue what is to run once more."""
        again, self._again = self._again, []
        try:
            await anyio.lowlevel.checkpoint()
        finally:
            for work in again:
                self._come_back_for(work)

    def _come_back_for(self, work: Work) -> None:
        """Queue work for the worker that calls this, or for another one where something else comes first."""
        if self._queue:
            self.submit(work)
        else:
            self._queue.append(work)

    async def _run(self, work: Work) -> None:
        try:
            await work()
        except BaseException as error:
            if passes(error):
                raise
            _log.error("work of %s raised %s; the others go on", self._name, in_log(error), exc_info=error)
        finally:
            self._take_following()

    def _take_following(self) -> None:
        """Queue what follows: this worker comes back for the first, and others are sent for the rest."""
        if self._following:
            first, *others = self._following
            self._following.clear()
            self._queue.append(first)
            for work in others:
                self.submit(work)

    async def _rest(self) -> None:
        waiter = new_waiter()
        self._idle.append(waiter)
        try:
            await waiter.wait()
        finally:
            if not waiter.is_set():
                self._idle.remove(waiter)
