"""Following: the events of some sessions as they happen and, on request, how the sessions stand then.

Of one session also the pieces of its replies are told.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeAlias

import anyio

from argentos.actors import (
    CursorExpired,
    Event,
    RecordAppended,
    Session,
    SessionDeleted,
    SessionParked,
    SessionUnparked,
    Turn,
)
from argentos.actors.events import Subscription
from argentos.errors import ArgentError
from argentos.gateway.access.view import OwnedSessions
from argentos.gateway.api.streams.accounts import AccountNews
from argentos.gateway.api.streams.lines import Line, Lines, TellLines, line_of
from argentos.gateway.api.streams.outlets import Pace
from argentos.gateway.api.streams.told import Piece, SessionChanged
from argentos.gateway.channels.status import Statuses
from argentos.storage import SessionKey, TurnStarted

__all__ = ["Wanted", "follow"]

_EVENTS_PACE: Final = 0.1  # seconds between two messages to a client, where much happens
_SHARE: Final = 0.0005  # seconds besides for each client that is told: so all of them leave time for what is asked
_PIECES_PACE: Final = 0.02  # likewise
_ROOM: Final = 32 * 1024  # bytes that are told of at once, about

_TOGETHER: Final = 0.1  # seconds in which the changes of a session are told of together


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A choice of what a client is told.

    Attributes:
        records: of each record that becomes durable.
        infos: how a session stands after it has changed.
        snapshot: all sessions, where the cursor of the client has expired.
        pieces: of the replies of this session.
        accounts: on platforms, whose news are told.
    """

    records: bool = True
    infos: bool = False
    snapshot: bool = True
    pieces: Session | None = None
    accounts: Statuses | None = None


async def follow(events: Subscription, tell: TellLines, wanted: Wanted, sessions: OwnedSessions, lines: Lines) -> None:
    """Tell of all events until there are no more.

    Args:
        events: of which is told.
        tell: tells the client.
        wanted: what of them.
        sessions: that the client sees.
        lines: of the latest events.

    Raises:
        ArgentError: the events end with it.
    """
    failure: ArgentError | None = None
    async with anyio.create_task_group() as group:
        besides: list[_Beside] = [_Changes(sessions, tell)] if wanted.infos else []
        if wanted.pieces is not None:
            besides.append(_Pieces(wanted.pieces, tell))
        if wanted.accounts is not None:
            besides.append(AccountNews(wanted.accounts, tell))
        for each in besides:
            group.start_soon(each.run)
        try:
            pace = Pace(_EVENTS_PACE)
            async for event in events:
                await pace.keep(_SHARE * lines.listeners)
                for some in _in_rooms(_lines_of(chain((event,), events.pending()), wanted, lines, besides)):
                    await tell(some)
        except ArgentError as error:  # raised in the group it would be one of several
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


def _lines_of(events: Iterable[Event], wanted: Wanted, lines: Lines, besides: Iterable["_Beside"]) -> Iterator[Line]:
    for event in events:
        for each in besides:
            each.hear(event)
        if wanted.records or not isinstance(event, RecordAppended):
            yield from lines.of(event if wanted.snapshot else _bare(event))


def _in_rooms(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines, as many at a time as fit one message."""
    some: list[Line] = []
    size = 0
    for line in lines:
        some.append(line)
        size += len(line.data)
        if size >= _ROOM:
            yield some
            some, size = [], 0
    if some:
        yield some


def _bare(event: Event) -> Event:
    return CursorExpired(cursor=event.cursor, sessions=()) if isinstance(event, CursorExpired) else event


class _Pieces:
    """The pieces of one turn of a session after the other."""

    def __init__(self, session: Session, tell: TellLines) -> None:
        self._session = session
        self._tell = tell
        self._begun = anyio.Event()

    def hear(self, event: Event) -> None:
        """Take note of an event that may begin a turn."""
        if isinstance(event, RecordAppended) and isinstance(event.record, TurnStarted):
            self._begun.set()

    async def run(self) -> None:
        """Tell of the turn that runs, then of each that begins."""
        while True:
            self._begun = anyio.Event()
            with suppress(ArgentError):  # why there is no reply, a record says
                turn = await self._session.current_turn()
                if turn is not None:
                    await self._stream(turn)
            await self._begun.wait()

    async def _stream(self, turn: Turn) -> None:
        agent, session = self._session.key
        pace = Pace(_PIECES_PACE)
        async for attempt, pieces in turn.together():
            await pace.keep()
            told = (
                Piece(agent=agent, session=session, message_id=turn.message_id, attempt=attempt, piece=each)
                for each in pieces
            )
            for some in _in_rooms(map(line_of, told)):
                await self._tell(some)


class _Changes:
    """The sessions that have changed, each as it stands a moment later."""

    def __init__(self, sessions: OwnedSessions, tell: TellLines) -> None:
        self._sessions = sessions
        self._tell = tell
        self._changed: dict[SessionKey, str] = {}
        self._has_changed = anyio.Event()

    def hear(self, event: Event) -> None:
        """Take note of an event that changes a session."""
        if isinstance(event, SessionDeleted):
            self._changed.pop(event.session, None)
        elif isinstance(event, RecordAppended | SessionParked | SessionUnparked):
            self._changed[event.session] = event.cursor
            self._has_changed.set()

    async def run(self) -> None:
        """Tell how sessions stand, of each at most ten times in a second."""
        while True:
            await self._has_changed.wait()
            await anyio.sleep(_TOGETHER)
            self._has_changed = anyio.Event()
            changed, self._changed = self._changed, {}
            for key, cursor in changed.items():
                with suppress(ArgentError):  # what is wrong with a session, lists say
                    info = await (await self._sessions.session(key.id, agent=key.agent)).info()
                    told = SessionChanged(cursor=cursor, agent=key.agent, session=key.id, info=info)
                    await self._tell((line_of(told),))


_Beside: TypeAlias = _Pieces | _Changes | AccountNews
"""Hears each event, and tells of something else beside it."""
