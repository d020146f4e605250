"""Work on one session, and the sentence that tells of it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from argentos.actors import SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.sessions.session import Session
from argentos.gateway.output import cell, print_json
from argentos.gateway.owner import chosen_model, with_sessions
from argentos.gateway.settings import Settings

__all__ = ["on_session", "report"]

T = TypeVar("T")


def on_session(
    settings: Settings,
    session_id: str,
    work: Callable[[Session], Awaitable[T]],
    *,
    read_only: bool = False,
    makes: bool = False,
) -> T:
    """Do a command's work on a session: see `with_sessions`."""

    async def on_sessions(sessions: SupervisorInterface) -> T:
        return await work(sessions.session(session_id))

    return with_sessions(settings, on_sessions, read_only=read_only, model=chosen_model(), makes=makes)


def report(settings: Settings, info: SessionInfo, done: str) -> None:
    """Print a session, as JSON, or the sentence about what was done with it."""
    if settings.json:
        print_json(info)
    else:
        click.echo(f"Session {cell(info.id)} {done}.")
