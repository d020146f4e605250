"""Detecting the format of a file by its content, never by its name."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final, NamedTuple

from msgspec import structs

from argentos.actors.transcripts.validation import as_transcript
from argentos.errors import InputError
from argentos.gateway.formats import claude_code, openai, openclaw, own
from argentos.gateway.formats.source import Line, ReadTranscript, Source

__all__ = ["read_transcripts"]

_LINES_LOOKED_AT: Final = 50  # lines; notes of the program may stand before the first that is telling


class _Format(NamedTuple):
    fits: Callable[[Any], bool]
    read: Callable[[Source], Iterator[ReadTranscript]]


_FORMATS: Final = (
    _Format(openclaw.fits, openclaw.read),
    _Format(claude_code.fits, claude_code.read),
    _Format(openai.fits, openai.read),
)


def read_transcripts(source: Source, session: str | None = None) -> Iterator[ReadTranscript]:
    """The conversations of a file, one by one, each with an id and fit to be adopted.

    Args:
        source: the file.
        session: the id for the one conversation that the file has. Without it, that is the conversation's own, or
            else made of the file's name.

    Raises:
        InputError: the format is not known, a line cannot be taken, or there are several conversations for one id.
    """
    for number, found in enumerate(_reader(source)(source), start=1):
        if session is not None and number > 1:
            raise source.error(found.line, f"a second conversation begins here, and {session!a} is an id for one only")
        with source.at(found.line):
            named = structs.replace(found.transcript, session=session or _id(found, source, number))
            transcript = as_transcript(named)
        yield found._replace(transcript=transcript)


def _id(found: ReadTranscript, source: Source, number: int) -> str:
    own_id = found.transcript.session
    if own_id:
        return own_id
    if not source.stem:
        raise InputError("the conversation has no id; give it one with --session")
    return source.stem if number == 1 else f"{source.stem}-{number}"


def _reader(source: Source) -> Callable[[Source], Iterator[ReadTranscript]]:
    """The reader for the format that the file's first lines have.

    Raises:
        InputError: none is known.
    """
    lines = list(_first_lines(source))
    if not lines:
        return openai.read_document  # JSON over several lines, or none at all: it will say so
    if own.fits(lines[0].value):
        return own.read
    for each in _FORMATS:
        if any(each.fits(line.value) for line in lines):
            return each.read
    raise source.error(
        lines[0].number,
        "this is none of the formats that can be read: an export of argentos, OpenAI-style messages, or a transcript"
        " of Claude Code or OpenClaw",
    )


def _first_lines(source: Source) -> Iterator[Line]:
    """The lines up to the first that is no JSON, if there is one."""
    with suppress(InputError):
        yield from islice(source.lines(), _LINES_LOOKED_AT)
