"""Ours, part by part."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from benchmarks.figures import Target, median, short, table
from benchmarks.machines.own import BUILT, DECIDED, FLAT, READ, RUN, TRIGGERED
from benchmarks.process import run_module

__all__ = ["Parts", "measure"]


class Parts(NamedTuple):
    """For each round microseconds by name."""

    runs: list[dict[str, float]]

    def targets(self) -> Iterator[Target]:
        """What is promised of deciding holds for the larger machines, too."""
        times = median(run[TRIGGERED] / run[DECIDED] for run in self.runs)
        yield Target("× faster than the trigger of a nested and parallel definition", times, 5.0)
        yield self._limit("µs to decide, flat", FLAT, 0.5)
        yield self._limit("µs to decide, nested and parallel", DECIDED, 0.5)
        yield self._limit("µs for a runner's step without a store", RUN, 5.0)
        yield self._limit("µs to build 500 states", BUILT, 100_000.0)
        yield self._limit("µs to read 5,000 lines", READ, 150_000.0)

    def _limit(self, what: str, name: str, bound: float) -> Target:
        return Target(what, median(run[name] for run in self.runs), bound, is_limit=True)

    def tables(self) -> Iterator[str]:
        """One table; medians."""
        yield "Ours, part by part"
        yield table(("", "µs", "least", "most"), map(self._row, self.runs[0]))

    def _row(self, name: str) -> tuple[str, ...]:
        took = [run[name] for run in self.runs]
        return (name, *map(short, (median(took), min(took), max(took))))


def measure(*, rounds: int, seconds: float, progress: Callable[[str], None]) -> Parts:
    """Measure all parts in every round, each for so many seconds; `progress` is told what comes next."""
    runs: list[dict[str, float]] = []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}: ours, part by part")
        done = run_module("benchmarks.machines.own", seconds)
        runs.append(msgspec.json.decode(done.output, type=dict[str, float]))
    return Parts(runs)
