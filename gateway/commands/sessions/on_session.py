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

__all__ = ["on_session", "on_sessions", "report"]

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
    return on_sessions(settings, lambda sessions: work(sessions.session(session_id)), read_only=read_only, makes=makes)


def on_sessions(
    settings: Settings,
    work: Callable[[SupervisorInterface], Awaitable[T]],
    *,
    read_only: bool = False,
    makes: bool = False,
) -> T:
    """Do a command's work on a session and what is beside it, with the model that would answer there."""
    return with_sessions(settings, work, read_only=read_only, model=chosen_model(), makes=makes)


def report(settings: Settings, info: SessionInfo, done: str) -> None:
    """Print a session, as JSON, or the sentence about what was done with it."""
    if settings.json:
        print_json(info)
    else:
        click.echo(f"Session {cell(info.id)} {done}.")
