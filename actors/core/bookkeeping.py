"""Bookkeeping beside a session's snapshot: who waits for a reply, and which messages are known."""

import logging
from bisect import bisect
from collections.abc import Sequence
from typing import Final

from argentos.actors.core.decisions.decider import Decider
from argentos.actors.core.decisions.message_ids import MessageIds
from argentos.actors.core.pending_turns import PendingTurns, ending_of
from argentos.concurrency.foreign_code import ForeignText
from argentos.llm import CompactionFailed
from argentos.storage import (
    Accepted,
    ApprovalAsked,
    CallEnded,
    Cleared,
    Kept,
    Metadata,
    Record,
    Replied,
    Responded,
    Rewound,
    SessionKey,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    Undone,
    reply_of,
)
from argentos.storage.open_context import OpenContext

__all__ = ["Bookkeeping"]

_log: Final = logging.getLogger(__name__)
_MANY_OWED: Final = 1000


class Bookkeeping:
    """Keeps up to date what stands beside the snapshot of a session.

    Args:
        key: of the session.
        replies: those that wait for replies.
        message_ids: the messages it has.
        decider: knows why a turn failed.
    """

    __slots__ = ("_decider", "_key", "_message_ids", "_replies")

    def __init__(self, key: SessionKey, replies: PendingTurns, message_ids: MessageIds, decider: Decider) -> None:
        self._key = key
        self._replies = replies
        self._message_ids = message_ids
        self._decider = decider

    def take_over(self, records: Sequence[Record], metadata: Metadata, context: OpenContext) -> None:
        """Go on by what has become durable; the session stands there now."""
        for record in records:
            if isinstance(record, Accepted | Responded | Replied) and record.is_owed and record.address is not None:
                self._tell_of_debts(metadata, record.address.channel, record.number)
            match record:
                case Accepted() | Transitioned():  # the most frequent ones
                    pass
                case Replied():
                    self._replies.finish(record.messages, reply_of(record))
                    self._decider.error = None
                case TurnEnded():
                    self._fail_turns(record)
                case Responded() | CallEnded() | ApprovalAsked() | TurnDelayed():
                    self._replies.go_on(record, metadata, context)
                case Summarised() | Cleared() | Rewound() | Undone():
                    self._message_ids.forget()
                case Kept(status="failed", reason=reason):
                    _log.error("session %s was not compacted: %s", self._key, ForeignText(reason))
                    self._replies.note(CompactionFailed(reason))
                case _:
                    pass

    def _tell_of_debts(self, metadata: Metadata, channel: str, number: int) -> None:
        owed = bisect(metadata.undelivered.get(channel, ()), number)
        if owed and owed % _MANY_OWED == 0:
            _log.warning(
                "session %s owes %d messages to the channel %r: does anybody read it?", self._key, owed, channel
            )

    def _fail_turns(self, record: TurnEnded) -> None:
        error = self._decider.error or ending_of(record)
        if record.reason and self._decider.error is None:
            _log.error("session %s: %s", self._key, ForeignText(record.reason))
        self._replies.fail(record.messages, error)
        self._decider.error = None
