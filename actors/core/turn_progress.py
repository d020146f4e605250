"""Turns as they are written: by the actor that runs them, or by what another process tells of them."""

from argentos.actors.scheduling import slots
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import ArgentError
from argentos.llm import Piece, TextDelta
from argentos.storage import Message

__all__ = ["TurnProgress"]


class TurnProgress:
    """The progress of a turn, for any number of those who follow it.

    Args:
        number: of the accepted message.
        message_id: of the accepted message.
        session: whose turn it is, if it is of this process; whoever waits for it in a turn is noted there.

    Attributes:
        attempt: 1, or more after a restart; 0 before the turn began.
        pieces: what has come of this attempt.
        error: why there will be no reply.
        is_from_task: another turn may wait for it.
    """

    __slots__ = (
        "_asking",
        "_durable",
        "_first",
        "_reading",
        "_reply",
        "_session",
        "attempt",
        "error",
        "is_from_task",
        "message_id",
        "number",
        "pieces",
    )

    def __init__(self, number: int, message_id: str, session: slots.CurrentTask | None = None) -> None:
        self.number: int = number
        self.message_id: str = message_id
        self.attempt: int = 0
        self.error: ArgentError | None = None
        self.pieces: list[Piece] = []
        self.is_from_task: bool = False
        self._first: tuple[Piece, ...] = ()  # of each attempt
        self._durable = 0  # pieces of responses that are
        self._reply: Message | None = None
        self._reading: list[Waiter] = []  # woken by each piece
        self._asking: list[Waiter] = []  # woken by the end
        self._session = session

    # What has come ------------------------------------------------------------------------------------------

    @property
    def said(self) -> str:
        """The text of the response that streams, as far as it has come."""
        streaming = self.pieces[self._durable :] if self._durable else self.pieces
        return "".join([piece.text for piece in streaming if isinstance(piece, TextDelta)])

    @property
    def is_over(self) -> bool:
        """There is a reply, or there will be none."""
        return self._reply is not None or self.error is not None

    @property
    def is_awaited(self) -> bool:
        """Somebody waits for it, or reads it."""
        return bool(self._asking or self._reading)

    def outcome(self) -> Message | None:
        """The durable reply; None while there is none.

        Raises:
            ArgentError: there will be none.
        """
        if self.error is not None:
            raise self.error.copy()
        return self._reply

    async def next_piece(self) -> None:
        """Wait for another piece, or for the end."""
        await self._wait(self._reading)

    async def ended(self) -> None:
        """Wait for the end."""
        await self._wait(self._asking)

    async def _wait(self, waiting: list[Waiter]) -> None:
        waiter = new_waiter()
        waiting.append(waiter)
        try:
            await slots.wait(waiter, self._session)
        finally:
            if not waiter.is_set():
                waiting.remove(waiter)

    def wake(self, asking: Waiter) -> None:
        """Wake this one when the turn has ended, as it may have done."""
        self._asking.append(asking)
        if self.is_over:
            _wake(self._asking)

    # What comes ---------------------------------------------------------------------------------------------

    def open_with(self, piece: Piece) -> None:
        """Begin each attempt with this piece."""
        self._first = (piece,)

    def begin(self, attempt: int) -> None:
        """Ask the model; pieces of an earlier attempt count no more."""
        self.attempt = attempt
        self.pieces[:] = self._first
        self._durable = 0

    def push(self, piece: Piece) -> None:
        """Add a piece that has come."""
        self.pieces.append(piece)
        _wake(self._reading)

    def settle(self) -> None:
        """Begin another response: the one that has streamed is durable, and the turn goes on."""
        self._durable = len(self.pieces)

    def finish(self, reply: Message) -> None:
        """End with a durable reply; what was not streamed of it is its last piece."""
        streamed = self.said
        if len(streamed) < len(reply.text) and reply.text.startswith(streamed):
            self.pieces.append(TextDelta(reply.text[len(streamed) :]))
        self._reply = reply
        self._end()

    def fail(self, error: ArgentError) -> None:
        """End without a reply."""
        self.error = error
        self._end()

    def _end(self) -> None:
        _wake(self._reading)
        _wake(self._asking)


def _wake(waiting: list[Waiter]) -> None:
    for waiter in waiting:
        waiter.set()
    waiting.clear()
