"""Subscriptions to what happens in a life."""

from collections import deque
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from anyio.lowlevel import checkpoint

from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.machines.decisions import Transition

__all__ = ["Subscriptions", "TransitionStream", "TransitionTaken"]

_MOST: Final = 1_000
"""Changes that wait for a subscriber; then the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class TransitionTaken:
    """A transition that was taken, and is durable where there is a store.

    Attributes:
        data: what came with the event.
        sequence: how many were taken with this one; a gap tells that some were missed.
    """

    transition: Transition
    data: Any
    sequence: int


class _Buffer:
    """The changes that have come for one reader, and were not taken."""

    def __init__(self) -> None:
        self.changes: deque[TransitionTaken] = deque(maxlen=_MOST)
        self.is_over: bool = False
        self._more: Waiter | None = None

    def put(self, change: TransitionTaken) -> None:
        """Add a change."""
        self.changes.append(change)
        self._wake()

    def end(self) -> None:
        """Let it end behind what waits."""
        self.is_over = True
        self._wake()

    async def wait(self) -> None:
        """Wait for a change, or for the end."""
        self._more = new_waiter()
        await self._more.wait()

    def _wake(self) -> None:
        if self._more is not None:
            self._more.set()


class TransitionStream(AsyncIterator[TransitionTaken]):
    """The changes from the subscription on; it ends with the runner.

    Of more than a thousand that are not taken, the oldest are dropped: `TransitionTaken.sequence` tells.
    """

    def __init__(self, buffer: _Buffer) -> None:
        self._buffer = buffer

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TransitionTaken:
        await checkpoint()
        while not self._buffer.changes:
            if self._buffer.is_over:
                raise StopAsyncIteration
            await self._buffer.wait()
        return self._buffer.changes.popleft()

    def take(self) -> list[TransitionTaken]:
        """All changes that have come, without waiting for one."""
        found = [*self._buffer.changes]
        self._buffer.changes.clear()
        return found


class Subscriptions:
    """All subscriptions of a runner."""

    def __init__(self) -> None:
        self._all: list[_Buffer] = []
        self._is_over = False

    def begin(self) -> None:
        """Have new ones go on until the next end."""
        self._is_over = False

    @contextmanager
    def added(self) -> Generator[TransitionStream]:
        """One subscription more, until it is left."""
        buffer = _Buffer()
        self._all.append(buffer)
        if self._is_over:
            buffer.end()
        try:
            yield TransitionStream(buffer)
        finally:
            self._all.remove(buffer)

    def put(self, transition: Transition, data: object, sequence: int) -> None:
        """Tell everybody."""
        if self._all:
            change = TransitionTaken(transition, data, sequence)
            for each in self._all:
                each.put(change)

    def end(self) -> None:
        """Let all of them end."""
        self._is_over = True
        for each in self._all:
            each.end()
