"""The snapshot of a session, and the fold that makes it from records.

A snapshot has two halves, kept in a file each: `Metadata`, small, for lists and for the machine, and
`Context`, what the model can see. Each carries the sequence of the last record it covers, so that one may
be newer than the other: folding passes over the records that a half already has.
"""

import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec import Struct, structs

from argentos.storage.records import (
    Accepted,
    Cleared,
    CompactionResumed,
    Delivered,
    Kept,
    Message,
    Owed,
    Record,
    Replied,
    Retried,
    SessionKey,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
    Updated,
)

__all__ = [
    "NEWEST_VERSION",
    "RATIO_LIMIT",
    "RATIO_MARGIN",
    "REMEMBERED_IDS",
    "SCHEMA_VERSION",
    "Calibration",
    "Context",
    "FailedTurn",
    "Folded",
    "Metadata",
    "OpenCompaction",
    "OpenTurn",
    "Snapshot",
    "Summary",
    "Taken",
    "Undeliverable",
    "accepted_of",
    "after_turn",
    "fold",
    "fold_context",
    "fold_metadata",
    "reply_of",
    "summary_of",
]

SCHEMA_VERSION: Final = 1
"""Of `metadata.json`, `history.json` and the archive."""

NEWEST_VERSION: Final = 2
"""Of the two JSON files of a session that has ever owed something to a channel: an older version would forget it."""

REMEMBERED_IDS: Final = 1000
"""A message id is recognised when it is sent again among at least this many of the latest messages."""

_TICK: Final = timedelta(microseconds=1)
_EMPTYING: Final = frozenset({"stopped", "cleared"})
_TOUCHING: Final = _EMPTYING | {"failed"}
_REMEMBERED_FAILURES: Final = 100  # turns, and as many deliveries
_BESIDE_CONTEXT: Final = frozenset({Transitioned, TurnDelayed, CompactionResumed, Kept, Owed, Delivered, Updated})
_RATIO_DECAY: Final = 0.99
_NO_COUNT: Final = 2**53
_LEAST_GROWTH: Final = 100  # local tokens between two reports, from which something can be learnt

RATIO_MARGIN: Final = 1.1
"""By which a ratio is taken for more than was seen: to be over the truth rather than under it."""

RATIO_LIMIT: Final = 4.0
"""No language has more tokens of a model for each local one: what is above is something else."""


class Taken(Struct, frozen=True, gc=False):
    """How often an edge was taken, and when last."""

    count: int
    last: datetime


class Delay(Struct, frozen=True, gc=False, rename="camel"):
    """A wait before the next attempt of a turn: since when, how long, and why."""

    at: datetime
    seconds: float
    reason: str


class OpenTurn(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A turn that has not ended.

    Attributes:
        context_tokens: those of the context when it began.
        alone: how many attempts were made with nothing beside them.
        delay: before the next attempt; None while one runs.
        delays: how many there were, this one included.
        delayed: seconds that they take together.
    """

    turn: int
    attempt: int
    messages: tuple[int, ...]
    request_tokens: int
    context_tokens: int
    alone: int = 0
    delay: Delay | None = None
    delays: int = 0
    delayed: float = 0.0


class OpenCompaction(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A compaction that was begun again.

    Attributes:
        attempt: 2, or more.
        alone: how many attempts were made with nothing beside them.
    """

    attempt: int
    alone: int = 0


class FailedTurn(Struct, frozen=True, gc=False, rename="camel"):
    """A turn that failed, and the numbers of the messages that it left without an answer."""

    turn: int
    messages: tuple[int, ...]
    reason: str


class Undeliverable(Struct, frozen=True, gc=False, rename="camel"):
    """A message that could not be delivered to its channel, since when that is known, and why."""

    number: int
    channel: str
    at: datetime
    reason: str


class Calibration(Struct, frozen=True, gc=False, rename="camel"):
    """How a model's own token counts compare with the local ones.

    A model adds what is not in the context: a system prompt of its own, tools, a template. So what a token costs is
    seen in what one report has more than another. Whoever reads this bounds it: `argentos.llm.Gauge`.

    Attributes:
        ratio: reported tokens for each local one, between two reports: the highest seen × 1.1, decaying slowly; 0
            before two reports can be compared.
        base_reported: the model's count of the smallest request so far.
        base_local: the local count of the same request.
        reported: the model's count of the context at its last reply; 0 once the context was replaced.
        at: the local count of the same context.
    """

    model: str
    ratio: float
    base_reported: int
    base_local: int
    reported: int = 0
    at: int = 0


class Metadata(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """What is known of a session without reading its messages.

    Attributes:
        state: of the machine, since the record `state_sequence` at the time `since`.
        label: of the edge that led into the state.
        messages: how many were ever accepted; the number of the last one.
        tokens: of the context (summary and messages), counted locally.
        waiting: numbers of accepted messages that no turn has taken up yet, with `waiting_tokens`.
        compaction: the one that the session waits for, if it was begun again.
        boundary: sequence of the last record that ended a compaction or replaced the context, 0 if none did.
        kept_at: the number of messages when a compaction was last ended without a summary.
        edges: for each edge, as mermaid writes it, how often it was taken, and when last.
        title: to show.
        tags: to find the session by.
        owner: whose it is.
        system: its own system prompt, which has `system_tokens`; empty where it has that of its agent.
        undelivered: numbers of the messages that are owed to a channel, in order, by channel.
        undeliverable: the latest messages that could not be delivered, and are not tried again.
        failed: the latest turns that failed, as long as their messages are in the context and not tried again.
    """

    version: int
    agent: str
    session: str
    sequence: int
    epoch: int
    state: str
    since: datetime
    state_sequence: int
    label: str
    created_at: datetime
    last_activity: datetime
    messages: int = 0
    tokens: int = 0
    waiting: tuple[int, ...] = ()
    waiting_tokens: int = 0
    turn: OpenTurn | None = None
    turns: int = 0
    compactions: int = 0
    compaction: OpenCompaction | None = None
    boundary: int = 0
    kept_at: int = 0
    summary_tokens: int = 0
    calibration: Calibration | None = None
    title: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    system: str = ""
    system_tokens: int = 0
    edges: dict[str, Taken] = {}
    undelivered: dict[str, tuple[int, ...]] = {}
    undeliverable: tuple[Undeliverable, ...] = ()
    failed: tuple[FailedTurn, ...] = ()

    @property
    def key(self) -> SessionKey:
        """Which session this is."""
        return SessionKey(self.agent, self.session)

    @property
    def quiet_since(self) -> datetime:
        """When something last happened: a message, or a change of state."""
        return max(self.last_activity, self.since)

    @property
    def is_owing(self) -> bool:
        """A message is owed to a channel, or could not be delivered."""
        return bool(self.undelivered or self.undeliverable)

    @property
    def is_settled(self) -> bool:
        """No message waits for an answer."""
        return not self.waiting and self.turn is None


class Summary(Struct, frozen=True, gc=False, rename="camel"):
    """What stands for the messages `first` to `last`."""

    text: str
    first: int
    last: int
    tokens: int
    method: str
    at: datetime
    before: int
    after: int


class Context(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """What the model can see, in the order of the conversation.

    Attributes:
        waiting: accepted messages that no turn has taken up yet; they join `messages` when one does.
        archived_ids: of the latest messages that left the context, replies excepted, to recognise them when sent
            again.
    """

    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    archived_ids: Collection[str] = ()


class Snapshot(NamedTuple):
    """All that resumes a session."""

    metadata: Metadata
    context: Context


class Folded(NamedTuple):
    """A snapshot, and the messages that left its context on the way."""

    snapshot: Snapshot
    archived: tuple[Message, ...]


def fold(key: SessionKey, snapshot: Snapshot | None, records: Sequence[Record]) -> Folded:
    """Apply records that directly follow the snapshot, or that begin the session where it is None."""
    metadata = fold_metadata(key, snapshot.metadata if snapshot else None, records)
    context, archived = fold_context(snapshot.context if snapshot else Context(), records)
    return Folded(Snapshot(metadata, context), archived)


def fold_metadata(key: SessionKey, metadata: Metadata | None, records: Iterable[Record]) -> Metadata:
    """Apply records to metadata; the first record of all is the transition that creates the session."""
    for record in records:
        if metadata is None:
            metadata = _created(key, record)
        metadata = _apply(metadata, record)
    if metadata is None:
        raise ValueError(f"{key}: neither metadata nor records to fold")
    return metadata


def _created(key: SessionKey, record: Record) -> Metadata:
    return Metadata(
        version=SCHEMA_VERSION,
        agent=key.agent,
        session=key.id,
        sequence=record.sequence,
        epoch=record.epoch,
        state="",
        since=record.at,
        state_sequence=record.sequence,
        label="",
        created_at=record.at,
        last_activity=record.at,
    )


def _apply(old: Metadata, record: Record) -> Metadata:  # noqa: C901 - a case for each kind of record
    match record:
        case Accepted() if record.awaits_reply:
            return _moved(
                old,
                record,
                last_activity=_active_at(old, record),
                messages=record.number,
                waiting=(*old.waiting, record.number),
                waiting_tokens=old.waiting_tokens + record.tokens,
            )
        case Accepted():
            return _moved(
                old,
                record,
                last_activity=_active_at(old, record),
                messages=record.number,
                tokens=old.tokens + record.tokens,
            )
        case TurnStarted():
            first = record.attempt == 1
            tokens = old.tokens + (record.tokens if first else 0)
            return _moved(
                old,
                record,
                tokens=tokens,
                waiting=old.waiting[len(record.messages) :] if first else old.waiting,
                waiting_tokens=old.waiting_tokens - (record.tokens if first else 0),
                turn=_begun(old.turn, record, tokens),
                turns=record.turn,
            )
        case Replied():
            return _moved(
                old,
                record,
                last_activity=_active_at(old, record),
                messages=record.number,
                tokens=old.tokens + record.tokens,
                calibration=_calibrate(old, record),
            )
        case TurnEnded():
            emptied = record.outcome in _EMPTYING and set(old.waiting) <= set(record.messages)
            return _moved(
                old,
                record,
                turn=None,
                # What was given up behind a stopped turn was seen by nobody: it joins the context unanswered.
                tokens=old.tokens + (old.waiting_tokens if emptied else 0),
                waiting=() if emptied else old.waiting,
                waiting_tokens=0 if emptied else old.waiting_tokens,
                failed=_failed(old, record),
            )
        case Retried():
            return _moved(
                old,
                record,
                last_activity=_active_at(old, record),
                tokens=old.tokens - record.tokens,
                waiting=(*old.waiting, *record.messages),
                waiting_tokens=old.waiting_tokens + record.tokens,
                failed=tuple(each for each in old.failed if each.turn != record.turn),
            )
        case Transitioned():
            return _moved(
                old,
                record,
                state=record.target,
                since=record.at,
                state_sequence=record.sequence,
                label=record.label,
                compaction=None,
                edges=_taken(old, record),
            )
        case Summarised() | Cleared() | Kept():
            return _compacted(old, record)
        case CompactionResumed():
            return _moved(old, record, compaction=OpenCompaction(record.attempt, record.alone))
        case Updated():
            return _moved(
                old,
                record,
                title=record.title,
                tags=record.tags,
                owner=record.owner,
                system=record.system,
                system_tokens=record.system_tokens,
            )
        case TurnDelayed():
            return _moved(old, record, turn=_delayed(old.turn, record))
        case Owed() | Delivered():
            undelivered, undeliverable = _undelivered(old, record), _undeliverable(old, record)
            return _moved(old, record, version=NEWEST_VERSION, undelivered=undelivered, undeliverable=undeliverable)


def _begun(before: OpenTurn | None, record: TurnStarted, tokens: int) -> OpenTurn:
    begun = OpenTurn(record.turn, record.attempt, record.messages, record.request_tokens, tokens, record.alone)
    if before is None or before.turn != record.turn:
        return begun
    return structs.replace(begun, delays=before.delays, delayed=before.delayed)


def _delayed(turn: OpenTurn | None, record: TurnDelayed) -> OpenTurn | None:
    if turn is None:
        return None
    delay = Delay(record.at, record.seconds, record.reason)
    return structs.replace(turn, delay=delay, delays=turn.delays + 1, delayed=turn.delayed + record.seconds)


def _compacted(old: Metadata, record: Summarised | Cleared | Kept) -> Metadata:
    """After the end of a compaction, or a clear."""
    if isinstance(record, Summarised):
        return _moved(
            old,
            record,
            tokens=old.tokens - record.freed - old.summary_tokens + record.tokens,
            summary_tokens=record.tokens,
            compactions=old.compactions + 1,
            compaction=None,
            boundary=record.sequence,
            calibration=_forget_report(old.calibration),
            failed=_left_of(old.failed, record.failed),
        )
    if isinstance(record, Cleared):
        return _moved(
            old,
            record,
            last_activity=record.at,
            tokens=0,
            summary_tokens=0,
            compaction=None,
            boundary=record.sequence,
            calibration=_forget_report(old.calibration),
            failed=(),
        )
    return _moved(old, record, boundary=record.sequence, kept_at=old.messages, compaction=None)


def _active_at(old: Metadata, record: Record) -> datetime:
    """The time of an activity: later than that before it also where the clock was set back in between."""
    return record.at if record.at >= old.last_activity else old.last_activity + _TICK


def _moved(old: Metadata, record: Record, **changes: object) -> Metadata:
    return structs.replace(old, sequence=record.sequence, epoch=record.epoch, **changes)


def _failed(old: Metadata, record: TurnEnded) -> tuple[FailedTurn, ...]:
    if record.outcome != "failed":
        return old.failed
    return (*old.failed, FailedTurn(record.turn, record.messages, record.reason))[-_REMEMBERED_FAILURES:]


def _left_of(failed: Sequence[FailedTurn], gone: Collection[int]) -> tuple[FailedTurn, ...]:
    """The turns that failed, without these messages."""
    if not gone:
        return tuple(failed)
    left = (FailedTurn(turn.turn, tuple(n for n in turn.messages if n not in gone), turn.reason) for turn in failed)
    return tuple(turn for turn in left if turn.messages)


def _undelivered(old: Metadata, record: Owed | Delivered) -> dict[str, tuple[int, ...]]:
    before, number = old.undelivered, record.number
    if isinstance(record, Owed):
        return {**before, record.channel: (*before.get(record.channel, ()), number)}
    left = {channel: tuple(each for each in numbers if each != number) for channel, numbers in before.items()}
    return {channel: numbers for channel, numbers in left.items() if numbers}


def _undeliverable(old: Metadata, record: Owed | Delivered) -> tuple[Undeliverable, ...]:
    before = old.undeliverable
    if not isinstance(record, Delivered) or not record.failure:
        return before
    number = record.number
    channels = [channel for channel, numbers in old.undelivered.items() if number in numbers]
    failed = [Undeliverable(number, channel, record.at, record.failure) for channel in channels]
    return (*before, *failed)[-_REMEMBERED_FAILURES:]


def _taken(old: Metadata, record: Transitioned) -> dict[str, Taken]:
    """The edges taken so far; all sessions share their names, which would be half of what a quiet one costs."""
    edges = {sys.intern(edge): taken for edge, taken in old.edges.items()}
    edge = sys.intern(f"{record.source} --> {record.target}: {record.label}")
    count = edges[edge].count + 1 if edge in edges else 1
    return {**edges, edge: Taken(count, record.at)}


def _calibrate(old: Metadata, reply: Replied) -> Calibration | None:
    """Learn from what the model reported; what was learnt from another model is dropped."""
    usage = reply.usage
    # 0 is how servers say that they do not count.
    if usage is None or old.turn is None or not 0 < usage.input < _NO_COUNT:
        return old.calibration
    local = max(1, old.turn.request_tokens)
    known = old.calibration
    if known is None or known.model != usage.model:
        learnt = Calibration(usage.model, 0.0, usage.input, local)
    elif local < known.base_local or usage.input < known.base_reported:  # what the model adds has become less
        learnt = structs.replace(known, base_reported=usage.input, base_local=local)
    else:
        learnt = structs.replace(known, ratio=_ratio_seen(known, usage.input, local))
    # What the agent said by itself since the turn began was not in the request.
    at = old.turn.context_tokens + reply.tokens
    return structs.replace(learnt, reported=usage.input + (usage.output or reply.tokens), at=at)


def _ratio_seen(known: Calibration, reported: int, local: int) -> float:
    grown = local - known.base_local
    if grown < _LEAST_GROWTH:
        return known.ratio
    seen = (reported - known.base_reported) / grown * RATIO_MARGIN
    return max(min(seen, RATIO_LIMIT), known.ratio * _RATIO_DECAY)


def _forget_report(calibration: Calibration | None) -> Calibration | None:
    return structs.replace(calibration, reported=0, at=0) if calibration else None


def fold_context(context: Context, records: Iterable[Record]) -> tuple[Context, tuple[Message, ...]]:
    """Apply records to a context; also gives the messages that left it."""
    records = [record for record in records if _touches_context(record)]
    if not records:
        return context, ()
    summary = context.summary
    messages, waiting = list(context.messages), list(context.waiting)
    archived: list[Message] = []
    for record in records:
        match record:
            case Accepted():
                (waiting if record.awaits_reply else messages).append(accepted_of(record))
            case TurnStarted(attempt=1):
                count = len(record.messages)
                messages += waiting[:count]
                del waiting[:count]
            case Replied():
                messages.append(reply_of(record))
            case TurnEnded() | Retried():
                messages, waiting = after_turn(messages, waiting, record)
            case Summarised():
                archived += messages[: record.replaced]
                del messages[: record.replaced]
                summary = summary_of(record)
            case Cleared():
                archived += messages
                messages.clear()
                summary = None
            case _:
                pass
    ids = context.archived_ids
    if archived:
        ids = (*ids, *(message.id for message in archived if not message.reply_to))[-REMEMBERED_IDS:]
    folded = Context(summary=summary, messages=tuple(messages), waiting=tuple(waiting), archived_ids=ids)
    return folded, tuple(archived)


def _touches_context(record: Record) -> bool:
    if isinstance(record, TurnEnded):
        return record.outcome in _TOUCHING
    return type(record) not in _BESIDE_CONTEXT


def after_turn(
    messages: list[Message], waiting: list[Message], record: TurnEnded | Retried
) -> tuple[list[Message], list[Message]]:
    """The messages of the context, and those that wait, once a turn has ended or is to run once more."""
    numbers = record.messages
    if isinstance(record, Retried):
        again = _marked([each for each in messages if each.number in numbers], numbers, "")
        return [each for each in messages if each.number not in numbers], waiting + again
    if record.outcome == "failed":
        return _marked(messages, numbers, record.reason or "the model failed"), waiting
    given_up = [each for each in waiting if each.number in numbers]
    return messages + given_up, [each for each in waiting if each.number not in numbers]


def _marked(messages: Sequence[Message], numbers: Collection[int], failure: str) -> list[Message]:
    return [structs.replace(each, failure=failure) if each.number in numbers else each for each in messages]


def summary_of(record: Summarised) -> Summary:
    """The summary that the record makes."""
    return Summary(
        text=record.text,
        first=record.first,
        last=record.last,
        tokens=record.tokens,
        method=record.method,
        at=record.at,
        before=record.before,
        after=record.after,
    )


def accepted_of(record: Accepted) -> Message:
    """The message that the record makes."""
    return Message(
        id=record.id,
        number=record.number,
        role=record.role,
        text=record.text,
        at=record.at,
        tokens=record.tokens,
        sender=record.sender,
        address=record.address,
    )


def reply_of(record: Replied) -> Message:
    """The message that the record makes."""
    return Message(
        id=record.id,
        number=record.number,
        role="assistant",
        text=record.text,
        at=record.at,
        tokens=record.tokens,
        sender=record.sender,
        address=record.address,
        reply_to=record.reply_to,
        stop_reason=record.stop_reason,
    )
