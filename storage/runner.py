"""Where blocking calls run: in threads, or, for a simulation with virtual time, right here."""

import threading
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

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
    """Threads of its own, so that whatever else fills anyio's default ones cannot hold up the store.

    However the caller is cancelled, it gets to know only when nothing is being done any more.
    """
    limiter: list[anyio.CapacityLimiter] = []  # made in the event loop that uses it

    async def run(function: Callable[[], T], /) -> T:
        if not limiter:
            limiter.append(anyio.CapacityLimiter(limit))
        call = _Call(function)
        try:
            return await anyio.to_thread.run_sync(call, limiter=limiter[0])
        finally:
            await call.ended()

    return run


class _Call(Generic[T]):
    """A function in a thread, which `Task.cancel` of asyncio would leave alone with what it does."""

    __slots__ = ("_begun", "_ended", "_function")

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._begun = threading.Lock()
        self._ended = threading.Event()

    def __call__(self) -> T:
        if not self._begun.acquire(blocking=False):
            raise RuntimeError("the call was given up before it began")
        try:
            return self._function()
        finally:
            self._ended.set()

    async def ended(self) -> None:
        """Wait until it is being done no more, and will not be."""
        if self._ended.is_set() or self._begun.acquire(blocking=False):
            return
        async with anyio.create_task_group() as group:  # which waits for its tasks however often it is cancelled
            group.start_soon(self._wait)

    async def _wait(self) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._ended.wait, limiter=anyio.CapacityLimiter(1))


async def inline(function: Callable[[], T], /) -> T:
    """Run it in the event loop itself: slower for many, deterministic for all."""
    return function()
