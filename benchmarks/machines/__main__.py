"""The command: see docs/benchmarks.md."""

import tempfile
from pathlib import Path
from typing import Final

import click

from benchmarks.machines import events, parts, sessions
from benchmarks.machines.node import Node, NodeMissingError
from benchmarks.process import machine
from benchmarks.report import Report, Result, progress

_PARTS: Final = ("events", "sessions", "own")


@click.command()
@click.argument("chosen", metavar="[PARTS]...", nargs=-1, type=click.Choice(_PARTS))
@click.option("--quick", is_flag=True, help="One short round of little: does everything still run?")
@click.option("--rounds", default=7, show_default=True, help="How often each is timed; medians are printed.")
@click.option("--seconds", default=0.5, show_default=True, help="How long each contestant runs in a round.")
@click.option("--json", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write every figure there.")
def main(chosen: tuple[str, ...], *, quick: bool, rounds: int, seconds: float, output: Path | None) -> None:
    """Measure what deciding costs: PARTS are events, sessions and own, all of them by default."""
    if quick:
        rounds, seconds = 1, 0.05
    with tempfile.TemporaryDirectory() as scratch:
        node = _node(Path(scratch))
        report = Report({**machine(), "node": node if isinstance(node, str) else node.version})
        for part in chosen or _PARTS:
            report.add(part, _measure(part, node, rounds=rounds, seconds=seconds, quick=quick))
    report.end(output)


def _node(folder: Path) -> Node | str:
    try:
        return Node(folder)
    except NodeMissingError as error:
        return str(error)


def _measure(part: str, node: Node | str, *, rounds: int, seconds: float, quick: bool) -> Result:
    if part == "events":
        return events.measure(node, rounds=rounds, seconds=seconds, progress=progress)
    if part == "sessions":
        return sessions.measure(node, quick=quick, progress=progress)
    return parts.measure(rounds=rounds, seconds=seconds / 5, progress=progress)


if __name__ == "__main__":
    main()
