"""The command: see docs/benchmarks.md."""

import sys
from pathlib import Path
from typing import Final

import click

from benchmarks.actors import asks, durable_turns, load, soak
from benchmarks.actors import rounds as tool_rounds
from benchmarks.process import machine
from benchmarks.report import Report, progress

_PARTS: Final = ("asks", "rounds", "turns", "load", "soak")


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
    """Measure what sessions in memory cost: PARTS are asks, rounds, turns, load, soak; all but the last by default."""
    if quick:
        rounds, seconds, minutes = 1, 0.05, 0.01
    if sys.platform != "linux":
        raise click.ClickException("this needs Linux: it reads /proc")
    directory.mkdir(parents=True, exist_ok=True)
    report = Report(machine())
    for part in parts or _PARTS[:-1]:
        if part == "asks":
            report.add(part, asks.measure(rounds=rounds, seconds=seconds, quick=quick, progress=progress))
        elif part == "rounds":
            report.add(part, tool_rounds.measure(rounds=rounds, seconds=seconds, progress=progress))
        elif part == "turns":
            report.add(part, durable_turns.measure(directory, rounds=rounds, seconds=seconds, progress=progress))
        elif part == "load":
            report.add(part, load.measure(directory, rounds=rounds, known=known, quick=quick, progress=progress))
        else:
            report.add(part, soak.measure(directory, minutes=minutes, progress=progress))
    report.end(output)


if __name__ == "__main__":
    main()
