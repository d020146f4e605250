"""`argent sessions`."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import click

from argentos.actors import Session, SessionInfo, Supervisor
from argentos.gateway.output import age, count, percent, print_json, printable, table
from argentos.gateway.settings import Settings, command_options
from argentos.llm import OfflineModel
from argentos.storage import FileStore, Message, Summary

__all__ = ["command"]

T = TypeVar("T")


@click.group("sessions")
@command_options
def command() -> None:
    """List sessions, and manage them."""


@asynccontextmanager
async def _supervisor(settings: Settings, *, read_only: bool) -> AsyncGenerator[Supervisor]:
    store = FileStore(settings.state_dir, read_only=read_only)
    async with Supervisor(
        store, OfflineModel(), config=settings.config(), agent=settings.agent, resume=False
    ) as supervisor:
        yield supervisor


def _on_session(settings: Settings, session_id: str, work: Callable[[Session], Awaitable[T]], *, read_only: bool) -> T:
    async def run() -> T:
        async with _supervisor(settings, read_only=read_only) as supervisor:
            return await work(supervisor.session(session_id))

    return anyio.run(run)


@command.command("list")
@command_options
@click.pass_obj
def _list(settings: Settings) -> None:
    """All sessions, those with the latest activity first."""

    async def run() -> list[SessionInfo]:
        async with _supervisor(settings, read_only=True) as supervisor:
            return await supervisor.list()

    infos = anyio.run(run)
    if settings.json:
        print_json(infos)
    elif not infos:
        click.echo("No sessions found.")
    else:
        now = datetime.now(UTC)
        rows = [("SESSION", "STATE", "LAST ACTIVITY", "MESSAGES", "TOKENS", "WINDOW")]
        rows += [
            (
                printable(info.id),
                info.state,
                age(info.last_activity, now),
                str(info.messages),
                f"{count(info.tokens)}/{count(info.window)}",
                percent(info.percent),
            )
            for info in infos
        ]
        click.echo(table(rows))


@command.command("info")
@click.argument("session_id", metavar="ID")
@command_options
@click.pass_obj
def _info(settings: Settings, session_id: str) -> None:
    """State, tokens and history of one session's lifecycle."""
    info = _on_session(settings, session_id, Session.info, read_only=True)
    if settings.json:
        print_json(info)
        return
    now = datetime.now(UTC)
    rows = [
        ("session", printable(info.id)),
        ("agent", printable(info.agent)),
        ("state", info.state),
        ("created", f"{info.created_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("last activity", f"{info.last_activity:%Y-%m-%d %H:%M:%S} UTC ({age(info.last_activity, now)})"),
        ("messages", f"{info.messages}, in {info.turns} turns; {info.waiting} without an answer so far"),
        ("context", f"{info.tokens} of {info.window} tokens ({percent(info.percent)})"),
        ("compactions", str(info.compactions)),
    ]
    click.echo(table(rows))
    click.echo("\nThe edges taken, how often, and when last:")
    for edge, taken in info.edges.items():
        click.echo(f"{taken.count:8}  {edge}  ({taken.last:%Y-%m-%d %H:%M:%S})")


@command.command("new")
@click.argument("session_id", metavar="ID")
@command_options
@click.pass_obj
def _new(settings: Settings, session_id: str) -> None:
    """Make a session by hand; it stays Created until its first message."""
    _report(settings, _on_session(settings, session_id, Session.create, read_only=False), "created")


@command.command("clear")
@click.argument("session_id", metavar="ID")
@command_options
@click.pass_obj
def _clear(settings: Settings, session_id: str) -> None:
    """Empty a session's context; its messages stay in the archive."""
    _report(settings, _on_session(settings, session_id, Session.clear, read_only=False), "cleared")


def _report(settings: Settings, info: SessionInfo, done: str) -> None:
    if settings.json:
        print_json(info)
    else:
        click.echo(f"Session {printable(info.id)} {done}; it is {info.state}.")


@command.command("history")
@click.argument("session_id", metavar="ID")
@click.option("--full", is_flag=True, help="With the messages that a summary or a clear replaced.")
@command_options
@click.pass_obj
def _history(settings: Settings, session_id: str, *, full: bool) -> None:
    """The messages of a session: those the model sees in full or, with --full, all of them."""

    async def work(session: Session) -> tuple[Summary | None, tuple[Message, ...]]:
        return await session.summary(), await session.history(full=full)

    summary, messages = _on_session(settings, session_id, work, read_only=True)
    if settings.json:
        print_json(messages)
        return
    boundary = summary.last if summary else 0
    if summary and not full:
        _print_summary(summary)
    for message in messages:
        if full and summary and message.number > boundary:
            _print_summary(summary)
            boundary = messages[-1].number
        who = message.sender or message.role
        click.echo(f"[{message.number}] {message.at:%Y-%m-%d %H:%M:%S} {printable(who)}: {printable(message.text)}")


def _print_summary(summary: Summary) -> None:
    title = f"summary of messages {summary.first}–{summary.last}"
    click.secho(f"──── {title} ({summary.before} → {summary.after} tokens) ────", dim=True)
    click.echo(printable(summary.text))
    click.secho("──── the messages below are word for word ────", dim=True)
