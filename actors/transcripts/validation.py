"""Validation of transcripts."""

from typing import TYPE_CHECKING, Final, cast

from argentos.actors.transcripts.transcript import Transcript, TranscriptMessage, TranscriptSummary
from argentos.actors.validation import as_changes, as_new_message
from argentos.errors import InputError
from argentos.inputs import as_choice, as_flag, as_id, as_number, as_text, as_time, as_whole_number, in_words
from argentos.storage import blocks_of, text_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from argentos.storage import Role

__all__ = ["as_message", "as_transcript"]

_MOST_SPENT: Final = 1e12
_MOST: Final = 2**53  # of what is counted in a summary
_ROLES: Final = ("user", "assistant")


def as_message(message: TranscriptMessage) -> TranscriptMessage:
    """A message of a transcript that can be taken; times in UTC.

    Raises:
        InputError: it has no text, or something in it cannot be stored.
    """
    if not message.raw:
        raise InputError("the message has no text")
    content, message_id, address, sender, *_ = as_new_message(message.raw, message.id, message.address, message.sender)
    return TranscriptMessage(
        role=cast("Role", as_choice(message.role, _ROLES, "the role of the message")),
        text=text_of(content),
        at=None if message.at is None else as_time(message.at, "the time of the message"),
        id=message_id,
        sender=sender,
        address=address,
        reply_to=None if message.reply_to is None else _ids(message.reply_to),
        archived=as_flag(message.archived, "archived"),
        stop_reason=None if message.stop_reason is None else as_id(message.stop_reason, "the stop reason"),
        content=blocks_of(content),
    )


def _ids(value: object) -> tuple[str, ...]:
    if not isinstance(value, tuple | list):
        raise InputError(f"reply_to is {in_words(value)}; give the ids of messages, as ('m-1',)")
    return tuple(as_id(each, "an id in reply_to") for each in cast("Collection[object]", value))


def as_transcript(value: object) -> Transcript:
    """A transcript that a session can be made of.

    Raises:
        InputError: it is none, a message in it cannot be taken, or it has a summary and no message.
    """
    if not isinstance(value, Transcript):
        raise InputError(f"the transcript is {in_words(value)}; give a Transcript")
    session = as_id(value.session, "the session id")
    messages = cast("object", value.messages)
    if not isinstance(messages, tuple | list):
        raise InputError(f"the messages of session {session} are {in_words(messages)}; give a tuple of them")
    if value.summary is not None and not messages:
        raise InputError(f"session {session} has a summary and no message")
    created_at = value.created_at
    changes = as_changes(value.title, value.tags, value.owner, value.system)
    return Transcript(
        session=session,
        messages=tuple(
            _message(number, each, session) for number, each in enumerate(cast("Collection[object]", messages), start=1)
        ),
        agent=as_id(value.agent, "the agent's name in the transcript"),
        summary=None if value.summary is None else _summary(value.summary, session),
        created_at=None if created_at is None else as_time(created_at, f"the time of session {session}"),
        title=changes.title or "",
        tags=changes.tags or (),
        owner=changes.owner or "",
        system=changes.system or "",
        spent=as_number(value.spent, f"what session {session} has spent", 0.0, _MOST_SPENT),
    )


def _message(number: int, value: object, session: str) -> TranscriptMessage:
    if not isinstance(value, TranscriptMessage):
        raise InputError(f"message {number} of session {session} is {in_words(value)}; give a TranscriptMessage")
    try:
        return as_message(value)
    except InputError as error:
        raise InputError(f"message {number} of session {session}: {error}") from error


def _summary(value: object, session: str) -> TranscriptSummary:
    if not isinstance(value, TranscriptSummary):
        raise InputError(f"the summary of session {session} is {in_words(value)}; give a TranscriptSummary")
    return TranscriptSummary(
        text=as_text(value.text, "the text of the summary"),
        at=None if value.at is None else as_time(value.at, "the time of the summary"),
        first=_some(value.first, "the first message of the summary"),
        last=_some(value.last, "the last message of the summary"),
        method=as_id(value.method, "the method of the summary"),
        before=_some(value.before, "the tokens before the summary"),
        after=_some(value.after, "the tokens after the summary"),
    )


def _some(value: object, what: str) -> int | None:
    return None if value is None else as_whole_number(value, what, 0, _MOST)
