"""Whole durable turns a second: ours beside the session stores of other frameworks."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from benchmarks.figures import Target, median, short, table
from benchmarks.process import run_module
from benchmarks.storage.contestants.closed_loop import Sample

__all__ = ["DurableTurns", "measure"]


class _Contestant(NamedTuple):
    """A row of the tables, and the module that runs it."""

    title: str
    module: str


_OURS: Final = _Contestant("Session.ask, FileStore", "ours")
_AGENTS: Final = _Contestant("OpenAI Agents SQLiteSession", "openai_agents")
_ROWS: Final = (
    _OURS,
    _AGENTS,
    _Contestant("LangGraph AsyncSqliteSaver", "langgraph_saver"),
    _Contestant("ADK DatabaseSessionService", "adk_database"),
)
_BOUNDS: Final = {1: 1.5, 32: 6.0, 200: 8.0}  # × the Agents SDK, by the sessions at once


class Run(Struct, frozen=True):
    """One run of a contestant."""

    title: str
    sessions: int
    round: int
    sample: Sample


class DurableTurns(NamedTuple):
    """All runs."""

    runs: list[Run]

    def of(self, row: _Contestant, sessions: int) -> dict[int, Sample]:
        """The sample of a contestant in each round."""
        return {run.round: run.sample for run in self.runs if (run.title, run.sessions) == (row.title, sessions)}

    def faster(self, row: _Contestant, sessions: int) -> float:
        """How many turns ours makes for each of that row, median of the rounds."""
        ours = self.of(_OURS, sessions)
        return median(ours[number].rate / sample.rate for number, sample in self.of(row, sessions).items())

    def targets(self) -> Iterator[Target]:
        """The promises of a turn."""
        for sessions, bound in _BOUNDS.items():
            what = f"durable turns, {sessions} at once: × {_AGENTS.title}"
            yield Target(what, self.faster(_AGENTS, sessions), bound)

    def tables(self) -> Iterator[str]:
        """A table for each number of sessions; medians."""
        for sessions in _BOUNDS:
            yield f"Durable turns, sessions at once: {sessions:,}"
            head = ("", "turns/s", "p50 ms", "p99 ms", "failed", "durability", "ours is × as fast")
            yield table(head, (self._row(row, sessions) for row in _ROWS))

    def _row(self, row: _Contestant, sessions: int) -> tuple[str, ...]:
        samples = [*self.of(row, sessions).values()]
        return (
            row.title,
            short(median(sample.rate for sample in samples)),
            short(median(sample.p50 * 1e3 for sample in samples)),
            short(median(sample.p99 * 1e3 for sample in samples)),
            str(sum(sum(sample.failures.values()) for sample in samples)),
            samples[0].durability or "fdatasync",
            short(self.faster(row, sessions)),
        )


def measure(folder: Path, *, rounds: int, seconds: float, progress: Callable[[str], None]) -> DurableTurns:
    """Run everybody in every round, in an order that moves on from round to round.

    Args:
        folder: on the disk to be measured.
        rounds: of each contestant.
        seconds: of each run.
        progress: told what comes next.
    """
    runs: list[Run] = []
    for number in range(rounds):
        turn = number % len(_ROWS)
        for sessions in _BOUNDS:
            for row in _ROWS[turn:] + _ROWS[:turn]:
                progress(f"round {number + 1} of {rounds}, {sessions:,} at once: {row.title}")
                runs.append(Run(row.title, sessions, number, _run(row, folder, sessions, seconds)))
    return DurableTurns(runs)


def _run(row: _Contestant, folder: Path, sessions: int, seconds: float) -> Sample:
    with tempfile.TemporaryDirectory(dir=folder) as state:
        done = run_module("benchmarks.actors.turn_contestants", row.module, state, sessions, seconds)
    return msgspec.json.decode(done.output, type=Sample)
