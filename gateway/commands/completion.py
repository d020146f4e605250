"""`argent completion`."""

import click

from argentos.gateway.manual.shells import SHELLS, script
from argentos.gateway.output import print_json
from argentos.gateway.settings import Settings, command_options

__all__ = ["command"]


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@command_options
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script by which a shell completes command lines of argent."""
    settings: Settings = context.obj
    text = script(context.find_root().command, shell)
    if settings.json:
        print_json({"shell": shell, "script": text})
    else:
        click.echo(text)
