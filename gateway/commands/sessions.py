"""`argent sessions`."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import click

from argentos.actors import SessionInfo, parse_duration
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.sessions.session import Session
from argentos.errors import StoreDamagedError
from argentos.gateway.commands.approvals import approvals_command, approve_command, deny_command
from argentos.gateway.commands.branching.again import regenerate_command, retry_command
from argentos.gateway.commands.branching.places import (
    checkpoints_command,
    fork_command,
    rewind_command,
    undo_command,
)
from argentos.gateway.commands.context import compact_command, compactions_command, history_command
from argentos.gateway.commands.deletion import delete_command, prune_command
from argentos.gateway.commands.owed import owed_command
from argentos.gateway.commands.search import search_command
from argentos.gateway.commands.transfer import export_command, import_command
from argentos.gateway.commands.update import update_command
from argentos.gateway.output import print_json, print_json_list, printable
from argentos.gateway.owner import chosen_model, with_sessions
from argentos.gateway.printing.describing import described
from argentos.gateway.printing.listing import listed
from argentos.gateway.printing.tables import table, terminal_width
from argentos.gateway.settings import Commands, Settings, command_options
from argentos.storage import Transitioned

__all__ = ["command"]

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

_A_CENTURY: Final = 100 * 365 * 86400.0  # seconds


@click.group("sessions", cls=Commands)
@command_options
def command() -> None:
    """List sessions, and manage them."""


command.add_command(compact_command)
command.add_command(compactions_command)
command.add_command(delete_command)
command.add_command(export_command)
command.add_command(history_command)
command.add_command(import_command)
command.add_command(owed_command)
command.add_command(approvals_command)
command.add_command(approve_command)
command.add_command(deny_command)
command.add_command(prune_command)
command.add_command(checkpoints_command)
command.add_command(undo_command)
command.add_command(rewind_command)
command.add_command(fork_command)
command.add_command(regenerate_command)
command.add_command(retry_command)
command.add_command(search_command)
command.add_command(update_command)


def _on_session(
    settings: Settings,
    session_id: str,
    work: Callable[[Session], Awaitable[T]],
    *,
    read_only: bool = False,
    makes: bool = False,
) -> T:
    async def on_sessions(sessions: SupervisorInterface) -> T:
        return await work(sessions.session(session_id))

    return with_sessions(settings, on_sessions, read_only=read_only, model=chosen_model(), makes=makes)


@command.command("list")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the latest N.")
@click.option(
    "--active", metavar="DURATION", help="Only those active within the last 2h, 7d; a plain number is minutes."
)
@click.option("--prefix", metavar="TEXT", help="Only those whose ids begin so.")
@click.option("--owner", metavar="USER", help="Only those of this owner.")
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@command_options
@click.pass_obj
def _list(
    settings: Settings,
    *,
    limit: int | None,
    active: str | None,
    prefix: str | None,
    owner: str | None,
    tag: str | None,
) -> None:
    """List all sessions, the latest activity first."""
    since = None if active is None else datetime.now(UTC) - timedelta(seconds=_span(active))
    problems: list[str] = []

    async def look(sessions: SupervisorInterface) -> list[SessionInfo]:
        problems.clear()
        return await sessions.list(
            limit=limit, active_since=since, prefix=prefix, owner=owner, tag=tag, on_problem=problems.append
        )

    infos = with_sessions(settings, look, read_only=True)
    for problem in problems:
        _log.warning("a session is not listed: %s", problem)
    if problems and not infos:
        raise StoreDamagedError("no session can be read; `argent doctor` says what is wrong, and what can be done")
    if settings.json:
        print_json_list(infos)
    elif not infos:
        whose = "" if settings.agent == "main" else f" of agent {printable(settings.agent)}"
        click.echo(f"No sessions{whose} found.")
    else:
        click.echo(listed(infos, datetime.now(UTC), terminal_width()))


def _span(text: str) -> float:
    """The seconds of `--active`."""
    try:
        seconds = 60 * float(text)
    except ValueError:
        seconds = parse_duration(text, "--active")
    if not seconds >= 0:
        raise click.BadParameter(f"{text} is not a span of time; write it as 90m, 2h or 7d", param_hint="--active")
    return min(seconds, _A_CENTURY)


@command.command("info")
@click.argument("session_id", metavar="ID")
@command_options
@click.pass_obj
def _info(settings: Settings, session_id: str) -> None:
    """Show the state, the tokens and the lifecycle of one session."""
    info = _on_session(settings, session_id, lambda session: session.info(), read_only=True)
    if settings.json:
        print_json(info)
        return
    click.echo(described(info, datetime.now(UTC)))


@command.command("transitions")
@click.argument("session_id", metavar="ID")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the latest N.")
@command_options
@click.pass_obj
def _transitions(settings: Settings, session_id: str, limit: int | None) -> None:
    """Show each edge of the lifecycle that a session took, and when."""
    taken = _on_session(settings, session_id, lambda session: session.transitions(), read_only=True)
    shown = taken[-limit:] if limit else taken
    if settings.json:
        print_json([_edge(each) for each in shown])
    else:
        rows = [("TIME (UTC)", "FROM", "TO", "EDGE")]
        rows += [(f"{each.at:%Y-%m-%d %H:%M:%S}", each.source, each.target, each.label) for each in shown]
        click.echo(table(rows))


def _edge(taken: Transitioned) -> dict[str, object]:
    return {
        "sequence": taken.sequence,
        "at": taken.at,
        "source": taken.source,
        "target": taken.target,
        "event": taken.event,
        "label": taken.label,
    }


@command.command("new")
@click.argument("session_id", metavar="ID")
@command_options
@click.pass_obj
def _new(settings: Settings, session_id: str) -> None:
    """Make a session by hand; it stays Created until its first message."""
    _report(settings, _on_session(settings, session_id, lambda session: session.create(), makes=True), "was made")


@command.command("clear")
@click.argument("session_id", metavar="ID")
@command_options
@click.pass_obj
def _clear(settings: Settings, session_id: str) -> None:
    """Empty a session's context; its messages stay in the archive."""
    _report(settings, _on_session(settings, session_id, lambda session: session.clear()), "has an empty context")


@command.command("stop")
@click.argument("session_id", metavar="ID")
@command_options
@click.pass_obj
def _stop(settings: Settings, session_id: str) -> None:
    """End the turn that runs in a session, and give up the messages that wait behind it."""
    _report(
        settings, _on_session(settings, session_id, lambda session: session.stop()), "has no turn that runs or waits"
    )


@command.command("unpark")
@click.argument("session_id", metavar="ID")
@command_options
@click.pass_obj
def _unpark(settings: Settings, session_id: str) -> None:
    """Resume a session that failed too often and was parked; messages that wait in it are answered."""
    _report(settings, _on_session(settings, session_id, lambda session: session.unpark()), "is not parked")


def _report(settings: Settings, info: SessionInfo, done: str) -> None:
    if settings.json:
        print_json(info)
    else:
        click.echo(f"Session {printable(info.id)} {done}; its state is {info.state}.")
