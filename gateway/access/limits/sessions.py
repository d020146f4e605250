"""Limit of how many sessions clients make: of each token in a time, and of all together."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Final

import anyio

from argentos.errors import TooManySessionsError
from argentos.gateway.access.limits.rates import Rate
from argentos.gateway.access.limits.settings import Limits

__all__ = ["NewSessions"]

_COUNTED: Final = 60.0  # seconds until sessions that were deleted make room


class NewSessions:
    """The sessions that clients make.

    Args:
        limits: those of sessions.
        count: counts all there are.
        clock: seconds.
    """

    def __init__(
        self, limits: Limits, count: Callable[[], AsyncIterator[int]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = limits.sessions
        self._rate = Rate(limits.new_sessions_per_second, limits.new_sessions_burst, clock)
        self._count = count
        self._clock = clock
        self._counting = anyio.Lock()
        self._known = 0
        self._counted_at = float("-inf")

    async def take(self, name: str) -> None:
        """Note that the client of a token makes one more.

        Raises:
            RateLimitedError: it has made too many in too short a time.
            TooManySessionsError: there are too many.
            StoreError: those there are cannot be counted.
        """
        self._rate.take(name, f"new sessions of token {name!a}")
        if self._counted_at == float("-inf") or self._known >= self._most:
            await self._count_again()
        if self._known >= self._most:
            raise TooManySessionsError(
                f"there are {self._known} sessions, and no more than {self._most} may be; delete some, or raise"
                " gateway.limits.sessions"
            )
        self._known += 1

    async def _count_again(self) -> None:
        async with self._counting:
            if self._clock() - self._counted_at < _COUNTED:
                return
            self._known = sum([some async for some in self._count()])
            self._counted_at = self._clock()
