"""A waiter: one task waits until another wakes it; an `anyio.Event` at a fifth of its cost on asyncio."""

import asyncio
from typing import Protocol

import anyio

__all__ = ["Waiter", "new_waiter"]


class Waiter(Protocol):
    """Set once, and waited for by one task."""

    def set(self) -> None:
        """Wake the task; a second time changes nothing."""
        ...

    def is_set(self) -> bool:
        """Tell whether it was set."""
        ...

    async def wait(self) -> None:
        """Wait until it is set."""
        ...


class _Future:
    __slots__ = ("_future", "_is_set")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._future: asyncio.Future[None] = loop.create_future()
        self._is_set = False

    def set(self) -> None:
        self._is_set = True
        if not self._future.done():  # it is where the task that waited was cancelled
            self._future.set_result(None)

    def is_set(self) -> bool:
        return self._is_set

    async def wait(self) -> None:
        await self._future


def new_waiter() -> Waiter:
    """A waiter of the event loop that runs."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    # Where trio is a guest of asyncio there is a loop, and no task.
    return anyio.Event() if task is None else _Future(task.get_loop())
