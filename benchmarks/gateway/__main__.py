"""The command: see docs/benchmarks.md."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import click
import msgspec

from benchmarks.figures import Target
from benchmarks.gateway import over
from benchmarks.gateway.load import Load, Measured
from benchmarks.process import machine, run_module
from benchmarks.report import Report, progress

_MIB: Final = 1024 * 1024
_MOST: Final = 2.0  # times the p99 of the supervisor


class Compared(NamedTuple):
    """A load of a gateway beside the same load of a supervisor in the process that asks, round by round."""

    load: Load
    within: list[Measured]
    over: list[Measured]

    @property
    def ratio(self) -> float:
        """The p99 of the first piece, the median of the rounds."""
        return median(one.p99 / other.p99 for one, other in zip(self.over, self.within, strict=True))

    def tables(self) -> Iterable[str]:
        """See `Report`."""
        shape = f"over {self.load.spread:g} s" if self.load.spread else "at once"
        yield "\n".join(
            [
                f"{self.load.turns} turns that begin {shape}, {self.load.listeners} listeners",
                "| | p50 ms | p99 ms | last ms | events | CPU s | MiB |",
                "|---|--:|--:|--:|--:|--:|--:|",
                _row("in process", self.within),
                _row("gateway", self.over),
                f"p99 of the gateway / in process: {self.ratio:.2f}",
            ]
        )

    def targets(self) -> Iterable[Target]:
        """See `Report`."""
        what = f"p99 of the first piece, {self.load.turns} turns, times that in process"
        yield Target(what, self.ratio, _MOST, is_limit=True)


def _row(name: str, measured: list[Measured]) -> str:
    def middle(field: str) -> float:
        return float(median(getattr(each, field) for each in measured))

    seconds = " | ".join(f"{middle(field) * 1000:.0f}" for field in ("p50", "p99", "slowest"))
    return f"| {name} | {seconds} | {middle('events'):.0f} | {middle('cpu'):.1f} | {middle('memory') / _MIB:.0f} |"


@click.command()
@click.option("--quick", is_flag=True, help="Few clients: does everything still run?")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--json", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write every figure there.")
def main(*, quick: bool, rounds: int, output: Path | None) -> None:
    """Measure what a gateway adds to the time until a reply begins, while many clients listen."""
    listeners, turns = (20, 10) if quick else (1000, 200)
    report = Report(machine())
    for name, spread in (("at once", 0.0), ("spread", 0.5 if quick else 10.0)):
        load = Load(listeners=listeners, turns=turns, deaf=listeners // 50, spread=spread)
        report.add(name, _compare(load, 1 if quick else rounds))
    report.end(output)


def _compare(load: Load, rounds: int) -> Compared:
    compared = Compared(load, [], [])
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=_folder()) as folder:
            progress(f"{load.turns} turns in process")
            given = msgspec.json.encode(load).decode()
            done = run_module("benchmarks.gateway.within", Path(folder) / "within", given)
            compared.within.append(msgspec.json.decode(done.output, type=Measured))
            progress(f"{load.turns} turns over HTTP")
            compared.over.append(over.measure(Path(folder) / "over", load))
    return compared


def _folder() -> Path:
    folder = Path("build/benchmarks")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
