"""Limits of how often something may be done: a bucket for each who does it, which fills again with time."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from argentos.errors import RateLimitedError
from argentos.inputs import as_number

__all__ = ["Rate"]

_MOST: Final = 10_000  # buckets; beyond, those that were asked longest ago are full again


class Rate:
    """A rate that each of many may reach.

    Args:
        a_second: what a bucket gains in a second.
        burst: what a bucket holds: so many at once.
        clock: seconds.

    Raises:
        InputError: the rate or the burst cannot be used.
    """

    def __init__(self, a_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_second = as_number(a_second, "the rate", 1e-6, 1e9)
        self._burst = as_number(burst, "the burst", 1.0, 1e9)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is in each, and when that was

    def take(self, who: str, what: str) -> None:
        """Take one out of somebody's bucket.

        Args:
            who: whose.
            what: there is too much of, for the sentence of the error.

        Raises:
            RateLimitedError: it is empty; the error says when it is not.
        """
        now = self._clock()
        held, at = self._buckets.pop(who, (self._burst, now))
        held = min(self._burst, held + (now - at) * self._a_second)
        is_empty = held < 1
        self._buckets[who] = (held if is_empty else held - 1, now)
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
        if is_empty:
            wait = (1 - held) / self._a_second
            raise RateLimitedError(
                f"too many {what}: {self._a_second:g} a second, {self._burst:g} at once; try again in {wait:.1f} s",
                retry_after=wait,
            )
