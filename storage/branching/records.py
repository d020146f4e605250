"""Records of going back: messages leave the end of the context, come back into it, or are where a fork begins.

Messages that come back stand in their records, for the journal alone has to tell what became of a session. Of many
there is a record for each few thousand, so that none takes long to write.
"""

from collections.abc import Iterable
from typing import Final

from argentos.storage.calibration import Calibration
from argentos.storage.messages import FailedTurn, Message, RecordBase, Summary

__all__ = ["MOST_TOGETHER", "Forked", "Rewound", "Undone", "weight"]

MOST_TOGETHER: Final = 2000
"""Messages that one record brings."""


def weight(records: Iterable[RecordBase]) -> int:
    """The number of records, and of the messages in them: what it takes to write them."""
    return sum(1 + len(each.messages) if isinstance(each, _HEAVY) else 1 for each in records)


class Rewound(RecordBase, frozen=True, tag="rewound", kw_only=True):
    """The latest messages went to the archive, or a reply did of which another one is made.

    Attributes:
        messages: their numbers, in the order of the context.
        freed: their tokens.
        again: the numbers of the messages that wait for an answer once more.
        tokens: those of these messages.
        failed: the turns that failed with some of `messages`, which can be tried again no more.
        withheld: the numbers of those among `messages` that were owed to a channel, and are no more.
    """

    messages: tuple[int, ...]
    freed: int
    again: tuple[int, ...] = ()
    tokens: int = 0
    failed: tuple[FailedTurn, ...] = ()
    withheld: tuple[int, ...] = ()


class Undone(RecordBase, frozen=True, tag="undone", kw_only=True):
    """Messages that had left the context at `checkpoint` are back; `parent` is the checkpoint in front of that.

    Attributes:
        messages: in the order of the context.
        behind: the number of the message behind which they stand; 0 where they are the first.
        tokens: theirs.
        summary: the one of the context from then on.
        failed: the turns that failed with some of `messages`, and can be tried again.
        owed: the numbers of those among `messages` that are owed to a channel again.
    """

    messages: tuple[Message, ...]
    behind: int
    tokens: int
    summary: Summary | None = None
    failed: tuple[FailedTurn, ...] = ()
    owed: tuple[int, ...] = ()


class Forked(RecordBase, frozen=True, tag="forked", kw_only=True):
    """The context of the session `parent` at `checkpoint`, or at a message, is the beginning of this one.

    Attributes:
        messages: in the order of the context, with the numbers that they have there.
        tokens: theirs.
        last: the number of the last message that was there.
        turns: how many turns there were; the first one here has the next number.
        summary: the one of the context.
        failed: the turns that failed with some of `messages`, and can be tried again.
        calibration: learnt from what the model reported there.
    """

    messages: tuple[Message, ...]
    tokens: int
    last: int
    turns: int = 0
    summary: Summary | None = None
    failed: tuple[FailedTurn, ...] = ()
    calibration: Calibration | None = None


_HEAVY: Final = (Undone, Forked)
