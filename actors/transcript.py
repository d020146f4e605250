"""A conversation as it stands in a file: what is exported, and what a new session is made of."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct, structs

from argentos.errors import InputError
from argentos.storage import Address, Message, Role, SessionKey, Summary

__all__ = [
    "Transcript",
    "TranscriptMessage",
    "TranscriptSummary",
    "as_utc",
    "check_message",
    "check_transcript",
    "transcript_of",
]

_LONGEST_ID: Final = 200


class TranscriptMessage(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One message; all but role and text may be unknown.

    Attributes:
        at: with its zone.
        id: unique in the session.
        sender: a name to show.
        reply_to: the ids of the messages answered: none for what the agent said of its own accord. Where it is
            None, an assistant's message answers all that wait for one.
        archived: it has left the context, which a summary or a clear does.
        stop_reason: of a reply that is not whole; see `argentos.storage.Message`.
    """

    role: Role
    text: str
    at: datetime | None = None
    id: str | None = None
    sender: str | None = None
    address: Address | None = None
    reply_to: tuple[str, ...] | None = None
    archived: bool = False
    stop_reason: str | None = None


class TranscriptSummary(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What stands for the archived messages; see `argentos.storage.Summary`."""

    text: str
    at: datetime | None = None
    first: int | None = None
    last: int | None = None
    method: str = "model"
    before: int | None = None
    after: int | None = None


class Transcript(Struct, frozen=True, kw_only=True):
    """A conversation, its messages in the order in which they were accepted."""

    session: str
    messages: tuple[TranscriptMessage, ...]
    agent: str = "main"
    summary: TranscriptSummary | None = None
    created_at: datetime | None = None


def transcript_of(
    key: SessionKey,
    messages: Iterable[Message],
    *,
    context: Iterable[Message],
    summary: Summary | None,
    created_at: datetime,
) -> Transcript:
    """The transcript of a session.

    Args:
        key: the session.
        messages: all that ever were, by number.
        context: those of them that the model sees, or will.
        summary: what stands for the others.
        created_at: when the session was made.
    """
    seen = {message.number for message in context}
    return Transcript(
        session=key.id,
        agent=key.agent,
        created_at=created_at,
        messages=tuple(
            TranscriptMessage(
                role=message.role,
                text=message.text,
                at=message.at,
                id=message.id,
                sender=message.sender,
                address=message.address,
                reply_to=message.reply_to if message.role == "assistant" else None,
                archived=message.number not in seen,
                stop_reason=message.stop_reason,
            )
            for message in messages
        ),
        summary=_summary_of(summary) if summary else None,
    )


def _summary_of(summary: Summary) -> TranscriptSummary:
    return TranscriptSummary(
        text=summary.text,
        at=summary.at,
        first=summary.first,
        last=summary.last,
        method=summary.method,
        before=summary.before,
        after=summary.after,
    )


# Checking ---------------------------------------------------------------------------------------------------


def check_message(message: TranscriptMessage) -> TranscriptMessage:
    """Give back a message that can be taken.

    Raises:
        InputError: it has no text, a text that cannot be stored, an id that is empty or longer than 200 characters,
            or a time without a zone.
    """
    if not message.text:
        raise InputError("the message has no text")
    if message.id is not None and not 0 < len(message.id) <= _LONGEST_ID:
        raise InputError(f"the id has {len(message.id)} characters; it must have 1 to {_LONGEST_ID}")
    where = structs.astuple(message.address) if message.address else ()
    for text in (message.text, message.id, message.sender, *(message.reply_to or ()), *where):
        _check_whole(text)
    as_utc(message.at)
    return message


def _check_whole(text: str | None) -> None:
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise InputError(f"half a surrogate pair stands at character {error.start} of {text!a:.40}") from error


def as_utc(at: datetime | None) -> datetime | None:
    """The same time in UTC.

    Raises:
        InputError: it has no zone, or is out of range there.
    """
    if at is None:
        return None
    if at.tzinfo is None:
        raise InputError(f"the time {at} has no zone; write it as 2026-05-08T07:14:08Z")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise InputError(f"the time {at} is out of range") from error


def check_transcript(transcript: Transcript) -> None:
    """Refuse a transcript that no session can be made of.

    Raises:
        InputError: a message cannot be taken, or there is a summary without any.
    """
    for number, message in enumerate(transcript.messages, start=1):
        try:
            check_message(message)
        except InputError as error:
            raise InputError(f"message {number} of session {transcript.session}: {error}") from error
    if transcript.summary is not None:
        _check_whole(transcript.summary.text)
        as_utc(transcript.summary.at)
        if not transcript.messages:
            raise InputError(f"session {transcript.session} has a summary and no message")
    as_utc(transcript.created_at)
