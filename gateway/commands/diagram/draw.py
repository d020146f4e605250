"""`argent diagram`: draw a machine."""

import sys
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import click

from argentos.actors import SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import ArgentError, DiagramError
from argentos.gateway.commands.diagram.check import check
from argentos.gateway.commands.diagram.compare import compare
from argentos.gateway.commands.diagram.convert import command as convert
from argentos.gateway.commands.diagram.files import file_and_line, read_diagram, write_file
from argentos.gateway.commands.diagram.migrate import migrate
from argentos.gateway.commands.diagram.watching import changes
from argentos.gateway.output import print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.settings import Settings, command_options
from argentos.machines import SESSION, Diagram, Machine
from argentos.machines.drawing import FORMATS, THEMES, Format, Live, Theme, Traversals, draw

__all__ = ["command"]

_BY_SUFFIX: Final[dict[str, Format]] = {
    "": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".mermaid": "mermaid",
    ".mmd": "mermaid",
    ".png": "png",
    ".svg": "svg",
    ".txt": "text",
}


_SETTINGS: Final = {"--json": 1, "--agent": 2, "--state-dir": 2}  # with the value


class _Diagram(click.Command):
    """A group that draws by itself: its name may be followed by that of a command, or by a file."""

    others: Final = {"check": check, "compare": compare, "convert": convert, "migrate": migrate}

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        at = _behind_settings(args)
        other = self.others.get(args[at]) if at < len(args) else None
        if other is None:
            return super().make_context(info_name, args, parent, **extra)
        return other.make_context(f"{info_name} {args[at]}", args[:at] + args[at + 1 :], parent, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl([(name, other.get_short_help_str(80)) for name, other in self.others.items()])


def _behind_settings(args: list[str]) -> int:
    """The number of leading arguments that every command takes."""
    at = 0
    while at < len(args) and (words := _SETTINGS.get(args[at].partition("=")[0])):
        at += 1 if "=" in args[at] else words
    return at


@click.command("diagram", cls=_Diagram)
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--session", "session_id", metavar="ID", help="Draw the state of this session, and the edges it has taken."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="The format; by default that of the output's name, else mermaid.",
)
@click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="light",
    help="The colours of SVG and PNG: light, dark, or black and white.",
)
@click.option("--guards", is_flag=True, help="Show the guards of the edges.")
@click.option("--timers", is_flag=True, help="Show the timers of the edges.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="The output file; standard output by default."
)
@click.option("--watch", is_flag=True, help="Draw FILE again whenever it changes, until Ctrl-C; with --output.")
@command_options
@click.pass_obj
def command(
    settings: Settings,
    path: Path | None,
    session_id: str | None,
    form: Format | None,
    output: Path | None,
    *,
    theme: Theme,
    guards: bool,
    timers: bool,
    watch: bool,
) -> None:
    """Draw lifecycles, check those in documents, and compare versions.

    Drawn is the lifecycle of a session, which is the diagram that the program runs, or that of a FILE.

    FILE is a diagram, or a Markdown text with one among its fences; of several FILE:LINE is one, and - is standard
    input.
    """
    if path is not None and session_id is not None:
        raise click.UsageError("a session has the program's own lifecycle; leave out either FILE or --session")
    if settings.json and form is not None and output is None:
        raise click.UsageError("--json and --format are two ways to print; leave out one, or add --output")
    form = form or _format_of(output)
    if form == "png" and output is None and not settings.json and sys.stdout.isatty():
        raise click.UsageError("a terminal cannot show a PNG picture; add --output FILE")
    options = _Options(form, output, theme, guards=guards, timers=timers)
    if watch:
        _watch(path, options, settings)
    info = None if session_id is None else _info(settings, session_id)
    _draw(SESSION if path is None else _read(path), info, options, settings)


class _Options(NamedTuple):
    form: Format
    output: Path | None
    theme: Theme
    guards: bool
    timers: bool


def _format_of(output: Path | None) -> Format:
    """The format that the name of the output says."""
    suffix = output.suffix.lower() if output else ""
    if suffix not in _BY_SUFFIX:
        known = ", ".join(sorted(each for each in _BY_SUFFIX if each))
        raise click.UsageError(f"no format is known by {suffix!r}, only {known}; rename {output}, or add --format")
    return _BY_SUFFIX[suffix]


def _watch(path: Path | None, options: _Options, settings: Settings) -> NoReturn:
    """Draw whenever the file changes. What cannot be read is said, and the picture stays as it was."""
    if path is None or str(path) == "-" or options.output is None or settings.json:
        raise click.UsageError(
            "--watch follows a FILE, and draws into another one: argent diagram FILE --watch --output PICTURE"
        )
    for _ in changes(file_and_line(path)[0]):
        try:
            _draw(_read(path), None, options, settings)
        except ArgentError as error:
            click.echo(f"argent: {printable(str(error))}", err=True)
    raise AssertionError  # changes never end


def _draw(machine: Machine | Diagram, info: SessionInfo | None, options: _Options, settings: Settings) -> None:
    form, output, theme, guards, timers = options
    if output is not None or not settings.json:
        _put(draw(machine, form, live=_live(info), guards=guards, timers=timers, theme=theme), output)
    if settings.json:
        print_json(_described(machine, info))
    elif output is not None:
        click.echo(f"Drawn as {form}: {printable(str(output))}")


def _read(path: Path) -> Machine | Diagram:
    """The machine in a file; a diagram that does not run is drawn all the same."""
    diagram = read_diagram(path)
    try:
        return Machine(diagram, stored=True)
    except DiagramError:
        return diagram


def _info(settings: Settings, session_id: str) -> SessionInfo:
    async def work(sessions: SupervisorInterface) -> SessionInfo:
        return await sessions.session(session_id).info()

    return with_sessions(settings, work, read_only=True)


def _live(info: SessionInfo | None) -> Live | None:
    if info is None:
        return None
    taken = {edge.partition(": ")[2]: Traversals(each.count, each.last) for edge, each in info.edges.items()}
    return Live(info.state, taken)


def _put(drawing: str | bytes, output: Path | None) -> None:
    if output is not None:
        data = drawing.encode() if isinstance(drawing, str) else drawing
        write_file(output, data)
    elif isinstance(drawing, str) and sys.stdout.isatty():
        click.echo(printable(drawing), nl=False)
    else:
        click.echo(drawing.encode() if isinstance(drawing, str) else drawing, nl=False)


# For programs -------------------------------------------------------------------------------------------------


def _described(machine: Machine | Diagram, info: SessionInfo | None) -> dict[str, Any]:
    if isinstance(machine, Diagram):
        plain = [{"source": edge.source, "target": edge.target, "label": edge.label} for edge in machine.edges]
        return {"states": [state.name for state in machine.states], "edges": plain}
    found = [way for state in machine.states for event in machine.events for way in machine.ways(state, event)]
    found.sort(key=lambda way: [edge.place for edge in way[1].edges])
    edges = [
        {
            "source": edge.source,
            "target": edge.target,
            "label": edge.label,
            "event": edge.event,
            "guards": [str(guard) for guard in guards],
            "timer": next((each.duration for each in machine.timers(edge.source) if each.event == edge.event), None),
            "effects": edge.effects,
            **_taken(str(edge), info),
        }
        for guards, edge in found
    ]
    live = {} if info is None else {"session": info.id, "state": info.state}
    return {"states": machine.states, "edges": edges, **live}


def _taken(edge: str, info: SessionInfo | None) -> dict[str, Any]:
    if info is None:
        return {}
    taken = info.edges.get(edge)
    return {"count": taken.count, "last": taken.last} if taken else {"count": 0, "last": None}
