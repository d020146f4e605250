"""The command: see docs/benchmarks.md."""

import sys
from pathlib import Path
from typing import Any, Final, TypeAlias

import click
import msgspec

from benchmarks.actors import asks, load, loaded, soak
from benchmarks.storage import process
from benchmarks.storage.figures import Target, targets_table

_PARTS: Final = ("asks", "load", "soak")

_Result: TypeAlias = asks.Asks | loaded.Load | soak.Soak


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(_PARTS))
@click.option("--quick", is_flag=True, help="One short round of little: does everything still run?")
@click.option("--rounds", default=5, show_default=True, help="How often each is timed; medians are printed.")
@click.option("--seconds", default=1.0, show_default=True, help="How long each contestant runs in a round.")
@click.option("--minutes", default=20.0, show_default=True, help="How long the soak takes.")
@click.option("--known", multiple=True, type=int, help="Start up on so many stored sessions, too; 30 kB of disk each.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/benchmarks"),
    show_default=True,
    help="Where to write: on a disk. Stored sessions stay there, and are used again.",
)
@click.option("--json", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write every figure there.")
def main(
    parts: tuple[str, ...],
    *,
    quick: bool,
    rounds: int,
    seconds: float,
    minutes: float,
    known: tuple[int, ...],
    directory: Path,
    output: Path | None,
) -> None:
    """Measure what sessions in memory cost: PARTS are asks, load and soak, the first two by default."""
    if quick:
        rounds, seconds, minutes = 1, 0.05, 0.01
    if sys.platform != "linux":
        raise click.ClickException("this needs Linux: it reads /proc")
    directory.mkdir(parents=True, exist_ok=True)
    machine = process.machine()
    click.echo("\n".join(f"{name}: {value}" for name, value in machine.items()))
    results: dict[str, _Result] = {}
    for part in parts or _PARTS[:2]:
        if part == "asks":
            results[part] = asks.measure(rounds=rounds, seconds=seconds, quick=quick, progress=_progress)
        elif part == "load":
            results[part] = load.measure(directory, rounds=rounds, known=known, quick=quick, progress=_progress)
        else:
            results[part] = soak.measure(directory, minutes=minutes, progress=_progress)
        for text in results[part].tables():
            click.echo(f"\n{text}")
    targets = [target for result in results.values() for target in result.targets()]
    click.echo(f"\n{targets_table(targets)}")
    if output is not None:
        output.write_bytes(_json(machine, results, targets))


def _progress(text: str) -> None:
    click.echo(text, err=True)


def _json(machine: dict[str, str], results: dict[str, _Result], targets: list[Target]) -> bytes:
    content: dict[str, Any] = {
        "machine": machine,
        **{part: result._asdict() for part, result in results.items()},
        "targets": [{**msgspec.structs.asdict(target), "verdict": target.verdict} for target in targets],
    }
    return msgspec.json.encode(content) + b"\n"


if __name__ == "__main__":
    main()
