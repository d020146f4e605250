"""`argent pairing approve` and `deny`."""

import click

from argentos.gateway.commands.pairing.at_desk import BY, ORIGIN, at_desk, tell
from argentos.gateway.replies import own_name
from argentos.gateway.settings import Settings, command_options

__all__ = ["approve_command", "deny_command"]


@click.command("approve")
@click.argument("whom", metavar="CODE|SENDER")
@BY
@command_options
@click.pass_obj
def approve_command(settings: Settings, whom: str, by: str | None) -> None:
    """Let a sender in, by the code that the sender shows, or by name, as telegram:123; at that account only."""
    who = by or own_name()
    found = at_desk(settings, lambda desk: desk.approve(whom, by=who, origin=ORIGIN))
    tell(settings, found, f"{found.sender} is let in.")


@click.command("deny")
@click.argument("whom", metavar="CODE|SENDER")
@BY
@command_options
@click.pass_obj
def deny_command(settings: Settings, whom: str, by: str | None) -> None:
    """Refuse a sender, by code or by name, from now on; one who was let in is so no more."""
    who = by or own_name()
    found = at_desk(settings, lambda desk: desk.deny(whom, by=who, origin=ORIGIN))
    tell(settings, found, f"{found.sender} is refused.")
