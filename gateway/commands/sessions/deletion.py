"""`argent sessions delete` and `argent sessions prune`."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from shlex import quote

import click
from msgspec import Struct

from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.retention import Due, choose
from argentos.errors import InputError, SessionNotFoundError, StoreDamagedError, StoreVersionError
from argentos.gateway.output import age, counted, print_json, printable, size
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import DURATION, SESSION, SIZE
from argentos.gateway.printing.tables import shortened, table
from argentos.gateway.settings import Settings, command_options
from argentos.storage import SessionKey
from argentos.storage.files.paths import copies_set_aside

__all__ = ["delete_command", "prune_command"]


@click.command("delete")
@click.argument("session_ids", metavar="ID...", nargs=-1, required=True, type=SESSION)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--dry-run", is_flag=True, help="Print what would be deleted, and change nothing.")
@click.option("--set-aside", is_flag=True, help="Delete also their damaged copies that were set aside.")
@command_options
@click.pass_obj
def delete_command(
    settings: Settings, session_ids: tuple[str, ...], *, yes: bool, dry_run: bool, set_aside: bool
) -> None:
    """Remove sessions: their messages, their archives, and what the journal has of them."""
    left = list(dict.fromkeys(session_ids))

    async def check(sessions: SupervisorInterface) -> None:
        for each in left:
            await _check_there(settings, sessions, each, set_aside=set_aside)

    async def delete(sessions: SupervisorInterface) -> None:
        while left:
            await sessions.session(left[0]).delete(set_aside=set_aside)
            done.append(left.pop(0))

    done: list[str] = []
    with_sessions(settings, check, read_only=True)
    names = ", ".join(printable(each) for each in left)
    if not dry_run:
        _confirm(f"Delete for good: {names}?", yes=yes)
        with_sessions(settings, delete)
    if settings.json:
        print_json({"deleted": done, "wouldDelete": left, "setAside": _set_aside(settings, *session_ids)})
        return
    click.echo(f"Would delete: {names}" if dry_run else f"Deleted: {names}")
    for each in done:
        if kept := _set_aside(settings, each):
            click.echo(f"Session {printable(each)}: {_kept(each, kept)}.")


async def _check_there(settings: Settings, sessions: SupervisorInterface, session_id: str, *, set_aside: bool) -> None:
    try:
        with suppress(StoreDamagedError, StoreVersionError):  # it exists, and may be deleted
            await sessions.session(session_id).info()
    except SessionNotFoundError as error:
        kept = _set_aside(settings, session_id)
        if kept and set_aside:
            return
        if kept:
            raise SessionNotFoundError(f"there is no session {session_id}, but {_kept(session_id, kept)}") from error
        raise


def _set_aside(settings: Settings, *session_ids: str) -> list[str]:
    """The paths of what was set aside of these sessions."""
    keys = [SessionKey(settings.agent, each) for each in session_ids]
    return [printable(str(path)) for key in keys for path in copies_set_aside(settings.state_dir, key)]


def _kept(session_id: str, kept: Sequence[str]) -> str:
    what = "what was set aside of it is kept" if len(kept) == 1 else f"{len(kept)} copies set aside of it are kept"
    name = quote(session_id)
    return (
        f"{what}; `argent doctor --restore {name}` brings it back, and `argent sessions delete --set-aside {name}`"
        " removes it"
    )


class _Pruned(Struct, rename="camel"):
    """A session that is due, and whether it was deleted; its size is null where only the age counts."""

    id: str
    last_activity: datetime
    size: int | None
    reason: str
    deleted: bool = False


@click.command("prune")
@click.option(
    "--older-than", type=DURATION, metavar="DURATION", help="Delete sessions without activity for so long: 12h, 90d."
)
@click.option(
    "--larger-than", type=SIZE, metavar="SIZE", help="Delete the oldest until all together are smaller: 500M, 10G."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--dry-run", is_flag=True, help="Print what would be deleted, and change nothing.")
@command_options
@click.pass_obj
def prune_command(
    settings: Settings, older_than: float | None, larger_than: int | None, *, yes: bool, dry_run: bool
) -> None:
    """Delete sessions by age and by size; sessions at work are kept.

    Without --older-than and --larger-than, retainFor and retainBytes of argent.json say which.
    """
    config = settings.config()
    retain_for, retain_bytes = older_than, larger_than
    if older_than is None and larger_than is None:
        retain_for, retain_bytes = config.retain_for, config.retain_bytes
    if retain_for is None and retain_bytes is None:
        raise InputError("nothing says what to prune; give --older-than or --larger-than, or set retainFor")

    async def look(sessions: SupervisorInterface) -> list[Due]:
        now = datetime.now(UTC)
        stored = await sessions.stored(sizes=retain_bytes is not None)
        return choose(stored, now=now, retain_for=retain_for, retain_bytes=retain_bytes)

    async def delete(sessions: SupervisorInterface) -> None:
        while left:
            due = left[0]
            try:
                due.deleted = await sessions.session(due.id).delete(unless_active_since=due.last_activity)
            except SessionNotFoundError:
                due.deleted = True  # another process was faster
            left.pop(0)

    found = [
        _Pruned(due.session.id, due.session.last_activity, due.session.size or None, due.reason)
        for due in with_sessions(settings, look, read_only=True)
    ]
    left = list(found)
    if found and not dry_run:
        if not yes and not settings.json and sys.stdin.isatty():
            _print_pruned(settings, found, dry_run=True)
        _confirm(f"Delete for good: {counted(len(found), 'session')}?", yes=yes)
        with_sessions(settings, delete)
    _print_pruned(settings, found, dry_run=dry_run)


def _print_pruned(settings: Settings, found: Sequence[_Pruned], *, dry_run: bool) -> None:
    if settings.json:
        print_json(found)
        return
    if not found:
        click.echo("No session is due.")
        return
    now = datetime.now(UTC)
    rows = [("SESSION", "LAST ACTIVITY", "SIZE", "DUE BY", "")]
    rows += [
        (
            shortened(printable(each.id)),
            age(each.last_activity, now),
            "–" if each.size is None else size(each.size),
            each.reason,
            "would be deleted" if dry_run else "deleted" if each.deleted else "kept: it is in use",
        )
        for each in found
    ]
    click.echo(table(rows))


def _confirm(question: str, *, yes: bool) -> None:
    """Ask for confirmation at a terminal.

    Raises:
        UsageError: there is no terminal.
        Abort: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("this deletes for good, and no terminal is there to confirm it; add --yes")
    click.confirm(question, abort=True, err=True)
