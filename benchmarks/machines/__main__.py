"""The command: see docs/benchmarks.md."""

import tempfile
from pathlib import Path
from typing import Any, Final, TypeAlias

import click
import msgspec

from benchmarks.machines import events, parts, sessions
from benchmarks.machines.node import Node, NodeMissingError
from benchmarks.storage import process
from benchmarks.storage.figures import Target, targets_table

_PARTS: Final = ("events", "sessions", "own")

_Result: TypeAlias = events.Events | sessions.Sessions | parts.Parts


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
    results: dict[str, _Result] = {}
    with tempfile.TemporaryDirectory() as scratch:
        node = _node(Path(scratch))
        machine = {**process.machine(), "node": node if isinstance(node, str) else node.version}
        click.echo("\n".join(f"{name}: {value}" for name, value in machine.items()))
        for part in chosen or _PARTS:
            results[part] = _measure(part, node, rounds=rounds, seconds=seconds, quick=quick)
            for text in results[part].tables():
                click.echo(f"\n{text}")
    targets = [target for result in results.values() for target in result.targets()]
    click.echo(f"\n{targets_table(targets)}")
    if output is not None:
        output.write_bytes(_json(machine, results, targets))


def _node(folder: Path) -> Node | str:
    try:
        return Node(folder)
    except NodeMissingError as error:
        return str(error)


def _measure(part: str, node: Node | str, *, rounds: int, seconds: float, quick: bool) -> _Result:
    def progress(text: str) -> None:
        click.echo(text, err=True)

    if part == "events":
        return events.measure(node, rounds=rounds, seconds=seconds, progress=progress)
    if part == "sessions":
        return sessions.measure(node, quick=quick, progress=progress)
    return parts.measure(rounds=rounds, seconds=seconds / 5, progress=progress)


def _json(machine: dict[str, str], results: dict[str, _Result], targets: list[Target]) -> bytes:
    content: dict[str, Any] = {
        "machine": machine,
        **{part: result._asdict() for part, result in results.items()},
        "targets": [{**msgspec.structs.asdict(target), "verdict": target.verdict} for target in targets],
    }
    return msgspec.json.encode(content) + b"\n"


if __name__ == "__main__":
    main()
