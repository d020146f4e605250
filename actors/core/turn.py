"""Turns as their senders see them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from anyio.lowlevel import checkpoint

from argentos.actors.core.turn_progress import TurnProgress
from argentos.errors import NoReplyError
from argentos.llm import Piece, TextDelta
from argentos.storage import Message

__all__ = ["Turn"]

P = TypeVar("P")


class _Reader(AsyncIterator[P]):
    """One reader's place in a reply.

    Args:
        read: gives the attempt and the position that follow what it read, and None at the end.
    """

    def __init__(self, read: Callable[[int, int], Awaitable[tuple[int, int, P] | None]]) -> None:
        self._read = read
        self._attempt = self._position = 0

    async def __anext__(self) -> P:
        await checkpoint()
        found = await self._read(self._attempt, self._position)
        if found is None:
            raise StopAsyncIteration
        self._attempt, self._position, piece = found
        return piece


class _TextReader(AsyncIterator[str]):
    """One reader's place in the text of a reply."""

    def __init__(self, pieces: AsyncIterator[Piece]) -> None:
        self._pieces = pieces

    async def __anext__(self) -> str:
        while not isinstance(piece := await anext(self._pieces), TextDelta):
            pass
        return piece.text


class Turn:
    """An accepted message, and the reply that comes.

    Iterating gives the reply as it streams, from its beginning, for any number of readers: text, thoughts, and calls of
    tools; `text` gives the text alone. It is provisional until the reply is durable: a turn that is run again begins
    again, with the next `attempt`.
    """

    __slots__ = ("_cancel", "_progress")

    def __init__(self, progress: TurnProgress, cancel: Callable[["Turn"], Awaitable[bool]]) -> None:
        self._progress = progress
        self._cancel = cancel

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same turn, however it was found."""
        return isinstance(other, Turn) and other._progress is self._progress

    def __hash__(self) -> int:
        return hash(self._progress)

    @property
    def number(self) -> int:
        """The number of the accepted message."""
        return self._progress.number

    @property
    def message_id(self) -> str:
        """The id of the accepted message."""
        return self._progress.message_id

    @property
    def attempt(self) -> int:
        """1, or more after a restart; 0 before the turn began."""
        return self._progress.attempt

    async def reply(self) -> Message:
        """The reply, once it is durable.

        Raises:
            NoReplyError: the turn ended without one.
            ModelError: the model failed.
            SessionError: this is asked in a turn of the same session, or in one that it waits for, or too many turns
                wait for each other.
            SupervisorStoppedError: the supervisor was closed first; the message is answered when the session
                is revived.
            OwnerLostError, StoreBusyError: another process runs the turn, and hung up, or gives no sign of life.
        """
        progress = self._progress
        if progress.is_over:
            await checkpoint()
        while (reply := progress.outcome()) is None:
            await progress.ended()
        return reply

    def __aiter__(self) -> AsyncIterator[Piece]:
        """The reply, piece by piece; an end without a reply is just the end.

        Where the model streamed a beginning only, what is left of the reply's text is the last piece.

        Raises:
            ModelError, SupervisorStoppedError: as for `reply`.
        """
        return _Reader(self._piece)

    def text(self) -> AsyncIterator[str]:
        """The text of the reply, and of what is said between calls of tools, piece by piece; else as iterating.

        Raises:
            ModelError, SupervisorStoppedError: as for `reply`.
        """
        return _TextReader(_Reader(self._piece))

    def together(self) -> AsyncIterator[tuple[int, Sequence[Piece]]]:
        """The reply as iterating gives it: all pieces at a time that have come meanwhile, with their attempt.

        Raises:
            ModelError, SupervisorStoppedError: as for `reply`.
        """
        return _Reader(self._together)

    async def _piece(self, attempt: int, position: int) -> tuple[int, int, Piece] | None:
        """The piece at this position, or the first one if the turn was begun again since this attempt."""
        found = await self._place(attempt, position)
        return None if found is None else (found[0], found[1] + 1, self._progress.pieces[found[1]])

    async def _together(self, attempt: int, position: int) -> tuple[int, int, tuple[int, Sequence[Piece]]] | None:
        """The pieces from this position on, as far as they have come, with their attempt."""
        found = await self._place(attempt, position)
        if found is None:
            return None
        attempt, position = found
        return attempt, len(self._progress.pieces), (attempt, self._progress.pieces[position:])

    async def _place(self, attempt: int, position: int) -> tuple[int, int] | None:
        """The place of the next piece, once it has come; None at the end."""
        progress = self._progress
        while True:
            if attempt != progress.attempt:
                attempt, position = progress.attempt, 0
            if position < len(progress.pieces):
                return attempt, position
            if progress.error is not None and not isinstance(progress.error, NoReplyError):
                raise progress.error.copy()
            if progress.is_over:
                return None
            await progress.next_piece()

    async def cancel(self) -> bool:
        """End this turn, and no other: the messages that wait behind it are answered.

        What was said of the reply stays in the conversation, with `stopped` as its `stop_reason`, and is delivered to
        no channel; whoever waits for the reply gets a `NoReplyError`. A turn that answers several messages ends for all
        of them; one that has not begun does not begin.

        Returns:
            Whether it was ended, rather than over.

        Raises:
            SessionError: the session is parked, or was deleted.
            OwnerGoneError, OwnerLostError, StoreBusyError: another process runs the turn, and cannot be asked.
        """
        if self._progress.is_over:
            await checkpoint()
            return False
        return await self._cancel(self)
