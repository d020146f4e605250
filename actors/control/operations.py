"""The operations of the control socket: a table of everything that another process may ask of the owner.

A row names the method that does it; its parameters, and the type of what comes back, are those of the method. What
is not in the table cannot be asked. To add an operation: a row here, and its method in `remote`.
"""

import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from enum import Enum
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast, get_args, get_type_hints

import msgspec
from msgspec import Raw, Struct

from argentos.actors.control import owner
from argentos.actors.control.owner import Owner
from argentos.actors.control.protocol import CANCEL, Failed, error_of, failed
from argentos.actors.core.turn import Turn
from argentos.actors.sessions.session import Session
from argentos.concurrency.foreign_code import described
from argentos.errors import ArgentError, InputError
from argentos.inputs import as_path, nearest
from argentos.llm import Piece
from argentos.storage import Content, ContentLike, Message

V = TypeVar("V")
T = TypeVar("T")

_LONGEST: Final = 3600.0  # seconds: a reply may wait for other turns
_PAGE: Final = 256 * 1024  # bytes


class Needs(Enum):
    """The relation of the owner to the agent whose sessions an operation is about."""

    DIRECTORY = "own the directory, in which there may be sessions of several agents"
    AGENT = "run the agent"
    MESSAGES = "run the agent, and answer its messages"


class Accepted(Struct, frozen=True, tag=True, rename="camel"):
    """A message is durable, and its turn is followed."""

    number: int
    message_id: str


class Streamed(Struct, frozen=True, tag=True):
    """A piece of the reply as it streams; a new attempt begins it again."""

    attempt: int
    piece: Piece


class Replied(Struct, frozen=True, tag=True):
    """The reply is durable."""

    message: Message


TurnValue: TypeAlias = Accepted | Streamed | Replied


class Operation(Generic[V]):
    """A row of the table.

    Args:
        method: does it, and is given an `Owner` or a `Session` first.
        answer: makes of what the method returns the values that are sent.
        value: the type of these values.
        of: what the method is given first.
        needs: of the owner.
        limit: seconds until it is given up; what was begun goes on.

    Attributes:
        name: in requests: that of the method.
        parameters: what the method is given besides.
    """

    def __init__(
        self,
        method: Callable[..., Any],
        answer: Callable[[Any], AsyncGenerator[Raw]],
        value: Any,
        *,
        of: type[Owner | Session],
        needs: Needs,
        limit: float = _LONGEST,
    ) -> None:
        self.name: str = method.__name__
        self.of = of
        self.needs = needs
        self.limit = limit
        self._method = method
        self._answer = answer
        self.parameters: type[Struct] = _parameters(method)
        self._arguments = msgspec.json.Decoder(self.parameters, dec_hook=_decoded)
        self._value: msgspec.json.Decoder[V] = msgspec.json.Decoder(value, dec_hook=_decoded)

    def encode(self, arguments: dict[str, object]) -> Raw:
        """Encode the arguments of a request.

        Raises:
            InputError: one of them cannot be sent.
        """
        try:
            return _encoded(arguments)
        except UnicodeEncodeError as error:
            raise InputError(f"a text has half a surrogate pair at character {error.start}; send whole ones") from error
        except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
            raise InputError(f"an argument of {self.name!a} cannot be sent: {error}; give plain values") from error

    def decode(self, value: Raw) -> V:
        """Decode a value of the answer.

        Raises:
            ArgentError: it is none.
        """
        try:
            return self._value.decode(value)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ArgentError(
                f"the owner's answer to {self.name!a} cannot be read: {error}; use its version of argentos"
            ) from error

    def read(self, arguments: Raw) -> dict[str, Any]:
        """Decode the arguments of a request.

        Raises:
            InputError: one is missing, or one cannot be taken.
        """
        try:
            found = self._arguments.decode(arguments)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"the arguments of {self.name!a} cannot be read: {error}") from error
        return {name: getattr(found, name) for name in found.__struct_fields__}

    def call(self, target: Owner | Session, arguments: dict[str, Any]) -> AsyncGenerator[Raw]:
        """Have it done; gives the values of the answer."""
        return self._answer(self._method(target, **arguments))


_RAW: Final[dict[Any, Any]] = {ContentLike: Content}
"""Types of arguments by what is sent of them: a client has made blocks raw already."""


def _parameters(method: Callable[..., Any]) -> type[Struct]:
    hints = {name: _RAW.get(hint, hint) for name, hint in get_type_hints(method).items()}
    _, *parameters = signature(method).parameters.values()
    fields = [
        (each.name, hints[each.name])
        if each.default is Parameter.empty
        else (each.name, hints[each.name], each.default)
        for each in parameters
    ]
    return msgspec.defstruct(method.__name__, fields, kw_only=True, forbid_unknown_fields=True)


# What msgspec does not know: paths are whole ones, for the two processes may stand in different folders. -----------


def _encodable(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value.absolute())
    if isinstance(value, BaseException):
        return failed(value if isinstance(value, ArgentError) else ArgentError(described(value)))
    raise TypeError(f"it is of the type {type(value).__name__}")


def _decoded(kind: type, value: Any) -> Any:
    if kind is Path:
        path = as_path(value, "the path")
        if not path.is_absolute():
            raise InputError(f"{value!a} is no whole path of a file; name one")
        return path
    if kind is BaseException:
        return error_of(msgspec.convert(value, Failed))
    raise TypeError(f"nothing is known of {kind.__name__}")


_encoder: Final = msgspec.json.Encoder(enc_hook=_encodable)


def _encoded(value: object) -> Raw:
    return Raw(_encoder.encode(value))


# Answers ------------------------------------------------------------------------------------------------------------


async def _answer_one(result: Awaitable[object]) -> AsyncGenerator[Raw]:
    yield _encoded(await result)


async def _answer_pages(result: Awaitable[tuple[object, ...]]) -> AsyncGenerator[Raw]:
    for page in _pages(await result):
        yield page


async def _answer_stream(result: AsyncGenerator[object]) -> AsyncGenerator[Raw]:
    async with aclosing(result) as values:
        async for value in values:
            for page in _pages(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else (_encoded(value),):
                yield page


async def _answer_turn(result: Awaitable[Turn | None]) -> AsyncGenerator[Raw]:
    turn = await result
    if turn is None:
        return
    yield _encoded(Accepted(turn.number, turn.message_id))
    async for piece in turn:
        yield _encoded(Streamed(turn.attempt, piece))
    yield _encoded(Replied(await turn.reply()))


def _pages(items: tuple[object, ...]) -> Iterator[Raw]:
    """The items as lists, none much larger than a page or than one item."""
    page: list[bytes] = []
    size = 0
    for item in items:
        page.append(_encoder.encode(item))
        size += len(page[-1])
        if size >= _PAGE:
            yield Raw(b"[" + b",".join(page) + b"]")
            page, size = [], 0
    if page:
        yield Raw(b"[" + b",".join(page) + b"]")


# The table ----------------------------------------------------------------------------------------------------------

OPERATIONS: Final[dict[str, Operation[Any]]] = {}
"""All rows, by name."""


def operation(name: str) -> Operation[Any]:
    """Find a row by its name.

    Raises:
        InputError: there is none.
    """
    found = OPERATIONS.get(name)
    if found is None:
        near = nearest(name, OPERATIONS)
        meant = f"; did you mean {near!a}?" if near else ""
        raise InputError(f"the owner of the state directory knows no request {name!a:.60}{meant}")
    return found


def _row(row: Operation[V]) -> Operation[V]:
    if row.name == CANCEL or row.name in OPERATIONS:
        raise ValueError(f"the request {row.name!r} has a meaning already; give its method another name")
    OPERATIONS[row.name] = row
    return row


def _one(
    method: Callable[..., Awaitable[V]], of: type[Owner | Session] = Session, needs: Needs = Needs.AGENT
) -> Operation[V]:
    """A method whose result is one value."""
    return _row(Operation(method, _answer_one, get_type_hints(method)["return"], of=of, needs=needs))


def _many(
    method: Callable[..., Awaitable[tuple[T, ...]]],
    of: type[Owner | Session] = Session,
    needs: Needs = Needs.AGENT,
) -> Operation[tuple[T, ...]]:
    """A method whose result is too long for one value."""
    return _row(Operation(method, _answer_pages, get_type_hints(method)["return"], of=of, needs=needs))


def _stream(
    method: Callable[..., AsyncIterator[V]], of: type[Owner | Session] = Session, needs: Needs = Needs.AGENT
) -> Operation[V]:
    """A method that gives one value after the other."""
    return _row(Operation(method, _answer_stream, get_args(get_type_hints(method)["return"])[0], of=of, needs=needs))


def _subscription(method: Callable[..., AsyncIterator[V]], of: type[Owner | Session]) -> Operation[V]:
    """A method that gives one value after the other as long as the supervisor runs."""
    value = get_args(get_type_hints(method)["return"])[0]
    return _row(Operation(method, _answer_stream, value, of=of, needs=Needs.DIRECTORY, limit=math.inf))


def _turn(method: Callable[..., Awaitable[Turn | None]], needs: Needs = Needs.MESSAGES) -> Operation[TurnValue]:
    """A method that gives a turn."""
    return _row(Operation(method, _answer_turn, TurnValue, of=Session, needs=needs))


PING: Final = _one(Owner.ping, Owner, Needs.DIRECTORY)
SESSIONS: Final = _stream(Owner.sessions, Owner, Needs.DIRECTORY)
STORED: Final = _stream(Owner.stored, Owner, Needs.DIRECTORY)
EVENTS: Final = _subscription(Owner.events, Owner)
OWED: Final = _many(Owner.owed, Owner)
DROP: Final = _one(Owner.drop, Owner, Needs.DIRECTORY)
RETRY_DELIVERY: Final = _one(Owner.retry_delivery, Owner, Needs.DIRECTORY)
ROUTE: Final = _one(Owner.route, Owner, Needs.DIRECTORY)
PAIRINGS: Final = _one(Owner.pairings, Owner, Needs.DIRECTORY)
CHANGE_PAIRING: Final = _one(Owner.change_pairing, Owner, Needs.DIRECTORY)
ALL_APPROVALS: Final = _many(Owner.all_approvals, Owner, Needs.DIRECTORY)
BACKUP: Final = _one(Owner.backup, Owner, Needs.DIRECTORY)

INFO: Final = _one(Session.info, needs=Needs.DIRECTORY)
SUMMARY: Final = _one(Session.summary, needs=Needs.DIRECTORY)
HISTORY: Final = _many(Session.history, needs=Needs.DIRECTORY)
MESSAGES: Final = _many(Session.messages, needs=Needs.DIRECTORY)
LEFT_CONTEXT: Final = _many(Session.left_context, needs=Needs.DIRECTORY)
PREVIEW_COMPACTION: Final = _one(Session.preview_compaction)
COMPACTIONS: Final = _many(Session.compactions, needs=Needs.DIRECTORY)
TRANSITIONS: Final = _many(Session.transitions, needs=Needs.DIRECTORY)
LIFECYCLES: Final = _many(Session.lifecycles, needs=Needs.AGENT)
ATTACHMENT: Final = _one(owner.attachment, needs=Needs.DIRECTORY)
TRANSCRIPT: Final = _one(owner.transcript, needs=Needs.DIRECTORY)
DELETE: Final = _one(Session.delete, needs=Needs.DIRECTORY)
CREATE: Final = _one(Session.create)
ADOPT: Final = _one(owner.adopt)
CHECKPOINTS: Final = _many(Session.checkpoints, needs=Needs.DIRECTORY)
CLEAR: Final = _one(Session.clear)
UNDO: Final = _one(Session.undo)
FORK: Final = _one(Session.fork)
REWIND: Final = _one(Session.rewind)
COMPACT: Final = _one(Session.compact)
STOP: Final = _one(Session.stop)
UNPARK: Final = _one(Session.unpark)
APPROVALS: Final = _many(Session.approvals, needs=Needs.DIRECTORY)
APPROVE: Final = _one(Session.approve)
DENY: Final = _one(Session.deny)
COMMAND: Final = _one(owner.command)
SEND: Final = _turn(Session.send)
SEND_CONTENT: Final = _turn(owner.send_content)
CANCEL_TURN: Final = _one(owner.cancel_turn)
RETRY: Final = _turn(Session.retry)
REGENERATE: Final = _turn(Session.regenerate)
CURRENT_TURN: Final = _turn(Session.current_turn, Needs.AGENT)
TURN: Final = _turn(Session.turn, Needs.AGENT)
UPDATE: Final = _one(Session.update)
APPEND: Final = _one(Session.append, needs=Needs.MESSAGES)
APPEND_CONTENT: Final = _one(owner.append_content, needs=Needs.MESSAGES)
