"""Our own format: JSON Lines, one file for any number of sessions, all that is needed to have them again.

The first line names the format and says how many sessions follow. Each begins with a line of its own, after which
its messages stand, one to a line:

    {"format":"argentos.sessions","version":1,"sessions":1}
    {"type":"session","session":"user-jason","agent":"main","createdAt":"…","messages":2,"summary":{…},"state":"Idle",…}
    {"type":"message","role":"user","text":"…","at":"…","id":"m-1","sender":"Jason","address":{…},"archived":true}
    {"type":"message","role":"assistant","text":"…","at":"…","id":"m-1:reply","replyTo":["m-1"]}

What a human adds or leaves out by hand is taken as well: only `type`, `session`, `role` and `text` have to be there,
and unknown keys are passed over. Where the numbers of sessions or messages are given, they have to be right.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from argentos.actors import SessionInfo, Transcript, TranscriptMessage, TranscriptSummary
from argentos.actors.transcripts.validation import as_message
from argentos.errors import InputError
from argentos.gateway.formats.source import Line, ReadTranscript, Source, as_type, fields

__all__ = ["FORMAT", "fits", "head_line", "read", "session_lines"]

FORMAT: Final = "argentos.sessions"
_VERSION: Final = 1


class _Head(Struct, frozen=True):
    format: str
    version: int
    sessions: int | None = None


class _SessionLine(Struct, frozen=True, kw_only=True, rename="camel"):
    """A session; the fields below `summary` are for humans, and not read."""

    session: str
    agent: str = "main"
    created_at: datetime | None = None
    messages: int | None = None
    summary: TranscriptSummary | None = None
    state: str = ""
    last_activity: datetime | None = None
    turns: int = 0
    tokens: int = 0
    compactions: int = 0


def fits(first: Any) -> bool:
    """Whether the first line is that of our format."""
    return fields(first).get("format") == FORMAT


# Writing ----------------------------------------------------------------------------------------------------


def head_line(sessions: int) -> bytes:
    """The first line of a file with so many sessions."""
    return msgspec.json.encode(_Head(FORMAT, _VERSION, sessions)) + b"\n"


def session_lines(transcript: Transcript, info: SessionInfo) -> Iterator[bytes]:
    """The lines of a session."""
    yield _line(
        "session",
        _SessionLine(
            session=transcript.session,
            agent=transcript.agent,
            created_at=transcript.created_at,
            messages=len(transcript.messages),
            summary=transcript.summary,
            state=info.state,
            last_activity=info.last_activity,
            turns=info.turns,
            tokens=info.tokens,
            compactions=info.compactions,
        ),
    )
    for message in transcript.messages:
        yield _line("message", message)


def _line(kind: str, value: Struct) -> bytes:
    return msgspec.json.encode({"type": kind, **msgspec.to_builtins(value)}) + b"\n"


# Reading ----------------------------------------------------------------------------------------------------


def read(source: Source) -> Iterator[ReadTranscript]:
    """The sessions of a file, one by one.

    Raises:
        InputError: a line cannot be taken, or lines are missing.
    """
    lines = source.lines()
    first = next(lines)
    with source.at(first.number):
        head = as_type(first.value, _Head)
        if head.version != _VERSION:
            raise InputError(f"version {head.version} of the format was written by a newer argentos; this reads 1")
    begun: tuple[int, _SessionLine] | None = None
    messages: list[TranscriptMessage] = []
    sessions, last = 0, first.number
    for line in lines:
        last = line.number
        with source.at(line.number):
            value = _session_or_message(line)
            if isinstance(value, TranscriptMessage):
                if begun is None:
                    raise InputError("a message stands before the first session")
                messages.append(value)
                continue
        if begun is not None:
            yield _found(source, begun, messages, line.number - 1)
        begun, messages, sessions = (line.number, value), [], sessions + 1
    if begun is not None:
        yield _found(source, begun, messages, last)
    if head.sessions is not None and sessions != head.sessions:
        raise source.error(last, f"the file ends with {sessions} sessions of {head.sessions}; it was cut off")


def _session_or_message(line: Line) -> _SessionLine | TranscriptMessage:
    kind = fields(line.value).get("type")
    if kind == "session":
        return as_type(line.value, _SessionLine)
    if kind == "message":
        return as_message(as_type(line.value, TranscriptMessage))
    raise InputError("the line is neither a session nor a message")


def _found(
    source: Source, begun: tuple[int, _SessionLine], messages: list[TranscriptMessage], last: int
) -> ReadTranscript:
    number, line = begun
    if line.messages is not None and line.messages != len(messages):
        raise source.error(last, f"session {line.session!a} ends with {len(messages)} messages of {line.messages}")
    transcript = Transcript(
        session=line.session,
        agent=line.agent,
        created_at=line.created_at,
        summary=line.summary,
        messages=tuple(messages),
    )
    return ReadTranscript(transcript, Counter(), number)
