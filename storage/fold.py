"""The fold: records make a snapshot, the same in every store and in every actor.

One function for each kind of record says what becomes of the metadata; `open_context` says it of the context.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from msgspec import structs

from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.folding.branching import forked, rewound, undone
from argentos.storage.folding.calibration import calibrate, lessen
from argentos.storage.folding.channels import with_channel
from argentos.storage.folding.compactions import cleared, compaction_asked, declined, kept, resumed, summarised
from argentos.storage.folding.debts import owing, still_owed, tried_again, undeliverable
from argentos.storage.folding.edges import taken
from argentos.storage.folding.failures import failed_turns
from argentos.storage.folding.spending import spend
from argentos.storage.folding.turns import (
    begun,
    call_asked,
    call_decided,
    call_ended,
    call_started,
    delayed,
    responded,
    turn_shortened,
)
from argentos.storage.messages import Message, SessionKey
from argentos.storage.open_context import fold_context, transitions_left
from argentos.storage.records import (
    Accepted,
    ApprovalAsked,
    ApprovalDecided,
    CallEnded,
    CallStarted,
    Charged,
    Cleared,
    Commanded,
    CompactionAsked,
    CompactionDeclined,
    CompactionResumed,
    Delivered,
    Forked,
    Kept,
    OwedAgain,
    Record,
    Replied,
    Responded,
    Retried,
    Rewound,
    Shortened,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
    Undone,
    Updated,
)
from argentos.storage.snapshot import (
    SCHEMA_VERSION,
    Context,
    DecidedCall,
    Metadata,
    OpenTurn,
    Snapshot,
)

__all__ = [
    "Folded",
    "apply",
    "fold",
    "fold_metadata",
]

_TICK: Final = timedelta(microseconds=1)
_REMEMBERED_DECISIONS: Final = 100  # calls


class Folded(NamedTuple):
    """A snapshot, and what left its context on the way: messages, edges, and checkpoints."""

    snapshot: Snapshot
    archived: tuple[Message, ...]
    transitions: tuple[Transitioned, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()


def fold(key: SessionKey, snapshot: Snapshot | None, records: Sequence[Record]) -> Folded:
    """Apply records that directly follow the snapshot, or that begin the session where it is None."""
    metadata = fold_metadata(key, snapshot.metadata if snapshot else None, records)
    before = snapshot.context if snapshot else Context()
    context, archived, checkpoints = fold_context(before, records)
    edges = transitions_left(before, records, context)
    return Folded(Snapshot(metadata, context), archived, edges, checkpoints)


def fold_metadata(key: SessionKey, metadata: Metadata | None, records: Iterable[Record]) -> Metadata:
    """Apply records to metadata; the first record of all is the transition that creates the session."""
    for record in records:
        metadata = apply(key, metadata, record)
    if metadata is None:
        raise ValueError(f"{key}: neither metadata nor records to fold")
    return metadata


def apply(key: SessionKey, metadata: Metadata | None, record: Record) -> Metadata:
    """The metadata once a record has been made; None where the record is the first of the session."""
    before = _created(key, record) if metadata is None else metadata
    after = _CHANGES[type(record)](before, record)
    return after if after.is_settled == before.is_settled else structs.replace(after, work_changed=record.at)


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


def _after(old: Metadata, record: Record, **changes: Any) -> Metadata:
    """The metadata with the position of the record, and with what else it changes."""
    return structs.replace(old, sequence=record.sequence, epoch=record.epoch, **changes)


def _transition(old: Metadata, record: Transitioned) -> Metadata:
    return _after(
        old,
        record,
        state=record.target,
        since=record.at,
        state_sequence=record.sequence,
        label=record.label,
        compaction=None,
        edges=taken(old, record),
    )


def _accept(old: Metadata, record: Accepted) -> Metadata:
    if record.awaits_reply and not record.turn:
        return _after(
            old,
            record,
            last_activity=_active_at(old, record),
            messages=record.number,
            channels=with_channel(old.channels, record.address),
            waiting=(*old.waiting, record.number),
            waiting_tokens=old.waiting_tokens + record.tokens,
        )
    tokens = old.tokens + record.tokens
    said = _after(
        old,
        record,
        last_activity=_active_at(old, record),
        messages=record.number,
        channels=with_channel(old.channels, record.address),
        tokens=tokens,
        undelivered=owing(old, record) if record.is_owed else old.undelivered,
    )
    if not record.turn:
        return said
    turn = OpenTurn(record.turn, 1, (record.number,), record.request_tokens, tokens)
    return structs.replace(said, turn=turn, turns=record.turn)


def _start(old: Metadata, record: TurnStarted) -> Metadata:
    moved = record.tokens if record.attempt == 1 else 0
    tokens = old.tokens + moved
    return _after(
        old,
        record,
        tokens=tokens,
        waiting=old.waiting[len(record.messages) :] if record.attempt == 1 else old.waiting,
        waiting_tokens=old.waiting_tokens - moved,
        turn=begun(old.turn, record, tokens),
        turns=record.turn,
    )


def _respond(old: Metadata, record: Responded) -> Metadata:
    return _after(
        old,
        record,
        last_activity=_active_at(old, record),
        messages=record.number,
        tokens=old.tokens + record.tokens,
        turn=responded(old, record),
        calibration=calibrate(old, record),
        spending=spend(old, record),
        undelivered=owing(old, record) if record.is_owed else old.undelivered,
    )


def _start_call(old: Metadata, record: CallStarted) -> Metadata:
    return _after(old, record, turn=call_started(old, record))


def _end_call(old: Metadata, record: CallEnded) -> Metadata:
    return _after(
        old,
        record,
        last_activity=_active_at(old, record),
        messages=record.number or old.messages,
        tokens=old.tokens + record.tokens,
        turn=call_ended(old, record),
    )


def _ask(old: Metadata, record: ApprovalAsked) -> Metadata:
    return _after(old, record, turn=call_asked(old, record))


def _decide(old: Metadata, record: ApprovalDecided) -> Metadata:
    decided = DecidedCall(record.call_id, record.outcome, record.at, record.by)
    return _after(
        old,
        record,
        last_activity=_active_at(old, record),
        turn=call_decided(old, record),
        decided=(*old.decided, decided)[-_REMEMBERED_DECISIONS:],
    )


def _reply(old: Metadata, record: Replied) -> Metadata:
    return _after(
        old,
        record,
        last_activity=_active_at(old, record),
        messages=record.number,
        tokens=old.tokens + record.tokens,
        turn=None,
        calibration=calibrate(old, record),
        spending=spend(old, record),
        undelivered=owing(old, record) if record.is_owed else old.undelivered,
    )


def _delay(old: Metadata, record: TurnDelayed) -> Metadata:
    return _after(old, record, turn=delayed(old, record))


def _end(old: Metadata, record: TurnEnded) -> Metadata:
    is_refused = record.outcome == "refused"
    return _after(
        old,
        record,
        turn=None if record.turn else old.turn,
        # What was given up before a turn took it up was seen by nobody: it joins the context unanswered.
        tokens=old.tokens - record.tokens if is_refused else old.tokens + record.tokens,
        waiting=tuple(each for each in old.waiting if each not in record.messages) if old.waiting else (),
        waiting_tokens=old.waiting_tokens if is_refused else old.waiting_tokens - record.tokens,
        failed=failed_turns(old, record),
    )


def _retry(old: Metadata, record: Retried) -> Metadata:
    return _after(
        old,
        record,
        last_activity=_active_at(old, record),
        tokens=old.tokens - record.tokens,
        waiting=(*old.waiting, *record.messages),
        waiting_tokens=old.waiting_tokens + record.tokens,
        failed=tuple(each for each in old.failed if each.turn != record.turn),
    )


def _shorten(old: Metadata, record: Shortened) -> Metadata:
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        tokens=old.tokens - record.freed,
        turn=turn_shortened(old, record),
        calibration=lessen(old.calibration, record.freed),
    )


def _update(old: Metadata, record: Updated) -> Metadata:
    return _after(
        old,
        record,
        title=record.title,
        tags=record.tags,
        owner=record.owner,
        system=record.system,
        system_tokens=record.system_tokens,
        pinned=record.pinned,
        archived=record.archived,
        read=record.read,
    )


def _charge(old: Metadata, record: Charged) -> Metadata:
    return _after(old, record, spending=spend(old, record))


def _deliver(old: Metadata, record: Delivered) -> Metadata:
    return _after(
        old,
        record,
        undelivered=still_owed(old, record),
        undeliverable=undeliverable(old, record),
    )


def _owe_again(old: Metadata, record: OwedAgain) -> Metadata:
    left = tuple(each for each in old.undeliverable if each.number != record.number)
    return _after(old, record, undelivered=tried_again(old, record), undeliverable=left)


_CHANGES: Final[Mapping[type[Any], Callable[[Metadata, Any], Metadata]]] = {
    Transitioned: _transition,
    Accepted: _accept,
    TurnStarted: _start,
    Responded: _respond,
    CallStarted: _start_call,
    CallEnded: _end_call,
    ApprovalAsked: _ask,
    ApprovalDecided: _decide,
    Replied: _reply,
    TurnDelayed: _delay,
    TurnEnded: _end,
    Retried: _retry,
    Shortened: _shorten,
    Summarised: summarised,
    Cleared: cleared,
    CompactionAsked: compaction_asked,
    CompactionDeclined: declined,
    Rewound: rewound,
    Undone: undone,
    Forked: forked,
    CompactionResumed: resumed,
    Kept: kept,
    Charged: _charge,
    Commanded: _after,
    Delivered: _deliver,
    OwedAgain: _owe_again,
    Updated: _update,
}


def _active_at(old: Metadata, record: Record) -> datetime:
    """The time of an activity: later than that before it also where the clock was set back in between."""
    return record.at if record.at >= old.last_activity else old.last_activity + _TICK
