"""Events as clients are told of them: each an object that says in `type` what happened."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import Meta, Struct

from argentos import actors, llm
from argentos.actors import Event, SessionInfo
from argentos.concurrency.foreign_code import described
from argentos.errors import ArgentError, SessionFailedError
from argentos.gateway.api.streams.records import RECORD_OBJECTS, record_object
from argentos.gateway.problems import Problem, problem_of

__all__ = ["KINDS", "ChannelsChanged", "CursorExpired", "Piece", "SessionChanged", "Told", "told"]

_PAGE: Final = 100  # sessions of a snapshot that are told of at once
_RECORD_SCHEMA: Final = {"anyOf": [{"$ref": f"#/components/schemas/{each.__name__}"} for each in RECORD_OBJECTS]}


class Told(Struct, frozen=True, kw_only=True, tag=True, rename="camel"):
    """Base of what is told.

    Attributes:
        cursor: the place behind this event, to go on from; empty where there is none.
    """

    cursor: str = ""


class _OfSession(Told, frozen=True, kw_only=True, rename="camel"):
    """Base of what is told of a session."""

    agent: str
    session: str


class RecordAppended(_OfSession, frozen=True, kw_only=True, rename="camel"):
    """A record of a session became durable; its `kind` says what happened."""

    record: Annotated[Any, Meta(extra_json_schema=_RECORD_SCHEMA)]


class SessionDeleted(_OfSession, frozen=True, kw_only=True, rename="camel"):
    """A session was deleted; what follows under its name is of a new one."""

    by: Literal["command", "retention"]
    at: datetime


class SessionRestarted(_OfSession, frozen=True, kw_only=True, rename="camel"):
    """A session failed, and begins anew from what is durable."""

    error: Problem
    at: datetime


class SessionParked(_OfSession, frozen=True, kw_only=True, rename="camel"):
    """A session failed too often, and takes nothing more until it is unparked."""

    error: Problem
    at: datetime


class SessionUnparked(_OfSession, frozen=True, kw_only=True, rename="camel"):
    """A session that was parked goes on."""

    at: datetime


class PairingsChanged(Told, frozen=True, kw_only=True, rename="camel"):
    """Somebody asks to be let in, or the owner has decided about senders; the pairings are to be asked for.

    A token that is bound to an owner is not told of it, nor who follows one session.

    Attributes:
        revision: of the pairings from now on.
    """

    revision: int
    at: datetime


class ChannelsChanged(Told, frozen=True, kw_only=True, rename="camel"):
    """An account on a platform stands otherwise, or what is owed to channels does; both are to be asked for.

    A token that is bound to an owner is not told of it, nor who follows one session.
    """


class SupervisorDraining(Told, frozen=True, kw_only=True, rename="camel"):
    """The gateway is ending: no more messages are taken, and the stream ends when the turns that run have."""

    at: datetime


class EventsMissed(Told, frozen=True, kw_only=True, rename="camel"):
    """The client was too slow: so many events were left out before the next one."""

    count: int


class CursorExpired(Told, frozen=True, kw_only=True, rename="camel"):
    """The events after the given cursor are not kept any more: here is how all sessions stand instead.

    Attributes:
        sessions: some of them.
        is_last: no more of them follow.
    """

    sessions: tuple[SessionInfo, ...]
    is_last: bool


class SessionChanged(_OfSession, frozen=True, kw_only=True, rename="camel"):
    """A session stands otherwise than before."""

    info: SessionInfo


class Piece(_OfSession, frozen=True, kw_only=True, rename="camel"):
    """A piece of a reply that streams; those of an earlier attempt count no more.

    Attributes:
        message_id: of the message that is answered.
    """

    message_id: str
    attempt: int
    piece: llm.Piece


def told(event: Event) -> Iterator[Told]:
    """The objects by which a client is told of an event: one, or several of a long one."""
    if isinstance(event, actors.CursorExpired):
        yield from _snapshot(event)
    else:
        yield _TELLERS[type(event)](event)


def _snapshot(event: actors.CursorExpired) -> Iterator[Told]:
    """The sessions, some at a time, so that a client that does not read holds up few of them."""
    sessions = event.sessions
    for begin in range(0, max(1, len(sessions)), _PAGE):
        end = begin + _PAGE
        yield CursorExpired(cursor=event.cursor, sessions=sessions[begin:end], is_last=end >= len(sessions))


def _appended(event: actors.RecordAppended) -> Told:
    return RecordAppended(**_head(event), record=record_object(event.record))


def _deleted(event: actors.SessionDeleted) -> Told:
    return SessionDeleted(**_head(event), by=event.by, at=event.at)


def _restarted(event: actors.SessionRestarted) -> Told:
    return SessionRestarted(**_head(event), error=_problem(event.error), at=event.at)


def _parked(event: actors.SessionParked) -> Told:
    return SessionParked(**_head(event), error=_problem(event.error), at=event.at)


def _unparked(event: actors.SessionUnparked) -> Told:
    return SessionUnparked(**_head(event), at=event.at)


def _paired(event: actors.PairingsChanged) -> Told:
    return PairingsChanged(cursor=event.cursor, revision=event.revision, at=event.at)


def _draining(event: actors.SupervisorDraining) -> Told:
    return SupervisorDraining(cursor=event.cursor, at=event.at)


def _missed(event: actors.EventsMissed) -> Told:
    return EventsMissed(cursor=event.cursor, count=event.count)


_TELLERS: Final[Mapping[type[Any], Callable[[Any], Told]]] = {
    actors.RecordAppended: _appended,
    actors.SessionDeleted: _deleted,
    actors.SessionRestarted: _restarted,
    actors.SessionParked: _parked,
    actors.SessionUnparked: _unparked,
    actors.PairingsChanged: _paired,
    actors.SupervisorDraining: _draining,
    actors.EventsMissed: _missed,
}

KINDS: Final = (
    RecordAppended,
    SessionDeleted,
    SessionRestarted,
    SessionParked,
    SessionUnparked,
    PairingsChanged,
    ChannelsChanged,
    SupervisorDraining,
    EventsMissed,
    CursorExpired,
    SessionChanged,
    Piece,
)
"""All kinds of what is told."""

_SessionEvent: TypeAlias = (
    actors.RecordAppended
    | actors.SessionDeleted
    | actors.SessionRestarted
    | actors.SessionParked
    | actors.SessionUnparked
)


def _head(event: _SessionEvent) -> dict[str, str]:
    return {"cursor": event.cursor, "agent": event.session.agent, "session": event.session.id}


def _problem(error: BaseException) -> Problem:
    return problem_of(error if isinstance(error, ArgentError) else SessionFailedError(described(error)))
