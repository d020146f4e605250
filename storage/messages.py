"""Messages, and what else records and snapshots are made of.

Tokens are counted once, when a message is accepted, and include `MESSAGE_TOKENS` for the marks that every message costs
in a request.
"""

from copy import deepcopy
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct, field

from argentos.storage.blocks import Block, Content, RawBlock, Text, typed

__all__ = [
    "MESSAGE_TOKENS",
    "REFUSAL",
    "STOPPED",
    "Address",
    "Cut",
    "FailedTurn",
    "Message",
    "RecordBase",
    "Role",
    "SessionKey",
    "Summary",
    "Usage",
]

MESSAGE_TOKENS: Final = 4
"""Tokens of a message besides its text: role and separators."""

STOPPED: Final = "stopped"
"""The stop reason of what had been said of a reply when its turn was stopped."""

REFUSAL: Final = "refusal"
"""The stop reason of a model that refuses to answer, and of the messages that requests leave out for it."""

Role: TypeAlias = Literal["user", "assistant"]


class SessionKey(NamedTuple):
    """The key of a session; ids are unique within an agent."""

    agent: str
    id: str

    def __str__(self) -> str:
        """The id, with the agent's name where it is not the default one."""
        return self.id if self.agent == "main" else f"{self.agent}/{self.id}"


class Address(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The place that a message came from, and to which its reply goes.

    Attributes:
        channel: the platform, as `telegram`.
        user: the writer, by the platform's id.
        guild: of Discord, or what is like it elsewhere.
        channel_id: of a channel in a guild, a group, or a chat.
        thread: a thread in that, or a topic.
        account: of ours on the platform, where we have several.
    """

    channel: str
    user: str
    guild: str | None = None
    channel_id: str | None = None
    thread: str | None = None
    account: str | None = None


class Usage(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The usage that a model reported for one reply, in its own tokens.

    Attributes:
        input: the whole request, cached parts included.
        output: the reply, thoughts included.
        cache_read: the part of `input` that the provider read from its cache.
        cache_written: the part of `input` that it wrote to its cache.
        cost: of the reply, where the model was given prices.
        is_estimate: the reply was cut off, and `output` is estimated from what was said.
    """

    model: str
    input: int
    output: int
    cache_read: int = 0
    cache_written: int = 0
    cost: float | None = None
    is_estimate: bool = False


class Message(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One message of a conversation.

    Attributes:
        id: unique in the session; given by the sender, or made up for it.
        number: 1 for the first message, in order of acceptance.
        text: the whole message or, of one that has blocks, what of them is text.
        blocks: the raw blocks; none where the message is a text.
        tokens: counted once, at acceptance; of a message that requests show less of, about what is left.
        sender: a name to show.
        reply_to: the ids of the messages that this one answers.
        stop_reason: of a reply that is not whole: why the model ended it, as `max_tokens`, or `stopped` where the turn
            was stopped while the model spoke; of all messages of a turn that the model refused `refusal`.
        failure: why the turn that was to answer it failed; empty otherwise, and once it is tried again.
        turn: whose step it is, a response that goes on, as by calls, or their results; 0 of any other message.
        cut: the most characters that requests show of each result of a call in it; 0 where they show all.
        is_omitted: requests leave it out, for its turn has filled the window by itself.
        again: how many replies to it were sent to the archive, so that it is answered once more.
        usage: that the model reported for it, where it is the model's.
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
    turn: int = 0
    cut: int = 0
    is_omitted: bool = False
    again: int = 0
    usage: Usage | None = None

    @property
    def content(self) -> tuple[Block, ...]:
        """The content blocks, the caller's to change; of a text, one."""
        return tuple(typed(deepcopy(each)) for each in self.blocks) if self.blocks else (Text(self.text),)

    @property
    def raw(self) -> Content:
        """The content as it is stored: the text or, where there are any, the raw blocks."""
        return self.blocks or self.text

    @property
    def is_refused(self) -> bool:
        """It belongs to a turn that the model refused: requests leave it out, and it counts no tokens."""
        return self.stop_reason == REFUSAL

    @property
    def is_from_outside(self) -> bool:
        """Its id was given by the sender, or made up for it: it is no reply, and no step of a turn."""
        return not self.reply_to and not self.turn

    @property
    def is_blank(self) -> bool:
        """There is nothing in it to read."""
        return not self.blocks and not self.text.strip()


class Summary(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A summary of the messages `first` to `last`.

    Attributes:
        block: the provider's own, which goes back to it unchanged; the text is what can be read of it.
    """

    text: str
    first: int
    last: int
    tokens: int
    method: str
    at: datetime
    before: int
    after: int
    block: RawBlock | None = None


class Cut(Struct, frozen=True, gc=False, array_like=True):
    """The part of a message that requests show from now on; the history keeps all of it.

    Attributes:
        number: of the message.
        characters: of each result of a call in it; 0 where the message is left out.
        tokens: what is left of its tokens, about.
    """

    number: int
    characters: int
    tokens: int


class FailedTurn(Struct, frozen=True, gc=False, rename="camel"):
    """A turn that failed, and the numbers of the messages that it left without an answer."""

    turn: int
    messages: tuple[int, ...]
    reason: str


class RecordBase(Struct, frozen=True, gc=False, array_like=True, tag_field="kind", kw_only=True):
    """The fields of every record.

    Attributes:
        epoch: of the owner who wrote it.
        by: who asked for it, where that is known.
        parent: what it builds on: the checkpoint in front of it, or the session that was forked.
        checkpoint: the name of the place in front of it, where one can go back to that.
    """

    sequence: int
    epoch: int
    at: datetime
    by: str | None = None
    parent: str | None = None
    checkpoint: str | None = None
