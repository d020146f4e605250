"""What is asked of a session, and what became of it."""

from asyncio import Task
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

__all__ = ["ENDING", "Call", "Command", "Make", "Message", "Read"]


class Message(NamedTuple):
    """Something to send; `again` names the message before it that is sent once more, counted from the last."""

    role: Literal["user", "assistant"]
    words: int = 20
    channel: str = "telegram"
    again: int | None = None


class Make(NamedTuple):
    """Something to ask of the session."""

    what: Literal["create", "stop", "clear", "compact"]


class Read(NamedTuple):
    """What the reader of the outbox does; `done` is said of what it holds, or once more of what it held."""

    step: Literal["open", "done", "leave"]


Command: TypeAlias = Message | Make | Read

ENDING: Final = {Make("stop"), Make("clear")}


@dataclass(eq=False)
class Call:
    """A command on its way.

    Attributes:
        existed: the session did when it was given.
        room: how many more messages could wait then.
        tokens: of the message.
        message_id: of the message; empty for anything else.
        asker: waits for the reply to the message.
    """

    command: Command
    task: Task[Any]
    existed: bool
    room: int
    tokens: int = 0
    message_id: str = ""
    asker: Task[Any] | None = None
