"""Deadlines by which the files of a session are to follow its journal."""

import heapq
import itertools
import math
from typing import Final, Protocol

import anyio

from argentos.storage.messages import SessionKey

__all__ = ["LoopClock", "WaitingClock", "WriteSchedule"]

# The files lag 5 s of quiet, or 30 s under load, and some of that it takes to write them.
_QUIET: Final = 4.0  # seconds without an append
_LOAD: Final = 25.0  # seconds since the first append that the files lack
_AGAIN: Final = 30.0  # seconds until files that could not be written are tried again
_TICK: Final = 0.5  # seconds: the many that come due meanwhile wake the writer once
_AT_ONCE: Final = 1000


class WaitingClock(Protocol):
    """A clock as a store needs it: `argentos.ManualClock` is one."""

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        ...

    async def sleep_until(self, deadline: float) -> None:
        """Wait for a monotonic time."""
        ...


class LoopClock:
    """The time of the event loop, which a simulation may have made a virtual one."""

    def monotonic(self) -> float:
        """See `WaitingClock.monotonic`."""
        return anyio.current_time()

    async def sleep_until(self, deadline: float) -> None:
        """See `WaitingClock.sleep_until`."""
        await anyio.sleep_until(deadline)


class _Session:
    """The times, in seconds of the clock, since which the files lack something, and since which nothing came."""

    __slots__ = ("last", "since")

    def __init__(self, now: float) -> None:
        self.since = now
        self.last = now

    @property
    def due(self) -> float:
        return min(self.last + _QUIET, self.since + _LOAD)


class WriteSchedule:
    """The sessions whose files lack something, and when those are to be written.

    Args:
        clock: time.
    """

    def __init__(self, clock: WaitingClock) -> None:
        self._clock = clock
        self._sessions: dict[SessionKey, _Session] = {}
        self._heap: list[tuple[float, int, SessionKey]] = []
        self._order = itertools.count()
        self._earlier = anyio.Event()

    def appended(self, key: SessionKey) -> None:
        """Note that something has come which the files lack."""
        now = self._clock.monotonic()
        session = self._sessions.get(key)
        if session is not None:
            session.last = now
            return
        self._sessions[key] = session = _Session(now)
        self._push(key, session.due)

    def failed(self, key: SessionKey) -> None:
        """Note that the files could not be written, and are to be tried again."""
        session = self._sessions[key] = _Session(self._clock.monotonic() + _AGAIN - _QUIET)
        self._push(key, session.due)

    def written(self, key: SessionKey, *, is_all: bool) -> None:
        """Note that the files were written; what they lack now, if not all is there, has come since."""
        if is_all:
            self._sessions.pop(key, None)
        elif key in self._sessions:
            self._sessions[key].since = self._clock.monotonic()

    def _push(self, key: SessionKey, due: float) -> None:
        due = math.ceil(due / _TICK) * _TICK
        if not self._heap or due < self._heap[0][0]:
            self._earlier.set()
        heapq.heappush(self._heap, (due, next(self._order), key))

    async def due(self) -> list[SessionKey]:
        """Wait until files are to be written; gives those of some sessions, which are forgotten."""
        while not (found := self._take()):
            self._earlier = anyio.Event()
            async with anyio.create_task_group() as group:
                if self._heap:
                    group.start_soon(self._wake_at, self._heap[0][0], self._earlier)
                await self._earlier.wait()
                group.cancel_scope.cancel()
        return found

    async def _wake_at(self, due: float, event: anyio.Event) -> None:
        await self._clock.sleep_until(due)
        event.set()

    def _take(self) -> list[SessionKey]:
        now = self._clock.monotonic()
        found: list[SessionKey] = []
        while self._heap and self._heap[0][0] <= now and len(found) < _AT_ONCE:
            due, _, key = heapq.heappop(self._heap)
            session = self._sessions.get(key)
            if session is None:
                continue
            if session.due > due:
                self._push(key, session.due)
            else:
                del self._sessions[key]
                found.append(key)
        return found
