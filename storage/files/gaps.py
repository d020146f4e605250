"""Folding of sessions whose records are known but for some in between.

Nothing here relies on how many messages came before, which folding does: only on what each record says itself.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import structs

from argentos.storage.fold import Folded, fold_metadata
from argentos.storage.folding.checkpoints import checkpoint_of
from argentos.storage.folding.messages import accepted_of, reply_of, response_of, result_of, results_of, summary_of
from argentos.storage.folding.moves import after_turn, again, place_behind, shortened_by, without
from argentos.storage.messages import Message, SessionKey, Summary
from argentos.storage.open_context import transitions_left, with_transition
from argentos.storage.records import (
    Accepted,
    CallEnded,
    Cleared,
    Commanded,
    Forked,
    Record,
    Replied,
    Responded,
    Retried,
    Rewound,
    Shortened,
    Summarised,
    Transitioned,
    TurnEnded,
    TurnStarted,
    Undone,
)
from argentos.storage.snapshot import REMEMBERED_IDS, CallResult, Context, Snapshot

if TYPE_CHECKING:
    from argentos.storage.branching.checkpoints import Checkpoint

__all__ = ["fold_across_gaps", "in_order"]

_SOME_STATE: Final = "Active"  # from which each other one can be reached


def in_order(records: Iterable[Record], behind: Snapshot | None) -> list[Record]:
    """The records behind a snapshot, each once, in their order."""
    covered = behind.metadata.sequence if behind else 0
    known = {record.sequence: record for record in records if record.sequence > covered}
    return [known[sequence] for sequence in sorted(known)]


def fold_across_gaps(key: SessionKey, snapshot: Snapshot | None, records: Sequence[Record]) -> Folded:
    """Fold records onto a snapshot though some in between are missing; gives what left the context, as `fold` does.

    Raises:
        ValueError: there is neither a snapshot nor a record.
    """
    before = snapshot.context if snapshot else Context()
    conversation = _Conversation(before)
    for record in records:
        conversation.take(record)
    conversation.settle()
    metadata = fold_metadata(key, snapshot.metadata if snapshot else None, records)
    turn = metadata.turn
    if turn is not None and (turn.turn in conversation.replied or not conversation.has(turn.messages)):
        turn = None
    if turn is None:
        conversation.results = ()
    metadata = structs.replace(
        metadata,
        state=metadata.state or _SOME_STATE,
        tokens=sum(each.tokens for each in conversation.messages)
        + sum(each.tokens for each in conversation.results)
        + (conversation.summary.tokens if conversation.summary else 0),
        waiting=tuple(each.number for each in conversation.waiting),
        waiting_tokens=sum(each.tokens for each in conversation.waiting),
        turn=turn,
        summary_tokens=conversation.summary.tokens if conversation.summary else 0,
    )
    context = conversation.context
    edges = transitions_left(before, records, context)
    return Folded(Snapshot(metadata, context), tuple(conversation.archived), edges, tuple(conversation.checkpoints))


class _Conversation:
    """The messages of a session."""

    def __init__(self, context: Context) -> None:
        self.messages = list(context.messages)
        self.waiting = list(context.waiting)
        self.summary: Summary | None = context.summary
        self.archived: list[Message] = []
        self.checkpoints: list[Checkpoint] = []
        self.replied: set[int] = set()
        self.results: tuple[CallResult, ...] = context.results
        self._ids = tuple(context.archived_ids)
        self._transitions = context.transitions

    @property
    def context(self) -> Context:
        """The context that the model sees."""
        left = (each.id for each in self.archived if each.is_from_outside)
        return Context(
            summary=self.summary,
            messages=tuple(self.messages),
            waiting=tuple(self.waiting),
            archived_ids=(*self._ids, *left)[-REMEMBERED_IDS:],
            transitions=self._transitions,
            results=self.results,
        )

    def has(self, numbers: Iterable[int]) -> bool:
        """Tell whether all of these messages are in the context."""
        return {*numbers} <= {each.number for each in self.messages}

    def take(self, record: Record) -> None:
        """Go on by a record."""
        match record:
            case Accepted():
                (self.waiting if record.awaits_reply and not record.turn else self.messages).append(accepted_of(record))
            case TurnStarted():
                self._begin(record.messages)
            case Responded():
                self.messages.append(response_of(record))
                self.results = ()
            case CallEnded():
                self._end_call(record)
            case Replied():
                self.replied.add(record.turn)
                self._begin([each.number for each in self.waiting if each.id in record.reply_to])
                self.messages.append(reply_of(record))
            case TurnEnded() | Retried():
                self.replied.add(record.turn)
                self._begin(record.messages)
                self.messages, self.waiting = after_turn(self.messages, self.waiting, record)
            case Shortened() | Summarised() | Cleared() | Rewound():
                self._make_room(record)
            case Undone() | Forked():
                self._bring_back(record)
            case Commanded() | Transitioned():
                self._note(record)
            case _:
                pass

    def _note(self, record: Commanded | Transitioned) -> None:
        if isinstance(record, Commanded):
            self._ids = (*self._ids, record.id)
        else:
            self._transitions = with_transition(self._transitions, record)

    def _make_room(self, record: Shortened | Summarised | Cleared | Rewound) -> None:
        if made := checkpoint_of(record, self.messages, self.summary):
            self.checkpoints.append(made)
        match record:
            case Shortened():
                self.messages = shortened_by(record, self.messages)
            case Summarised():
                self._leave(_up_to(record.last, self.messages))
                self.summary = summary_of(record)
            case Cleared():
                self._leave(self.messages)
                self.summary = None
            case Rewound():
                self._leave([each for each in self.messages if each.number in record.messages])
                self.waiting += [again(each) for each in self.messages if each.number in record.again]
                self.messages = [each for each in self.messages if each.number not in record.again]

    def _bring_back(self, record: Undone | Forked) -> None:
        back = without(record.messages, self.messages)
        at = place_behind(self.messages, record.behind) if isinstance(record, Undone) else len(self.messages)
        self.messages[at:at] = back
        self.archived = without(self.archived, back)
        self.summary = record.summary

    def _end_call(self, record: CallEnded) -> None:
        self.results = (*self.results, result_of(record))
        if record.number:
            self.messages.append(results_of(record, self.messages, self.results))
            self.results = ()

    def settle(self) -> None:
        """Let no message wait that has its answer."""
        answered = {each for message in self.messages for each in message.reply_to}
        self._begin([each.number for each in self.waiting if each.id in answered])

    def _begin(self, numbers: Iterable[int]) -> None:
        """Take these messages out of those that wait."""
        begun = {*numbers}
        self.messages += [each for each in self.waiting if each.number in begun]
        self.waiting = [each for each in self.waiting if each.number not in begun]

    def _leave(self, messages: Sequence[Message]) -> None:
        """Move these messages from the context to the archive."""
        gone = {each.number for each in messages}
        self.archived += messages
        self.messages = [each for each in self.messages if each.number not in gone]


def _up_to(last: int, messages: Sequence[Message]) -> Sequence[Message]:
    """The messages that a summary speaks for, of which this is the highest number.

    One that was tried again stands behind others of higher numbers, and may stay. Where some are missing, a count
    is no help.
    """
    numbers = [each.number for each in messages]
    if last in numbers:
        return [each for each in messages[: numbers.index(last) + 1] if each.number <= last]
    return [each for each in messages if each.number <= last]
