"""`argent channels`: the accounts of ours on platforms.

Reading order; each imports only those above it:

    status    how each account stands
    trying    whether a platform knows each account
    dropping  what is owed, and is not to be delivered
    retrying  what was given up, and is to be delivered after all
"""

from typing import Final

import click

from argentos.gateway.groups import Group, Member
from argentos.gateway.settings import command_options

__all__ = ["command"]

_MEMBERS: Final = {
    "drop": Member(
        f"{__name__}.dropping",
        "drop_command",
        "Give up a message that is owed to a channel, as `argent sessions owed` shows it; the next one follows.",
    ),
    "retry": Member(
        f"{__name__}.retrying",
        "retry_command",
        "Have a message that was given up, as `argent sessions owed` shows it, delivered after all.",
    ),
    "status": Member(
        f"{__name__}.status",
        "status_command",
        "Show the accounts of ours on platforms, how each stands, and what is owed to each platform.",
    ),
    "test": Member(
        f"{__name__}.trying",
        "test_command",
        "Check the token and the connection of each account, or of one; nobody is sent anything.",
    ),
}


@click.group("channels", cls=Group, members=_MEMBERS)
@command_options
def command() -> None:
    """Look after the accounts of ours on platforms, as Telegram and Discord."""
