"""A run queue and standing workers: what is ready runs, what is quiet costs nothing."""

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

__all__ = ["Dispatcher", "Job"]

Job: TypeAlias = Callable[[], Awaitable[None]]

_FAIR_AFTER: Final = 16
_log: Final = logging.getLogger(__name__)


class Dispatcher:
    """Runs jobs in the order in which they were submitted, at most `limit` at a time.

    Workers are started when there is more to do than there are workers, and stay. A job that raises is logged. They end
    with `cancel`, and not before: where the host is cancelled, what runs may still be ended in order.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._queue: deque[Job] = deque()
        self._idle: list[anyio.Event] = []
        self._hired = 0
        self._present = 0  # of those hired: asyncio may cancel a task before it begins
        self._running = 0
        self._is_over = False
        self._scopes: list[anyio.CancelScope] = []
        self._drained: list[anyio.Event] = []
        self._group: TaskGroup | None = None

    def start(self, group: TaskGroup) -> None:
        """Take workers from this task group from now on; those of an earlier one have ended with it."""
        self._group = group
        self._hired = self._present = self._running = 0
        self._is_over = False
        self._queue.clear()
        self._idle.clear()
        self._scopes.clear()

    @property
    def running(self) -> int:
        """How many jobs run."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return len(self._queue)

    @property
    def is_drained(self) -> bool:
        """Nothing runs and nothing waits to."""
        return not self._queue and not self._running

    def submit(self, job: Job) -> None:
        """Run the job as soon as a worker is free."""
        self._queue.append(job)
        if self._idle:
            self._idle.pop().set()
        elif self._hired < self._limit:
            self._hire()

    def _hire(self) -> None:
        if self._group is not None:
            self._hired += 1
            self._group.start_soon(self._work, name=f"argentos {self._name} {self._hired}")

    async def drained(self) -> None:
        """Wait until nothing runs and nothing waits to."""
        for _ in range(2):  # in which those just hired begin
            await anyio.lowlevel.checkpoint()
        while not self.is_drained:
            if not self._present:  # cancelled from elsewhere before they began
                self._hire()
            event = anyio.Event()
            self._drained.append(event)
            await event.wait()

    def cancel(self) -> None:
        """End the workers, and what they are running; what waits is dropped."""
        self._is_over = True
        self._queue.clear()
        for scope in self._scopes:
            scope.cancel()

    def _tell_drained(self) -> None:
        if self._drained and self.is_drained:
            for event in self._drained:
                event.set()
            self._drained.clear()

    async def _run(self, job: Job) -> None:
        try:
            await job()
        except Exception:  # noqa: BLE001 - one job must not end the others
            _log.exception("a job of %s raised; the others go on", self._name)

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
        self._running += 1
        try:
            while self._queue:
                await self._run(self._queue.popleft())
                run += 1
                if run % _FAIR_AFTER == 0:
                    await anyio.lowlevel.checkpoint()
        finally:
            self._running -= 1
            self._tell_drained()

    async def _rest(self) -> None:
        event = anyio.Event()
        self._idle.append(event)
        try:
            await event.wait()
        finally:
            if not event.is_set():
                self._idle.remove(event)
