"""What is asked of a session, and what became of it."""

from asyncio import Task
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from argentos.storage import Role
from tests.lifecycle.ledger import Sent

__all__ = ["CANCELLING", "ENDING", "Call", "Command", "Make", "Message", "Read", "Retry"]


class Message(NamedTuple):
    """Something to send; `again` names the message before it that is sent once more, counted from the last.

    Attributes:
        changed: in what it differs from what was sent before under its id.
    """

    role: Role
    words: int = 20
    channel: str = "telegram"
    again: int | None = None
    changed: Literal["", "text", "address", "side"] = ""


class Retry(NamedTuple):
    """A turn that failed is to run once more: that of a message, counted from the last sent, or the latest."""

    again: int | None = None


class Make(NamedTuple):
    """Something to ask of the session, or of its turn, or of the one of the message that waits last."""

    what: Literal["create", "stop", "clear", "compact", "cancel", "cancel the last"]


class Read(NamedTuple):
    """What the reader of the outbox does; `done` is said of what it holds, or once more of what it held."""

    step: Literal["open", "done", "leave"]


Command: TypeAlias = Message | Make | Read | Retry

CANCELLING: Final = {Make("cancel"), Make("cancel the last")}
ENDING: Final = {Make("stop"), Make("clear")}


@dataclass(eq=False)
class Call:
    """A command on its way.

    Attributes:
        existed: the session did when it was given.
        room: how many more messages could wait then.
        sent: the message.
        message_id: of the message that is to be answered; empty where that is none, or not known so far.
        was_known: a message of its id was durable.
        had_ended: its turn had.
        may_retry: it had failed, or waited for its answer.
        is_behind: others had been asked for that may leave nothing to be tried again.
        asker: waits for the reply to the message.
    """

    command: Command
    task: Task[Any]
    existed: bool
    room: int
    sent: Sent | None = None
    message_id: str = ""
    was_known: bool = False
    had_ended: bool = False
    may_retry: bool = False
    is_behind: bool = False
    asker: Task[Any] | None = None
