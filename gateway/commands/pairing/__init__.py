"""`argent pairing`: let unknown senders in, and link those who are one person.

Reading order; each imports only those above it:

    at_desk   the desk for pairings, and what is told of it
    listing   all that is known of senders
    deciding  the owner's word on a sender
    linking   senders who are one person, or are no more
"""

from typing import Final

import click

from argentos.gateway.groups import Group, Member
from argentos.gateway.settings import command_options

__all__ = ["command"]


def _member(module: str, name: str, help: str) -> Member:  # noqa: A002 - as click has it
    return Member(f"{__name__}.{module}", name, help)


_MEMBERS: Final = {
    "approve": _member(
        "deciding",
        "approve_command",
        "Let a sender in, by the code that the sender shows, or by name, as telegram:123; at that account only.",
    ),
    "deny": _member(
        "deciding",
        "deny_command",
        "Refuse a sender, by code or by name, from now on; one who was let in is so no more.",
    ),
    "link": _member(
        "linking", "link_command", "Have senders be one person, with one session for all that they write directly."
    ),
    "list": _member(
        "listing", "list_command", "Show the senders, with the codes that are valid, and who of them are one person."
    ),
    "unlink": _member("linking", "unlink_command", "Have a sender write to the session of before again."),
}


@click.group("pairing", cls=Group, members=_MEMBERS)
@command_options
def command() -> None:
    """Let unknown senders in, and link those who are one person."""
