"""The context of a running call."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from logging import LoggerAdapter
from typing import Any, Final

import anyio

from argentos.errors import InputError

__all__ = ["ToolContext", "entered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """A running call of a tool, as the tool sees it.

    Attributes:
        session: the id of the session.
        agent: the name of its agent.
        message_id: of the message that is answered.
        call_id: the same when the call is run again, as after a crash: send it along to make an effect idempotent.
        scope: of the call; cancelling it ends the call with an error.
        log: names the session and the call.
    """

    session: str
    agent: str
    message_id: str
    call_id: str
    scope: anyio.CancelScope
    log: LoggerAdapter[Any]

    @classmethod
    def current(cls) -> "ToolContext":
        """The context of the call that runs here.

        Raises:
            InputError: none does.
        """
        context = _current.get()
        if context is None:
            raise InputError("no tool call runs here, so there is no ToolContext; ask for it inside of a tool")
        return context


@contextmanager
def entered(context: ToolContext) -> Generator[None]:
    """Make this context the current one."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


_current: Final[ContextVar[ToolContext | None]] = ContextVar("argentos tool call", default=None)
