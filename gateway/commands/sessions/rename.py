"""`argent sessions rename`."""

import click

from argentos.gateway.commands.sessions.on_session import on_session, report
from argentos.gateway.output import cell
from argentos.gateway.parameters import SESSION
from argentos.gateway.settings import Settings, command_options

__all__ = ["rename_command"]


@click.command("rename")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("title", metavar="TITLE")
@command_options
@click.pass_obj
def rename_command(settings: Settings, session_id: str, title: str) -> None:
    """Give a session a title; an empty one removes it. Its id stays."""
    info = on_session(settings, session_id, lambda session: session.update(title=title))
    report(settings, info, f"is called {cell(info.title)}" if info.title else "has no title any more")
