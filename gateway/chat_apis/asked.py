"""Requests of chat clients, in whichever form they came."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from argentos.errors import InputError
from argentos.gateway.api.streams.event_stream import ErrorForm, Tell
from argentos.gateway.chat_apis.fields import Fields
from argentos.gateway.chat_apis.told import Ended, Speech
from argentos.inputs import as_whole_number
from argentos.storage import Content

__all__ = ["Asked", "ChatApi", "last_message", "read", "read_most", "read_stops"]


_MOST_TOKENS: Final = 10_000_000
_MOST_STOPS: Final = 16
_LONGEST_STOP: Final = 200  # characters


class Asked(Struct, frozen=True, kw_only=True):
    """A request.

    Attributes:
        model: names the agent.
        content: of the newest message.
        system: a system prompt in the place of the agent's; None leaves that of the session.
        max_tokens: the most that the reply may have, from 1.
        stops: texts in front of which the reply ends.
        user: names the session, where no header does.
        is_streamed: the reply is wanted as it comes.
        has_usage: its stream is to end with what it has cost.
        follows: the id of the answer that it follows; empty where that does not matter.
    """

    model: str
    content: Content
    system: str | None = None
    max_tokens: int | None = None
    stops: tuple[str, ...] = ()
    user: str | None = None
    is_streamed: bool = False
    has_usage: bool = True
    follows: str = ""


class ChatApi(Protocol):
    """A form in which requests come, and answers are wanted.

    Attributes:
        path: where it is asked.
        fields: what becomes of those of a request.
        errors: the form of errors.
    """

    path: str
    fields: Fields
    errors: ErrorForm

    def read(self, body: Mapping[str, Any]) -> Asked:
        """The request in a body whose fields were checked.

        Raises:
            InputError: something of it cannot be taken.
        """
        ...

    def answer(self, asked: Asked, ended: Ended) -> dict[str, Any]:
        """The answer, once the reply is there."""
        ...

    async def stream(self, asked: Asked, speech: Speech, created: int, tell: Tell) -> None:
        """Tell the answer as it comes.

        Args:
            asked: for what.
            speech: the reply, as it comes.
            created: the time of the answer, in seconds.
            tell: takes the events.
        """
        ...


class _Said(Struct, rename="camel"):
    role: str
    content: Any = None


def read(value: object, kind: Any, what: str) -> Any:
    """A part of a body as a value of this type.

    Raises:
        InputError: it is none.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{what} cannot be taken: {error}") from error


def read_most(value: object, what: str) -> int | None:
    """The most tokens of a reply.

    Raises:
        InputError: it is no number from 1.
    """
    return None if value is None else as_whole_number(value, what, 1, _MOST_TOKENS)


def read_stops(value: object, what: str) -> tuple[str, ...]:
    """The texts that end a reply: one, or some.

    Raises:
        InputError: one is empty or long, or there are many.
    """
    given = (value,) if isinstance(value, str) else value or ()
    stops: tuple[str, ...] = read(given, tuple[str, ...], what)
    if len(stops) > _MOST_STOPS or not all(0 < len(each) <= _LONGEST_STOP for each in stops):
        raise InputError(f"{what} has at most {_MOST_STOPS} texts of 1 to {_LONGEST_STOP} characters")
    return stops


def last_message(messages: object) -> Any:
    """The newest message of a conversation, which has to be the user's.

    Raises:
        InputError: there is none, or it is somebody else's.
    """
    said = read(messages, list[_Said], "the messages")
    if not said:
        raise InputError("there are no messages; send one of the user")
    last = said[-1]
    if last.role in {"tool", "function"}:
        raise InputError("the results of calls are not taken: the agent runs its own tools here, and no call waits")
    if last.role != "user":
        raise InputError(f"the newest message is of {last.role!a:.30}, and has to be the user's")
    return last.content
