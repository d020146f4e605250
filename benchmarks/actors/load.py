"""What some sessions do to others, and what many of them cost: everything is done, round by round."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from benchmarks.actors.loaded import Known, Load, Round
from benchmarks.actors.scenarios.arrivals import Arrivals
from benchmarks.actors.scenarios.crashes import Crashes
from benchmarks.actors.scenarios.flood import Flood
from benchmarks.actors.scenarios.hostile import Hostile
from benchmarks.actors.scenarios.live import Live
from benchmarks.actors.scenarios.others import Waits
from benchmarks.actors.scenarios.overdue import Overdue
from benchmarks.actors.scenarios.revival import Revival
from benchmarks.process import Finished, run_module
from benchmarks.storage.startup import Startup
from benchmarks.storage.stored import generated

__all__ = ["measure"]

_T = TypeVar("_T")

_FLOOD: Final = 20_000
_CLIENTS: Final = 100
_CRASHING: Final = 1000
_HUNG: Final = 100
_HOSTILE: Final = 14
_MANY: Final = 100_000
_REVIVALS: Final = 500
_LONG: Final = 50_000


def measure(folder: Path, *, rounds: int, known: Sequence[int], quick: bool, progress: Callable[[str], None]) -> Load:
    """Do everything in every round, but what is large.

    Args:
        folder: on a disk; stored sessions stay there.
        rounds: of each.
        known: how many stored sessions to start up on, besides those that are overdue.
        quick: little of each.
        progress: told what comes next.
    """
    bench = _Bench(folder, progress, quick=quick)
    done = [bench.round(f"round {number + 1} of {rounds}") for number in range(rounds)]
    return Load(done, bench.live(), [*bench.known(known)])


class _Bench:
    """Runs scenarios, in new folders where they store something."""

    def __init__(self, folder: Path, progress: Callable[[str], None], *, quick: bool) -> None:
        self._folder = folder
        self._progress = progress
        self._seconds = 0.1 if quick else 3.0
        self._part = 100 if quick else 1
        self._sessions = _MANY // (10 * self._part if quick else 1)
        self._overdue = generated(folder, self._sessions, progress, kind="overdue")

    def round(self, name: str) -> Round:
        """One of each."""
        self._progress(f"{name}: floods, crashes, stops")
        seconds, crashing = self._seconds, _CRASHING // self._part
        floods = {
            "one client": self._run("flood", Flood, 1, _FLOOD // self._part, seconds),
            "100 clients": self._run("flood", Flood, _CLIENTS, _FLOOD // self._part, seconds),
            "100 clients, FileStore": self._stored("flood", Flood, _CLIENTS, _FLOOD // self._part, seconds),
        }
        crashes = {
            "all at once": self._run("crashes", Crashes, crashing, 0, seconds),
            "one a millisecond": self._run("crashes", Crashes, crashing, 0.001, seconds),
            "one a millisecond, FileStore": self._stored("crashes", Crashes, crashing, 0.001, seconds),
        }
        arrivals = {
            "one a millisecond": self._run("arrivals", Arrivals, crashing, 0.001, seconds),
            "one a millisecond, FileStore": self._stored("arrivals", Arrivals, crashing, 0.001, seconds),
        }
        hung = max(5, _HUNG // self._part)
        stops = {
            "MemoryStore": self._run("stops", Waits, hung),
            "FileStore": self._stored("stops", Waits, hung),
        }
        self._progress(f"{name}: hostile code, stalls")
        hostile = {
            "MemoryStore": self._run("hostile", Hostile, _HOSTILE, seconds),
            "FileStore": self._stored("hostile", Hostile, _HOSTILE, seconds),
        }
        stalls = self._run("stalls", dict[str, float], _LONG // self._part)
        self._progress(f"{name}: a restart, revivals")
        overdue = self._run("overdue", Overdue, self._overdue, seconds)
        revival = self._revival(_MANY // self._part, _REVIVALS // self._part)
        return Round(floods, crashes, arrivals, hostile, stalls, stops, overdue, revival)

    def live(self) -> Live:
        """All the overdue sessions in memory, and a message to every tenth."""
        self._progress(f"{self._sessions:,} live sessions")
        return self._run("live", Live, self._overdue, self._sessions, self._sessions // 10)

    def known(self, more: Sequence[int]) -> Iterator[Known]:
        """A start on the overdue sessions, and on as many more as asked for."""
        yield self._started(self._sessions, self._overdue)
        for sessions in more:
            yield self._started(sessions, generated(self._folder, sessions, self._progress))

    def _started(self, sessions: int, state: Path) -> Known:
        """The second start, on a warm file cache."""
        self._progress(f"starting up on {sessions:,} sessions")
        _start(state)
        done = _start(state)
        return Known(sessions, msgspec.json.decode(done.output, type=Startup), done.memory)

    def _run(self, name: str, kind: type[_T], *arguments: object) -> _T:
        done = run_module(f"benchmarks.actors.scenarios.{name}", *arguments)
        return msgspec.json.decode(done.output, type=kind)

    def _stored(self, name: str, kind: type[_T], *arguments: object) -> _T:
        with tempfile.TemporaryDirectory(dir=self._folder) as state:
            return self._run(name, kind, *arguments, state)

    def _revival(self, messages: int, times: int) -> Revival:
        with tempfile.TemporaryDirectory(dir=self._folder) as state:
            return self._run("revival", Revival, state, messages, times)


def _start(state: Path) -> Finished:
    return run_module("benchmarks.storage.startup", state, time.monotonic())
