"""An event loop that is run from outside, until nothing is left to do, in a time that moves only when told to."""

import asyncio
import contextlib
import selectors
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import anyio.to_thread

from argentos import ManualClock

T = TypeVar("T")

_MOST_ROUNDS: Final = 5000
_THREAD: Final = 5.0  # seconds that a thread may take
_BUSY: Final = 4.0  # seconds of this process's own time that coming to rest may take; one may go to the collector
_AGAIN: Final = 0.05
_PAUSE: Final = 0.01  # seconds, or less: for others at this moment, and not for another one to come


class NeverAtRestError(Exception):
    """What runs in the loop goes on and on, though nothing comes in and no time passes."""


class _Selector(selectors.DefaultSelector):
    """Tells when the loop would wait."""

    def __init__(self, at_rest: Callable[[], bool]) -> None:
        super().__init__()
        self._at_rest = at_rest
        self.rounds = 0
        self.paused = 0.0  # seconds

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.rounds += 1
        if self.rounds > _MOST_ROUNDS:
            raise NeverAtRestError(f"{_MOST_ROUNDS} rounds of the event loop, and no end")
        if timeout and timeout <= _PAUSE:
            self.paused += timeout
            timeout = 0
        return super().select(0 if timeout == 0 or self._at_rest() else _THREAD)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time is that of a clock that stands still; timeouts of anyio's end with it, and short pauses at once.

    Args:
        clock: the time.
    """

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._threads: anyio.CapacityLimiter | None = None
        self._watch = _Selector(self._comes_to_rest)
        self._is_stuck = False
        self._handler = signal.signal(signal.SIGVTALRM, self._interrupt)
        super().__init__(self._watch)

    def time(self) -> float:
        """The clock's, and the pauses."""
        return self._clock.monotonic() + self._watch.paused

    def rest(self) -> None:
        """Run until everything waits.

        Raises:
            NeverAtRestError: that does not happen.
        """
        self._watch.rounds = 0
        signal.setitimer(signal.ITIMER_VIRTUAL, _BUSY, _AGAIN)
        try:
            self.run_forever()
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if self._is_stuck:
            raise NeverAtRestError("the event loop was not come back to")

    def _interrupt(self, *_: object) -> None:
        """Break out of what loops without awaiting anything."""
        self._is_stuck = True
        raise NeverAtRestError("it loops")

    def close(self) -> None:
        """End what still runs."""
        for task in asyncio.all_tasks(self):
            task.cancel()
        with contextlib.suppress(NeverAtRestError):
            self.rest()
        signal.signal(signal.SIGVTALRM, self._handler)
        super().close()

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task; it runs in the next `rest`."""
        return self.create_task(work)

    async def watch_threads(self) -> None:
        """From now on, a thread at work is something to wait for."""
        self._threads = anyio.to_thread.current_default_thread_limiter()

    def _comes_to_rest(self) -> bool:
        if self._threads is not None and self._threads.borrowed_tokens:
            return False
        self.stop()
        return True
