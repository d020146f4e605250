"""`argent man`."""

import click

from argentos import __version__
from argentos.gateway.output import print_json
from argentos.gateway.settings import Settings, command_options

__all__ = ["command"]


@click.command("man")
@command_options
@click.pass_context
def command(context: click.Context) -> None:
    """Print the man page of argent, in roff."""
    from argentos.gateway.manual.roff import man_page  # noqa: PLC0415 - loads all commands

    settings: Settings = context.obj
    text = man_page(context.find_root().command, __version__)
    if settings.json:
        print_json({"manPage": text})
    else:
        click.echo(text, nl=False)
