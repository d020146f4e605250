"""`argent diagram convert`: a diagram in another notation."""

from pathlib import Path
from typing import Final

import click

from argentos.gateway.commands.diagram.files import named, read_diagram, read_text, write_file
from argentos.gateway.output import print_json, printable
from argentos.gateway.settings import Settings, command_options
from argentos.machines.exchange import NOTATIONS, Exchanged, Notation, convert

__all__ = ["command"]

_BY_SUFFIX: Final[dict[str, Notation]] = {
    ".json": "xstate",
    ".markdown": "mermaid",
    ".md": "mermaid",
    ".mermaid": "mermaid",
    ".mmd": "mermaid",
    ".scxml": "scxml",
    ".xml": "scxml",
}


@click.command("convert", short_help="Write a diagram as SCXML or XState's JSON, or read it from them.")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--from", "read", type=click.Choice(NOTATIONS), help="The notation of IN; by default that of its name.")
@click.option("--to", "written", type=click.Choice(NOTATIONS), help="The notation of OUT; by default that of its name.")
@command_options
@click.pass_obj
def command(settings: Settings, source: Path, target: Path, *, read: Notation | None, written: Notation | None) -> None:
    """Write a diagram in another notation: mermaid, SCXML, or the JSON of XState 5.

    What cannot be said there is listed on standard error. IN and OUT may be -, standard input and output.
    """
    read, written = read or _notation(source, "--from"), written or _notation(target, "--to")
    found = _converted(source, read, written)
    is_printed = str(target) == "-"
    if not is_printed:
        write_file(target, found.result.encode())
    if settings.json:
        print_json({"warnings": found.warnings, **({"text": found.result} if is_printed else {})})
        return
    if is_printed:
        click.echo(found.result, nl=False)
    for warning in found.warnings:
        click.echo(f"{named(source)}: {printable(warning)}", err=True)
    if not is_printed:
        click.echo(f"Written as {written}: {printable(str(target))}")


def _notation(path: Path, option: str) -> Notation:
    """The notation that the name of a file says."""
    suffix = path.suffix.lower().partition(":")[0]
    if suffix not in _BY_SUFFIX:
        known = ", ".join(_BY_SUFFIX)
        raise click.UsageError(f"the name {path} says no notation, as {known} do; add {option} NOTATION")
    return _BY_SUFFIX[suffix]


def _converted(source: Path, read: Notation, written: Notation) -> Exchanged[str]:
    """The text of the file in the other notation; a Markdown text has its diagram in a fence."""
    text = read_diagram(source).to_mermaid() if read == "mermaid" else read_text(source).removeprefix("\ufeff")
    return convert(text, read, written, file=named(source))
