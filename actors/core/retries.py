"""Turns that failed: which of them is run once more, and how long one waits before it is tried again by itself."""

from typing import Final
from zlib import crc32

from argentos.errors import NoReplyError, NothingToRetryError
from argentos.storage import FailedTurn, Message, Metadata, SessionKey

__all__ = ["failed_turn", "has_failed", "pause"]

_FIRST: Final = 1.0  # seconds
_LONGEST: Final = 60.0  # seconds
_SPREAD: Final = 0.5


def pause(key: SessionKey, turn: int, delays: int, retry_after: float | None) -> float:
    """Seconds before the next attempt of a turn: twice as long each time, and as long as the provider asks at least.

    Sessions that fail together do not come back together: each has a part of its own, the same in every life.

    Args:
        key: the session.
        turn: its turn.
        delays: how many there were.
        retry_after: what the provider asks for, in seconds.
    """
    part = crc32(f"{key} {turn} {delays}".encode()) / 2**32
    seconds = min(_FIRST * 2.0**delays, _LONGEST) * (1 - _SPREAD * part)
    asked = (retry_after or 0.0) * (1 + _SPREAD * part / 5)
    return max(seconds, asked)


def has_failed(key: SessionKey, message: Message) -> NoReplyError:
    """The error for a message whose turn failed, for whoever sends it again or waits for its reply."""
    return NoReplyError(
        f"message {message.id!r} was sent before, and its turn failed ({message.failure}); try it again with"
        f" Session.retry or `argent sessions retry {key.id} {message.id}`",
        "failed",
    )


def failed_turn(metadata: Metadata, message_id: str | None, number: int | None) -> FailedTurn:
    """The turn that failed with a message, or the latest that did.

    Args:
        metadata: of the session.
        message_id: of the message; None for the latest turn.
        number: of the message; 0 if it is in the archive, None if there is none of this id.

    Raises:
        NothingToRetryError: there is none.
    """
    key = metadata.key
    if message_id is None:
        if not metadata.failed:
            raise NothingToRetryError(f"no message of session {key} waits to be tried again")
        return metadata.failed[-1]
    if number is None:
        raise NothingToRetryError(
            f"session {key} has no message {message_id!r}, or had it too long ago; send its text again"
        )
    found = next((each for each in metadata.failed if number in each.messages), None)
    if found is None and number == 0:
        raise NothingToRetryError(
            f"message {message_id!r} of session {key} has left the context; send its text with another id"
        )
    if found is None:
        raise NothingToRetryError(f"message {message_id!r} of session {key} did not fail")
    return found
