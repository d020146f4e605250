"""The kinds of events: records that became durable, and what a supervisor does with its sessions."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from argentos.actors.info import SessionInfo
from argentos.storage import Record, SessionKey

__all__ = [
    "CursorExpired",
    "Event",
    "EventsMissed",
    "PairingsChanged",
    "Published",
    "RecordAppended",
    "SessionDeleted",
    "SessionParked",
    "SessionRestarted",
    "SessionUnparked",
    "SupervisorDraining",
]


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


Published: TypeAlias = (
    RecordAppended
    | SessionDeleted
    | SessionRestarted
    | SessionParked
    | SessionUnparked
    | PairingsChanged
    | SupervisorDraining
)
"""An event that a supervisor tells of."""

Event: TypeAlias = Published | EventsMissed | CursorExpired
"""Everything that a subscription may give."""
