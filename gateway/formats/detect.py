"""Detecting the format of a file by its content, never by its name."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final, NamedTuple

from msgspec import structs

from argentos.actors.transcripts.validation import as_transcript
from argentos.errors import InputError
from argentos.gateway.formats import own
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import ReadTranscript, Source
from argentos.gateway.formats.foreign import (
    chatgpt,
    claude_code,
    claude_export,
    codex,
    messages,
    openclaw,
    openclaw_database,
)
from argentos.inputs import as_id

__all__ = ["KNOWN", "read_transcripts"]

_VALUES_LOOKED_AT: Final = 10_000  # notes of the program may stand before the first that is telling

KNOWN: Final = (
    "an export of argentos; Claude Code, OpenClaw (lines or SQLite), pi or Codex sessions; the export of ChatGPT or of"
    " Claude; messages of the APIs of OpenAI or Anthropic"
)
"""The formats that can be read, in words."""

_Read = Callable[[Source, Losses], Iterator[ReadTranscript]]


class _Format(NamedTuple):
    fits: Callable[[Any], bool]
    read: _Read


_FORMATS: Final = (
    _Format(own.fits, own.read),
    _Format(chatgpt.fits, chatgpt.read),
    _Format(claude_export.fits, claude_export.read),
    _Format(codex.fits, codex.read),
    _Format(openclaw.fits, openclaw.read),
    _Format(claude_code.fits, claude_code.read),
    _Format(messages.fits, messages.read),
)


def read_transcripts(source: Source, losses: Losses, session: str | None = None) -> Iterator[ReadTranscript]:
    """The conversations of a file, one by one, each with an id and fit to be adopted.

    Args:
        source: the file.
        losses: gets what is left out.
        session: the id for the one conversation that the file has. Without it, that is the conversation's own, or
            else made of the file's name.

    Raises:
        InputError: the format is not known, the file cannot be read, or there are several conversations for one id.
    """
    for number, found in enumerate(_reader(source)(source, losses), start=1):
        if session is not None and number > 1:
            raise source.error(found.line, f"a second conversation begins here, and {session!a} is an id for one only")
        with source.at(found.line):
            named = structs.replace(found.transcript, session=session or _id(found, source, number))
            transcript = as_transcript(named)
        yield found._replace(transcript=transcript)


def _id(found: ReadTranscript, source: Source, number: int) -> str:
    with suppress(InputError):
        return as_id(found.transcript.session, "the session id")
    if not source.stem:
        raise InputError("the conversation has no id; give it one with --session")
    return source.stem if number == 1 else f"{source.stem}-{number}"


def _reader(source: Source) -> _Read:
    """The reader for the format of the first value that is telling.

    Raises:
        InputError: none is known.
    """
    if source.is_database:
        return openclaw_database.read
    losses = Losses()
    has_values = False
    for line in islice(source.values(losses), _VALUES_LOOKED_AT):
        has_values = True
        for each in _FORMATS:
            if each.fits(line.value):
                return each.read
    if not has_values and not len(losses):
        if source.is_blank:
            raise source.error(1, "the file is empty")
        return messages.read  # a list of nothing
    damage = next(iter(losses), None)
    if not has_values and damage is not None:
        raise source.error(damage.line, f"{damage.reason}; what can be read is {KNOWN}")
    raise source.error(1, f"this is none of the formats that can be read: {KNOWN}")
