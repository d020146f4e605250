"""Printing of replies: as they stream, with the delays before them."""

import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import anyio
import click
import msgspec

from argentos.actors import Turn
from argentos.actors.sessions.session import Session
from argentos.errors import ArgentError
from argentos.gateway.output import printable
from argentos.llm import (
    ApprovalWanted,
    CompactionFailed,
    ContextReset,
    Piece,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolAnswer,
    ToolCall,
)
from argentos.storage import Address, Message, text_of

__all__ = ["beside", "own_address", "print_mark", "stream", "wait_for"]

T = TypeVar("T")

_LONGEST_LINE: Final = 200  # characters
_INTERVAL: Final = 0.25  # seconds between two looks at a session that waits


def own_address() -> Address:
    """The address of messages typed here."""
    return Address("cli", os.environ.get("USER") or "user")


async def stream(session: Session, turn: Turn) -> Message:
    """Print a reply as it streams; gives it once it is durable.

    Raises:
        ArgentError: there is none, as `Turn.reply` says.
    """

    async def show() -> Message:
        screen = _Screen()
        async for piece in turn:
            screen.show(piece, turn.attempt)
        screen.end_line()
        return await turn.reply()

    reply = await beside(show, lambda: _tell_delays(session))
    print_mark(reply)
    return reply


class _Screen:
    """Standard output, to which a reply is printed piece by piece: text plain, thoughts dim, calls of tools in a line.

    Where it is no terminal, it has the text alone.
    """

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._attempt: int | None = None
        self._last: type[Piece] | None = None  # of the pieces in the line that has begun

    def show(self, piece: Piece, attempt: int) -> None:
        """Print a piece."""
        if isinstance(piece, Retrying):  # the delay itself is told on standard error
            return
        if isinstance(piece, CompactionFailed):
            self.end_line()
            click.secho(f"(the context was not compacted, and is kept: {_short(piece.reason)})", dim=True, err=True)
            return
        if not self._is_terminal and not isinstance(piece, TextDelta):
            return
        if self._attempt not in {None, attempt}:  # part of an earlier attempt is on the screen
            click.echo("\n(the reply begins again)")
            self._last = None
        self._attempt = attempt
        if isinstance(piece, TextDelta | ThinkingDelta):
            self._go_on(piece)
        else:
            self.end_line()
            click.secho(f"({_line(piece)})", dim=True)

    def _go_on(self, piece: TextDelta | ThinkingDelta) -> None:
        if self._last is not type(piece):
            self.end_line()
        self._last = type(piece)
        text = printable(piece.text)
        click.echo(click.style(text, dim=True) if isinstance(piece, ThinkingDelta) else text, nl=False)

    def end_line(self) -> None:
        """End the line that has begun, if one has."""
        if self._last is not None:
            click.echo()
        self._last = None


def _line(piece: ToolCall | ToolAnswer | ApprovalWanted | ContextReset) -> str:
    """A call, its result, or a reset, as a line."""
    if isinstance(piece, ContextReset):
        why = "a new day" if piece.reason == "daily" else "after a long pause"
        return f"a new conversation begins: {why}; /resume goes on with the old one"
    if isinstance(piece, ToolAnswer):
        said = text_of(piece.content) or "no text"
        return f"{printable(piece.name)} {'failed' if piece.is_error else 'gave'}: {_short(said)}"
    called = f"{printable(piece.name)} {_short(msgspec.json.encode(piece.input).decode())}"
    return f"waits for approval of {called}" if isinstance(piece, ApprovalWanted) else f"calls {called}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return printable(line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…")


async def wait_for(session: Session, turn: Turn) -> Message:
    """Wait for a reply; delays are told on standard error.

    Raises:
        ArgentError: there is none, as `Turn.reply` says.
    """
    return await beside(turn.reply, lambda: _tell_delays(session))


async def beside(work: Callable[[], Awaitable[T]], task: Callable[[], Coroutine[Any, Any, None]]) -> T:
    """Do work with a task beside it that ends with it; an error of the work is raised alone, not in a group."""
    results: list[T] = []
    raised: list[Exception] = []
    async with anyio.create_task_group() as group:
        group.start_soon(task)
        try:
            results.append(await work())
        except Exception as error:  # noqa: BLE001 - raised below
            raised.append(error)
        group.cancel_scope.cancel()
    for each in raised:
        raise each
    return results[0]


async def _tell_delays(session: Session) -> None:
    """Tell each time that a turn is to be tried again, until cancelled."""
    told: datetime | None = None
    while True:
        await anyio.sleep(_INTERVAL)
        try:
            info = await session.info()
        except ArgentError:  # the wait for the reply raises it
            continue
        if info.retry_at not in {None, told}:
            told = info.retry_at
            _print_delay(info.retry_reason, info.retry_at)


def _print_delay(reason: str, until: datetime | None) -> None:
    seconds = (until - datetime.now(UTC)).total_seconds() if until else 0.0
    cause = " ".join(reason.partition(";")[0].split())  # the advice after it is to try again
    click.secho(f"({printable(cause)}; trying again in {max(1, round(seconds))} s)", dim=True, err=True)


def print_mark(message: Message) -> None:
    """Print why a message failed, or is not whole."""
    if message.failure:
        click.secho(f"    (failed: {printable(message.failure)})", fg="red")
    if message.stop_reason is not None:
        what = "refused" if message.is_refused else "not whole"
        click.secho(f"    ({what}: {printable(message.stop_reason)})", dim=True)
