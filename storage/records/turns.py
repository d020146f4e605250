"""Records of turns: begun, gone on, delayed, ended."""

from typing import Literal, TypeAlias

from argentos.storage.blocks import Content, text_of
from argentos.storage.messages import Address, Cut, RecordBase, Usage

__all__ = [
    "Outcome",
    "Replied",
    "Responded",
    "Retried",
    "Shortened",
    "TurnDelayed",
    "TurnEnded",
    "TurnStarted",
]

Outcome: TypeAlias = Literal["replied", "no_reply", "refused", "failed", "stopped", "cleared"]


class TurnStarted(RecordBase, frozen=True, tag="turn_started", kw_only=True):
    """The agent began to answer messages that had waited, or begins once more.

    Attributes:
        turn: 1 for the session's first.
        attempt: 1, or more after a restart.
        messages: the numbers of the messages answered.
        tokens: those of these messages.
        request_tokens: those of the whole request, counted locally.
        alone: how many attempts, with this one, were made with nothing beside them.
    """

    turn: int
    attempt: int
    messages: tuple[int, ...]
    tokens: int
    request_tokens: int
    alone: int = 0


class Responded(RecordBase, frozen=True, tag="responded", kw_only=True):
    """The model responded in a turn that goes on: it calls tools, or has paused.

    Attributes:
        content: a text, or blocks.
        stop_reason: as the provider has it; None where the calls say it.
        is_owed: it is to be delivered to the channel of its address, for it calls what a person has to approve.
    """

    id: str
    number: int
    content: Content
    tokens: int
    turn: int
    sender: str | None = None
    address: Address | None = None
    usage: Usage | None = None
    stop_reason: str | None = None
    is_owed: bool = False

    @property
    def text(self) -> str:
        """The content, as far as it is text."""
        return text_of(self.content)


class Replied(RecordBase, frozen=True, tag="replied", kw_only=True):
    """The agent's reply to a turn, which it ends, or what had been said of it when the turn was stopped.

    Attributes:
        content: a text, or blocks.
        reply_to: the ids of the messages answered.
        messages: their numbers; none where no turn was open, or where it was stopped: a `TurnEnded` follows.
        stop_reason: why the model ended a reply that is not whole; `stopped` where the turn was stopped.
        is_owed: it is to be delivered to the channel of its address.
    """

    id: str
    number: int
    content: Content
    tokens: int
    turn: int
    reply_to: tuple[str, ...]
    messages: tuple[int, ...] = ()
    sender: str | None = None
    address: Address | None = None
    usage: Usage | None = None
    stop_reason: str | None = None
    is_owed: bool = False

    @property
    def text(self) -> str:
        """The content, as far as it is text."""
        return text_of(self.content)


class TurnDelayed(RecordBase, frozen=True, tag="turn_delayed", kw_only=True):
    """The model could not answer for now; the next attempt follows after so many seconds.

    Attributes:
        reason: the sentence of the error.
    """

    turn: int
    attempt: int
    seconds: float
    reason: str


class TurnEnded(RecordBase, frozen=True, tag="turn_ended", kw_only=True):
    """These messages wait for an answer no more, though there was no reply.

    Attributes:
        turn: 0 where none of these messages was taken up by one, and another turn goes on.
        messages: of the turn, and after a stop or a clear also those that waited behind it.
        reason: the sentence of the error, for `failed`.
        tokens: those of the messages that waited; for `refused` those of the whole turn, which count no more.
    """

    turn: int
    outcome: Outcome
    messages: tuple[int, ...]
    reason: str = ""
    tokens: int = 0


class Retried(RecordBase, frozen=True, tag="retried", kw_only=True):
    """Messages whose turn failed wait for an answer once more, behind all others.

    Attributes:
        turn: the one that failed.
        messages: those of it that are still in the context.
        tokens: theirs.
    """

    turn: int
    messages: tuple[int, ...]
    tokens: int


class Shortened(RecordBase, frozen=True, tag="shortened", kw_only=True):
    """Results of calls have filled the window, and requests show less of them from now on.

    Attributes:
        cuts: each of a message of the context.
        freed: the tokens that these messages have less.
    """

    cuts: tuple[Cut, ...]
    freed: int
