"""`argent sessions info` and `transitions`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

import click

from argentos.actors import SessionInfo, SessionPairing
from argentos.actors.interfaces import SupervisorInterface
from argentos.gateway.commands.sessions.on_session import on_session, on_sessions
from argentos.gateway.commands.sessions.paired import known_pairings
from argentos.gateway.output import print_json
from argentos.gateway.parameters import SESSION, WholeNumber
from argentos.gateway.printing.describing import described
from argentos.gateway.printing.pairings import with_pairing
from argentos.gateway.printing.tables import table
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Transitioned

__all__ = ["info_command", "transitions_command"]


@click.command("info")
@click.argument("session_id", metavar="ID", type=SESSION)
@command_options
@click.pass_obj
def info_command(settings: Settings, session_id: str) -> None:
    """Show the state, the tokens and the lifecycle of one session."""
    info, pairings = on_sessions(settings, partial(_look, session_id), read_only=True)
    if settings.json:
        print_json(with_pairing(info, pairings))
    else:
        click.echo(described(info, datetime.now(UTC), pairings.get(info.id)))


async def _look(session_id: str, sessions: SupervisorInterface) -> tuple[SessionInfo, Mapping[str, SessionPairing]]:
    info = await sessions.session(session_id).info()
    return info, await known_pairings(sessions, [info])


@click.command("transitions")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.option("--limit", type=WholeNumber(1), metavar="N", help="Only the latest N.")
@command_options
@click.pass_obj
def transitions_command(settings: Settings, session_id: str, limit: int | None) -> None:
    """Show each edge of the lifecycle that a session took, and when."""
    taken = on_session(settings, session_id, lambda session: session.transitions(), read_only=True)
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
