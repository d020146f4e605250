"""Timers of many owners: one heap, one task, no task for each."""

import heapq
import itertools
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import anyio
import anyio.lowlevel

from argentos.concurrency.clock import Clock

__all__ = ["Timers"]

K = TypeVar("K")

_AT_ONCE: Final = 4
_RETRY: Final = 1.0  # seconds
_SPARE: Final = 64


class Timers(Generic[K]):
    """Calls `fire` when an owner's deadline has come.

    An owner has one deadline. One that is armed again for later is not moved: it fires early, and the owner, which
    knows its real deadline, arms it again. So a message costs no change of the heap.
    """

    def __init__(self, clock: Clock, fire: Callable[[K], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._heap: list[tuple[float, int, K]] = []
        self._armed: dict[K, float] = {}
        self._order = itertools.count()
        self._earlier = anyio.Event()

    def arm(self, key: K, deadline: float) -> None:
        """Fire at this monotonic time, or before."""
        if self._armed.get(key, float("inf")) <= deadline:
            return
        self._armed[key] = deadline
        entry = (deadline, next(self._order), key)
        heapq.heappush(self._heap, entry)
        if self._heap[0] is entry:
            self._earlier.set()
        self._sweep()

    def disarm(self, key: K) -> None:
        """Do not fire for this owner any more."""
        self._armed.pop(key, None)
        self._sweep()

    def _sweep(self) -> None:
        """Drop the deadlines that do not count any more, where they are the most."""
        if len(self._heap) > _SPARE + 2 * len(self._armed):
            self._heap = [entry for entry in self._heap if self._armed.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)

    def __len__(self) -> int:
        """The number of deadlines kept, including some that no longer count."""
        return len(self._heap)

    async def run(self) -> None:
        """Fire what is due, until cancelled."""
        while True:
            while self._fire_due():
                await anyio.lowlevel.checkpoint()
            self._earlier = anyio.Event()
            if not self._heap:
                await self._earlier.wait()
                continue
            async with anyio.create_task_group() as group:
                group.start_soon(self._cancel_when_earlier, group.cancel_scope)
                await self._clock.sleep_until(self._heap[0][0])
                group.cancel_scope.cancel()

    async def _cancel_when_earlier(self, scope: anyio.CancelScope) -> None:
        await self._earlier.wait()
        scope.cancel()

    def _fire_due(self) -> bool:
        """Fire what is due, a few at a time: after a night all may be. Tells whether more is."""
        now = self._clock.monotonic()
        for _ in range(_AT_ONCE):
            if not self._heap or self._heap[0][0] > now:
                return False
            deadline, _, key = heapq.heappop(self._heap)
            if self._armed.get(key) == deadline:
                del self._armed[key]
                try:
                    self._fire(key)
                except BaseException:  # of the clock, say: not lost by it
                    self.arm(key, now + _RETRY)
                    raise
        return True
