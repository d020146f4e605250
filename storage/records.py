"""Records: the things that happen in a session, in the order in which they happened.

A record never changes once it is written, and refers to nothing that could refer to it: so the garbage collector
need not look at it. Times are wall-clock times in UTC. Tokens are counted once, when
a message is accepted, and include `MESSAGE_TOKENS` for the marks that every message costs in a request.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct, field

from argentos.storage.blocks import Block, Content, RawBlock, Text, text_of, typed

__all__ = [
    "MESSAGE_TOKENS",
    "STOPPED",
    "Accepted",
    "Address",
    "Cleared",
    "CompactionResumed",
    "Delivered",
    "Kept",
    "Message",
    "Outcome",
    "Record",
    "Replied",
    "Retried",
    "Role",
    "SessionKey",
    "Summarised",
    "Transitioned",
    "TurnDelayed",
    "TurnEnded",
    "TurnStarted",
    "Updated",
    "Usage",
    "begin_of",
    "events_of",
]

MESSAGE_TOKENS: Final = 4
"""Tokens of a message besides its text: role and separators."""

STOPPED: Final = "stopped"
"""The stop reason of what had been said of a reply when its turn was stopped."""

Role: TypeAlias = Literal["user", "assistant"]

Outcome: TypeAlias = Literal["replied", "no_reply", "failed", "stopped", "cleared"]


class SessionKey(NamedTuple):
    """The key of a session; ids are unique within an agent."""

    agent: str
    id: str

    def __str__(self) -> str:
        """The id, with the agent's name where it is not the default one."""
        return self.id if self.agent == "main" else f"{self.agent}/{self.id}"


class Address(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The place that a message came from, and to which its reply goes."""

    channel: str
    user: str
    guild: str | None = None
    channel_id: str | None = None
    account: str | None = None


class Message(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One message of a conversation.

    Attributes:
        id: unique in the session; given by the sender, or made up for it.
        number: 1 for the first message, in order of acceptance.
        text: the whole message or, of one that has blocks, what of them is text.
        blocks: the raw blocks; none where the message is a text.
        tokens: counted once, at acceptance.
        sender: a name to show.
        reply_to: the ids of the messages that this one answers.
        stop_reason: of a reply that is not whole: why the model ended it, as `max_tokens` or `refusal`, or `stopped`
            where the turn was stopped while the model spoke.
        failure: why the turn that was to answer it failed; empty otherwise, and once it is tried again.
    """

    id: str
    number: int
    role: Role
    text: str
    at: datetime
    tokens: int
    sender: str | None = None
    address: Address | None = None
    reply_to: tuple[str, ...] = ()
    stop_reason: str | None = None
    failure: str = ""
    blocks: tuple[RawBlock, ...] = field(default=(), name="content")

    @property
    def content(self) -> tuple[Block, ...]:
        """The content blocks; of a text, one."""
        return tuple(typed(each) for each in self.blocks) if self.blocks else (Text(self.text),)

    @property
    def raw(self) -> Content:
        """The content as it is stored: the text or, where there are any, the raw blocks."""
        return self.blocks or self.text

    @property
    def is_blank(self) -> bool:
        """There is nothing in it to read."""
        return not self.blocks and not self.text.strip()


class Usage(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The usage that a model reported for one reply, in its own tokens.

    Attributes:
        input: the whole request, cached parts included.
    """

    model: str
    input: int
    output: int


class _Record(Struct, frozen=True, gc=False, array_like=True, tag_field="kind", kw_only=True):
    """The fields of every record.

    Attributes:
        epoch: of the owner who wrote it.
        by: who asked for it, where that is known.
        parent: what it is a part of, or was branched from.
        checkpoint: a name for the place behind it.
    """

    sequence: int
    epoch: int
    at: datetime
    by: str | None = None
    parent: str | None = None
    checkpoint: str | None = None


class Transitioned(_Record, frozen=True, tag="transition", kw_only=True):
    """The machine took an edge. The one from `[*]` creates the session."""

    source: str
    target: str
    event: str
    label: str


class Accepted(_Record, frozen=True, tag="accepted", kw_only=True):
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


class Updated(_Record, frozen=True, tag="updated", kw_only=True):
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


class TurnStarted(_Record, frozen=True, tag="turn_started", kw_only=True):
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


class Replied(_Record, frozen=True, tag="replied", kw_only=True):
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


class TurnDelayed(_Record, frozen=True, tag="turn_delayed", kw_only=True):
    """The model could not answer for now; the next attempt follows after so many seconds.

    Attributes:
        reason: the sentence of the error.
    """

    turn: int
    attempt: int
    seconds: float
    reason: str


class TurnEnded(_Record, frozen=True, tag="turn_ended", kw_only=True):
    """These messages wait for an answer no more, though there was no reply.

    Attributes:
        turn: 0 where none of these messages was taken up by one, and another turn goes on.
        messages: of the turn, and after a stop or a clear also those that waited behind it.
        reason: the sentence of the error, for `failed`.
        tokens: those of the messages that waited.
    """

    turn: int
    outcome: Outcome
    messages: tuple[int, ...]
    reason: str = ""
    tokens: int = 0


class Retried(_Record, frozen=True, tag="retried", kw_only=True):
    """Messages whose turn failed wait for an answer once more, behind all others.

    Attributes:
        turn: the one that failed.
        messages: those of it that are still in the context.
        tokens: theirs.
    """

    turn: int
    messages: tuple[int, ...]
    tokens: int


class Summarised(_Record, frozen=True, tag="summary", kw_only=True):
    """A summary took the place of the oldest messages of the context.

    Attributes:
        first: the number of the first message that the summary speaks for.
        last: the number of the last one.
        replaced: how many messages left the front of the context.
        freed: their tokens.
        tokens: the summary's own.
        method: `model` or `extractive`.
        before: estimated tokens of the context before; `after`, after.
        failed: the numbers of those among them whose turn failed: they can be tried again no more.
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


class Cleared(_Record, frozen=True, tag="cleared", kw_only=True):
    """The context was emptied; its messages went to the archive."""


class CompactionResumed(_Record, frozen=True, tag="compaction_resumed", kw_only=True):
    """A compaction that nobody ran any more was begun again.

    Attributes:
        attempt: 2, or more.
        alone: how many attempts, with this one, were made with nothing beside them.
    """

    attempt: int
    alone: int = 0


class Kept(_Record, frozen=True, tag="kept", kw_only=True):
    """A compaction was ended before it had a summary; the context stays as it is.

    Attributes:
        reason: a sentence, where it was given up.
    """

    reason: str = ""


class Delivered(_Record, frozen=True, tag="delivered", kw_only=True):
    """The message of this number was delivered to its channel or, with a `failure`, never can be."""

    number: int
    failure: str = ""


Record: TypeAlias = (
    Transitioned
    | Accepted
    | Updated
    | TurnStarted
    | Replied
    | TurnDelayed
    | TurnEnded
    | Retried
    | Summarised
    | Cleared
    | CompactionResumed
    | Kept
    | Delivered
)


def events_of(records: Iterable[Record]) -> Iterator[Record]:
    """The records of one append, and the begins and ends of turns that they imply, as records of the same sequence.

    A turn that began at once did so behind the changes of state that its message has brought about.
    """
    begun: TurnStarted | None = None
    for record in records:
        if begun is not None and not isinstance(record, Transitioned):
            yield begun
            begun = None
        yield record
        if isinstance(record, Accepted) and record.turn:
            begun = begin_of(record)
        elif isinstance(record, Replied) and record.messages:
            yield _end_of(record)
    if begun is not None:
        yield begun


def begin_of(record: Accepted) -> TurnStarted:
    """The begin of the turn that began at once with a message."""
    return TurnStarted(
        sequence=record.sequence,
        epoch=record.epoch,
        at=record.at,
        turn=record.turn,
        attempt=1,
        messages=(record.number,),
        tokens=record.tokens,
        request_tokens=record.request_tokens,
    )


def _end_of(record: Replied) -> TurnEnded:
    return TurnEnded(
        sequence=record.sequence,
        epoch=record.epoch,
        at=record.at,
        turn=record.turn,
        outcome="replied",
        messages=record.messages,
    )
