"""Starting up on, and listing, many stored sessions."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click
import msgspec
from msgspec import Struct

from benchmarks.figures import Target, median, short, table
from benchmarks.process import Finished, run_module
from benchmarks.storage.startup import Startup

__all__ = ["Stored", "generated", "measure"]

_MANY: Final = 100_000
_QUICK: Final = 2000
_MB: Final = 1e6
_SECONDS: Final = 2.0
_MEMORY: Final = 200.0


class Run(Struct, frozen=True, kw_only=True):
    """A start, and a list, of the same directory; seconds and bytes."""

    startup: Startup
    startup_cpu: float
    startup_memory: int
    list_wall: float
    list_cpu: float
    list_memory: int
    list_bytes: int


class Stored(NamedTuple):
    """Runs on a directory with so many sessions."""

    sessions: int
    runs: list[Run]

    def targets(self) -> Iterator[Target]:
        """The promises of the index."""
        settled = median(run.startup.settled for run in self.runs)
        listed = median(run.list_wall for run in self.runs)
        yield Target(f"seconds to start up on {self.sessions:,} sessions", settled, _SECONDS, is_limit=True)
        yield Target(f"seconds to list {self.sessions:,} sessions", listed, _SECONDS, is_limit=True)
        for name, memory in (("starting up", "startup_memory"), ("listing", "list_memory")):
            most = max(getattr(run, memory) for run in self.runs) / _MB
            yield Target(f"MB of memory, {name}", most, _MEMORY, is_limit=True)

    def tables(self) -> Iterator[str]:
        """One table; medians."""
        yield f"{self.sessions:,} stored sessions, medians of {len(self.runs)} runs"
        yield table(
            ("", "seconds", "CPU seconds", "MB of memory"),
            (
                self._row("start-up: open", lambda run: run.startup.entered),
                self._row("start-up: a message accepted", lambda run: run.startup.accepted),
                self._row(
                    "start-up: settled",
                    lambda run: run.startup.settled,
                    lambda run: run.startup_cpu,
                    lambda run: run.startup_memory / _MB,
                ),
                self._row(
                    "argent sessions list --json",
                    lambda run: run.list_wall,
                    lambda run: run.list_cpu,
                    lambda run: run.list_memory / _MB,
                ),
            ),
        )

    def _row(self, title: str, *figures: Callable[[Run], float]) -> tuple[str, ...]:
        cells = [short(median(figure(run) for run in self.runs)) for figure in figures]
        return (title, *cells, *[""] * (3 - len(cells)))


def measure(folder: Path, *, rounds: int, quick: bool, progress: Callable[[str], None]) -> Stored:
    """Start and list, in turns.

    Args:
        folder: where the sessions are stored or, if they are not, will be, to be used again.
        rounds: of each.
        quick: few sessions.
        progress: told what comes next.
    """
    sessions = _QUICK if quick else _MANY
    state = generated(folder, sessions, progress)
    runs: list[Run] = []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}: starting up on, and listing, {sessions:,} sessions")
        started = run_module("benchmarks.storage.startup", state, time.monotonic())
        listed = run_module("argentos", "sessions", "list", "--json", "--state-dir", state)
        runs.append(_run(started, listed, sessions))
    return Stored(sessions, runs)


def _run(started: Finished, listed: Finished, sessions: int) -> Run:
    found = len(msgspec.json.decode(listed.output, type=list[msgspec.Raw]))
    if found < sessions:
        raise click.ClickException(f"only {found:,} of {sessions:,} sessions were listed")
    return Run(
        startup=msgspec.json.decode(started.output, type=Startup),
        startup_cpu=started.cpu,
        startup_memory=started.memory,
        list_wall=listed.wall,
        list_cpu=listed.cpu,
        list_memory=listed.memory,
        list_bytes=len(listed.output),
    )


def generated(folder: Path, sessions: int, progress: Callable[[str], None], *, kind: str = "sessions") -> Path:
    """The state directory with so many sessions; a file beside it says that it is complete.

    Args:
        folder: where it is, or will be.
        sessions: in it.
        progress: told if they are to be made.
        kind: `sessions` as they are found after a year, or `overdue`: all active, though nothing has happened for long.
    """
    state, complete = folder / f"{kind}-{sessions}", folder / f"{kind}-{sessions}.complete"
    if not complete.exists():
        progress(f"storing {sessions:,} sessions in {state}")
        folder.mkdir(parents=True, exist_ok=True)
        run_module("benchmarks.storage.generate", state, sessions, *(("0",) if kind == "overdue" else ()))
        complete.touch()
    return state
