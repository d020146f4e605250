"""Records: the things that happen in a session, in the order in which they happened.

A record never changes once it is written, and refers to nothing that could refer to it: so the garbage collector
need not look at it. Times are wall-clock times in UTC.
"""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from argentos.storage.blocks import Content, RawBlock, text_of
from argentos.storage.branching.records import Forked, Rewound, Undone
from argentos.storage.messages import Address, Cut, RecordBase, Role, Usage

__all__ = [
    "Accepted",
    "ApprovalAsked",
    "ApprovalDecided",
    "ApprovalOutcome",
    "CallEnded",
    "CallStarted",
    "Charged",
    "Cleared",
    "CompactionAsked",
    "CompactionDeclined",
    "CompactionResumed",
    "CompactionStatus",
    "Cut",
    "Delivered",
    "Forked",
    "Kept",
    "Measured",
    "Outcome",
    "Record",
    "Replied",
    "Responded",
    "Retried",
    "Rewound",
    "Shortened",
    "Summarised",
    "Transitioned",
    "TurnDelayed",
    "TurnEnded",
    "TurnStarted",
    "Undone",
    "Updated",
]

Outcome: TypeAlias = Literal["replied", "no_reply", "refused", "failed", "stopped", "cleared"]

ApprovalOutcome: TypeAlias = Literal["approved", "denied", "expired", "superseded"]


CompactionStatus: TypeAlias = Literal["compacted", "nothing_to_compact", "not_worth_it", "failed", "stopped"]


class Transitioned(RecordBase, frozen=True, tag="transition", kw_only=True):
    """The machine took an edge. The one from `[*]` creates the session."""

    source: str
    target: str
    event: str
    label: str


class Accepted(RecordBase, frozen=True, tag="accepted", kw_only=True):
    """A message was accepted: from the user, or from the agent speaking first.

    Attributes:
        content: a text, or blocks.
        turn: the turn that began at once to answer it, and it alone; 0 where there is none.
        request_tokens: those of the whole request of that turn, counted locally.
        is_owed: it is to be delivered to the channel of its address.
        is_appended: it asks for no reply, though it is the user's.
    """

    id: str
    number: int
    role: Role
    content: Content
    tokens: int
    turn: int = 0
    request_tokens: int = 0
    sender: str | None = None
    address: Address | None = None
    is_owed: bool = False
    is_appended: bool = False

    @property
    def text(self) -> str:
        """The content, as far as it is text."""
        return text_of(self.content)

    @property
    def awaits_reply(self) -> bool:
        """It waits for an answer, until a turn takes it up."""
        return self.role == "user" and not self.is_appended


class Updated(RecordBase, frozen=True, tag="updated", kw_only=True):
    """Title, tags, owner or system prompt have changed; all of them stand here.

    Attributes:
        title: to show; empty where there is none.
        tags: to find it by.
        owner: whose it is; empty where that is not known.
        system: the session's own system prompt; empty for that of its agent.
        system_tokens: those of `system`, counted locally.
    """

    title: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    system: str = ""
    system_tokens: int = 0


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


class Summarised(RecordBase, frozen=True, tag="summary", kw_only=True):
    """A summary took the place of the oldest messages of the context.

    Attributes:
        first: the number of the first message that the summary speaks for.
        last: the number of the last one.
        replaced: how many messages left the front of the context.
        freed: their tokens.
        tokens: the summary's own.
        method: `model`, `extractive`, or `provider`.
        before: estimated tokens of the context before; `after`, after.
        failed: the numbers of those among them whose turn failed: they can be tried again no more.
        seconds: that it took to make.
        reason: why it is not the model's, where one was asked.
        block: the provider's own, where it made the summary.
    """

    first: int
    last: int
    replaced: int
    freed: int
    text: str
    tokens: int
    method: str
    before: int
    after: int
    failed: tuple[int, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    block: RawBlock | None = None


class Cleared(RecordBase, frozen=True, tag="cleared", kw_only=True):
    """The context was emptied; its messages went to the archive."""


class CompactionAsked(RecordBase, frozen=True, tag="compaction_asked", kw_only=True):
    """Somebody asked for a compaction, which begins at the next chance.

    Attributes:
        focus: what the summary should keep above all.
        keep: how many of the latest messages stay, where that was said.
    """

    focus: str = ""
    keep: int | None = None


class CompactionDeclined(RecordBase, frozen=True, tag="compaction_declined", kw_only=True):
    """A compaction that somebody asked for does not begin; the context stays as it is.

    Attributes:
        tokens: of the context, estimated.
        reason: a sentence.
    """

    status: CompactionStatus
    tokens: int
    reason: str = ""


class CompactionResumed(RecordBase, frozen=True, tag="compaction_resumed", kw_only=True):
    """A compaction that nobody ran any more was begun again.

    Attributes:
        attempt: 2, or more.
        alone: how many attempts, with this one, were made with nothing beside them.
    """

    attempt: int
    alone: int = 0


class Measured(Struct, frozen=True, gc=False, array_like=True):
    """The tokens of a context as its model has counted them, where it was asked.

    Attributes:
        model: the name of the model.
        tokens: of the request.
        local: the same, counted locally.
        at: those of the context in it.
    """

    model: str
    tokens: int
    local: int
    at: int


class Kept(RecordBase, frozen=True, tag="kept", kw_only=True):
    """A compaction was ended before it had a summary; the context stays as it is.

    Attributes:
        reason: a sentence, where it was given up.
        status: None where none was tried, as of a session that was imported.
        tokens: of the context, estimated.
        seconds: that it took.
        measured: where there was none, for the model counts less than was estimated.
    """

    reason: str = ""
    status: CompactionStatus | None = None
    tokens: int = 0
    seconds: float = 0.0
    measured: Measured | None = None


class Charged(RecordBase, frozen=True, tag="charged", kw_only=True):
    """The model answered at a price that no other record names: for a summary, or with what was not kept."""

    usage: Usage


class Delivered(RecordBase, frozen=True, tag="delivered", kw_only=True):
    """The message of this number was delivered to its channel or, with a `failure`, never can be."""

    number: int
    failure: str = ""


Record: TypeAlias = (
    Transitioned
    | Accepted
    | Updated
    | TurnStarted
    | Responded
    | CallStarted
    | CallEnded
    | ApprovalAsked
    | ApprovalDecided
    | Replied
    | TurnDelayed
    | TurnEnded
    | Retried
    | Shortened
    | Summarised
    | Cleared
    | CompactionAsked
    | CompactionDeclined
    | Rewound
    | Undone
    | Forked
    | CompactionResumed
    | Kept
    | Charged
    | Delivered
)
