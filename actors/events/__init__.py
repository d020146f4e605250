"""Events: everything that becomes durable in the sessions, and what their supervisor does, for subscribers.

Each event has a cursor, unique in the life of a supervisor. From the first subscription on the latest events are kept,
so that a subscriber who lost its connection goes on behind the last event that it has. Until
then an event costs nothing.

Reading order; each imports only those above it:

    kinds         what an event may be
    filter        which of them are asked for
    buffer        what has come for one reader
    subscription  the events as that reader sees them
    publishing    the subscribers of a supervisor, and the latest events
"""

from argentos.actors.events.buffer import EventBuffer
from argentos.actors.events.filter import EventFilter
from argentos.actors.events.kinds import (
    CursorExpired,
    Event,
    EventsMissed,
    PairingsChanged,
    RecordAppended,
    SessionDeleted,
    SessionParked,
    SessionRestarted,
    SessionUnparked,
    SupervisorDraining,
)
from argentos.actors.events.publishing import Events, Subscriber
from argentos.actors.events.subscription import Subscription

__all__ = [
    "CursorExpired",
    "Event",
    "EventBuffer",
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
