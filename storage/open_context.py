"""Contexts to which records are applied: what the model sees follows what happens.

One function for each kind of record; one that leaves the context as it is has none.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, ClassVar, Final, NamedTuple

from argentos.storage.blocks import ToolUse
from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.branching.records import weight
from argentos.storage.folding.checkpoints import checkpoint_of
from argentos.storage.folding.messages import (
    accepted_of,
    latest_calls,
    reply_of,
    response_of,
    result_of,
    results_of,
    summary_of,
)
from argentos.storage.folding.moves import after_turn, again, place_behind, place_of, shortened_by
from argentos.storage.messages import Message, Summary
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
from argentos.storage.snapshot import REMEMBERED_IDS, Context

__all__ = [
    "KEPT_TRANSITIONS",
    "LEAVING",
    "Left",
    "OpenContext",
    "fold_context",
    "takes_long",
    "transitions_left",
    "with_transition",
]

KEPT_TRANSITIONS: Final = 128
"""Edges that stay in the context when those before them leave it: with twice as many they do."""

LEAVING: Final = (Summarised, Cleared, Rewound, Undone)
"""The records by which messages go to the archive, or come back from it."""

_EMPTYING: Final = frozenset({"stopped", "cleared"})
_LONG: Final = 1000  # records or messages, looked at in some milliseconds
_id: Final = attrgetter("id")
_number: Final = attrgetter("number")


class Left(NamedTuple):
    """A context to which records were applied, and what left it for good: messages, and the places in front of that."""

    context: Context
    messages: tuple[Message, ...]
    checkpoints: tuple[Checkpoint, ...]


def takes_long(context: Context, records: Sequence[Record]) -> bool:
    """Folding takes more than a moment, for the records are many, or change a context that has many messages."""
    if len(records) > _LONG:
        return True
    changes = sum(isinstance(each, LEAVING) for each in records)
    return weight(records) + changes * len(context.messages) > _LONG


def fold_context(context: Context, records: Iterable[Record]) -> Left:
    """Apply records to a context."""
    talk = OpenContext(context)
    archived: dict[int, Message] = {}
    checkpoints: list[Checkpoint] = []
    for record in records:
        if record.checkpoint is not None and (made := checkpoint_of(record, *talk.seen)):
            checkpoints.append(made)
        archived.update((each.number, each) for each in talk.apply(record))
        if isinstance(record, Undone):
            for message in record.messages:
                archived.pop(message.number, None)
    return Left(talk.context, tuple(archived.values()), tuple(checkpoints))


class OpenContext:
    """A context to which records are applied; its copies share the list of messages, each up to its own length.

    Args:
        context: to begin with.
    """

    __slots__ = (
        "_archived_ids",
        "_context",
        "_count",
        "_is_shared",
        "_messages",
        "_results",
        "_summary",
        "_transitions",
        "_waiting",
    )

    def __init__(self, context: Context) -> None:
        self._context: Context | None = context
        self._messages = list(context.messages)
        self._is_shared = False
        self._count = len(self._messages)
        self._waiting = context.waiting
        self._summary = context.summary
        self._archived_ids = context.archived_ids
        self._transitions = context.transitions
        self._results = context.results

    def copy(self) -> "OpenContext":
        """One that goes on by itself, for the price of a few fields."""
        other = OpenContext.__new__(OpenContext)
        other._context = self._context  # noqa: SLF001 - its own class
        other._messages = self._messages  # noqa: SLF001
        other._is_shared = self._is_shared = True  # noqa: SLF001
        other._count = self._count  # noqa: SLF001
        other._waiting = self._waiting  # noqa: SLF001
        other._summary = self._summary  # noqa: SLF001
        other._archived_ids = self._archived_ids  # noqa: SLF001
        other._transitions = self._transitions  # noqa: SLF001
        other._results = self._results  # noqa: SLF001
        return other

    @property
    def count(self) -> int:
        """The number of messages that the model sees."""
        return self._count

    @property
    def context(self) -> Context:
        """The context as it stands, made once for each change."""
        if self._context is None:
            self._context = Context(
                summary=self._summary,
                messages=tuple(self._messages[: self._count]),
                waiting=self._waiting,
                archived_ids=self._archived_ids,
                transitions=self._transitions,
                results=self._results,
            )
        return self._context

    @property
    def seen(self) -> tuple[Sequence[Message], Summary | None]:
        """The messages that the model sees, and the summary."""
        return self._messages[: self._count], self._summary

    @property
    def waiting(self) -> tuple[Message, ...]:
        """The accepted messages that no turn has taken up yet."""
        return self._waiting

    def latest(self, numbers: Sequence[int]) -> list[Message]:
        """The messages with these numbers, in the order of the context."""
        places = [place_of(self._messages, number, self._count) for number in numbers]
        return [self._messages[at] for at in sorted(at for at in places if at is not None)]

    def latest_calls(self) -> tuple[ToolUse, ...]:
        """The calls of the latest response that makes any."""
        return latest_calls(self._messages[at] for at in range(self._count - 1, -1, -1))

    def apply(self, record: Record) -> Sequence[Message]:
        """Go on by a record; gives the messages that it archives."""
        change = self._CHANGES.get(type(record))
        return () if change is None else change(self, record)

    def _add(self, message: Message) -> None:
        if len(self._messages) > self._count:  # a copy has gone on by itself
            self._messages = self._messages[: self._count]
        self._messages.append(message)
        self._count += 1
        self._context = None

    def _insert(self, at: int, messages: Sequence[Message]) -> None:
        if self._is_shared:
            self._messages, self._is_shared = self._messages[: self._count], False
        self._messages[at:at] = messages
        self._count += len(messages)
        self._context = None

    def _replace(self, messages: list[Message], waiting: tuple[Message, ...]) -> None:
        self._messages, self._count, self._waiting, self._context = messages, len(messages), waiting, None
        self._is_shared = False

    def _accept(self, record: Accepted) -> Sequence[Message]:
        message = accepted_of(record)
        if record.awaits_reply and not record.turn:
            self._waiting = (*self._waiting, message)
            self._context = None
        else:
            self._add(message)
        return ()

    def _start(self, record: TurnStarted) -> Sequence[Message]:
        if record.attempt == 1:
            count = len(record.messages)
            for message in self._waiting[:count]:
                self._add(message)
            self._waiting = self._waiting[count:]
            self._context = None
        return ()

    def _respond(self, record: Responded) -> Sequence[Message]:
        self._add(response_of(record))
        return ()

    def _end_call(self, record: CallEnded) -> Sequence[Message]:
        self._results = (*self._results, result_of(record))
        self._context = None
        if record.number:
            self._add(results_of(record, self._messages[: self._count], self._results))
            self._results = ()
        return ()

    def _reply(self, record: Replied) -> Sequence[Message]:
        self._add(reply_of(record))
        return ()

    def _end(self, record: TurnEnded | Retried) -> Sequence[Message]:
        if isinstance(record, Retried) or record.outcome in {"failed", "refused", *_EMPTYING}:
            messages, waiting = after_turn(self._messages[: self._count], [*self._waiting], record)
            self._replace(messages, tuple(waiting))
        return ()

    def _shorten(self, record: Shortened) -> Sequence[Message]:
        self._replace(shortened_by(record, self._messages[: self._count]), self._waiting)
        return ()

    def _know(self, record: Commanded) -> Sequence[Message]:
        self._archived_ids = (*self._archived_ids, record.id)[-REMEMBERED_IDS:]
        self._context = None
        return ()

    def _transition(self, record: Transitioned) -> Sequence[Message]:
        self._transitions = with_transition(self._transitions, record)
        self._context = None
        return ()

    def _summarise(self, record: Summarised) -> Sequence[Message]:
        archived = self._archive(record.replaced)
        self._summary = summary_of(record)
        return archived

    def _clear(self, _: Cleared) -> Sequence[Message]:
        archived = self._archive(self._count)
        self._summary = None
        return archived

    def _archive(self, count: int) -> Sequence[Message]:
        messages = self._messages[: self._count]
        self._replace(messages[count:], self._waiting)
        return self._remember(messages[:count])

    def _remember(self, archived: Sequence[Message]) -> Sequence[Message]:
        """Know the ids of messages that leave the context."""
        if archived:
            outside = (each.id for each in reversed(archived) if not each.reply_to and not each.turn)
            latest = [*islice(outside, REMEMBERED_IDS)]
            self._archived_ids = (*self._archived_ids, *reversed(latest))[-REMEMBERED_IDS:]
        return archived

    def _rewind(self, record: Rewound) -> Sequence[Message]:
        messages = self._messages[: self._count]
        ends = [each[0] for each in (record.messages, record.again) if each]
        first = min((place_of(messages, each) or 0 for each in ends), default=0)
        stay, tail = messages[:first], messages[first:]
        if not record.again and tuple(map(_number, tail)) == record.messages:  # as nearly always; they may be many
            self._replace(stay, self._waiting)
            return self._remember(tail)
        left, asked = {*record.messages}, {*record.again}
        waiting = [again(each) for each in tail if each.number in asked]
        stay += [each for each in tail if each.number not in left and each.number not in asked]
        self._replace(stay, (*self._waiting, *waiting))
        return self._remember([each for each in tail if each.number in left])

    def _undo(self, record: Undone) -> Sequence[Message]:
        self._insert(place_behind(self._messages, record.behind, self._count), record.messages)
        back = set(map(_id, record.messages))
        if not back.isdisjoint(self._archived_ids):
            self._archived_ids = tuple(each for each in self._archived_ids if each not in back)
        self._summary = record.summary
        return ()

    def _fork(self, record: Forked) -> Sequence[Message]:
        self._insert(self._count, record.messages)
        self._summary = record.summary
        return ()

    _CHANGES: ClassVar[Mapping[type[Any], Callable[[Any, Any], Sequence[Message]]]] = {
        Transitioned: _transition,
        Accepted: _accept,
        TurnStarted: _start,
        Responded: _respond,
        CallEnded: _end_call,
        Replied: _reply,
        TurnEnded: _end,
        Retried: _end,
        Shortened: _shorten,
        Summarised: _summarise,
        Cleared: _clear,
        Commanded: _know,
        Rewound: _rewind,
        Undone: _undo,
        Forked: _fork,
    }


def with_transition(held: tuple[Transitioned, ...], record: Transitioned) -> tuple[Transitioned, ...]:
    """The latest edges, once one more was taken; where they have become many, the oldest leave."""
    kept = (*held, record)
    return kept if len(kept) < 2 * KEPT_TRANSITIONS else kept[-KEPT_TRANSITIONS:]


def transitions_left(before: Context, records: Iterable[Record], after: Context) -> tuple[Transitioned, ...]:
    """The edges that left a context while records were applied to it."""
    if not after.transitions:
        return ()
    first = after.transitions[0].sequence
    taken = (each for each in (*before.transitions, *records) if isinstance(each, Transitioned))
    return tuple(each for each in taken if each.sequence < first)
