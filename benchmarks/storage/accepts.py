"""Durable accepts per second: ours, the floor under it, and the peers."""

import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from benchmarks.figures import Target, median, short, table
from benchmarks.process import compiled, run_module
from benchmarks.storage.contestants.closed_loop import Sample
from benchmarks.storage.watch import Watch, commits

__all__ = ["Accepts", "measure"]


class _Contestant(NamedTuple):
    """A row of the tables: its title, the module that runs it, and what else that is given."""

    title: str
    module: str
    options: tuple[str, ...] = ()


_STORE: Final = _Contestant("FileStore.append", "store")
_OURS: Final = (
    _STORE,
    _Contestant("… switch interval 0.1 ms", "store", ("0.0001",)),
    _Contestant("Session.send", "send"),
)
_PEERS: Final = (
    _Contestant("OpenAI Agents SQLiteSession", "openai_agents"),
    _Contestant("LangGraph AsyncSqliteSaver", "langgraph_saver"),
    _Contestant("ADK SqliteSessionService", "adk_sqlite"),
    _Contestant("ADK DatabaseSessionService", "adk_database"),
)
_SESSIONS: Final = (1, 32, 1000)
_FEW: Final = 32  # sessions of the peers in a quick run: more take them long to make


class _Floor(Struct, frozen=True):
    """What `floor.c` printed: seconds for all batches, and the median for one."""

    seconds: float
    p50: float


class Run(Struct, frozen=True, kw_only=True):
    """One run of a contestant.

    Attributes:
        batches: bytes of each commit of the journal.
        floor: messages per second that the same batches make on the bare disk.
        write: the seconds of one write of the same bytes through a thread, for a single session.
    """

    title: str
    sessions: int
    round: int
    sample: Sample
    batches: list[int] = []
    floor: float = float("nan")
    write: float = float("nan")

    def appends(self) -> list[int]:
        """How many messages each commit held, told from its bytes: all messages have the same."""
        each = max(1.0, sum(self.batches) / self.sample.messages)
        return sorted(round(size / each) for size in self.batches)


class Accepts(NamedTuple):
    """All runs."""

    runs: list[Run]

    def of(self, contestant: _Contestant, sessions: int) -> list[Run]:
        """The runs of a contestant, round by round."""
        return [run for run in self.runs if (run.title, run.sessions) == (contestant.title, sessions)]

    def best_peers(self, sessions: int) -> dict[int, float]:
        """For each round, the rate of the fastest peer."""
        best = defaultdict[int, float](float)
        for peer in _PEERS:
            for run in self.of(peer, sessions):
                best[run.round] = max(best[run.round], run.sample.rate)
        return best

    def to_peers(self, contestant: _Contestant, sessions: int) -> float:
        """How often the best peer's rate, median of the rounds."""
        best = self.best_peers(sessions)
        return median(run.sample.rate / best[run.round] for run in self.of(contestant, sessions) if run.round in best)

    def to_floor(self, contestant: _Contestant, sessions: int) -> float:
        """The part of the floor's rate, median of the rounds."""
        return median(run.sample.rate / run.floor for run in self.of(contestant, sessions))

    def targets(self) -> list[Target]:
        """The promises of the journal."""
        of_write = median(run.sample.p50 / run.write for run in self.of(_STORE, 1))
        targets = [
            Target(f"× floor, {sessions:,} sessions", self.to_floor(_STORE, sessions), 0.5) for sessions in (32, 1000)
        ]
        return [
            *targets,
            Target("× best peer, 1,000 sessions", self.to_peers(_STORE, 1000), 10.0),
            Target("× best peer, 1 session", self.to_peers(_STORE, 1), 1.0),
            Target("p50 of one accept × one write through a thread", of_write, 1.5, is_limit=True),
        ]

    def tables(self) -> Iterator[str]:
        """A table for each number of sessions, and one of the batches."""
        for sessions in _SESSIONS:
            yield f"Durable accepts, sessions at once: {sessions:,}"
            yield table(
                (
                    "",
                    "messages/s",
                    "× floor",
                    "× best peer",
                    "p50 ms",
                    "p99 ms",
                    "messages a run",
                    "failed",
                    "durability",
                ),
                (self._row(each, sessions, runs) for each in (*_OURS, *_PEERS) if (runs := self.of(each, sessions))),
            )
        yield "Batches of the journal: one write and one flush each"
        yield table(
            ("", "sessions", "batches a run", "messages p50", "max", "bytes p50", "max"),
            (_batches(run) for each in _OURS for sessions in _SESSIONS for run in self.of(each, sessions)[:1]),
        )

    def _row(self, contestant: _Contestant, sessions: int, runs: Sequence[Run]) -> tuple[str, ...]:
        samples = [run.sample for run in runs]
        return (
            contestant.title,
            short(median(sample.rate for sample in samples)),
            short(self.to_floor(contestant, sessions)),
            short(self.to_peers(contestant, sessions)),
            short(median(sample.p50 * 1e3 for sample in samples)),
            short(median(sample.p99 * 1e3 for sample in samples)),
            short(median(sample.messages for sample in samples)),
            str(sum(sum(sample.failures.values()) for sample in samples)),
            samples[0].durability or "fdatasync",
        )


def _batches(run: Run) -> tuple[str, ...]:
    appends, sizes = run.appends(), sorted(run.batches)
    figures = (run.sessions, len(sizes), median(appends), appends[-1], median(sizes), sizes[-1])
    return (run.title, *(f"{figure:,.0f}" for figure in figures))


def measure(folder: Path, *, rounds: int, seconds: float, quick: bool, progress: Callable[[str], None]) -> Accepts:
    """Run everybody in every round, in an order that moves on from round to round.

    Args:
        folder: on the disk to be measured.
        rounds: of each contestant.
        seconds: of each run.
        quick: leave the peers' many sessions out.
        progress: told what comes next.
    """
    bench = _Bench(folder, seconds)
    runs: list[Run] = []
    contestants = [*_OURS, *_PEERS]
    for number in range(rounds):
        turn = number % len(contestants)
        for sessions in _SESSIONS:
            for contestant in contestants[turn:] + contestants[:turn]:
                if quick and contestant in _PEERS and sessions > _FEW:
                    continue
                progress(f"round {number + 1} of {rounds}, {sessions:,} at once: {contestant.title}")
                runs.append(bench.run(contestant, sessions, number))
    return Accepts(runs)


class _Bench:
    """Runs contestants in a folder."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._floor = compiled(Path(__file__).with_name("floor.c"), folder)
        self._watch = Watch(folder)

    def run(self, contestant: _Contestant, sessions: int, number: int) -> Run:
        """One run; for ours, that of the floor with the same batches follows at once."""
        ours = contestant in _OURS
        with tempfile.TemporaryDirectory(dir=self._folder) as state:
            done = run_module(
                "benchmarks.storage.contestants",
                contestant.module,
                state,
                sessions,
                self._seconds,
                *contestant.options,
                environment=self._watch.environment if ours else None,
            )
        sample = msgspec.json.decode(done.output, type=Sample)
        run = Run(title=contestant.title, sessions=sessions, round=number, sample=sample)
        return self._compared(run) if ours else run

    def _compared(self, run: Run) -> Run:
        batches = commits(self._watch.notes(run.sample.begin, run.sample.end))
        floor = run.sample.messages / self._write(batches).seconds
        write = self._write_in_thread(sum(batches) // len(batches)) if run.sessions == 1 else float("nan")
        return msgspec.structs.replace(run, batches=batches, floor=floor, write=write)

    def _write(self, batches: Sequence[int]) -> _Floor:
        done = subprocess.run(  # noqa: S603 - compiled just now
            [self._floor, self._folder / "floor.data"],
            input="\n".join(map(str, batches)).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
        return msgspec.json.decode(done.stdout, type=_Floor)

    def _write_in_thread(self, size: int) -> float:
        with tempfile.TemporaryDirectory(dir=self._folder) as state:
            done = run_module("benchmarks.storage.one_write", state, size, self._seconds)
        return msgspec.json.decode(done.output, type=Sample).p50
