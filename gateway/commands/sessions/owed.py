"""`argent sessions owed`."""

from datetime import UTC, datetime
from typing import Final

import click

from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.outbox.outbox import OwedMessage
from argentos.gateway.output import age, print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.printing.tables import shortened, table
from argentos.gateway.settings import Settings, command_options

__all__ = ["owed_command"]

RETRY: Final = "What was given up is tried again by `argent channels retry SESSION MESSAGE`, or in the dashboard."


@click.command("owed")
@click.option("--channel", metavar="NAME", help="Only what is owed to this channel.")
@command_options
@click.pass_obj
def owed_command(settings: Settings, channel: str | None) -> None:
    """Show the messages that are owed to a channel, and those that could not be delivered; the oldest first."""

    async def look(sessions: SupervisorInterface) -> tuple[OwedMessage, ...]:
        return await sessions.owed(channel)

    owed = with_sessions(settings, look, read_only=True)
    if settings.json:
        print_json(owed)
    elif not owed:
        click.echo("Nothing is owed to a channel.")
    else:
        now = datetime.now(UTC)
        rows = [("SESSION", "MESSAGE", "CHANNEL", "SINCE", "ATTEMPTS", "FAILURE")]
        click.echo(table([*rows, *(_row(each, now) for each in owed)]))
        if any(each.is_final for each in owed):
            click.echo(f"\n{RETRY}")


def _row(owed: OwedMessage, now: datetime) -> tuple[str, ...]:
    return (
        shortened(printable(owed.session)),
        str(owed.number),
        shortened(printable(owed.channel)),
        age(owed.since, now),
        "given up" if owed.is_final else str(owed.attempts),
        printable(owed.failure),
    )
