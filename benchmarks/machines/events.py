"""Microseconds for each event: ours beside the peers."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from msgspec import Struct

from benchmarks.figures import Target, median, short, table
from benchmarks.machines.contestants.contestant import Sample
from benchmarks.machines.node import Node
from benchmarks.machines.peers import (
    ACTOR,
    FLYWEIGHT,
    HIERARCHICAL,
    OURS,
    PURE,
    SISMIC,
    STATEMACHINE,
    TRIGGER,
    Row,
)

__all__ = ["Events", "measure"]

_ROWS: Final = (OURS, TRIGGER, FLYWEIGHT, HIERARCHICAL, STATEMACHINE, SISMIC, ACTOR, PURE)
_MICROSECONDS: Final = 2.0
_TIMES: Final = 5.0


class Run(Struct, frozen=True):
    """One run of a contestant."""

    title: str
    round: int
    microseconds: float


class Events(NamedTuple):
    """All runs; `missing` says why there are none of XState, where there are none."""

    runs: list[Run]
    missing: str

    def of(self, row: Row) -> dict[int, float]:
        """The microseconds of a contestant in each round."""
        return {run.round: run.microseconds for run in self.runs if run.title == row.title}

    def to_ours(self, row: Row) -> float:
        """How often the time of ours, median of the rounds."""
        ours = self.of(OURS)
        return median(took / ours[number] for number, took in self.of(row).items())

    def targets(self) -> Iterator[Target]:
        """The promises of the machine."""
        yield Target("µs to decide and apply", median(self.of(OURS).values()), _MICROSECONDS, is_limit=True)
        yield Target("× faster than transitions' own trigger", self.to_ours(TRIGGER), _TIMES)
        yield Target("× faster than the faster of its triggers", min(map(self.to_ours, (TRIGGER, FLYWEIGHT))), _TIMES)

    def tables(self) -> Iterator[str]:
        """One table; medians."""
        yield "An event of the walk, decided and applied"
        yield table(("", "version", "µs", "least", "most", "× ours"), map(self._row, _ROWS))
        if self.missing:
            yield f"XState was not measured: {self.missing}."

    def _row(self, row: Row) -> tuple[str, ...]:
        took = [*self.of(row).values()]
        nan = float("nan")
        figures = (median(took), min(took, default=nan), max(took, default=nan), self.to_ours(row))
        return (row.title, row.version, *map(short, figures))


def measure(node: Node | str, *, rounds: int, seconds: float, progress: Callable[[str], None]) -> Events:
    """Run everybody in every round, in an order that moves on from round to round.

    Args:
        node: for XState, or why there is none.
        rounds: of each contestant.
        seconds: of each run.
        progress: told what comes next.
    """
    runs: list[Run] = []
    for number in range(rounds):
        turn = number % len(_ROWS)
        for row in _ROWS[turn:] + _ROWS[:turn]:
            progress(f"round {number + 1} of {rounds}: {row.title}")
            sample = row.run("walked", seconds, Sample, node)
            if sample is not None:
                runs.append(Run(row.title, number, sample.microseconds))
    return Events(runs, node if isinstance(node, str) else "")
