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
        self._workers = 0
        self._scopes: list[anyio.CancelScope] = []
        self._drained: list[anyio.Event] = []
        self._group: TaskGroup | None = None

    def start(self, group: TaskGroup) -> None:
        """Take workers from this task group from now on; those of an earlier one have ended with it."""
        self._group = group
        self._workers = 0
        self._queue.clear()
        self._idle.clear()
        self._scopes.clear()

    @property
    def running(self) -> int:
        """How many jobs run."""
        return self._workers - len(self._idle)

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return len(self._queue)

    @property
    def is_drained(self) -> bool:
        """Nothing runs and nothing waits to."""
        return not self._queue and len(self._idle) == self._workers

    def submit(self, job: Job) -> None:
        """Run the job as soon as a worker is free."""
        self._queue.append(job)
        if self._idle:
            self._idle.pop().set()
        elif self._workers < self._limit and self._group is not None:
            self._workers += 1
            self._group.start_soon(self._work, name=f"argentos {self._name} {self._workers}")

    async def drained(self) -> None:
        """Wait until nothing runs and nothing waits to."""
        while not self.is_drained:
            event = anyio.Event()
            self._drained.append(event)
            await event.wait()

    def cancel(self) -> None:
        """End the workers, and what they are running; what waits is dropped."""
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
        with anyio.CancelScope(shield=True) as scope:
            self._scopes.append(scope)
            run = 0
            while True:
                while self._queue:
                    await self._run(self._queue.popleft())
                    run += 1
                    if run % _FAIR_AFTER == 0:
                        await anyio.lowlevel.checkpoint()
                event = anyio.Event()
                self._idle.append(event)
                self._tell_drained()
                await event.wait()
