"""The turns of a session that somebody may be waiting for, and how they end without a reply."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Final

from msgspec import to_builtins

from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.scheduling.slots import CurrentTask
from argentos.errors import ArgentError, NoReplyError
from argentos.llm import ApprovalWanted, Piece, Retrying, ToolAnswer, ToolCall
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

__all__ = ["PendingTurns", "ending_of", "has_failed", "was_stopped"]

_ENDINGS: Final = {
    "no_reply": "the agent had nothing to say",
    "refused": "the model refused to answer; ask in other words",
    "failed": "the model failed; ask again",
    "stopped": "the turn was stopped before its reply",
    "cleared": "the session was cleared before the reply",
}


class PendingTurns:
    """The turns of a session that somebody may be listening to, by the numbers of their messages."""

    __slots__ = ("_held", "_note", "_session", "_turns")

    def __init__(self, session: CurrentTask) -> None:
        self._session = session
        self._held: list[tuple[tuple[int, ...], Piece]] | None = None
        self._note: Piece | None = None
        self._turns: dict[int, TurnProgress] = {}

    def note(self, piece: Piece) -> None:
        """Have the next attempt of a turn begin with this piece."""
        self._note = piece

    def expect(self, number: int, message_id: str) -> TurnProgress:
        """The turn for a message, the same for whoever asks."""
        turn = self._turns.get(number)
        if turn is None:
            turn = self._turns[number] = TurnProgress(number, message_id, self._session)
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

    def _forget(self, turn: TurnProgress) -> None:
        del self._turns[turn.number]
        if not self._turns:
            self._turns = {}  # the old one keeps the room that it once needed, as long as the session lives

    def _of(self, numbers: Iterable[int]) -> list[TurnProgress]:
        return [self._turns[number] for number in numbers if number in self._turns]


def _pieces_of(record: Responded | CallEnded | ApprovalAsked | TurnDelayed, talk: OpenContext) -> Iterator[Piece]:
    """A step of a turn as its readers are shown it; what they are given is theirs to change."""
    match record:
        case Responded():
            for call in calls_in(blocks_of(record.content)):
                yield ToolCall(call.id, call.name, to_builtins(call.input))
        case TurnDelayed():
            yield Retrying(record.attempt, record.seconds, record.reason)
        case _:
            for call in talk.latest_calls():
                if call.id != record.call_id:
                    continue
                if isinstance(record, CallEnded):
                    yield ToolAnswer(call.id, call.name, deepcopy(record.content), record.is_error)
                else:
                    yield ApprovalWanted(call.id, call.name, to_builtins(call.input))


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
