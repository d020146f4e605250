"""Subscriptions: the events for one reader, as many as it may fall behind."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Self

from anyio.lowlevel import checkpoint
from msgspec import Struct

from argentos.actors.events.kinds import (
    CursorExpired,
    Event,
    EventsMissed,
    PairingsChanged,
    Published,
    SupervisorDraining,
)
from argentos.actors.scheduling import slots
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import ArgentError, InputError, SupervisorStoppedError

__all__ = ["EventFilter", "Subscription"]


class EventFilter(Struct, frozen=True):
    """Chooses events by the agent, the id and the owner of their session; that the supervisor drains always passes."""

    agent: str | None = None
    session: str | None = None
    owner: str | None = None

    def takes(self, event: Published) -> bool:
        """Whether the event passes."""
        if isinstance(event, SupervisorDraining):
            return True
        if isinstance(event, PairingsChanged):
            return self.session is None and self.owner is None
        agent, session = event.session
        return (
            (self.agent is None or self.agent == agent)
            and (self.session is None or self.session == session)
            and (self.owner is None or self.owner == event.owner)
        )


class Subscription(AsyncIterator[Event]):
    """The events since the subscription, in order, for one reader; ends when the supervisor does.

    A reader that falls `limit` events behind loses the oldest ones, and is told how many.

    Attributes:
        cursor: the place behind the latest event that was given; at first, that of the subscription.
    """

    def __init__(
        self, limit: int, *, only: EventFilter | None = None, cursor: str = "", kept: Iterable[Published] = ()
    ) -> None:
        self.cursor: str = cursor
        self._only = None if only == EventFilter() else only
        self._buffer: deque[Event] = deque(kept)
        self._first: CursorExpired | None = None
        self._limit = limit + len(self._buffer)
        self._missed = 0
        self._missed_until = ""
        self._is_read = False
        self._is_over = False
        self._error: ArgentError | None = None
        self._waiting: Waiter | None = None

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
            while not self._has_come:
                if self._error is not None:
                    raise self._error.copy()
                if self._is_over:
                    raise StopAsyncIteration
                self._waiting = new_waiter()
                await slots.wait(self._waiting)
            return self._next()
        finally:
            self._is_read = False

    def pending(self) -> Iterator[Event]:
        """The events that have come so far, without waiting."""
        while self._has_come:
            yield self._next()

    # For the supervisor -------------------------------------------------------------------------------------

    def put(self, event: Published) -> None:
        """Add an event, at the cost of the oldest one where there is no room."""
        if self._only is None or self._only.takes(event):
            self.pass_on(event)

    def pass_on(self, event: Event) -> None:
        """Add an event of another subscription that this one continues."""
        if self._is_over:
            return
        if len(self._buffer) == self._limit:
            oldest = self._buffer.popleft()
            self._missed_until = oldest.cursor
            self._missed += oldest.count if isinstance(oldest, EventsMissed) else 1
        self._buffer.append(event)
        self._wake()

    def begin_with(self, event: CursorExpired) -> None:
        """Give this event before all others."""
        self._first = event

    def end(self, error: ArgentError | None = None) -> None:
        """Give what has come so far, and then the end, or the error that is it."""
        self._is_over = True
        self._error = error
        self._wake()

    @property
    def _has_come(self) -> bool:
        return bool(self._buffer or self._first)

    def _next(self) -> Event:
        event: Event
        if self._first is not None:
            event, self._first = self._first, None
        elif self._missed:
            event = EventsMissed(cursor=self._missed_until, count=self._missed)
            self._missed = 0
        else:
            event = self._buffer.popleft()
        self.cursor = event.cursor
        return event

    def _wake(self) -> None:
        if self._waiting is not None:
            self._waiting.set()
            self._waiting = None
