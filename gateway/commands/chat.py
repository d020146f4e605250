"""`argent chat`."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Final

import anyio
import anyio.to_thread
import click

from argentos.actors import Happened, Session, Subscription, Supervisor, Turn
from argentos.errors import ArgentError
from argentos.gateway.output import percent, printable
from argentos.gateway.settings import Settings, command_options
from argentos.llm import AnthropicModel, Model, OfflineModel
from argentos.storage import Address, FileStore, Summarised

__all__ = ["command"]

_HELP: Final = "/info, /compact [what to keep], /clear, /quit; Ctrl-C stops a reply"


@click.command("chat")
@click.argument("session_id", metavar="[SESSION]", default="chat")
@click.option("--model", metavar="NAME", help="Of the Messages API; ANTHROPIC_MODEL or a current Claude by default.")
@command_options
@click.pass_obj
def command(settings: Settings, session_id: str, model: str | None) -> None:
    """Talk to the agent in a session, 'chat' by default; it continues where it was left."""
    anyio.run(_chat, settings, session_id, _choose_model(model))


def _choose_model(name: str | None) -> Model:
    if os.environ.get("ANTHROPIC_API_KEY"):
        return AnthropicModel(name)
    click.echo("ANTHROPIC_API_KEY is not set, so the offline model answers.", err=True)
    return OfflineModel()


async def _chat(settings: Settings, session_id: str, model: Model) -> None:
    store = FileStore(settings.state_dir)
    async with (
        Supervisor(store, model, config=settings.config(), agent=settings.agent, grace=1) as supervisor,
        supervisor.events() as events,
    ):
        session = supervisor.session(session_id)
        if sys.stdin.isatty():
            await _greet(session)
        async for line in _lines():
            if line in {"/quit", "/exit"}:
                break
            try:
                await _take(session, line)
            except ArgentError as error:
                click.secho(f"argent: {error}", fg="red", err=True)
            _show_compactions(events)


async def _greet(session: Session) -> None:
    try:
        info = await session.info()
    except ArgentError:
        click.secho(f"A new session, {printable(session.id)}. {_HELP}", dim=True)
    else:
        click.secho(f"Session {printable(session.id)} goes on: {info.messages} messages. {_HELP}", dim=True)


async def _lines() -> AsyncIterator[str]:
    """What is typed, line by line, until its end or Ctrl-C."""
    while True:
        line: str | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_on_interrupt, group.cancel_scope)
            line = await _read_line()
            group.cancel_scope.cancel()
        if line is None:
            if sys.stdin.isatty():
                click.echo()
            return
        if line.strip():
            yield line.strip()


async def _read_line() -> str | None:
    """The next line, or None at the end.

    A terminal is waited for in the event loop, so that Ctrl-C finds no thread that hangs in a read; it gives one
    line at a time. Anything else may give several at once, and is read in a thread.
    """
    if sys.stdin.isatty():
        click.echo("> ", nl=False)
        await anyio.wait_readable(sys.stdin)
        return sys.stdin.readline() or None
    return await anyio.to_thread.run_sync(sys.stdin.readline) or None


async def _cancel_on_interrupt(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()
            return


async def _take(session: Session, line: str) -> None:
    name, _, rest = line.partition(" ")
    match name:
        case "/info":
            info = await session.info()
            click.echo(f"{info.state}, {info.messages} messages, {info.tokens} tokens ({percent(info.percent)})")
        case "/clear":
            await session.clear()
            click.echo("The context is empty; the messages are in the archive.")
        case "/compact":
            await session.compact(rest.strip())
        case "/help":
            click.echo(_HELP)
        case _:
            turn = await session.send(line, address=Address("cli", os.environ.get("USER") or "user"))
            await _show(session, turn)


async def _show(session: Session, turn: Turn) -> None:
    """Print the reply as it streams; Ctrl-C stops the turn, not the chat."""
    async with anyio.create_task_group() as group:
        group.start_soon(_stop_on_interrupt, session)
        attempt = turn.attempt
        async for piece in turn:
            if attempt not in {0, turn.attempt}:
                click.echo("\n(the reply begins again)")
            attempt = turn.attempt
            click.echo(printable(piece), nl=False)
        click.echo()
        group.cancel_scope.cancel()


async def _stop_on_interrupt(session: Session) -> None:
    with anyio.open_signal_receiver(signal.SIGINT) as signals:
        async for _ in signals:
            await session.stop()


def _show_compactions(events: Subscription) -> None:
    for event in events.pending():
        if isinstance(event, Happened) and isinstance(event.record, Summarised):
            record = event.record
            click.secho(
                f"(messages {record.first}–{record.last} became a summary: {record.before} → {record.after} tokens)",
                dim=True,
            )
