"""Transcripts with the bytes of pictures and documents taken out. All of this is for threads."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import structs

from argentos.actors.transcripts.transcript import Transcript, TranscriptMessage
from argentos.actors.transcripts.validation import as_transcript
from argentos.errors import InputError
from argentos.llm import measured_media
from argentos.storage import AttachmentLimits, blocks_of, detach, has_bytes, hashes_in

__all__ = ["DetachedTranscript", "detach_transcript"]


class DetachedTranscript(NamedTuple):
    """A transcript that refers to its bytes, and the bytes by their hashes."""

    transcript: Transcript
    attachments: Mapping[str, bytes]


def detach_transcript(transcript: Transcript, limits: AttachmentLimits) -> DetachedTranscript:
    """Take the bytes out of the messages of a transcript.

    Raises:
        AttachmentTooLargeError: those of a message are too large, or too many.
        InputError: it cannot be taken, or refers to bytes that are not in it.
    """
    transcript = as_transcript(transcript)
    attachments: dict[str, bytes] = {}
    messages = tuple(
        _detached(each, f"message {number} of session {transcript.session}", limits, attachments)
        if each.content
        else each
        for number, each in enumerate(transcript.messages, start=1)
    )
    return DetachedTranscript(structs.replace(transcript, messages=messages), attachments)


def _detached(
    message: TranscriptMessage, what: str, limits: AttachmentLimits, attachments: dict[str, bytes]
) -> TranscriptMessage:
    if hashes_in(message.content):
        raise InputError(f"{what} refers to an attachment without its bytes; export the session anew, with them")
    if not has_bytes(message.content):
        return message
    found = detach(message.content, limits, what, measure=measured_media)
    attachments.update(found.attachments)
    return structs.replace(message, content=blocks_of(found.content))
