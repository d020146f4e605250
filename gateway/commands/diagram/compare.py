"""`argent diagram compare`: what a new version of a diagram means for what was stored with the old one."""

from pathlib import Path

import click
from msgspec import Struct

from argentos.gateway.commands.diagram.files import read_diagram
from argentos.gateway.output import print_json, printable
from argentos.gateway.settings import Settings, command_options
from argentos.machines import Change, Comparison
from argentos.machines import compare as compared

__all__ = ["compare"]


class _PrintedChange(Struct, frozen=True):
    """A change, for programs."""

    breaking: bool
    before: str
    after: str
    sentence: str
    states: tuple[str, ...]
    file: str
    line: int
    column: int


class _Comparison(Struct, frozen=True):
    breaking: bool
    changes: list[_PrintedChange]


@click.command("compare", short_help="Tell what a new version means for what was stored.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@command_options
@click.pass_obj
def compare(settings: Settings, old: Path, new: Path) -> int:
    """Tell what would happen to what was stored with the machine in OLD, if that in NEW took its place.

    Each is a diagram, or a Markdown text with one; - is standard input. The status is 1 if a state is gone in which
    something may be stored, or if something may be stuck in its state.
    """
    if str(old) == str(new) == "-":
        raise click.UsageError("standard input is one file; name the other")
    comparison = compared(read_diagram(old), read_diagram(new))
    if settings.json:
        print_json(_Comparison(comparison.is_breaking, [_printed(change) for change in comparison.changes]))
    else:
        _print(comparison)
    return 1 if comparison.is_breaking else 0


def _printed(change: Change) -> _PrintedChange:
    return _PrintedChange(
        breaking=change.is_breaking,
        before=change.before,
        after=change.after,
        sentence=change.sentence,
        states=change.states,
        file=printable(change.file),
        line=change.place.line,
        column=change.place.column,
    )


def _print(comparison: Comparison) -> None:
    for change in comparison.changes:
        click.echo(f"{'breaking' if change.is_breaking else 'change':8}  {printable(str(change))}")
    breaking = sum(change.is_breaking for change in comparison.changes)
    if not comparison.changes:
        click.echo("The two are the same machine.")
    elif not breaking:
        click.echo("Nothing that was stored would suffer.")
    else:
        click.echo(f"What was stored may suffer: {breaking} of {len(comparison.changes)} changes are breaking.")
