"""Ids of Discord: whole numbers of 64 bits, which begin with the moment at which something was made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["Snowflakes", "moment_of"]

_EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
_SHIFT: Final = 22  # bits behind the milliseconds


class Snowflakes:
    """A source of ids, each higher than the one before, also within a millisecond.

    Args:
        now: tells the time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> str:
        """A new id."""
        first = (self._now() - _EPOCH) // timedelta(milliseconds=1) << _SHIFT
        self._last = max(self._last + 1, first)
        return str(self._last)


def moment_of(snowflake: str) -> datetime:
    """The moment at which something with this id was made."""
    return _EPOCH + timedelta(milliseconds=int(snowflake) >> _SHIFT)
