"""Time, injected: the real one, and one that moves only when told to."""

import heapq
import itertools
import logging
import math
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import anyio
import anyio.lowlevel

from argentos.concurrency.foreign_code import in_log, is_interrupt

__all__ = ["Clock", "ManualClock", "SystemClock", "guarded"]

_log: Final = logging.getLogger(__name__)


class Clock(Protocol):
    """Wall time for what is written down, monotonic time for waiting."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        ...

    async def sleep_until(self, deadline: float) -> None:
        """Wait for a monotonic time."""
        ...


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()

    async def sleep_until(self, deadline: float) -> None:
        """See `Clock.sleep_until`."""
        await anyio.sleep(max(0.0, deadline - time.monotonic()))


class ManualClock:
    """Stands still until it is moved: for tests, and for living through a recording.

    Args:
        start: the wall time to begin with, in UTC.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._elapsed = 0.0
        self._set_by = timedelta()
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._start + self._set_by + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._elapsed

    async def sleep_until(self, deadline: float) -> None:
        """See `Clock.sleep_until`."""
        if deadline <= self._elapsed:
            await anyio.lowlevel.checkpoint()
            return
        event = anyio.Event()
        heapq.heappush(self._sleepers, (deadline, next(self._order), event))
        await event.wait()

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake whoever waited for it."""
        self._elapsed += max(0.0, seconds)
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            heapq.heappop(self._sleepers)[2].set()

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward, or back where it is negative, as an operator or NTP may; no time passes."""
        self._set_by += timedelta(seconds=seconds)

    def advance_to(self, time: datetime) -> None:
        """Let time pass until then; a time that has passed already changes nothing."""
        self.advance((time - self.now()).total_seconds())


class _GuardedClock:
    """A clock of the host's; while it cannot tell the time, that stands still."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = datetime.now(UTC)
        self._monotonic = 0.0
        self._is_broken = False

    def now(self) -> datetime:
        try:
            now = self._clock.now().astimezone(UTC)
        except BaseException as error:  # noqa: BLE001 - it is not ours
            self._tell(error)
        else:
            self._is_broken, self._now = False, now
        return self._now

    def monotonic(self) -> float:
        try:
            monotonic = _finite(self._clock.monotonic())
        except BaseException as error:  # noqa: BLE001 - it is not ours
            self._tell(error)
        else:
            self._monotonic = monotonic
        return self._monotonic

    def _tell(self, error: BaseException) -> None:
        if is_interrupt(error):
            raise error
        if not self._is_broken:
            _log.error("the clock raised %s; time stands still until it tells it again", in_log(error))
        self._is_broken = True

    async def sleep_until(self, deadline: float) -> None:
        await self._clock.sleep_until(deadline)


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds} s is no time")
    return float(seconds)


def guarded(clock: Clock) -> Clock:
    """A clock that raises nothing when it is asked for the time."""
    return clock if isinstance(clock, SystemClock | ManualClock) else _GuardedClock(clock)
