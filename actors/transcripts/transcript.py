"""A conversation as it stands in a file: what is exported, and what a new session is made of."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from argentos.storage import Address, Content, Message, Metadata, RawBlock, Role, Summary

__all__ = [
    "Transcript",
    "TranscriptMessage",
    "TranscriptSummary",
    "message_of",
    "summary_of",
    "transcript_of",
]


class TranscriptMessage(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """One message; all but the role, and a text or content blocks, may be unknown.

    Attributes:
        at: with its zone.
        id: unique in the session.
        sender: a name to show.
        reply_to: the ids of the messages answered: none for what the agent said of its own accord. Where it is
            None, an assistant's message answers all that wait for one.
        archived: it has left the context, which a summary or a clear does.
        stop_reason: of a reply that is not whole; see `argentos.storage.Message`.
        content: the raw blocks, in whose place the text is not read; none where the message is a text.
    """

    role: Role
    text: str = ""
    at: datetime | None = None
    id: str | None = None
    sender: str | None = None
    address: Address | None = None
    reply_to: tuple[str, ...] | None = None
    archived: bool = False
    stop_reason: str | None = None
    content: tuple[RawBlock, ...] = ()

    @property
    def raw(self) -> Content:
        """The content: the text or, where there are any, the raw blocks."""
        return self.content or self.text

    @property
    def is_asked(self) -> bool:
        """It is the user's, and no results of tools."""
        return self.role == "user" and not any(each.get("type") == "tool_result" for each in self.content)


class TranscriptSummary(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A summary of the archived messages; see `argentos.storage.Summary`."""

    text: str
    at: datetime | None = None
    first: int | None = None
    last: int | None = None
    method: str = "model"
    before: int | None = None
    after: int | None = None


class Transcript(Struct, frozen=True, kw_only=True):
    """A conversation, its messages in the order in which they were accepted.

    Attributes:
        title: to show; empty where there is none.
        tags: to find it by.
        owner: whose it is; empty where that is not known.
        system: the session's own system prompt; empty for that of its agent.
        spent: what the model has cost it so far, in the currency of the model's prices.
    """

    session: str
    messages: tuple[TranscriptMessage, ...]
    agent: str = "main"
    summary: TranscriptSummary | None = None
    created_at: datetime | None = None
    title: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    system: str = ""
    spent: float = 0.0


def transcript_of(
    metadata: Metadata, messages: Iterable[Message], *, context: Iterable[Message], summary: Summary | None
) -> Transcript:
    """The transcript of a session.

    Args:
        metadata: of the session.
        messages: all that ever were, by number.
        context: those of them that the model sees, or will.
        summary: what stands for the others.
    """
    seen = {message.number for message in context}
    return Transcript(
        session=metadata.key.id,
        agent=metadata.key.agent,
        created_at=metadata.created_at,
        title=metadata.title,
        tags=metadata.tags,
        owner=metadata.owner,
        system=metadata.system,
        spent=metadata.spending.total if metadata.spending else 0.0,
        messages=tuple(message_of(message, archived=message.number not in seen) for message in messages),
        summary=summary_of(summary) if summary else None,
    )


def message_of(message: Message, *, archived: bool) -> TranscriptMessage:
    """A message of a session as a transcript has it."""
    return TranscriptMessage(
        role=message.role,
        text=message.text,
        at=message.at,
        id=message.id,
        sender=message.sender,
        address=message.address,
        reply_to=message.reply_to if message.role == "assistant" else None,
        archived=archived,
        stop_reason=message.stop_reason,
        content=message.blocks,
    )


def summary_of(summary: Summary) -> TranscriptSummary:
    """A summary of a session as a transcript has it."""
    return TranscriptSummary(
        text=summary.text,
        at=summary.at,
        first=summary.first,
        last=summary.last,
        method=summary.method,
        before=summary.before,
        after=summary.after,
    )
