"""Replies: shown as they stream, or waited for, with the delays before them."""

import getpass
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, TypeVar

import anyio
import click

from argentos.actors import Approval, Turn
from argentos.actors.info import SessionInfo
from argentos.actors.sessions.session import Session
from argentos.errors import ArgentError
from argentos.gateway.output import one_line, printable
from argentos.gateway.printing.messages import print_mark
from argentos.gateway.terminal.modes import can_move_cursor
from argentos.gateway.terminal.screens import PlainScreen, Screen
from argentos.llm import ApprovalWanted
from argentos.storage import Address, Message

__all__ = ["Ask", "beside", "new_screen", "own_address", "own_name", "print_reply", "show", "wait_for"]

T = TypeVar("T")

Ask: TypeAlias = Callable[[Session, Approval], Awaitable[bool]]
"""Asks a person about a call, and passes the word on; False where it is left for later."""

_INTERVAL: Final = 0.25  # seconds between two looks at a session that waits


def own_address() -> Address:
    """The address of messages typed here."""
    return Address("cli", os.environ.get("USER") or "user")


def own_name() -> str | None:
    """The name of the user, where the system tells it."""
    try:
        return getpass.getuser() or None
    except (KeyError, OSError, ImportError):  # a user without an entry
        return None


def new_screen(ahead: Callable[[], str] = str) -> Screen:
    """A screen for a reply, on standard output: of Markdown where that is a terminal on which it can be drawn.

    Args:
        ahead: gives what was typed ahead.
    """
    if not can_move_cursor():
        return PlainScreen()
    from argentos.gateway.terminal.live import LiveScreen  # noqa: PLC0415 - no pipe needs Rich

    return LiveScreen(ahead)


def print_reply(message: Message) -> None:
    """Print a reply that is there."""
    screen = new_screen()
    screen.add_text(message.text)
    screen.end()
    print_mark(message)


async def show(session: Session, turn: Turn, screen: Screen, ask: Ask | None = None) -> Message | None:
    """Show a reply as it streams; gives it once it is durable.

    Args:
        session: of the turn.
        turn: that makes the reply.
        screen: where it is shown.
        ask: asks about calls that need approval; without, they wait for somebody's word elsewhere.

    Returns:
        The reply; None where a call is left for later.

    Raises:
        ArgentError: there is none, as `Turn.reply` says.
    """
    return await _Showing(session, turn, screen, ask).run()


class _Showing:
    """A turn while it is shown."""

    def __init__(self, session: Session, turn: Turn, screen: Screen, ask: Ask | None) -> None:
        self._session = session
        self._turn = turn
        self._screen = screen
        self._ask = ask
        self._pen = anyio.Lock()  # held by the one who may write on the screen
        self._delays = _Delays()
        self._left = anyio.CancelScope()

    async def run(self) -> Message | None:
        reply: Message | None = None
        try:
            with self._left:
                reply = await beside(self._show, self._watch, self._screen.keep_moving)
        finally:
            self._screen.end()
        if reply is not None:
            print_mark(reply)
        return reply

    async def _show(self) -> Message:
        async for piece in self._turn:
            if isinstance(piece, ApprovalWanted) and self._ask is not None:  # which shows the call
                continue
            async with self._pen:
                self._screen.show(piece, self._turn.attempt)
        return await self._turn.reply()

    async def _watch(self) -> None:
        """Tell of each time that the turn is to be tried again, and ask about its calls, until cancelled."""
        while True:
            await anyio.sleep(_INTERVAL)
            with suppress(ArgentError):  # the wait for the reply raises it
                info = await self._session.info()
                if delay := self._delays.news(info):
                    async with self._pen:
                        self._screen.add_line(delay, is_trouble=True)
                if info.approvals and self._ask is not None:
                    await self._decide(self._ask)

    async def _decide(self, ask: Ask) -> None:
        async with self._pen:
            with self._screen.paused():
                for wanted in await self._session.approvals():
                    if not await ask(self._session, wanted):
                        self._left.cancel()
                        return


class _Delays:
    """The times at which a turn is tried again, each told once."""

    def __init__(self) -> None:
        self._told: datetime | None = None

    def news(self, info: SessionInfo) -> str:
        """The sentence about the next one; empty where it was told."""
        if info.retry_at in {None, self._told}:
            return ""
        self._told = info.retry_at
        seconds = (info.retry_at - datetime.now(UTC)).total_seconds() if info.retry_at else 0.0
        cause = one_line(info.retry_reason.partition(";")[0])  # the advice after it is to try again
        return f"({printable(cause)}; trying again in {max(1, round(seconds))} s)"


async def wait_for(session: Session, turn: Turn) -> Message:
    """Wait for a reply; delays are told on standard error.

    Raises:
        ArgentError: there is none, as `Turn.reply` says.
    """

    async def tell_delays() -> None:
        delays = _Delays()
        while True:
            await anyio.sleep(_INTERVAL)
            with suppress(ArgentError):  # the wait for the reply raises it
                if delay := delays.news(await session.info()):
                    click.secho(delay, dim=True, err=True)

    return await beside(turn.reply, tell_delays)


async def beside(work: Callable[[], Awaitable[T]], *tasks: Callable[[], Coroutine[Any, Any, None]]) -> T:
    """Do work with tasks beside it that end with it; an error of the work is raised alone, not in a group."""
    results: list[T] = []
    raised: list[Exception] = []
    async with anyio.create_task_group() as group:
        for task in tasks:
            group.start_soon(task)
        try:
            results.append(await work())
        except Exception as error:  # noqa: BLE001 - raised below
            raised.append(error)
        group.cancel_scope.cancel()
    for each in raised:
        raise each
    return results[0]
