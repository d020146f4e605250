"""Publishing: all subscribers of a supervisor are told, and the latest events are kept for those that come back."""

import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, Protocol

from msgspec import structs

from argentos.actors.events.buffer import EventBuffer
from argentos.actors.events.filter import EventFilter
from argentos.actors.events.kinds import Published, RecordAppended
from argentos.storage import Accepted, Forked, Record, Replied, SessionKey, Summarised, Undone, events_of

__all__ = ["Events", "Subscriber"]

_MOST_CHARACTERS: Final = 16 * 1024 * 1024  # of messages and summaries in the events that are kept


class Subscriber(Protocol):
    """Receiver of every event at once; must neither raise nor take long."""

    def put(self, event: Published) -> None:
        """Take an event."""
        ...

    def end(self) -> None:
        """Take note that no more events come."""
        ...


class _Kept:
    """The latest events, numbered from 1 in each life of a supervisor.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._life = uuid.uuid4().hex
        self._events: deque[tuple[Published, int]] = deque()  # each with its characters
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

    def add(self, event: Published) -> None:
        """Keep an event, at the cost of the oldest ones."""
        characters = _characters(event)
        self._events.append((event, characters))
        self._characters += characters
        while self._events and (len(self._events) > self._most or self._characters > _MOST_CHARACTERS):
            _, characters = self._events.popleft()
            self._characters -= characters

    def after(self, cursor: str) -> Sequence[Published] | None:
        """The events behind a cursor; None where not all of them are kept, or it is of another life."""
        life, _, number = cursor.rpartition("-")
        if life != self._life or not (number.isascii() and number.isdecimal()):
            return None
        missing = self._latest - int(number)
        if not 0 <= missing <= len(self._events):
            return None
        return [event for event, _ in islice(self._events, len(self._events) - missing, None)]


def _characters(event: Published) -> int:
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

    def subscribe(self, limit: int, *, only: EventFilter | None = None, after: str | None = None) -> EventBuffer:
        """Begin a subscription behind the cursor `after`, or behind the latest event where that has expired."""
        cursor, kept = self._kept.cursor, self._kept.after(after) if after is not None else None
        if kept is not None and after is not None:
            cursor, kept = after, [event for event in kept if only is None or only.takes(event)]
        buffer = EventBuffer(limit, only=only, cursor=cursor, kept=kept or ())
        self._is_subscribed = True
        self.add(buffer)
        return buffer

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

    def tell(self, event: Published) -> None:
        """Tell all subscribers of an event that is no record; it gets its cursor here."""
        if self.are_heard:
            self._tell(structs.replace(event, cursor=self._kept.next_cursor()))

    def end(self) -> None:
        """Tell all subscribers that no more events come."""
        self.is_over = True
        for subscriber in self._subscribers:
            subscriber.end()

    def _tell(self, event: Published) -> None:
        if self._is_subscribed:
            self._kept.add(event)
        for subscriber in self._subscribers:
            subscriber.put(event)
