"""Compactions of a session, as its records ask for them, begin them again, and end them."""

from typing import Final

from argentos.storage.records import CompactionAsked, CompactionDeclined, Kept, Summarised
from argentos.storage.snapshot import CompactionAttempt, CompactionRequest, Metadata

__all__ = ["attempted", "request_of"]

_REMEMBERED: Final = 50  # attempts


def request_of(record: CompactionAsked) -> CompactionRequest:
    """The request that the record makes."""
    return CompactionRequest(record.focus, record.keep)


def attempted(old: Metadata, record: Summarised | CompactionDeclined | Kept) -> tuple[CompactionAttempt, ...]:
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
