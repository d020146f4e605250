"""`argent gateway token`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from argentos.gateway.groups import Group, Member
from argentos.gateway.output import age, print_json, printable
from argentos.gateway.printing.tables import shortened, table
from argentos.gateway.settings import Settings, command_options

if TYPE_CHECKING:
    from argentos.gateway.access.caller import Scope
    from argentos.gateway.access.tokens import Tokens

__all__ = ["list_command", "new_command", "revoke_command", "rotate_command", "token_command"]


def _member(name: str, help: str) -> Member:  # noqa: A002 - as click has it
    return Member(__name__, f"{name}_command", help)


_MEMBERS: Final = {
    "list": _member("list", "List the tokens; their secrets are kept nowhere."),
    "new": _member("new", "Make a token, and print it: once, for only its hash is kept."),
    "revoke": _member("revoke", "Remove a token; all that is connected or signed in by it ends at once."),
    "rotate": _member(
        "rotate",
        "Give a token another secret, and print it; the old one, and all that is signed in by it, ends at once.",
    ),
}


@click.group("token", cls=Group, members=_MEMBERS)
@command_options
def token_command() -> None:
    """List the tokens by which programs and people may ask a gateway, and make, rotate and revoke them."""


def _tokens(settings: Settings, *, makes: bool = False) -> "Tokens":
    from argentos.gateway.access.tokens import Tokens  # noqa: PLC0415 - `argent --help` needs none

    if not makes:
        settings.check_state_dir()
    return Tokens(settings.state_dir)


@click.command("list")
@command_options
@click.pass_obj
def list_command(settings: Settings) -> None:
    """List the tokens; their secrets are kept nowhere."""
    found = _tokens(settings).all()
    if settings.json:
        print_json(
            [
                {"name": each.name, "scopes": each.scopes, "owner": each.owner, "createdAt": each.created_at}
                for each in found
            ]
        )
    elif not found:
        click.echo("There are no tokens.")
    else:
        now = datetime.now(UTC)
        rows = [("TOKEN", "SCOPES", "OWNER", "MADE")]
        rows += [
            (
                shortened(printable(each.name)),
                ", ".join(each.scopes),
                "everybody's" if each.owner is None else shortened(printable(each.owner)),
                age(each.created_at, now),
            )
            for each in found
        ]
        click.echo(table(rows))


@click.command("new")
@click.argument("name", metavar="NAME")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "write", "approve", "admin"]),
    help="What it allows; may be given several times. Without, everything.",
)
@click.option("--owner", metavar="USER", help="The only one whose sessions it sees.")
@command_options
@click.pass_obj
def new_command(settings: Settings, name: str, *, scopes: "tuple[Scope, ...]", owner: str | None) -> None:
    """Make a token, and print it: once, for only its hash is kept."""
    tokens = _tokens(settings, makes=True)
    _show(settings, name, tokens.new(name, scopes, owner) if scopes else tokens.new(name, owner=owner))


@click.command("rotate")
@click.argument("name", metavar="NAME")
@command_options
@click.pass_obj
def rotate_command(settings: Settings, name: str) -> None:
    """Give a token another secret, and print it; the old one, and all that is signed in by it, ends at once."""
    _show(settings, name, _tokens(settings).rotate(name))


@click.command("revoke")
@click.argument("name", metavar="NAME")
@command_options
@click.pass_obj
def revoke_command(settings: Settings, name: str) -> None:
    """Remove a token; all that is connected or signed in by it ends at once."""
    gone = _tokens(settings).revoke(name)
    if settings.json:
        print_json({"name": gone.name})
    else:
        click.echo(f"Token {printable(gone.name)} is no more.")


def _show(settings: Settings, name: str, secret: str) -> None:
    if settings.json:
        print_json({"name": name, "token": secret})
    else:
        click.echo(secret)
