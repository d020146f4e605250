"""Following: the events of some sessions as they happen and, of one session, the pieces of its replies."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio

from argentos.actors import Event, RecordAppended, Session, Subscription
from argentos.actors.core.turn import Turn
from argentos.errors import ArgentError
from argentos.gateway.api.streams.told import Piece, Told, told
from argentos.storage import TurnStarted

__all__ = ["TellEvent", "follow"]

TellEvent: TypeAlias = Callable[[Told], Awaitable[None]]
"""Tells a client, once it has room for it."""


async def follow(events: Subscription, tell: TellEvent, session: Session | None = None) -> None:
    """Tell of all events until there are no more.

    Args:
        events: of which is told.
        tell: tells the client.
        session: whose pieces are told of, too.

    Raises:
        ArgentError: the events end with it.
    """
    failure: ArgentError | None = None
    async with anyio.create_task_group() as group:
        pieces = None if session is None else _Pieces(session, tell)
        if pieces is not None:
            group.start_soon(pieces.run)
        try:
            async for event in events:
                for each in told(event):
                    await tell(each)
                if pieces is not None:
                    pieces.hear(event)
        except ArgentError as error:  # raised in the group it would be one of several
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


class _Pieces:
    """The pieces of one turn of a session after the other."""

    def __init__(self, session: Session, tell: TellEvent) -> None:
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
            try:
                turn = await self._session.current_turn()
                if turn is not None:
                    await self._stream(turn)
            except ArgentError:  # why there is no reply, a record says
                pass
            await self._begun.wait()

    async def _stream(self, turn: Turn) -> None:
        agent, session = self._session.key
        async for piece in turn:
            await self._tell(
                Piece(agent=agent, session=session, message_id=turn.message_id, attempt=turn.attempt, piece=piece)
            )
