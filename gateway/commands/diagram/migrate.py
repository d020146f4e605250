"""`argent diagram migrate`: take what was stored with the old version of a diagram over to the new one."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from msgspec import Struct

from argentos.errors import ArgentError, InputError, MigrationError
from argentos.gateway.commands.diagram.files import named, read_diagram
from argentos.gateway.output import print_json, printable
from argentos.gateway.settings import Settings, command_options
from argentos.machines import Machine, MachineSnapshot, compare
from argentos.machines import migrate as migrated
from argentos.storage import SnapshotFile
from argentos.storage.disk import durable

__all__ = ["migrate"]


class _Migrated(Struct, frozen=True):
    """A snapshot, for programs; the backup is None where nothing was written."""

    file: str
    before: str
    after: str
    backup: str | None


class _Report(Struct, frozen=True):
    done: bool
    snapshots: list[_Migrated]


@click.command("migrate", short_help="Take snapshots over to a new version.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.argument("snapshots", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--state", "states", multiple=True, metavar="OLD=NEW", help="A state that has another name in NEW; repeatable."
)
@click.option("--yes", is_flag=True, help="Write the snapshots; without it only what would be done is told.")
@command_options
@click.pass_obj
def migrate(
    settings: Settings, old: Path, new: Path, snapshots: Sequence[Path], states: Sequence[str], *, yes: bool
) -> int:
    """Take the SNAPSHOTS of a machine, as a SnapshotFile keeps them, from the diagram in OLD to that in NEW.

    All of them are tried before the first is written, and none of them may be in use. Beside each a backup is kept. The
    status is 1 if one is in a state that NEW does not have: then nothing is written.
    """
    before, after = (Machine(read_diagram(path), stored=True) for path in (old, new))
    renamed = dict(map(_renamed, states))
    compare(before, after, states=renamed)
    with ExitStack() as stack:
        files = [stack.enter_context(_opened(path)) for path in dict.fromkeys(snapshots)]
        plans, problems = _plans(files, before, after, renamed)
        for problem in problems:
            click.echo(printable(problem), err=True)
        if problems:
            click.echo(f"Nothing was written, for {len(problems)} of {len(files)} cannot be migrated.", err=True)
            return 1
        report = [_write(file, was, now) if yes else _told(file, was, now) for file, was, now in plans]
    _print(settings, _Report(yes, report), named(new))
    return 0


_Plan = tuple[SnapshotFile, MachineSnapshot, MachineSnapshot]


def _renamed(option: str) -> tuple[str, str]:
    name, equals, other = option.partition("=")
    if not (name and equals and other):
        raise click.UsageError(f"--state {option} says no new name; write it like --state Locked=Bolted")
    return name.strip(), other.strip()


def _opened(path: Path) -> SnapshotFile:
    if not path.is_file():
        raise InputError(f"{path} is no file; name snapshots that a runner has stored")
    return SnapshotFile(path)


def _plans(
    files: Sequence[SnapshotFile], before: Machine, after: Machine, states: dict[str, str]
) -> tuple[list[_Plan], list[str]]:
    """The snapshots as they are and as they will be, and a sentence for each that cannot be migrated."""
    plans: list[_Plan] = []
    problems: list[str] = []
    for file in files:
        try:
            snapshot = _read(file, before, after)
            plans.append((file, snapshot, migrated(snapshot, after, states, name=str(file.path))))
        except ArgentError as error:
            problems.append(str(error))
    return plans, problems


def _read(file: SnapshotFile, before: Machine, after: Machine) -> MachineSnapshot:
    snapshot = file.load()
    if snapshot is None:
        raise InputError(f"{file.path} is gone; name snapshots that are there")
    if snapshot.diagram not in {before.diagram.digest, after.diagram.digest}:
        problem = f"{file.path} was made with another version ({snapshot.diagram}) than {before.diagram.file}"
        raise MigrationError(f"{problem} ({before.diagram.digest}) and {after.diagram.file}; name that as OLD")
    return snapshot


def _told(file: SnapshotFile, was: MachineSnapshot, now: MachineSnapshot) -> _Migrated:
    return _Migrated(str(file.path), was.state, now.state, None)


def _write(file: SnapshotFile, was: MachineSnapshot, now: MachineSnapshot) -> _Migrated:
    if now is was:
        return _told(file, was, now)
    backup = durable.dated_name(file.path, "before-migration")
    try:
        durable.replace(backup, file.path.read_bytes())
    except OSError as error:
        raise InputError(f"{backup} cannot be written: {error.strerror}; {file.path} is as it was") from error
    file.save(now)
    return _Migrated(str(file.path), was.state, now.state, str(backup))


def _print(settings: Settings, report: _Report, new: str) -> None:
    if settings.json:
        print_json(report)
        return
    for each in report.snapshots:
        to = f"stays {each.after}" if each.before == each.after else f"{each.before} → {each.after}"
        kept = f" (backup: {Path(each.backup).name})" if each.backup else ""
        click.echo(printable(f"{each.file}: {to}{kept}"))
    if report.done:
        click.echo(printable(f"All are snapshots of {new} now."))
    else:
        click.echo("Nothing was written; --yes writes it.")
