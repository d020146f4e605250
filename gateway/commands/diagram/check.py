"""`argent diagram check`: the diagrams in documents are those of the program, or are made so."""

import operator
import sys
from importlib import import_module
from pathlib import Path

import click
from msgspec import Struct

from argentos.errors import InputError
from argentos.gateway.commands.diagram.claims import Document
from argentos.gateway.commands.diagram.files import write_file
from argentos.gateway.output import print_json, printable
from argentos.gateway.settings import Settings, command_options
from argentos.machines import MACHINES, Machine

__all__ = ["check"]


class _Difference(Struct, frozen=True):
    file: str
    line: int
    column: int
    machine: str
    sentence: str


class _Written(Struct, frozen=True):
    file: str
    line: int
    machine: str


class _Report(Struct, frozen=True):
    """The differences found; those that were written are mended.

    Attributes:
        checked: how many diagrams claim a machine.
    """

    checked: int
    differences: list[_Difference]
    written: list[_Written]


@click.command("check", short_help="Compare the diagrams in documents with the program.")
@click.argument("paths", metavar="FILES...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Replace what differs by the program's text.")
@click.option(
    "--machine",
    "given",
    multiple=True,
    metavar="NAME=MODULE:ATTRIBUTE",
    help="A machine of your own, as order=shop.orders:ORDER; it is imported. May be repeated.",
)
@command_options
@click.pass_obj
def check(settings: Settings, paths: tuple[Path, ...], given: tuple[str, ...], *, write: bool) -> int:
    """Compare the diagrams in Markdown texts with the machines that they claim to be, as ```mermaid machine=session.

    States, edges, labels and nesting count; order, comments, styles and notes do not. A .mmd claims with a comment
    above its header, as %% machine=session. The status is 1 if anything differs.
    """
    machines = {**MACHINES, **dict(map(_imported, given))}
    documents = [Document(path, machines) for path in dict.fromkeys(paths)]
    report = _Report(
        sum(len(document.claims) for document in documents),
        [] if write else [each for document in documents for each in _differences(document)],
        [each for document in documents for each in _corrected(document)] if write else [],
    )
    if settings.json:
        print_json(report)
    else:
        _print(report)
    return 1 if report.differences else 0


def _imported(given: str) -> tuple[str, Machine]:
    """A machine that the command line names.

    Raises:
        InputError: there is none.
    """
    name, _, target = given.partition("=")
    module, _, attribute = target.partition(":")
    if not (name and module and attribute):
        raise click.UsageError(f"--machine is NAME=MODULE:ATTRIBUTE, as order=shop.orders:ORDER, and not {given!r}")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # as `python -m` would have it
    try:
        found = operator.attrgetter(attribute)(import_module(module))
    except Exception as error:  # a module may raise anything while it is imported
        raise InputError(f"--machine {given}: {type(error).__name__}: {error}") from error
    if not isinstance(found, Machine):
        raise InputError(f"--machine {given}: {attribute} is no Machine, but of the type {type(found).__name__}")
    return name, found


def _differences(document: Document) -> list[_Difference]:
    return [
        _Difference(printable(str(document.path)), place.line, place.column, claim.name, sentence)
        for claim in document.claims
        for place, sentence in claim.differences
    ]


def _corrected(document: Document) -> list[_Written]:
    """Write the document, if anything in it differs."""
    wrong = [claim for claim in document.claims if claim.differences]
    if wrong:
        write_file(document.path, document.corrected().encode())
    return [_Written(printable(str(document.path)), claim.line, claim.name) for claim in wrong]


def _print(report: _Report) -> None:
    for each in report.differences:
        click.echo(f"{each.file}:{each.line}:{each.column}: {each.machine}: {printable(each.sentence)}")
    for done in report.written:
        click.echo(f"{done.file}:{done.line}: {done.machine}: written as the program has it")
    if not report.checked:
        click.echo("No diagram in these files claims a machine, as ```mermaid machine=session does.")
    elif report.differences:
        click.echo("\n`argent diagram check --write` puts the program's text in their place.")
    elif not report.written:
        told = "1 diagram is" if report.checked == 1 else f"{report.checked} diagrams are"
        click.echo(f"{told} as the program has {'it' if report.checked == 1 else 'them'}.")
