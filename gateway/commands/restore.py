"""`argent restore`."""

from pathlib import Path

import click

from argentos.errors import StoreError
from argentos.gateway.output import print_json
from argentos.gateway.printing.progress import progress
from argentos.gateway.settings import Settings, command_options
from argentos.storage.backup import restore

__all__ = ["command"]


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@command_options
@click.pass_obj
def command(settings: Settings, file: Path) -> None:
    """Make a state directory from a backup.

    The directory must not exist, or be empty: nothing is ever written over.
    """
    try:
        with progress(settings, "Restoring"):
            manifest = restore(file, settings.state_dir)
    except OSError as error:
        raise StoreError(f"{error.filename or file}: {error.strerror}; nothing was restored") from error
    if settings.json:
        print_json(manifest)
    else:
        click.echo(f"Restored into {settings.state_dir} as it was on {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC.")
