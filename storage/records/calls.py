"""Records of the calls of tools in a turn, and of a person's word on them."""

from datetime import datetime
from typing import Literal, TypeAlias

from argentos.storage.blocks import Content, text_of
from argentos.storage.messages import RecordBase

__all__ = [
    "ApprovalAsked",
    "ApprovalDecided",
    "ApprovalOutcome",
    "CallEnded",
    "CallStarted",
]

ApprovalOutcome: TypeAlias = Literal["approved", "denied", "expired", "superseded"]


class CallStarted(RecordBase, frozen=True, tag="call_started", kw_only=True):
    """A call begins that must not be repeated; other calls begin without a record."""

    turn: int
    call_id: str


class CallEnded(RecordBase, frozen=True, tag="call_ended", kw_only=True):
    """A call has its result; the last one of a response makes a message of all its results.

    Attributes:
        content: a text, or blocks.
        is_error: the tool failed, and the content says how.
        tokens: of the result and, where it is the last one, the marks of the message.
        number: of the message of results; 0 while another call has none.
        id: of that message; empty likewise.
    """

    turn: int
    call_id: str
    content: Content
    tokens: int
    is_error: bool = False
    number: int = 0
    id: str = ""

    @property
    def text(self) -> str:
        """The content, as far as it is text."""
        return text_of(self.content)


class ApprovalAsked(RecordBase, frozen=True, tag="approval_asked", kw_only=True):
    """A call waits for a person's word; without one it is given up at that time."""

    turn: int
    call_id: str
    expires_at: datetime


class ApprovalDecided(RecordBase, frozen=True, tag="approval_decided", kw_only=True):
    """The word on a call was given, or is waited for no more; who gave it stands in `by`.

    Attributes:
        outcome: `superseded` where the person wrote instead.
        reason: a sentence for the model, where one was given.
    """

    turn: int
    call_id: str
    outcome: ApprovalOutcome
    reason: str = ""
