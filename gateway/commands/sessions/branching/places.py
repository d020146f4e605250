"""`argent sessions checkpoints`, `undo`, `rewind` and `fork`."""

from datetime import UTC, datetime

import click

from argentos.actors.interfaces import SupervisorInterface
from argentos.gateway.commands.sessions.on_session import on_session, report
from argentos.gateway.output import age, counted, print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION, WholeNumber
from argentos.gateway.printing.tables import table
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Checkpoint, numbers_in

__all__ = ["checkpoints_command", "fork_command", "rewind_command", "undo_command"]


@click.command("checkpoints")
@click.argument("session_id", metavar="ID", type=SESSION)
@command_options
@click.pass_obj
def checkpoints_command(settings: Settings, session_id: str) -> None:
    """Show the places to which a session can go back, or from which it can be forked."""

    async def look(sessions: SupervisorInterface) -> tuple[tuple[Checkpoint, ...], str]:
        session = sessions.session(session_id)
        return await session.checkpoints(), (await session.info()).undo

    places, latest = with_sessions(settings, look, read_only=True)
    if settings.json:
        print_json(places)
    elif not places:
        click.echo(f"Nothing has left the context of session {printable(session_id)}.")
    else:
        now = datetime.now(UTC)
        rows: list[tuple[str, ...]] = [("CHECKPOINT", "IN FRONT OF", "WHEN", "MESSAGES", "TOKENS", "LAST", "")]
        rows += [_row(each, now, "undo takes it back" if each.name == latest else "") for each in places]
        click.echo(table(rows))


def _row(place: Checkpoint, now: datetime, mark: str) -> tuple[str, ...]:
    window, taken = (sum(1 for _ in numbers_in(spans)) for spans in (place.window, place.taken))
    left = str(window) if window == taken else f"{window}, {taken} left"
    return place.name, f"a {place.kind}", age(place.at, now), left, str(place.tokens), str(place.last), mark


@click.command("undo")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("name", metavar="[CHECKPOINT]", required=False)
@command_options
@click.pass_obj
def undo_command(settings: Settings, session_id: str, name: str | None) -> None:
    """Take back what last took messages out of a session's context: a compaction, a clear, or a rewind.

    With the name of the checkpoint, it is taken back once, however often that is asked.
    """
    info = on_session(settings, session_id, lambda session: session.undo(name))
    report(settings, info, f"has {counted(info.messages, 'message')} again, with about {info.tokens} tokens")


@click.command("rewind")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("before", metavar="NUMBER", type=WholeNumber(1))
@command_options
@click.pass_obj
def rewind_command(settings: Settings, session_id: str, before: int) -> None:
    """Move the message of this number, and all behind it, to the archive; `undo` brings them back."""
    info = on_session(settings, session_id, lambda session: session.rewind(before=before))
    report(settings, info, f"goes on in front of message {before}")


@click.command("fork")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.argument("new_id", metavar="NEW")
@click.option("--at", metavar="PLACE", help="A checkpoint, as c3, or the number of the last message to take along.")
@command_options
@click.pass_obj
def fork_command(settings: Settings, session_id: str, new_id: str, at: str | None) -> None:
    """Make another session that begins with the context of this one, which stays as it is."""
    place = int(at) if at is not None and at.isascii() and at.isdecimal() else at
    info = on_session(settings, session_id, lambda session: session.fork(new_id, at=place))
    report(settings, info, f"was made from {printable(session_id)}")
