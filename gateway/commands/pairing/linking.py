"""`argent pairing link` and `unlink`."""

import click

from argentos.actors.routing.senders import Sender
from argentos.gateway.commands.pairing.at_desk import BY, ORIGIN, at_desk, described, tell
from argentos.gateway.replies import own_name
from argentos.gateway.settings import Settings, command_options

__all__ = ["link_command", "unlink_command"]


@click.command("link")
@click.argument("senders", metavar="SENDER SENDER...", nargs=-1, required=True)
@click.option("--session", metavar="ID", help="The session that they share; by default the oldest of theirs.")
@BY
@command_options
@click.pass_obj
def link_command(settings: Settings, senders: tuple[str, ...], session: str | None, by: str | None) -> None:
    """Have senders be one person, with one session for all that they write directly."""
    given = [Sender.parse(each) for each in senders]
    who = by or own_name()
    found = at_desk(settings, lambda desk: desk.link(given, session=session, by=who, origin=ORIGIN))
    tell(settings, found, described(found))


@click.command("unlink")
@click.argument("sender")
@BY
@command_options
@click.pass_obj
def unlink_command(settings: Settings, sender: str, by: str | None) -> None:
    """Have a sender write to the session of before again."""
    given = Sender.parse(sender)
    who = by or own_name()
    found = at_desk(settings, lambda desk: desk.unlink(given, by=who, origin=ORIGIN))
    tell(settings, found, f"{found.sender} writes to session {found.sender.own_session} again.")
