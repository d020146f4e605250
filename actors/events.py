"""Telling the outside what happens in the sessions."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Protocol, Self, TypeAlias

from anyio.lowlevel import checkpoint
from msgspec import Struct

from argentos.actors.scheduling import slots as jobs
from argentos.actors.scheduling.waiter import Waiter, new_waiter
from argentos.storage import Record, SessionKey

__all__ = ["Event", "Events", "Failed", "Happened", "Missed", "Subscriber", "Subscription"]


class Happened(Struct, frozen=True):
    """A record of a session became durable."""

    session: SessionKey
    record: Record


class Missed(Struct, frozen=True):
    """The subscriber was too slow: so many events were dropped before the next one."""

    count: int


class Failed(Struct, frozen=True):
    """A session raised what it should not have, a bug or a lack of memory.

    Attributes:
        is_parked: it failed too often and takes nothing more; otherwise it was restarted from its snapshot.
    """

    session: SessionKey
    error: BaseException
    is_parked: bool


Event: TypeAlias = Happened | Failed | Missed


class Subscriber(Protocol):
    """Whoever is told of every event, at once; it must not raise, nor take long."""

    def put(self, event: Happened | Failed) -> None:
        """This has happened."""
        ...


class Subscription(AsyncIterator[Event]):
    """The events since the subscription, in order, for one reader.

    A reader that falls `limit` events behind loses the oldest ones, and is told how many.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer: deque[Happened | Failed] = deque()
        self._missed = 0
        self._waiting: Waiter | None = None

    def put(self, event: Happened | Failed) -> None:
        """Add an event, at the cost of the oldest one where there is no room."""
        if len(self._buffer) == self._limit:
            self._buffer.popleft()
            self._missed += 1
        self._buffer.append(event)
        if self._waiting is not None:
            self._waiting.set()
            self._waiting = None

    async def get(self) -> Event:
        """Wait for the next event."""
        await checkpoint()
        while not self._buffer:
            self._waiting = new_waiter()
            await jobs.wait(self._waiting)
        return self._next()

    def __aiter__(self) -> Self:
        """Iterating waits for events, without end."""
        return self

    async def __anext__(self) -> Event:
        """See `get`."""
        return await self.get()

    def pending(self) -> Iterator[Event]:
        """What has come so far, without waiting."""
        while self._buffer:
            yield self._next()

    def _next(self) -> Event:
        if self._missed:
            missed, self._missed = self._missed, 0
            return Missed(missed)
        return self._buffer.popleft()


class Events:
    """The subscriptions of a supervisor."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscriber] = []

    def subscribe(self, limit: int) -> Subscription:
        """Begin a subscription."""
        subscription = Subscription(limit)
        self.add(subscription)
        return subscription

    def add(self, subscription: Subscriber) -> None:
        """Begin a subscription of another kind."""
        self._subscriptions.append(subscription)

    def unsubscribe(self, subscription: Subscriber) -> None:
        """End a subscription."""
        self._subscriptions.remove(subscription)

    def publish(self, key: SessionKey, records: Iterable[Record]) -> None:
        """Tell all subscribers."""
        if self._subscriptions:
            for record in records:
                self.tell(Happened(key, record))

    def tell(self, event: Happened | Failed) -> None:
        """Tell all subscribers of one event."""
        for subscription in self._subscriptions:
            subscription.put(event)
