"""Events: everything that becomes durable in the sessions, and what their supervisor does, for subscribers.

Each event has a cursor, unique in the life of a supervisor. From the first subscription on the latest events are kept,
so that a subscriber who lost its connection goes on behind the last event that it has. Until
then an event costs nothing.
"""

import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, Literal, Protocol, Self, TypeAlias

from anyio.lowlevel import checkpoint
from msgspec import Struct, structs

from argentos.actors.info import SessionInfo
from argentos.actors.scheduling import slots
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import ArgentError, InputError, SupervisorStoppedError
from argentos.storage import Accepted, Forked, Record, Replied, SessionKey, Summarised, Undone, events_of

__all__ = [
    "CursorExpired",
    "Event",
    "EventFilter",
    "Events",
    "EventsMissed",
    "PairingsChanged",
    "RecordAppended",
    "SessionDeleted",
    "SessionParked",
    "SessionRestarted",
    "SessionUnparked",
    "Subscriber",
    "Subscription",
    "SupervisorDraining",
]

_MOST_CHARACTERS: Final = 16 * 1024 * 1024  # of messages and summaries in the events that are kept


class _Event(Struct, frozen=True, kw_only=True, tag=True):
    """Base of all events.

    Attributes:
        cursor: the place behind this event, for `Supervisor.events(after=…)`.
    """

    cursor: str = ""


class _SessionEvent(_Event, frozen=True, kw_only=True):
    """Base of the events of a session.

    Attributes:
        owner: whose the session is, from this event on; empty where that is not known.
    """

    session: SessionKey
    owner: str = ""


class RecordAppended(_SessionEvent, frozen=True, kw_only=True):
    """A record of a session became durable: a message, a transition, the begin or the end of a turn."""

    record: Record


class SessionDeleted(_SessionEvent, frozen=True, kw_only=True):
    """A session was deleted, by a command or by the retention; records of its name that follow are of a new one."""

    by: Literal["command", "retention"]
    at: datetime


class SessionRestarted(_SessionEvent, frozen=True, kw_only=True):
    """A session raised what nobody expected, a bug or a lack of memory, and begins anew from what is durable."""

    error: BaseException
    at: datetime


class SessionParked(_SessionEvent, frozen=True, kw_only=True):
    """A session failed too often, and takes nothing more until it is unparked; the error is the last one."""

    error: BaseException
    at: datetime


class SessionUnparked(_SessionEvent, frozen=True, kw_only=True):
    """A session that was parked goes on."""

    at: datetime


class PairingsChanged(_Event, frozen=True, kw_only=True):
    """The book of pairings was changed: somebody asks to be let in, or the owner has decided.

    It says that something changed, and nothing of whom it is about; `PairingDesk.book` has it. Only subscriptions to
    all sessions are told of it.

    Attributes:
        revision: of the book from now on.
    """

    revision: int
    at: datetime


class SupervisorDraining(_Event, frozen=True, kw_only=True):
    """The supervisor takes no more messages; when the turns that run have ended, so do the events."""

    at: datetime


class EventsMissed(_Event, frozen=True, kw_only=True):
    """The subscriber was too slow: so many events were dropped before the next one."""

    count: int


class CursorExpired(_Event, frozen=True, kw_only=True):
    """The events after the given cursor are not kept any more, or it is of another life of the supervisor.

    Attributes:
        sessions: all that the subscription is about, as they stand; of the records that follow, those up to
            `SessionInfo.sequence` are contained.
    """

    sessions: tuple[SessionInfo, ...]


_Published: TypeAlias = (
    RecordAppended
    | SessionDeleted
    | SessionRestarted
    | SessionParked
    | SessionUnparked
    | PairingsChanged
    | SupervisorDraining
)

Event: TypeAlias = _Published | EventsMissed | CursorExpired
"""Everything that a subscription may give."""


class Subscriber(Protocol):
    """Receiver of every event at once; must neither raise nor take long."""

    def put(self, event: _Published) -> None:
        """Take an event."""
        ...

    def end(self) -> None:
        """Take note that no more events come."""
        ...


class EventFilter(Struct, frozen=True):
    """Chooses events by the agent, the id and the owner of their session; that the supervisor drains always passes."""

    agent: str | None = None
    session: str | None = None
    owner: str | None = None

    def takes(self, event: _Published) -> bool:
        """Whether the event passes."""
        if isinstance(event, SupervisorDraining):
            return True
        if isinstance(event, PairingsChanged):
            return self.session is None and self.owner is None
        agent, session = event.session
        is_of_owner = self.owner is None or self.owner == event.owner
        return is_of_owner and self.agent in {None, agent} and self.session in {None, session}


class Subscription(AsyncIterator[Event]):
    """The events since the subscription, in order, for one reader; ends when the supervisor does.

    A reader that falls `limit` events behind loses the oldest ones, and is told how many.

    Attributes:
        cursor: the place behind the latest event that was given; at first, that of the subscription.
    """

    def __init__(
        self, limit: int, *, only: EventFilter | None = None, cursor: str = "", kept: Iterable[_Published] = ()
    ) -> None:
        self.cursor: str = cursor
        self._only = only
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

    def put(self, event: _Published) -> None:
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


class _Kept:
    """The latest events, numbered from 1 in each life of a supervisor.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._life = uuid.uuid4().hex
        self._events: deque[_Published] = deque()
        self._characters = 0
        self._latest = 0

    @property
    def cursor(self) -> str:
        """The place behind the latest event."""
        return f"{self._life}-{self._latest}"

    def next_cursor(self) -> str:
        """The cursor for the event that is added next."""
        self._latest += 1
        return self.cursor

    def add(self, event: _Published) -> None:
        """Keep an event, at the cost of the oldest ones."""
        self._events.append(event)
        self._characters += _characters(event)
        while self._events and (len(self._events) > self._most or self._characters > _MOST_CHARACTERS):
            self._characters -= _characters(self._events.popleft())

    def after(self, cursor: str) -> Sequence[_Published] | None:
        """The events behind a cursor; None where not all of them are kept, or it is of another life."""
        life, _, number = cursor.rpartition("-")
        if life != self._life or not (number.isascii() and number.isdecimal()):
            return None
        missing = self._latest - int(number)
        if not 0 <= missing <= len(self._events):
            return None
        return list(islice(self._events, len(self._events) - missing, None))


def _characters(event: _Published) -> int:
    if not isinstance(event, RecordAppended):
        return 0
    record = event.record
    if isinstance(record, Undone | Forked):
        return sum(len(each.text) for each in record.messages)
    return len(record.text) if isinstance(record, Accepted | Replied | Summarised) else 0


class Events:
    """The subscribers of a supervisor, and the latest events.

    Args:
        most_kept: how many of these.

    Attributes:
        is_over: no more events come, for the supervisor has drained or ended.
    """

    def __init__(self, most_kept: int = 0) -> None:
        self._most_kept = most_kept
        self._subscribers: list[Subscriber] = []
        self._kept = _Kept(most_kept)
        self._is_subscribed = False
        self.is_over: bool = False

    def open(self) -> None:
        """Begin anew: cursors of before have expired."""
        self._kept = _Kept(self._most_kept)
        self._is_subscribed = False
        self.is_over = False

    def subscribe(self, limit: int, *, only: EventFilter | None = None, after: str | None = None) -> Subscription:
        """Begin a subscription behind the cursor `after`, or behind the latest event where that has expired."""
        cursor, kept = self._kept.cursor, self._kept.after(after) if after is not None else None
        if kept is not None and after is not None:
            cursor, kept = after, [event for event in kept if only is None or only.takes(event)]
        subscription = Subscription(limit, only=only, cursor=cursor, kept=kept or ())
        self._is_subscribed = True
        self.add(subscription)
        return subscription

    def add(self, subscriber: Subscriber) -> None:
        """Tell one more of every event."""
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Tell one of no more events."""
        self._subscribers.remove(subscriber)
        subscriber.end()

    def publish(self, key: SessionKey, records: Iterable[Record], owner: str = "") -> None:
        """Tell all subscribers of records that are durable, of a session of this owner."""
        if self.are_heard:
            for record in events_of(records):
                self._tell(RecordAppended(cursor=self._kept.next_cursor(), session=key, owner=owner, record=record))

    @property
    def are_heard(self) -> bool:
        """Somebody is told of events, or was, and may ask for those of meanwhile."""
        return bool(self._subscribers) or self._is_subscribed

    def tell(self, event: _Published) -> None:
        """Tell all subscribers of an event that is no record; it gets its cursor here."""
        if self.are_heard:
            self._tell(structs.replace(event, cursor=self._kept.next_cursor()))

    def end(self) -> None:
        """Tell all subscribers that no more events come."""
        self.is_over = True
        for subscriber in self._subscribers:
            subscriber.end()

    def _tell(self, event: _Published) -> None:
        if self._is_subscribed:
            self._kept.add(event)
        for subscriber in self._subscribers:
            subscriber.put(event)
