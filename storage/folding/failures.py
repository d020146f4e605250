"""Turns that failed, as the records of a session tell of them and forget them."""

from collections.abc import Callable, Collection, Iterable
from typing import Final

from argentos.storage.messages import FailedTurn
from argentos.storage.records import TurnEnded
from argentos.storage.snapshot import Metadata

__all__ = ["failed_among", "failed_turns", "with_failed", "without_failed"]

_REMEMBERED: Final = 100  # turns


def failed_turns(old: Metadata, record: TurnEnded) -> tuple[FailedTurn, ...]:
    """The latest turns that failed, once the record has ended one."""
    if record.outcome != "failed":
        return old.failed
    return (*old.failed, FailedTurn(record.turn, record.messages, record.reason))[-_REMEMBERED:]


def failed_among(failed: Iterable[FailedTurn], numbers: Collection[int]) -> tuple[FailedTurn, ...]:
    """The turns that failed, as far as these messages go."""
    return _where(failed, lambda number: number in numbers)


def without_failed(failed: Iterable[FailedTurn], gone: Iterable[FailedTurn]) -> tuple[FailedTurn, ...]:
    """The turns that failed, without the messages of others."""
    numbers = {number for turn in gone for number in turn.messages}
    return _where(failed, lambda number: number not in numbers)


def with_failed(failed: Iterable[FailedTurn], back: Iterable[FailedTurn]) -> tuple[FailedTurn, ...]:
    """The latest turns that failed, with others, or with more messages of them."""
    found = {turn.turn: turn for turn in failed}
    for turn in back:
        known = found[turn.turn].messages if turn.turn in found else ()
        found[turn.turn] = FailedTurn(turn.turn, tuple(sorted({*known, *turn.messages})), turn.reason)
    return tuple(found[number] for number in sorted(found))[-_REMEMBERED:]


def _where(failed: Iterable[FailedTurn], stays: Callable[[int], bool]) -> tuple[FailedTurn, ...]:
    left = (FailedTurn(turn.turn, tuple(filter(stays, turn.messages)), turn.reason) for turn in failed)
    return tuple(turn for turn in left if turn.messages)
