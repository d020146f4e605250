"""Subscriptions: the events for one reader, as many as it may fall behind."""

from collections.abc import AsyncIterator, Iterator
from typing import Self

from anyio.lowlevel import checkpoint

from argentos.actors.events.buffer import EventBuffer
from argentos.actors.events.kinds import Event
from argentos.errors import InputError, SupervisorStoppedError

__all__ = ["Subscription"]


class Subscription(AsyncIterator[Event]):
    """The events since the subscription, in order, for one reader; ends when the supervisor does.

    A reader that falls `limit` events behind loses the oldest ones, and is told how many.
    """

    def __init__(self, buffer: EventBuffer) -> None:
        self._buffer = buffer
        self._is_read = False

    @property
    def cursor(self) -> str:
        """The place behind the latest event that was given; at first, that of the subscription."""
        return self._buffer.cursor

    @property
    def behind(self) -> int:
        """The number of events that have come and were not read yet."""
        return len(self._buffer)

    async def get(self) -> Event:
        """Wait for the next event.

        Raises:
            InputError: another task waits for it already.
            SupervisorStoppedError: no more events come, for the supervisor or the subscription has ended.
            StoreError: likewise, for the connection to the supervisor's process was lost.
        """
        try:
            return await anext(self)
        except StopAsyncIteration:
            raise SupervisorStoppedError("no more events come; subscribe again when the supervisor runs") from None

    def __aiter__(self) -> Self:
        """Iterating waits for events, until the supervisor or the subscription ends."""
        return self

    async def __anext__(self) -> Event:
        """See `get`."""
        if self._is_read:
            await checkpoint()
            raise InputError("another task reads this subscription already; make one for each with supervisor.events()")
        self._is_read = True
        try:
            await checkpoint()
            while not self._buffer.has_come:
                if self._buffer.error is not None:
                    raise self._buffer.error.copy()
                if self._buffer.is_over:
                    raise StopAsyncIteration
                await self._buffer.wait()
            return self._buffer.take()
        finally:
            self._is_read = False

    def pending(self) -> Iterator[Event]:
        """The events that have come so far, without waiting."""
        while self._buffer.has_come:
            yield self._buffer.take()
