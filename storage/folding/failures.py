"""Turns that failed, as the records of a session tell of them and forget them."""

from collections.abc import Collection, Sequence
from typing import Final

from argentos.storage.records import TurnEnded
from argentos.storage.snapshot import FailedTurn, Metadata

__all__ = ["failed_turns", "without"]

_REMEMBERED: Final = 100  # turns


def failed_turns(old: Metadata, record: TurnEnded) -> tuple[FailedTurn, ...]:
    """The latest turns that failed, once the record has ended one."""
    if record.outcome != "failed":
        return old.failed
    return (*old.failed, FailedTurn(record.turn, record.messages, record.reason))[-_REMEMBERED:]


def without(failed: Sequence[FailedTurn], gone: Collection[int]) -> tuple[FailedTurn, ...]:
    """The turns that failed, without these messages."""
    if not gone:
        return tuple(failed)
    left = (FailedTurn(turn.turn, tuple(n for n in turn.messages if n not in gone), turn.reason) for turn in failed)
    return tuple(turn for turn in left if turn.messages)
