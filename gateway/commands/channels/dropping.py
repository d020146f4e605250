"""`argent channels drop`."""

import click

from argentos.actors.interfaces import SupervisorInterface
from argentos.gateway.output import cell, print_json
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION, WholeNumber
from argentos.gateway.replies import own_name
from argentos.gateway.settings import Settings, command_options

__all__ = ["drop_command"]


@click.command("drop")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("number", type=WholeNumber(1), metavar="NUMBER")
@click.option("--reason", metavar="TEXT", help="Why; by default who has given it up.")
@command_options
@click.pass_obj
def drop_command(settings: Settings, session_id: str, number: int, reason: str | None) -> None:
    """Give up a message that is owed to a channel, as `argent sessions owed` shows it; the next one follows."""
    why = reason or f"{own_name()} has given it up"

    async def drop(sessions: SupervisorInterface) -> None:
        await sessions.drop(session_id, number, why)

    with_sessions(settings, drop)
    if settings.json:
        print_json({"session": session_id, "number": number, "reason": why})
    else:
        click.echo(f"Message {number} of session {cell(session_id)} is given up.")
