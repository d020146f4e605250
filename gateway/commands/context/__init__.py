"""Commands about the context of a session: its messages, and the summaries that replace them.

Reading order; each imports only those above it:

    history      the messages
    compaction   a compaction, and those that were tried
"""

from argentos.gateway.commands.context.compaction import compact_command, compactions_command
from argentos.gateway.commands.context.history import history_command

__all__ = ["compact_command", "compactions_command", "history_command"]
