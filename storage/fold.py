"""The fold: records make a snapshot, the same in every store and in every actor.

One function for each kind of record says what becomes of the metadata; `open_context` says it of the context.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from msgspec import structs

from argentos.storage.open_context import fold_context
from argentos.storage.records import (
    Accepted,
    Cleared,
    CompactionResumed,
    Delivered,
    Kept,
    Message,
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
from argentos.storage.snapshot import (
    RATIO_LIMIT,
    RATIO_MARGIN,
    SCHEMA_VERSION,
    Calibration,
    Context,
    Delay,
    FailedTurn,
    Metadata,
    OpenCompaction,
    OpenTurn,
    Snapshot,
    Taken,
    Undeliverable,
)

__all__ = [
    "Folded",
    "apply",
    "fold",
    "fold_metadata",
    "transitions_left",
]

_TICK: Final = timedelta(microseconds=1)
_REMEMBERED_FAILURES: Final = 100  # turns, and as many deliveries
_RATIO_DECAY: Final = 0.99
_NO_COUNT: Final = 2**53
_LEAST_GROWTH: Final = 100  # local tokens between two reports, from which something can be learnt


class Folded(NamedTuple):
    """A snapshot, and the messages and edges that left its context on the way."""

    snapshot: Snapshot
    archived: tuple[Message, ...]
    transitions: tuple[Transitioned, ...] = ()


def fold(key: SessionKey, snapshot: Snapshot | None, records: Sequence[Record]) -> Folded:
    """Apply records that directly follow the snapshot, or that begin the session where it is None."""
    metadata = fold_metadata(key, snapshot.metadata if snapshot else None, records)
    before = snapshot.context if snapshot else Context()
    context, archived = fold_context(before, records)
    return Folded(Snapshot(metadata, context), archived, transitions_left(before, records, context))


def transitions_left(before: Context, records: Iterable[Record], after: Context) -> tuple[Transitioned, ...]:
    """The edges that left a context while records were applied to it."""
    if not after.transitions:
        return ()
    first = after.transitions[0].sequence
    taken = (each for each in (*before.transitions, *records) if isinstance(each, Transitioned))
    return tuple(each for each in taken if each.sequence < first)


def fold_metadata(key: SessionKey, metadata: Metadata | None, records: Iterable[Record]) -> Metadata:
    """Apply records to metadata; the first record of all is the transition that creates the session."""
    for record in records:
        metadata = apply(key, metadata, record)
    if metadata is None:
        raise ValueError(f"{key}: neither metadata nor records to fold")
    return metadata


def apply(key: SessionKey, metadata: Metadata | None, record: Record) -> Metadata:
    """The metadata once a record has been made; None where the record is the first of the session."""
    return _CHANGES[type(record)](_created(key, record) if metadata is None else metadata, record)


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


def _transition(old: Metadata, record: Transitioned) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        state=record.target,
        since=record.at,
        state_sequence=record.sequence,
        label=record.label,
        compaction=None,
        edges=_taken(old, record),
    )


def _accept(old: Metadata, record: Accepted) -> Metadata:
    if record.awaits_reply and not record.turn:
        return structs.replace(
            old,
            sequence=record.sequence,
            epoch=record.epoch,
            last_activity=_active_at(old, record),
            messages=record.number,
            waiting=(*old.waiting, record.number),
            waiting_tokens=old.waiting_tokens + record.tokens,
        )
    tokens = old.tokens + record.tokens
    said = structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        last_activity=_active_at(old, record),
        messages=record.number,
        tokens=tokens,
        undelivered=_owing(old, record) if record.is_owed else old.undelivered,
    )
    if not record.turn:
        return said
    turn = OpenTurn(record.turn, 1, (record.number,), record.request_tokens, tokens)
    return structs.replace(said, turn=turn, turns=record.turn)


def _start(old: Metadata, record: TurnStarted) -> Metadata:
    moved = record.tokens if record.attempt == 1 else 0
    tokens = old.tokens + moved
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        tokens=tokens,
        waiting=old.waiting[len(record.messages) :] if record.attempt == 1 else old.waiting,
        waiting_tokens=old.waiting_tokens - moved,
        turn=_begun(old.turn, record, tokens),
        turns=record.turn,
    )


def _begun(before: OpenTurn | None, record: TurnStarted, tokens: int) -> OpenTurn:
    begun = OpenTurn(record.turn, record.attempt, record.messages, record.request_tokens, tokens, record.alone)
    if before is None or before.turn != record.turn:
        return begun
    return structs.replace(begun, delays=before.delays, delayed=before.delayed)


def _reply(old: Metadata, record: Replied) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        last_activity=_active_at(old, record),
        messages=record.number,
        tokens=old.tokens + record.tokens,
        turn=None,
        calibration=_calibrate(old, record),
        undelivered=_owing(old, record) if record.is_owed else old.undelivered,
    )


def _delay(old: Metadata, record: TurnDelayed) -> Metadata:
    turn = old.turn
    if turn is not None:
        delay = Delay(record.at, record.seconds, record.reason)
        turn = structs.replace(turn, delay=delay, delays=turn.delays + 1, delayed=turn.delayed + record.seconds)
    return structs.replace(old, sequence=record.sequence, epoch=record.epoch, turn=turn)


def _end(old: Metadata, record: TurnEnded) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        turn=None if record.turn else old.turn,
        # What was given up before a turn took it up was seen by nobody: it joins the context unanswered.
        tokens=old.tokens + record.tokens,
        waiting=tuple(each for each in old.waiting if each not in record.messages) if old.waiting else (),
        waiting_tokens=old.waiting_tokens - record.tokens,
        failed=_failed(old, record),
    )


def _retry(old: Metadata, record: Retried) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        last_activity=_active_at(old, record),
        tokens=old.tokens - record.tokens,
        waiting=(*old.waiting, *record.messages),
        waiting_tokens=old.waiting_tokens + record.tokens,
        failed=tuple(each for each in old.failed if each.turn != record.turn),
    )


def _summarise(old: Metadata, record: Summarised) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        tokens=old.tokens - record.freed - old.summary_tokens + record.tokens,
        summary_tokens=record.tokens,
        compactions=old.compactions + 1,
        compaction=None,
        boundary=record.sequence,
        calibration=_forget_report(old.calibration),
        failed=_left_of(old.failed, record.failed),
    )


def _clear(old: Metadata, record: Cleared) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        last_activity=record.at,
        tokens=0,
        summary_tokens=0,
        compaction=None,
        boundary=record.sequence,
        calibration=_forget_report(old.calibration),
        failed=(),
    )


def _keep(old: Metadata, record: Kept) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        boundary=record.sequence,
        kept_at=old.messages,
        compaction=None,
    )


def _resume(old: Metadata, record: CompactionResumed) -> Metadata:
    resumed = OpenCompaction(record.attempt, record.alone)
    return structs.replace(old, sequence=record.sequence, epoch=record.epoch, compaction=resumed)


def _update(old: Metadata, record: Updated) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        title=record.title,
        tags=record.tags,
        owner=record.owner,
        system=record.system,
        system_tokens=record.system_tokens,
    )


def _deliver(old: Metadata, record: Delivered) -> Metadata:
    left = {
        channel: tuple(each for each in numbers if each != record.number)
        for channel, numbers in old.undelivered.items()
    }
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        undelivered={channel: numbers for channel, numbers in left.items() if numbers},
        undeliverable=_undeliverable(old, record),
    )


def _undeliverable(old: Metadata, record: Delivered) -> tuple[Undeliverable, ...]:
    if not record.failure:
        return old.undeliverable
    channels = [channel for channel, numbers in old.undelivered.items() if record.number in numbers]
    failed = [Undeliverable(record.number, channel, record.at, record.failure) for channel in channels]
    return (*old.undeliverable, *failed)[-_REMEMBERED_FAILURES:]


_CHANGES: Final[Mapping[type[Any], Callable[[Metadata, Any], Metadata]]] = {
    Transitioned: _transition,
    Accepted: _accept,
    TurnStarted: _start,
    Replied: _reply,
    TurnDelayed: _delay,
    TurnEnded: _end,
    Retried: _retry,
    Summarised: _summarise,
    Cleared: _clear,
    CompactionResumed: _resume,
    Kept: _keep,
    Delivered: _deliver,
    Updated: _update,
}


def _active_at(old: Metadata, record: Record) -> datetime:
    """The time of an activity: later than that before it also where the clock was set back in between."""
    return record.at if record.at >= old.last_activity else old.last_activity + _TICK


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


def _owing(old: Metadata, record: Accepted | Replied) -> dict[str, tuple[int, ...]]:
    before = old.undelivered
    if record.address is None:
        return before
    channel = record.address.channel
    return {**before, channel: (*before.get(channel, ()), record.number)}


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
