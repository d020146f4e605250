"""`argent sessions new`, `clear`, `stop` and `unpark`."""

import click

from argentos.actors import SessionInfo
from argentos.actors.sessions.session import Session
from argentos.gateway.commands.sessions.on_session import on_session, report
from argentos.gateway.output import counted
from argentos.gateway.parameters import SESSION
from argentos.gateway.settings import Settings, command_options

__all__ = ["clear_command", "new_command", "stop_command", "unpark_command"]


@click.command("new")
@click.argument("session_id", metavar="ID", type=SESSION)
@command_options
@click.pass_obj
def new_command(settings: Settings, session_id: str) -> None:
    """Make a session by hand; it stays Created until its first message."""
    info = on_session(settings, session_id, lambda session: session.create(), makes=True)
    report(settings, info, f"was made; its state is {info.state}")


@click.command("clear")
@click.argument("session_id", metavar="ID", type=SESSION)
@command_options
@click.pass_obj
def clear_command(settings: Settings, session_id: str) -> None:
    """Empty a session's context; its messages stay in the archive."""
    info = on_session(settings, session_id, lambda session: session.clear())
    report(settings, info, f"has an empty context; its state is {info.state}")


@click.command("stop")
@click.argument("session_id", metavar="ID", type=SESSION)
@command_options
@click.pass_obj
def stop_command(settings: Settings, session_id: str) -> None:
    """End the turn that runs in a session, and give up the messages that wait behind it."""

    async def stop(session: Session) -> tuple[SessionInfo, SessionInfo]:
        return await session.info(), await session.stop()

    before, after = on_session(settings, session_id, stop)
    given_up = f"gave up {counted(before.waiting, 'message')}; its state is {after.state}"
    report(settings, after, given_up if before.is_at_work else "was doing nothing, so nothing was stopped")


@click.command("unpark")
@click.argument("session_id", metavar="ID", type=SESSION)
@command_options
@click.pass_obj
def unpark_command(settings: Settings, session_id: str) -> None:
    """Resume a session that failed too often and was parked; messages that wait in it are answered."""

    async def unpark(session: Session) -> tuple[SessionInfo, SessionInfo]:
        return await session.info(), await session.unpark()

    before, after = on_session(settings, session_id, unpark)
    goes_on = f"goes on; its state is {after.state}"
    report(settings, after, goes_on if before.status == "parked" else "was not parked, so nothing was done")
