"""What goes over the control socket of a state directory: the language of `argentos.actors.control.server`.

A connection carries one request: a JSON object on one line, at most `LONGEST_REQUEST` bytes. The owner answers with
a line for each answer, of which lists, histories and replies have many, and the last is `done` or `failed`. An empty
line says that the owner has taken the request and is still at it; whoever hears nothing for a while may give up.
A request whose connection ends before the first line was not taken, and may be made again.

To add a request: a Struct below, its place in `Request`, and a case in `Control`.
"""

from datetime import datetime
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from argentos import errors
from argentos.actors.info import SessionInfo
from argentos.errors import ArgentError, DiagramError, InputError, NoReplyError
from argentos.storage import Address, Message
from argentos.storage import Summary as StoredSummary

__all__ = [
    "ALIVE",
    "LONGEST_ANSWER",
    "LONGEST_REQUEST",
    "PROTOCOL",
    "Accepted",
    "Adopt",
    "Answer",
    "BackedUp",
    "Backup",
    "Clear",
    "Compact",
    "Create",
    "Delete",
    "Deleted",
    "Done",
    "Failed",
    "History",
    "Info",
    "Is",
    "List",
    "Messages",
    "OfSession",
    "Ping",
    "Pong",
    "Replied",
    "Request",
    "Retry",
    "Send",
    "Sessions",
    "Stop",
    "Summary",
    "SummaryIs",
    "Text",
    "Unpark",
    "encode",
    "read_answer",
    "read_request",
    "refusal",
]

PROTOCOL: Final = 1
"""The version of the language; the owner refuses any other."""

LONGEST_REQUEST: Final = 4 * 1024 * 1024
LONGEST_ANSWER: Final = 256 * 1024 * 1024
ALIVE: Final = b"\n"


class _Request(Struct, frozen=True, kw_only=True, rename="camel", tag_field="request"):
    """What every request has; `agent` is whose sessions it is about."""

    protocol: int = PROTOCOL
    agent: str


class _AboutSession(_Request, frozen=True, kw_only=True, rename="camel"):
    session: str


class Ping(_Request, frozen=True, tag="ping", kw_only=True):
    """Who is there? Answered with `Pong`."""


class List(_Request, frozen=True, tag="list", kw_only=True):
    """All sessions, in pages: `Sessions`, with their sizes if asked for."""

    sizes: bool = False


class Backup(_Request, frozen=True, tag="backup", kw_only=True):
    """Save the state directory as it is now to a new file: `BackedUp`."""

    path: str


class Info(_AboutSession, frozen=True, tag="info", kw_only=True):
    """Where a session stands: `Is`."""


class History(_AboutSession, frozen=True, tag="history", kw_only=True):
    """The messages of the context, or all, in pages: `Messages`."""

    full: bool = False


class Summary(_AboutSession, frozen=True, tag="summary", kw_only=True):
    """What stands for the messages before the context: `SummaryIs`."""


class Create(_AboutSession, frozen=True, tag="new", kw_only=True):
    """Make a session by hand: `Is`."""


class Adopt(_AboutSession, frozen=True, tag="adopt", kw_only=True):
    """Make a session of the transcript in a file, which stays there until the answer: `Is`."""

    path: str


class Clear(_AboutSession, frozen=True, tag="clear", kw_only=True):
    """Empty the context: `Is`."""


class Compact(_AboutSession, frozen=True, tag="compact", kw_only=True):
    """Compact now: `Is`, when the conversation goes on."""

    focus: str = ""


class Stop(_AboutSession, frozen=True, tag="stop", kw_only=True):
    """End the turn: `Is`."""


class Unpark(_AboutSession, frozen=True, tag="unpark", kw_only=True):
    """Let a session go on that failed too often: `Is`."""


class Delete(_AboutSession, frozen=True, tag="delete", kw_only=True, rename="camel"):
    """Remove the session, unless it is at work or was active after that time: `Deleted`."""

    unless_active_since: datetime | None = None
    set_aside: bool = False


class Send(_AboutSession, frozen=True, tag="send", kw_only=True, rename="camel"):
    """A message of the user: `Accepted` once it is durable, `Text` as the reply streams, `Replied`."""

    text: str
    message_id: str
    sender: str | None = None
    address: Address | None = None


class Retry(_AboutSession, frozen=True, tag="retry", kw_only=True, rename="camel"):
    """Have a turn that failed run once more, the latest or that of a message: `Accepted`, `Text`, `Replied`."""

    message_id: str | None = None


OfSession: TypeAlias = (
    Info | History | Summary | Create | Adopt | Clear | Compact | Stop | Unpark | Delete | Send | Retry
)

Request: TypeAlias = Ping | List | Backup | OfSession


class _Answer(Struct, frozen=True, rename="camel", tag_field="answer"):
    pass


class BackedUp(_Answer, frozen=True, tag="backed_up", rename="camel"):
    """It is saved; the size of the file in bytes."""

    size: int


class Pong(_Answer, frozen=True, tag="pong", rename="camel"):
    """The owner runs this agent's sessions; one that does maintenance only takes no messages.

    Attributes:
        directory: its whole path, as the owner knows it.
    """

    agent: str
    takes_messages: bool
    directory: str = ""


class Sessions(_Answer, frozen=True, tag="sessions"):
    """A page of the list; `sizes` in bytes, one for each session, if asked for."""

    sessions: tuple[SessionInfo, ...]
    problems: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()


class Is(_Answer, frozen=True, tag="session"):
    """Where a session stands."""

    info: SessionInfo


class Messages(_Answer, frozen=True, tag="messages"):
    """A page of a history."""

    messages: tuple[Message, ...]


class SummaryIs(_Answer, frozen=True, tag="summary"):
    """A session's summary."""

    summary: StoredSummary | None


class Accepted(_Answer, frozen=True, tag="accepted"):
    """A message is durable, under this number."""

    number: int


class Text(_Answer, frozen=True, tag="text"):
    """A piece of the reply as it streams; a new attempt begins it again."""

    attempt: int
    text: str


class Replied(_Answer, frozen=True, tag="replied"):
    """The reply is durable."""

    message: Message


class Deleted(_Answer, frozen=True, tag="deleted"):
    """The session is gone, or was kept."""

    deleted: bool


class Done(_Answer, frozen=True, tag="done"):
    """The request was answered in full."""


class Failed(_Answer, frozen=True, tag="failed"):
    """It was not, for this reason: the name of a class of `argentos.errors`, and its sentence."""

    error: str
    sentence: str
    outcome: str = ""


Answer: TypeAlias = (
    Pong | BackedUp | Sessions | Is | Messages | SummaryIs | Accepted | Text | Replied | Deleted | Done | Failed
)


class _Envelope(Struct):
    """The part of a request that every version has."""

    protocol: int = PROTOCOL


_encoder: Final = msgspec.json.Encoder()
_requests: Final[msgspec.json.Decoder[Request]] = msgspec.json.Decoder(Request)
_answers: Final[msgspec.json.Decoder[Answer]] = msgspec.json.Decoder(Answer)
_envelopes: Final = msgspec.json.Decoder(_Envelope)
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def encode(line: Request | Answer) -> bytes:
    """A request or an answer as a line.

    Raises:
        InputError: a text in it holds half a surrogate pair.
    """
    try:
        return _encoder.encode(line) + b"\n"
    except UnicodeEncodeError as error:
        raise InputError(f"a text has half a surrogate pair at character {error.start}; send whole ones") from error


def read_request(line: bytes) -> Request:
    """A request of our version.

    Raises:
        InputError: it is none.
    """
    try:
        request = _requests.decode(line)
    except _UNREADABLE as error:
        _check_protocol(_protocol_of(line))
        raise InputError(f"the request cannot be read: {error}") from error
    _check_protocol(request.protocol)
    return request


def _protocol_of(line: bytes) -> int:
    try:
        return _envelopes.decode(line).protocol
    except _UNREADABLE:
        return PROTOCOL


def _check_protocol(protocol: int) -> None:
    if protocol != PROTOCOL:
        raise InputError(
            f"the owner of the state directory speaks version {PROTOCOL} of the control protocol, not {protocol};"
            " use its version of argentos, or stop it"
        )


def read_answer(line: bytes) -> Answer:
    """An answer of the owner.

    Raises:
        ArgentError: it cannot be read, or it is that the owner failed: then the error that the owner raised.
    """
    try:
        answer = _answers.decode(line)
    except _UNREADABLE as error:
        raise ArgentError(f"the owner's answer cannot be read: {error}; use its version of argentos") from error
    if isinstance(answer, Failed):
        raise _error_of(answer)
    return answer


def refusal(error: ArgentError) -> Failed:
    """An error as an answer."""
    name = type(error).__name__
    outcome = error.outcome if isinstance(error, NoReplyError) else ""
    return Failed(name if name in errors.__all__ else "ArgentError", str(error), outcome)


def _error_of(failed: Failed) -> ArgentError:
    """The error that the owner raised, as far as this version knows it."""
    kind = getattr(errors, failed.error) if failed.error in errors.__all__ else ArgentError
    if kind is NoReplyError:
        return NoReplyError(failed.sentence, failed.outcome)
    if kind is DiagramError:
        return ArgentError(failed.sentence)
    error = kind(failed.sentence)
    assert isinstance(error, ArgentError)  # noqa: S101 - the tree has nothing else
    return error
