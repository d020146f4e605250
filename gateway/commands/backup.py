"""`argent backup`."""

from pathlib import Path

import click

from argentos.errors import StoreError
from argentos.gateway.output import print_json, printable, size
from argentos.gateway.owner import with_sessions
from argentos.gateway.printing.progress import progress
from argentos.gateway.settings import Settings, command_options

__all__ = ["command"]


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@command_options
@click.pass_obj
def command(settings: Settings, file: Path) -> None:
    """Save the state directory as it is at one moment to a new file, also while it is in use.

    All agents' sessions are in it, and argent.json. `argent restore` brings it back.
    """
    if not settings.state_dir.is_dir():
        raise StoreError(f"there is no state directory {settings.state_dir}; name another with --state-dir")
    with progress(settings, "Saving"):
        written = with_sessions(
            settings, lambda sessions: sessions.backup(file.absolute()), config=settings.config_or_defaults()
        )
    if settings.json:
        print_json({"file": str(file), "bytes": written})
    else:
        click.echo(f"Saved {settings.state_dir} to {printable(str(file))} ({size(written)}).")
