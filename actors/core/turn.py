"""The turn that answers a message, as its sender sees it."""

from collections.abc import AsyncIterator

from anyio.lowlevel import checkpoint

from argentos.actors.scheduling import slots
from argentos.actors.scheduling.waiter import Waiter, new_waiter
from argentos.errors import ArgentError, NoReplyError
from argentos.storage import Message

__all__ = ["Turn"]


class _Reader(AsyncIterator[str]):
    """One reader's place in the text of a reply."""

    def __init__(self, turn: "Turn") -> None:
        self._turn = turn
        self._attempt = self._position = 0

    async def __anext__(self) -> str:
        await checkpoint()
        found = await self._turn.piece(self._attempt, self._position)
        if found is None:
            raise StopAsyncIteration
        self._attempt, self._position, text = found
        return text


class Turn:
    """An accepted message, and the reply that comes.

    Iterating gives the reply's text as it streams, from its beginning, for any number of readers. The text is
    provisional until the reply is durable: a turn that is run again begins again, with the next `attempt`.

    Attributes:
        number: of the accepted message.
        message_id: of the accepted message.
        attempt: 1, or more after a restart; 0 before the turn began.
    """

    def __init__(self, number: int, message_id: str, session: slots.CurrentTask | None = None) -> None:
        self.number = number
        self.message_id = message_id
        self.attempt = 0
        self._pieces: list[str] = []
        self._reply: Message | None = None
        self._error: ArgentError | None = None
        self._waiting: list[Waiter] = []
        self._session = session
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
        """
        if self._reply is not None or self._error is not None:
            await checkpoint()
        while self._reply is None and self._error is None:
            await self._change()
        if self._error is not None:
            raise self._error.copy()
        assert self._reply is not None  # noqa: S101 - one of the two ends the loop
        return self._reply

    def __aiter__(self) -> AsyncIterator[str]:
        """The reply's text, piece by piece; an end without a reply is just the end.

        Raises:
            ModelError, SupervisorStoppedError: as for `reply`.
        """
        return _Reader(self)

    async def piece(self, attempt: int, position: int) -> tuple[int, int, str] | None:
        """The piece at this position, or the first one if the turn was begun again since this attempt.

        Gives also the attempt and the position that follow it, and None at the end.
        """
        while True:
            if attempt != self.attempt:
                attempt, position = self.attempt, 0
            if position < len(self._pieces):
                return attempt, position + 1, self._pieces[position]
            if self._error is not None and not isinstance(self._error, NoReplyError):
                raise self._error.copy()
            if self._reply is not None or self._error is not None:
                return None
            await self._change()

    async def _change(self) -> None:
        waiter = new_waiter()
        self._waiting.append(waiter)
        try:
            await slots.wait(waiter, self._session)
        finally:
            if not waiter.is_set():
                self._waiting.remove(waiter)

    def _notify(self) -> None:
        for waiter in self._waiting:
            waiter.set()
        self._waiting.clear()

    # For the actor ------------------------------------------------------------------------------------------

    def begin(self, attempt: int) -> None:
        """The model is being asked; text of an earlier attempt counts no more."""
        self.attempt = attempt
        self._pieces.clear()

    def push(self, piece: str) -> None:
        """A piece of text has come."""
        self._pieces.append(piece)
        self._notify()

    def finish(self, reply: Message) -> None:
        """The reply is durable."""
        if not self._pieces:
            self._pieces.append(reply.text)
        self._reply = reply
        self._notify()

    def fail(self, error: ArgentError) -> None:
        """There will be no reply."""
        self._error = error
        self._notify()
