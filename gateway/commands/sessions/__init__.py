"""`argent sessions`: list sessions, and manage them.

Each command is in a module of its own subject; nothing here imports them before they are run.
"""

from typing import Final

import click

from argentos.gateway.groups import Group, Member
from argentos.gateway.settings import command_options

__all__ = ["command"]


def _member(module: str, name: str, help: str) -> Member:  # noqa: A002 - as click has it
    return Member(f"{__name__}.{module}", name, help)


_MEMBERS: Final = {
    "approvals": _member(
        "approvals",
        "approvals_command",
        "Show the tool calls that wait for approval, in one session or in all; the oldest first.",
    ),
    "approve": _member(
        "approvals",
        "approve_command",
        "Approve a tool call that waits, so that it runs; the first word counts.",
    ),
    "checkpoints": _member(
        "branching.places",
        "checkpoints_command",
        "Show the places to which a session can go back, or from which it can be forked.",
    ),
    "clear": _member("lifecycle", "clear_command", "Empty a session's context; its messages stay in the archive."),
    "compact": _member(
        "context.compaction",
        "compact_command",
        "Replace the older messages of a session's context with a summary, now.",
    ),
    "compactions": _member(
        "context.compaction",
        "compactions_command",
        "Show the latest compactions that were tried, and what came of each.",
    ),
    "delete": _member(
        "deletion",
        "delete_command",
        "Remove sessions: their messages, their archives, and what the journal has of them.",
    ),
    "deny": _member(
        "approvals",
        "deny_command",
        "Deny a tool call that waits, so that it does not run; the model is told so.",
    ),
    "export": _member(
        "transfer.exporting",
        "export_command",
        "Write sessions with all their messages as JSON Lines: those named or, if none is, all of the agent.",
    ),
    "fork": _member(
        "branching.places",
        "fork_command",
        "Make another session that begins with the context of this one, which stays as it is.",
    ),
    "history": _member(
        "context.history",
        "history_command",
        "Show the messages of a session: those in its context or, with --full, all of them.",
    ),
    "import": _member(
        "transfer.importing",
        "import_command",
        "Make sessions from conversations in files; - is standard input, and a pattern as *.jsonl all that match it.",
    ),
    "info": _member("telling", "info_command", "Show the state, the tokens and the lifecycle of one session."),
    "list": _member(
        "listing", "list_command", "List sessions: pinned ones, and then those with the latest activity first."
    ),
    "new": _member("lifecycle", "new_command", "Make a session by hand; it stays Created until its first message."),
    "owed": _member(
        "owed",
        "owed_command",
        "Show the messages that are owed to a channel, and those that could not be delivered; the oldest first.",
    ),
    "prune": _member("deletion", "prune_command", "Delete sessions by age and by size; sessions at work are kept."),
    "regenerate": _member(
        "branching.again",
        "regenerate_command",
        "Make another reply in the place of the latest, and print it; the old one stays in the archive.",
    ),
    "rename": _member("rename", "rename_command", "Give a session a title; an empty one removes it."),
    "retry": _member(
        "branching.again",
        "retry_command",
        "Run a failed turn once more, and print its reply: the latest, or that of the message with this id.",
    ),
    "rewind": _member(
        "branching.places",
        "rewind_command",
        "Move the message of this number, and all behind it, to the archive; `undo` brings them back.",
    ),
    "search": _member(
        "search",
        "search_command",
        "Find TEXT in the messages of all sessions, archives included; capitals do not matter.",
    ),
    "stop": _member(
        "lifecycle",
        "stop_command",
        "End the turn that runs in a session, and give up the messages that wait behind it.",
    ),
    "tail": _member(
        "tail", "tail_command", "Follow what happens in all sessions or in one, line by line, until Ctrl-C."
    ),
    "transitions": _member(
        "telling", "transitions_command", "Show each edge of the lifecycle that a session took, and when."
    ),
    "undo": _member(
        "branching.places",
        "undo_command",
        "Take back what last took messages out of a session's context: a compaction, a clear, or a rewind.",
    ),
    "unpark": _member(
        "lifecycle",
        "unpark_command",
        "Resume a session that failed too often and was parked; messages that wait in it are answered.",
    ),
    "update": _member(
        "update",
        "update_command",
        "Change the title, the tags, the owner or the system prompt of a session; an empty text removes one.",
    ),
}


@click.group("sessions", cls=Group, members=_MEMBERS)
@command_options
def command() -> None:
    """List sessions, and manage them."""
