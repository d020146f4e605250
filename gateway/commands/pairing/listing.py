"""`argent pairing list`."""

from datetime import UTC, datetime

import click

from argentos.actors.pairing.book import Pairing, PairingBook
from argentos.gateway.commands.pairing.at_desk import at_desk, described
from argentos.gateway.output import age, cell, print_json
from argentos.gateway.printing.tables import table
from argentos.gateway.settings import Settings, command_options

__all__ = ["list_command"]


@click.command("list")
@command_options
@click.pass_obj
def list_command(settings: Settings) -> None:
    """Show the senders, with the codes that are valid, and who of them are one person."""
    book = at_desk(settings, lambda desk: desk.book(), read_only=True)
    if settings.json:
        print_json(book)
    elif not book.pairings:
        click.echo("Nobody has asked to be let in.")
    else:
        click.echo(_listed(book, datetime.now(UTC)))


def _listed(book: PairingBook, now: datetime) -> str:
    rows = [("SENDER", "NAME", "STATE", "SINCE", "CODE"), *(_row(each, now) for each in book.pairings)]
    people = [described(each) for each in book.people]
    return "\n".join([table(rows), *(["", *people] if people else [])])


def _row(pairing: Pairing, now: datetime) -> tuple[str, ...]:
    sender, name = cell(str(pairing.sender)), cell(pairing.name)
    return (sender, name, pairing.state.lower(), age(pairing.since, now), pairing.code or "")
