"""Buffers of events: what has come for one reader, as far as it may fall behind."""

from collections import deque
from collections.abc import Iterable

from argentos.actors.events.filter import EventFilter
from argentos.actors.events.kinds import CursorExpired, Event, EventsMissed, Published
from argentos.actors.scheduling import slots
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import ArgentError

__all__ = ["EventBuffer"]


class EventBuffer:
    """The events that have come and were not read yet, in order; the oldest are lost where there is no room.

    Args:
        limit: events, besides those kept.
        only: which of them.
        cursor: the place at which it begins.
        kept: events of before.

    Attributes:
        cursor: the place behind the latest event that was taken; at first, that at which it begins.
        is_over: no more events come.
        error: why.
    """

    def __init__(
        self, limit: int, *, only: EventFilter | None = None, cursor: str = "", kept: Iterable[Published] = ()
    ) -> None:
        self.cursor: str = cursor
        self.is_over: bool = False
        self.error: ArgentError | None = None
        self._only = only
        self._events: deque[Event] = deque(kept)
        self._first: CursorExpired | None = None
        self._limit = limit + len(self._events)
        self._missed = 0
        self._missed_until = ""
        self._waiting: Waiter | None = None

    def __len__(self) -> int:
        """The number of events."""
        return len(self._events)

    # Adding -------------------------------------------------------------------------------------------------

    def put(self, event: Published) -> None:
        """Add an event that is asked for, at the cost of the oldest one where there is no room."""
        if self._only is None or self._only.takes(event):
            self.pass_on(event)

    def pass_on(self, event: Event) -> None:
        """Add an event of another subscription that this one continues."""
        if self.is_over:
            return
        if len(self._events) == self._limit:
            oldest = self._events.popleft()
            self._missed_until = oldest.cursor
            self._missed += oldest.count if isinstance(oldest, EventsMissed) else 1
        self._events.append(event)
        self._wake()

    def begin_with(self, event: CursorExpired) -> None:
        """Have this event taken before all others."""
        self._first = event

    def end(self, error: ArgentError | None = None) -> None:
        """Have what has come so far taken, and then the end, or the error that is it."""
        self.is_over = True
        self.error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None:
            self._waiting.set()
            self._waiting = None

    # Taking -------------------------------------------------------------------------------------------------

    @property
    def has_come(self) -> bool:
        """There is something to take."""
        return bool(self._events or self._first)

    def take(self) -> Event:
        """Take the oldest event, or how many were lost in front of it."""
        event: Event
        if self._first is not None:
            event, self._first = self._first, None
        elif self._missed:
            event = EventsMissed(cursor=self._missed_until, count=self._missed)
            self._missed = 0
        else:
            event = self._events.popleft()
        self.cursor = event.cursor
        return event

    async def wait(self) -> None:
        """Wait for an event, or for the end."""
        self._waiting = new_waiter()
        await slots.wait(self._waiting)
