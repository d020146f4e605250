"""Our own format: JSON Lines, one file for any number of sessions, all that is needed to have them again.

The first line names the format and says how many sessions follow. Each begins with a line of its own, after which
its messages stand, one to a line:

    {"format":"argentos.sessions","version":1,"sessions":1}
    {"type":"session","session":"user-jason","agent":"main","createdAt":"…","messages":2,"summary":{…},"state":"Idle",…}
    {"type":"message","role":"user","text":"…","at":"…","id":"m-1","sender":"Jason","address":{…},"archived":true}
    {"type":"message","role":"assistant","text":"…","at":"…","id":"m-1:reply","replyTo":["m-1"]}

What a human adds or leaves out by hand is taken as well: only `type`, `session`, `role` and `text` or `content` have to
be there, and unknown keys are passed over. Where numbers of sessions or messages are given and not right, that is said.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from argentos.actors import SessionInfo, Transcript, TranscriptMessage, TranscriptSummary
from argentos.actors.transcripts.validation import as_message
from argentos.errors import InputError
from argentos.gateway.formats.conversation.content import Remarks
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import Line, ReadTranscript, Source, fields

__all__ = ["FORMAT", "OwnForm", "fits", "head_line", "read"]

T = TypeVar("T")

FORMAT: Final = "argentos.sessions"
_VERSION: Final = 1
_NOT_WHEN_EMPTY: Final = frozenset({"title", "tags", "owner", "system", "spent"})


class _Head(Struct, frozen=True):
    format: str
    version: int
    sessions: int | None = None


class _SessionLine(Struct, frozen=True, kw_only=True, rename="camel"):
    """A session; the fields below `summary` are for humans, and not read."""

    session: str
    agent: str = "main"
    created_at: datetime | None = None
    title: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    system: str = ""
    spent: float = 0.0
    messages: int | None = None
    summary: TranscriptSummary | None = None
    state: str = ""
    last_activity: datetime | None = None
    turns: int = 0
    tokens: int = 0
    compactions: int = 0


def fits(value: Any) -> bool:
    """Tell whether the line is one of ours: the first one, or where that is damaged, one of a session or a message."""
    line = fields(value)
    if line.get("type") == "session":
        return "session" in line
    return _is_head(value) or (line.get("type") == "message" and {"role", "text"} <= line.keys())


def _is_head(value: Any) -> bool:
    return fields(value).get("format") == FORMAT


# Writing ----------------------------------------------------------------------------------------------------


def head_line(sessions: int) -> bytes:
    """The first line of a file with so many sessions."""
    return msgspec.json.encode(_Head(FORMAT, _VERSION, sessions)) + b"\n"


class OwnForm:
    """Sessions in our own format; the first line of the file is not theirs."""

    def begin(self, info: SessionInfo, summary: TranscriptSummary | None) -> bytes:
        """The line of a session."""
        line = _SessionLine(
            session=info.id,
            agent=info.agent,
            created_at=info.created_at,
            title=info.title,
            tags=info.tags,
            owner=info.owner,
            system=info.system,
            spent=info.spent,
            messages=info.messages,
            summary=summary,
            state=info.state,
            last_activity=info.last_activity,
            turns=info.turns,
            tokens=info.tokens,
            compactions=info.compactions,
        )
        return _line("session", line)

    def message(self, message: TranscriptMessage) -> bytes:
        """The line of a message."""
        return _line("message", message)

    def end(self) -> bytes:
        """Nothing: the next session begins with a line of its own."""
        return b""


def _line(kind: str, value: Struct) -> bytes:
    shown = {name: each for name, each in msgspec.to_builtins(value).items() if each or name not in _NOT_WHEN_EMPTY}
    return msgspec.json.encode({"type": kind, **shown}) + b"\n"


# Reading ----------------------------------------------------------------------------------------------------


def read(source: Source, losses: Losses) -> Iterator[ReadTranscript]:
    """The sessions of a file, one by one.

    Raises:
        InputError: a newer program wrote the file.
    """
    reader = _Reader(losses)
    for line in source.values(losses):
        if _is_head(line.value):
            with source.at(line.number):
                reader.begin(line)
            continue
        try:
            yield from reader.take(line)
        except InputError as error:
            Remarks.of(losses, line).add(str(error))
        reader.last = line.number
    yield from reader.end()


class _Reader:
    """Reads the sessions, line by line; `last` is the line read before."""

    def __init__(self, losses: Losses) -> None:
        self.last = 1
        self._losses = losses
        self._losses_before = 0  # the session that has begun
        self._head: _Head | None = None
        self._begun: tuple[int, _SessionLine] | None = None
        self._messages: list[TranscriptMessage] = []
        self._sessions = 0

    def begin(self, line: Line) -> None:
        """Take the first line of the file.

        Raises:
            InputError: it is of a newer version.
        """
        self._head = _as(line.value, _Head)
        if self._head.version != _VERSION:
            written = f"version {self._head.version} of the format was written by a newer argentos"
            raise InputError(f"{written}; this reads {_VERSION}")

    def take(self, line: Line) -> Iterator[ReadTranscript]:
        """Take any other line; gives the session that it ends.

        Raises:
            InputError: it cannot be taken.
        """
        kind = fields(line.value).get("type")
        if kind == "session":
            yield from self._found()
            self._sessions += 1
            self._begun = line.number, _as(line.value, _SessionLine)
        elif kind == "message":
            yield from self._take_message(line)
        else:
            raise InputError("a line that is neither a session nor a message")

    def _take_message(self, line: Line) -> Iterator[ReadTranscript]:
        message = as_message(_as(line.value, TranscriptMessage))
        expected = self._begun[1].messages if self._begun is not None else 0
        is_complete = expected is not None and len(self._messages) >= expected
        if is_complete and len(self._losses) > self._losses_before:  # the line that begins its session is damaged
            yield from self._found()
            self._begun = line.number, _SessionLine(session="")
        if self._begun is None:
            raise InputError("a message before the first session")
        self._messages.append(message)

    def end(self) -> Iterator[ReadTranscript]:
        yield from self._found()
        expected = self._head.sessions if self._head else None
        if expected is not None and self._sessions != expected:
            self._losses.add(self.last, f"the file ends with {self._sessions} sessions of {expected}")

    def _found(self) -> Iterator[ReadTranscript]:
        self._losses_before = len(self._losses)
        if self._begun is None:
            return
        number, line = self._begun
        messages, self._messages, self._begun = tuple(self._messages), [], None
        if line.messages is not None and line.messages != len(messages):
            told = f"session {line.session!a} has {len(messages)} messages of {line.messages}"
            self._losses.add(self.last, told)
        self._losses_before = len(self._losses)
        yield ReadTranscript(
            Transcript(
                session=line.session,
                agent=line.agent,
                created_at=line.created_at,
                title=line.title,
                tags=line.tags,
                owner=line.owner,
                system=line.system,
                spent=line.spent,
                summary=line.summary if messages else None,
                messages=messages,
            ),
            number,
        )


def _as(value: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(str(error)) from error
