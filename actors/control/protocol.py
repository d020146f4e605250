"""The language of the control socket: requests and answers, one JSON object a line.

A connection carries any number of requests at a time, each with an `id` of the client's choice. Every answer has the
`id` of its request: `taken` before anything is done, a `value` for each part of the result, and at the end `done` or
`failed`. A request without its `taken` has had no effect, and may be made again. The request `cancel` ends the one of
its `id` without a further answer. A line that cannot be read is answered with a `failed` of `id` 0, and is the last.

An empty line says that the owner is alive; it comes every two seconds as long as a request is being worked at.
"""

from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Raw, Struct

from argentos import errors
from argentos.errors import ArgentError, InputError

__all__ = [
    "ALIVE",
    "CANCEL",
    "LONGEST_ANSWER",
    "LONGEST_REQUEST",
    "PROTOCOL",
    "TOO_LONG",
    "Answer",
    "Done",
    "Failed",
    "Request",
    "Taken",
    "Value",
    "check_length",
    "encode",
    "error_of",
    "failed",
    "read_answer",
    "read_request",
]

T = TypeVar("T")

PROTOCOL: Final = 1
"""The version of the language; the owner refuses any other."""

LONGEST_REQUEST: Final = 4 * 1024 * 1024  # bytes
LONGEST_ANSWER: Final = 256 * 1024 * 1024  # bytes
TOO_LONG: Final = f"a request has {LONGEST_REQUEST // 1024**2} MiB at most; send less at once"
ALIVE: Final = b"\n"
CANCEL: Final = "cancel"


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call of an operation.

    Attributes:
        id: unique among the requests of the connection that are not over.
        request: the name of the operation.
        agent: whose sessions it is about.
        session: the id of the one that it is about; empty for an operation on them all.
        arguments: of the operation, by name.
    """

    id: int = 0
    request: str
    agent: str
    session: str = ""
    arguments: Raw = Raw(b"{}")
    protocol: int = PROTOCOL


class _Answer(Struct, frozen=True, kw_only=True, tag_field="answer", tag=str.lower):
    id: int = 0


class Taken(_Answer, frozen=True, kw_only=True):
    """The owner begins to work at the request."""


class Value(_Answer, frozen=True, kw_only=True):
    """A part of the result, or all of it."""

    value: Raw


class Done(_Answer, frozen=True, kw_only=True):
    """The request was answered in full."""


class Failed(_Answer, frozen=True, kw_only=True):
    """The request was not answered in full.

    Attributes:
        error: the name of a class of `argentos.errors`: that of the error, or the nearest one above it.
        sentence: of the error.
        details: its code, whether and when to try again, and its further attributes.
    """

    error: str
    sentence: str
    details: dict[str, str | int | float | bool | None] = {}


Answer: TypeAlias = Taken | Value | Done | Failed


class _Versioned(Struct):
    """The part of a request that every version has."""

    protocol: int = PROTOCOL


_encoder: Final = msgspec.json.Encoder()
_requests: Final = msgspec.json.Decoder(Request)
_answers: Final[msgspec.json.Decoder[Answer]] = msgspec.json.Decoder(Answer)
_versions: Final = msgspec.json.Decoder(_Versioned)
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def encode(line: Request | Answer) -> bytes:
    """Encode a request or an answer as a line."""
    return _encoder.encode(line) + b"\n"


def check_length(line: bytes) -> None:
    """Refuse a request that the owner would not read.

    Raises:
        InputError: it is too long.
    """
    if len(line) > LONGEST_REQUEST:
        raise InputError(TOO_LONG)


def read_request(line: bytes) -> Request:
    """Decode a request of this version.

    Raises:
        InputError: it is none.
    """
    try:
        request = _requests.decode(line)
    except _UNREADABLE as error:
        _check_version(_version_of(line))
        raise InputError(f"the request cannot be read: {error}") from error
    _check_version(request.protocol)
    return request


def _version_of(line: bytes) -> int:
    try:
        return _versions.decode(line).protocol
    except _UNREADABLE:
        return PROTOCOL


def _check_version(protocol: int) -> None:
    if protocol != PROTOCOL:
        raise InputError(
            f"the owner of the state directory speaks version {PROTOCOL} of the control protocol, not {protocol};"
            " use its version of argentos, or stop it"
        )


def read_answer(line: bytes) -> Answer:
    """Decode an answer of the owner.

    Raises:
        ArgentError: it cannot be read.
    """
    try:
        return _answers.decode(line)
    except _UNREADABLE as error:
        raise ArgentError(f"the owner's answer cannot be read: {error}; use its version of argentos") from error


def failed(error: ArgentError, request_id: int = 0) -> Failed:
    """Make an answer of an error."""
    kind = next(each for each in type(error).__mro__ if each.__name__ in errors.__all__)
    told = {name: getattr(error, name) for name in _OF_ALL if getattr(error, name) != getattr(kind, name)}
    details: dict[str, Any] = {key: _sendable(value) for key, value in (told | vars(error)).items() if _is_plain(value)}
    return Failed(id=request_id, error=kind.__name__, sentence=_sendable(str(error)), details=details)


_OF_ALL: Final = ("code", "is_transient", "retry_after")


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _sendable(value: T) -> T | str:
    """The value, without halves of surrogate pairs."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def error_of(answer: Failed) -> ArgentError:
    """Make the error of an answer that the owner raised, as far as this version knows its class."""
    kind = getattr(errors, answer.error) if answer.error in errors.__all__ else ArgentError
    error = kind.__new__(kind, answer.sentence)
    assert isinstance(error, ArgentError)  # noqa: S101 - the tree has nothing else
    error.__dict__.update(answer.details)
    return error
