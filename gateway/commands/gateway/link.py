"""`argent gateway link`."""

from typing import TYPE_CHECKING

import click

from argentos.errors import InputError
from argentos.gateway.output import print_json
from argentos.gateway.settings import Settings, command_options

if TYPE_CHECKING:
    from argentos.gateway.access.sign_in import SignIns
    from argentos.gateway.server.running import Running

__all__ = ["link_command", "sign_in_link"]


@click.command("link")
@click.option("--token", "name", metavar="NAME", help="The token as which somebody signs in; else one that may do all.")
@command_options
@click.pass_obj
def link_command(settings: Settings, name: str | None) -> None:
    """Make a link that signs a browser in, once, within a minute."""
    from argentos.gateway.access.sign_in import CODE_SECONDS, SignIns  # noqa: PLC0415 - `argent --help` needs none
    from argentos.gateway.access.tokens import Tokens  # noqa: PLC0415 - likewise
    from argentos.gateway.server.running import running_gateway  # noqa: PLC0415 - likewise

    settings.check_state_dir()
    running = running_gateway(settings.state_dir)
    if running is None:
        raise InputError(f"no gateway runs in {settings.state_dir}; start one with `argent gateway`")
    tokens = Tokens(settings.state_dir)
    link = sign_in_link(running, SignIns(settings.state_dir, tokens), name or tokens.operator().name)
    if settings.json:
        print_json({"link": link, "seconds": CODE_SECONDS})
    else:
        click.echo(link)


def sign_in_link(running: "Running", sign_ins: "SignIns", name: str) -> str:
    """A link that signs a browser in as a token.

    Raises:
        InputError: there is no such token.
        StoreError: it cannot be kept.
    """
    return f"{running.public_url}/#code={sign_ins.new_code(name)}"
