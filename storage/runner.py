"""Where blocking calls run: in threads, or, for a simulation with virtual time, right here."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread

__all__ = ["Runner", "inline", "threads"]

T = TypeVar("T")


class Runner(Protocol):
    """Runs a blocking function and gives its result."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]:
        """Run it."""
        ...


def threads(limit: int = 8) -> Runner:
    """Threads of its own, so that whatever else fills anyio's default ones cannot hold up the store."""
    limiter: list[anyio.CapacityLimiter] = []  # made in the event loop that uses it

    async def run(function: Callable[[], T], /) -> T:
        if not limiter:
            limiter.append(anyio.CapacityLimiter(limit))
        return await anyio.to_thread.run_sync(function, limiter=limiter[0])

    return run


async def inline(function: Callable[[], T], /) -> T:
    """Run it in the event loop itself: slower for many, deterministic for all."""
    return function()
