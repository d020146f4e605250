"""`argent route`."""

import click

from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.routing.route import Route
from argentos.actors.routing.senders import Sender
from argentos.gateway.output import print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Address

__all__ = ["command"]


@click.command("route")
@click.argument("address")
@click.option("--guild", metavar="ID", help="The guild that is written in.")
@click.option("--channel-id", metavar="ID", help="The channel, the group or the chat.")
@click.option("--thread", metavar="ID", help="The thread or the topic in that.")
@command_options
@click.pass_obj
def command(settings: Settings, address: str, guild: str | None, channel_id: str | None, thread: str | None) -> None:
    """Say which agent answers an address, in which session, and why.

    ADDRESS is CHANNEL:USER, as telegram:123, or CHANNEL@ACCOUNT:USER for one of several accounts.
    """
    sender = Sender.parse(address)
    place = Address(sender.channel, sender.user, guild, channel_id, thread, sender.account)

    async def look(sessions: SupervisorInterface) -> Route:
        return await sessions.route(place)

    found = with_sessions(settings, look, read_only=True)
    if settings.json:
        print_json(found)
    else:
        click.echo(f"Session {printable(found.session_id)} of agent {printable(found.agent)}: {printable(found.why)}.")
