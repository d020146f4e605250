"""`argent sessions approvals`, `approve` and `deny`."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import click
import msgspec

from argentos.actors.approvals import Approval
from argentos.actors.info import SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.sessions.session import Session
from argentos.gateway.output import age, print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION
from argentos.gateway.printing.tables import shortened, table
from argentos.gateway.replies import own_name
from argentos.gateway.settings import Settings, command_options

__all__ = ["approvals_command", "approve_command", "deny_command"]


@click.command("approvals")
@click.argument("session_id", metavar="[ID]", required=False, type=SESSION)
@command_options
@click.pass_obj
def approvals_command(settings: Settings, session_id: str | None) -> None:
    """Show the tool calls that wait for approval, in one session or in all; the oldest first."""

    async def look(sessions: SupervisorInterface) -> tuple[Approval, ...]:
        if session_id is not None:
            return await sessions.session(session_id).approvals()
        return await sessions.approvals()

    found = with_sessions(settings, look, read_only=True)
    if settings.json:
        print_json(found)
    elif not found:
        click.echo("No call waits for approval.")
    else:
        now = datetime.now(UTC)
        rows = [("SESSION", "CALL", "TOOL", "SINCE", "UNTIL", "INPUT")]
        click.echo(table([*rows, *(_row(each, now) for each in found)]))


def _row(wanted: Approval, now: datetime) -> tuple[str, ...]:
    return (
        shortened(printable(wanted.session)),
        printable(wanted.call_id),
        printable(wanted.name),
        age(wanted.asked_at, now),
        f"{wanted.expires_at:%Y-%m-%d %H:%M}",
        printable(msgspec.json.encode(wanted.input).decode()),
    )


_BY = click.option("--by", metavar="NAME", help="Who decides; by default the name of the user.")


@click.command("approve")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("call_id", metavar="CALL")
@_BY
@command_options
@click.pass_obj
def approve_command(settings: Settings, session_id: str, call_id: str, by: str | None) -> None:
    """Approve a tool call that waits, so that it runs; the first word counts."""
    who = by or own_name()
    _decide(settings, session_id, call_id, lambda session: session.approve(call_id, by=who), "approved")


@click.command("deny")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("call_id", metavar="CALL")
@click.option("--reason", default="", metavar="TEXT", help="A sentence for the model.")
@_BY
@command_options
@click.pass_obj
def deny_command(settings: Settings, session_id: str, call_id: str, *, reason: str, by: str | None) -> None:
    """Deny a tool call that waits, so that it does not run; the model is told so."""
    who = by or own_name()
    _decide(settings, session_id, call_id, lambda session: session.deny(call_id, reason, by=who), "denied")


def _decide(
    settings: Settings, session_id: str, call_id: str, decide: Callable[[Session], Awaitable[SessionInfo]], done: str
) -> None:
    async def work(sessions: SupervisorInterface) -> SessionInfo:
        return await decide(sessions.session(session_id))

    info = with_sessions(settings, work)
    if settings.json:
        print_json(info)
    else:
        click.echo(f"Call {printable(call_id)} of session {printable(info.id)} was {done}.")
