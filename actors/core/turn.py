"""Turns as their senders see them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from anyio.lowlevel import checkpoint

from argentos.actors.scheduling import slots
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import ArgentError, NoReplyError
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

    Attributes:
        number: of the accepted message.
        message_id: of the accepted message.
        attempt: 1, or more after a restart; 0 before the turn began.
    """

    def __init__(self, number: int, message_id: str, session: slots.CurrentTask | None = None) -> None:
        self.number = number
        self.message_id = message_id
        self.attempt: int = 0
        self._first: tuple[Piece, ...] = ()  # of each attempt
        self._pieces: list[Piece] = []
        self._durable = 0  # pieces of responses that are
        self._reply: Message | None = None
        self._error: ArgentError | None = None
        self._reading: list[Waiter] = []  # woken by each piece
        self._asking: list[Waiter] = []  # woken by the end
        self._session = session
        self._cancel: Callable[[Turn], Awaitable[bool]] | None = None
        self.is_from_task = False  # another turn may wait for it

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
        if self._reply is not None or self._error is not None:
            await checkpoint()
        while (reply := self.outcome()) is None:
            await self._wait(self._asking)
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
        return None if found is None else (found[0], found[1] + 1, self._pieces[found[1]])

    async def _together(self, attempt: int, position: int) -> tuple[int, int, tuple[int, Sequence[Piece]]] | None:
        """The pieces from this position on, as far as they have come, with their attempt."""
        found = await self._place(attempt, position)
        if found is None:
            return None
        attempt, position = found
        return attempt, len(self._pieces), (attempt, self._pieces[position:])

    async def _place(self, attempt: int, position: int) -> tuple[int, int] | None:
        """The place of the next piece, once it has come; None at the end."""
        while True:
            if attempt != self.attempt:
                attempt, position = self.attempt, 0
            if position < len(self._pieces):
                return attempt, position
            if self._error is not None and not isinstance(self._error, NoReplyError):
                raise self._error.copy()
            if self._reply is not None or self._error is not None:
                return None
            await self._wait(self._reading)

    async def _wait(self, waiting: list[Waiter]) -> None:
        waiter = new_waiter()
        waiting.append(waiter)
        try:
            await slots.wait(waiter, self._session)
        finally:
            if not waiter.is_set():
                waiting.remove(waiter)

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
        if self._reply is not None or self._error is not None or self._cancel is None:
            await checkpoint()
            return False
        return await self._cancel(self)

    # For the actor ------------------------------------------------------------------------------------------

    def outcome(self) -> Message | None:
        """The reply, as `reply` gives it, without waiting; None while there is none."""
        if self._error is not None:
            raise self._error.copy()
        return self._reply

    def wake(self, asking: Waiter) -> None:
        """Wake this one when the turn has ended, as it may have done."""
        self._asking.append(asking)
        if self._reply is not None or self._error is not None:
            _wake(self._asking)

    @property
    def is_awaited(self) -> bool:
        """Somebody waits for it, or reads it."""
        return bool(self._asking or self._reading)

    def cancelled_by(self, cancel: Callable[["Turn"], Awaitable[bool]]) -> None:
        """It is cancelled in this way."""
        self._cancel = cancel

    @property
    def said(self) -> str:
        """The text of the response that streams, as far as it has come."""
        streaming = self._pieces[self._durable :] if self._durable else self._pieces
        return "".join([piece.text for piece in streaming if isinstance(piece, TextDelta)])

    def begin(self, attempt: int) -> None:
        """The model is being asked; pieces of an earlier attempt count no more."""
        self.attempt = attempt
        self._pieces[:] = self._first
        self._durable = 0

    def open_with(self, piece: Piece) -> None:
        """Each attempt begins with this piece."""
        self._first = (piece,)

    def settle(self) -> None:
        """The response that has streamed is durable, and the turn goes on: what is said from now on is another one."""
        self._durable = len(self._pieces)

    def push(self, piece: Piece) -> None:
        """A piece has come."""
        self._pieces.append(piece)
        _wake(self._reading)

    def finish(self, reply: Message) -> None:
        """The reply is durable; what was not streamed of it is its last piece."""
        streamed = self.said
        if len(streamed) < len(reply.text) and reply.text.startswith(streamed):
            self._pieces.append(TextDelta(reply.text[len(streamed) :]))
        self._reply = reply
        self._end()

    def fail(self, error: ArgentError) -> None:
        """There will be no reply."""
        self._error = error
        self._end()

    def _end(self) -> None:
        _wake(self._reading)
        _wake(self._asking)


def _wake(waiting: list[Waiter]) -> None:
    for waiter in waiting:
        waiter.set()
    waiting.clear()
