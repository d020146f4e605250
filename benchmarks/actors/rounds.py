"""Rounds of a turn that calls tools, beside asks."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import msgspec

from benchmarks.actors.scenarios.tool_rounds import ROUNDS, ToolRounds
from benchmarks.figures import Target, median, short, table
from benchmarks.process import run_module

__all__ = ["Rounds", "measure"]

_OF_ASK: Final = 1.0


class Rounds(NamedTuple):
    """All runs."""

    runs: list[ToolRounds]

    def targets(self) -> Iterator[Target]:
        """The promise of a tool loop."""
        of_ask = median(run.round / run.ask for run in self.runs)
        yield Target("A round with an instant tool: × an ask", of_ask, _OF_ASK, is_limit=True)

    def tables(self) -> Iterator[str]:
        """For people."""
        rows = [
            ("an ask, in memory", short(median(run.ask for run in self.runs))),
            (f"a round of {ROUNDS}, with an instant tool", short(median(run.round for run in self.runs))),
        ]
        yield table(("Rounds of tools", "µs"), rows)


def measure(*, rounds: int, seconds: float, progress: Callable[[str], None]) -> Rounds:
    """Measure each round in a process of its own."""
    runs: list[ToolRounds] = []
    for number in range(rounds):
        progress(f"rounds of tools, {number + 1} of {rounds}")
        finished = run_module("benchmarks.actors.scenarios.tool_rounds", seconds)
        runs.append(msgspec.json.decode(finished.output, type=ToolRounds))
    return Rounds(runs)
