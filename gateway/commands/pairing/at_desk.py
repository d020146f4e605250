"""The desk for pairings as the commands use it, and what they tell of it."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import click

from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.pairing.book import PairedPerson, Pairing
from argentos.actors.pairing.desk import PairingDesk
from argentos.gateway.output import print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.settings import Settings

__all__ = ["BY", "ORIGIN", "at_desk", "described", "tell"]

T = TypeVar("T")

ORIGIN: Final = "command line"
"""The place that the book of pairings names for what is decided here."""

BY: Final = click.option("--by", metavar="NAME", help="Who decides; by default the name of the user.")


def at_desk(settings: Settings, ask: Callable[[PairingDesk], Awaitable[T]], *, read_only: bool = False) -> T:
    """Ask at the desk of the process that owns the state directory, or at one of this process where none does."""

    async def work(sessions: SupervisorInterface) -> T:
        return await ask(sessions.pairing)

    return with_sessions(settings, work, read_only=read_only)


def described(person: PairedPerson) -> str:
    """A person, the session, and those that were joined to it, in a sentence."""
    who = " and ".join(str(each) for each in person.senders)
    joined = f"; joined to it: {', '.join(person.joined)}" if person.joined else ""
    return printable(f"{who} share session {person.session}{joined}.")


def tell(settings: Settings, found: Pairing | PairedPerson, sentence: str) -> None:
    """Print what was done."""
    if settings.json:
        print_json(found)
    else:
        click.echo(printable(sentence))
