"""`argent channels retry`."""

import click

from argentos.actors.interfaces import SupervisorInterface
from argentos.gateway.output import cell, print_json
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION, WholeNumber
from argentos.gateway.settings import Settings, command_options

__all__ = ["retry_command"]


@click.command("retry")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("number", type=WholeNumber(1), metavar="NUMBER")
@command_options
@click.pass_obj
def retry_command(settings: Settings, session_id: str, number: int) -> None:
    """Have a message that was given up, as `argent sessions owed` shows it, delivered after all.

    A gateway that runs tries it at once, or else the next one does. What of it arrived before is not sent again.
    """

    async def retry(sessions: SupervisorInterface) -> None:
        await sessions.retry_delivery(session_id, number)

    with_sessions(settings, retry)
    if settings.json:
        print_json({"session": session_id, "number": number})
    else:
        click.echo(f"Message {number} of session {cell(session_id)} is owed again.")
