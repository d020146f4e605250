"""Memory, descriptors, tasks and files over minutes of load."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from benchmarks.actors.scenarios.wear import Look, Wear
from benchmarks.figures import Target, short, table
from benchmarks.process import run_module

__all__ = ["Soak", "measure"]

_GROWTH: Final = 1.05
_LOOKS: Final = 10
_MB: Final = 1e6


class Soak(NamedTuple):
    """What was seen in so many minutes."""

    minutes: float
    wear: Wear

    def targets(self) -> Iterator[Target]:
        """The promises to those who never restart."""
        wear = self.wear
        growth = wear.late / wear.early
        yield Target("memory at the end × that after a tenth of the time", growth, _GROWTH, is_limit=True)
        for number, what in enumerate(("tasks", "descriptors")):
            more = wear.after[number] - wear.before[number]
            left = wear.closed[number]
            yield Target(f"{what} more at rest than at the beginning", float(more), 0.0, is_limit=True)
            yield Target(f"{what} left by a closed supervisor", float(left), 0.0, is_limit=True)
        yield Target("files left over", float(len(wear.leftovers)), 0.0, is_limit=True)

    def tables(self) -> Iterator[str]:
        """What was seen meanwhile, and what was done."""
        yield f"{self.minutes:g} minutes of load"
        yield table(("at, s", "MB in memory", "descriptors", "tasks", "live sessions"), map(_row, self._some()))
        yield "What was done"
        yield table(("", "times"), ((name, f"{count:,}") for name, count in sorted(self.wear.done.items())))

    def _some(self) -> list[Look]:
        looks = self.wear.looks
        return [looks[round(part * (len(looks) - 1) / _LOOKS)] for part in range(_LOOKS + 1)]


def _row(look: Look) -> tuple[str, ...]:
    return (
        short(look.at),
        short(look.memory / _MB),
        *(f"{each:,}" for each in (look.descriptors, look.tasks, look.live)),
    )


def measure(folder: Path, *, minutes: float, progress: Callable[[str], None]) -> Soak:
    """Use a supervisor with a `FileStore` for so long, in a new folder in this one; `progress` is told."""
    progress(f"{minutes:g} minutes of load")
    with tempfile.TemporaryDirectory(dir=folder) as state:
        done = run_module("benchmarks.actors.scenarios.wear", state, minutes, timeout=minutes * 60 + 600)
    return Soak(minutes, msgspec.json.decode(done.output, type=Wear))
