"""Turns as their senders see them, and those of a session that somebody may be waiting for."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from copy import deepcopy
from typing import Final

from anyio.lowlevel import checkpoint

from argentos.actors.scheduling import slots
from argentos.actors.scheduling.slots import CurrentTask
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import ArgentError, NoReplyError
from argentos.llm import ApprovalWanted, Piece, Retrying, TextDelta, ToolAnswer, ToolCall
from argentos.storage import (
    STOPPED,
    ApprovalAsked,
    CallEnded,
    Message,
    Metadata,
    Responded,
    SessionKey,
    Snapshot,
    TurnDelayed,
    TurnEnded,
    blocks_of,
    calls_in,
)
from argentos.storage.open_context import OpenContext

__all__ = ["PendingTurns", "Turn", "ending_of", "has_failed", "was_stopped"]

_ENDINGS: Final = {
    "no_reply": "the agent had nothing to say",
    "refused": "the model refused to answer; ask in other words",
    "failed": "the model failed; ask again",
    "stopped": "the turn was stopped before its reply",
    "cleared": "the session was cleared before the reply",
}


class _Reader(AsyncIterator[Piece]):
    """One reader's place in a reply."""

    def __init__(self, turn: "Turn") -> None:
        self._turn = turn
        self._attempt = self._position = 0

    async def __anext__(self) -> Piece:
        await checkpoint()
        found = await self._turn.piece(self._attempt, self._position)
        if found is None:
            raise StopAsyncIteration
        self._attempt, self._position, piece = found
        return piece


class _TextReader(AsyncIterator[str]):
    """One reader's place in the text of a reply."""

    def __init__(self, turn: "Turn") -> None:
        self._pieces = _Reader(turn)

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
        return _Reader(self)

    def text(self) -> AsyncIterator[str]:
        """The text of the reply, and of what is said between calls of tools, piece by piece; else as iterating.

        Raises:
            ModelError, SupervisorStoppedError: as for `reply`.
        """
        return _TextReader(self)

    async def piece(self, attempt: int, position: int) -> tuple[int, int, Piece] | None:
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


class PendingTurns:
    """The turns of a session that somebody may be listening to, by the numbers of their messages."""

    __slots__ = ("_held", "_note", "_session", "_turns")

    def __init__(self, session: CurrentTask) -> None:
        self._session = session
        self._held: list[tuple[tuple[int, ...], Piece]] | None = None
        self._note: Piece | None = None
        self._turns: dict[int, Turn] = {}

    def note(self, piece: Piece) -> None:
        """Have the next attempt of a turn begin with this piece."""
        self._note = piece

    def expect(self, number: int, message_id: str) -> Turn:
        """The turn for a message, the same for whoever asks."""
        turn = self._turns.get(number)
        if turn is None:
            turn = self._turns[number] = Turn(number, message_id, self._session)
        turn.message_id = turn.message_id or message_id
        return turn

    @property
    def are_from_tasks(self) -> bool:
        """A turn of another session may wait for one of these."""
        return any(turn.is_from_task for turn in self._turns.values())

    def may_be_from_tasks(self, numbers: Iterable[int]) -> bool:
        """A turn of another session may wait for the reply to these messages."""
        return any(turn.is_from_task for turn in self._of(numbers))

    def catch_up(self, snapshot: Snapshot) -> None:
        """Answer those whose turn has ended unheard, as when the actor failed just then."""
        metadata, context = snapshot
        open_ = {*metadata.waiting, *(metadata.turn.messages if metadata.turn else ())}
        for turn in [turn for number, turn in self._turns.items() if number not in open_]:
            reply = next((each for each in reversed(context.messages) if turn.message_id in each.reply_to), None)
            if reply is not None and reply.stop_reason == STOPPED:
                self.fail((turn.number,), was_stopped())
                continue
            failed = next((each for each in context.messages if each.number == turn.number and each.failure), None)
            if reply is not None:
                self.finish((turn.number,), reply)
            elif failed is not None:
                self.fail((turn.number,), has_failed(metadata.key, failed))
            else:
                self.fail((turn.number,), NoReplyError("the turn ended without a reply", "no_reply"))

    def begin(self, numbers: Iterable[int], attempt: int) -> None:
        """The model is being asked to answer these messages; whoever listens later hears it from the beginning."""
        for number in numbers:
            turn = self.expect(number, "")
            if turn.attempt != attempt:  # else the next step of the same
                turn.begin(attempt)
                if self._note is not None:
                    turn.push(self._note)
        self._note = None

    def push(self, numbers: Iterable[int], piece: Piece) -> None:
        """A piece of the reply to these messages has come."""
        if self._held is not None:
            self._held.append((tuple(numbers), piece))
            return
        for turn in self._of(numbers):
            turn.push(piece)

    def settle(self, numbers: Iterable[int]) -> None:
        """The response that has streamed to these messages is durable, and their turn goes on."""
        for turn in self._of(numbers):
            turn.settle()

    def go_on(
        self, record: Responded | CallEnded | ApprovalAsked | TurnDelayed, metadata: Metadata, talk: OpenContext
    ) -> None:
        """A step of the open turn is durable, which its readers are shown."""
        turn = metadata.turn
        if turn is None or not self._turns:
            return
        for piece in _pieces_of(record, talk):
            self.push(turn.messages, piece)
        if isinstance(record, Responded):
            self.settle(turn.messages)

    @property
    def is_awaited(self) -> bool:
        """Somebody waits for one of these, or reads it."""
        return any(turn.is_awaited for turn in self._turns.values())

    def hold(self, numbers: Iterable[int]) -> str:
        """Give the text said of the reply to these messages; whatever follows is heard once this is released.

        So what is kept of a turn that is stopped is what its readers have seen.
        """
        self._held = []
        return next((turn.said for turn in self._of(numbers)), "")

    def release(self) -> None:
        """Go on with what was said meanwhile, unless the turn has ended."""
        held, self._held = self._held, None
        for numbers, piece in held or ():
            self.push(numbers, piece)

    def finish(self, numbers: Iterable[int], reply: Message) -> None:
        """The reply to these messages is durable."""
        for turn in self._of(numbers):
            turn.finish(reply)
            self._forget(turn)

    def fail(self, numbers: Iterable[int], error: ArgentError) -> None:
        """There will be no reply to these messages."""
        for turn in self._of(numbers):
            turn.fail(error)
            self._forget(turn)

    def close(self, error: ArgentError) -> None:
        """There will be no reply to any message for now."""
        self.fail(tuple(self._turns), error)

    def _forget(self, turn: Turn) -> None:
        del self._turns[turn.number]
        if not self._turns:
            self._turns = {}  # the old one keeps the room that it once needed, as long as the session lives

    def _of(self, numbers: Iterable[int]) -> list[Turn]:
        return [self._turns[number] for number in numbers if number in self._turns]


def _pieces_of(record: Responded | CallEnded | ApprovalAsked | TurnDelayed, talk: OpenContext) -> Iterator[Piece]:
    """A step of a turn as its readers are shown it; what they are given is theirs to change."""
    match record:
        case Responded():
            for call in calls_in(blocks_of(record.content)):
                yield ToolCall(call.id, call.name, deepcopy(call.input))
        case TurnDelayed():
            yield Retrying(record.attempt, record.seconds, record.reason)
        case _:
            for call in talk.latest_calls():
                if call.id != record.call_id:
                    continue
                if isinstance(record, CallEnded):
                    yield ToolAnswer(call.id, call.name, deepcopy(record.content), record.is_error)
                else:
                    yield ApprovalWanted(call.id, call.name, deepcopy(call.input))


def has_failed(key: SessionKey, message: Message) -> NoReplyError:
    """The error for a message whose turn failed, for whoever sends it again or waits for its reply."""
    return NoReplyError(
        f"message {message.id!r} was sent before, and its turn failed ({message.failure}); try it again with"
        f" Session.retry or `argent sessions retry {key.id} {message.id}`",
        "failed",
    )


def was_stopped() -> NoReplyError:
    """The error for whoever waits for the reply to a turn that was stopped, as far as its reply had come."""
    return NoReplyError(_ENDINGS["stopped"], "stopped")


def ending_of(record: TurnEnded) -> NoReplyError:
    """The error for whoever waits for the reply to a turn that has ended without one."""
    return NoReplyError(record.reason or _ENDINGS[record.outcome], record.outcome)
