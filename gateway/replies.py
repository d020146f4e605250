"""Printing of replies: as they stream, with the delays before them."""

import os
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import anyio
import click

from argentos.actors import Turn
from argentos.actors.sessions.session import Session
from argentos.errors import ArgentError
from argentos.gateway.output import printable
from argentos.storage import Address, Message

__all__ = ["beside", "own_address", "print_mark", "stream", "wait_for"]

T = TypeVar("T")

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
        attempt: int | None = None
        async for piece in turn:
            if attempt not in {None, turn.attempt}:  # part of an earlier attempt is on the screen
                click.echo("\n(the reply begins again)")
            attempt = turn.attempt
            click.echo(printable(piece), nl=False)
        if attempt is not None:
            click.echo()
        return await turn.reply()

    reply = await beside(show, lambda: _tell_delays(session))
    print_mark(reply)
    return reply


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
        click.secho(f"    (not whole: {printable(message.stop_reason)})", dim=True)
