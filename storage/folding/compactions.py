"""Contexts that are compacted, or emptied, and the compactions that are asked for, begun again, and ended."""

from typing import Final

from msgspec import structs

from argentos.storage.folding.branching import marked
from argentos.storage.folding.calibration import lessen, take_measure
from argentos.storage.folding.failures import without_failed
from argentos.storage.records import (
    Cleared,
    CompactionAsked,
    CompactionDeclined,
    CompactionResumed,
    Kept,
    Summarised,
)
from argentos.storage.snapshot import CompactionAttempt, CompactionRequest, Metadata, OpenCompaction

__all__ = ["cleared", "compaction_asked", "declined", "kept", "resumed", "summarised"]

_REMEMBERED: Final = 50  # attempts


def summarised(old: Metadata, record: Summarised) -> Metadata:
    """The session once a summary stands in the place of its oldest messages."""
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        tokens=old.tokens - record.freed - old.summary_tokens + record.tokens,
        summary_tokens=record.tokens,
        compactions=old.compactions + 1,
        compaction=None,
        asked=None,
        attempts=_attempted(old, record),
        boundary=record.sequence,
        calibration=lessen(old.calibration, record.freed + old.summary_tokens),
        failed=without_failed(old.failed, record.failed),
        **marked(old, record),
    )


def cleared(old: Metadata, record: Cleared) -> Metadata:
    """The session once its context is empty."""
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        last_activity=record.at,
        tokens=0,
        summary_tokens=0,
        compaction=None,
        asked=None,
        boundary=record.sequence,
        calibration=lessen(old.calibration, old.tokens),
        failed=(),
        **marked(old, record),
    )


def kept(old: Metadata, record: Kept) -> Metadata:
    """The session once a compaction has ended without a summary."""
    return structs.replace(
        old,
        sequence=record.sequence,
        epoch=record.epoch,
        boundary=record.sequence,
        kept_at=old.messages,
        compaction=None,
        asked=None,
        attempts=_attempted(old, record),
        calibration=take_measure(old.calibration, record.measured) if record.measured else old.calibration,
    )


def compaction_asked(old: Metadata, record: CompactionAsked) -> Metadata:
    """The session once somebody has asked for a compaction."""
    asked = CompactionRequest(record.focus, record.keep)
    return structs.replace(old, sequence=record.sequence, epoch=record.epoch, asked=asked)


def declined(old: Metadata, record: CompactionDeclined) -> Metadata:
    """The session once a compaction that was asked for has not begun."""
    attempts = _attempted(old, record)
    return structs.replace(old, sequence=record.sequence, epoch=record.epoch, asked=None, attempts=attempts)


def resumed(old: Metadata, record: CompactionResumed) -> Metadata:
    """The session once its compaction was begun again."""
    again = OpenCompaction(record.attempt, record.alone)
    return structs.replace(old, sequence=record.sequence, epoch=record.epoch, compaction=again)


def _attempted(old: Metadata, record: Summarised | CompactionDeclined | Kept) -> tuple[CompactionAttempt, ...]:
    """The latest attempts, with the one that the record ends."""
    attempt = _attempt(old, record)
    return old.attempts if attempt is None else (*old.attempts, attempt)[-_REMEMBERED:]


def _attempt(old: Metadata, record: Summarised | CompactionDeclined | Kept) -> CompactionAttempt | None:
    focus, by_hand = old.asked.focus if old.asked else "", old.asked is not None
    if isinstance(record, Summarised):
        return CompactionAttempt(
            record.at,
            "compacted",
            record.before,
            record.after,
            record.method,
            record.seconds,
            record.reason,
            focus,
            by_hand,
        )
    if isinstance(record, CompactionDeclined):
        return CompactionAttempt(
            record.at, record.status, record.tokens, record.tokens, reason=record.reason, focus=focus, by_hand=True
        )
    if record.status is None:
        return None
    return CompactionAttempt(
        record.at,
        record.status,
        record.tokens,
        record.tokens,
        seconds=record.seconds,
        reason=record.reason,
        focus=focus,
        by_hand=by_hand,
    )
