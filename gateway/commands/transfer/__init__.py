"""`argent sessions export` and `argent sessions import`."""

from argentos.gateway.commands.transfer.exporting import export_command
from argentos.gateway.commands.transfer.importing import import_command

__all__ = ["export_command", "import_command"]
