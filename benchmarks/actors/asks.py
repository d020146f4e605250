"""Round trips and the memory of quiet sessions: ours beside the floor and the peers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from benchmarks.actors.contestants.contestant import Size
from benchmarks.actors.lengths import Length
from benchmarks.actors.peers import BLOCKING, CASTY, COUNTING, FLOOR, LEFT, OURS, PYKKA, ROWS, Row
from benchmarks.figures import Target, median, short, table
from benchmarks.process import run_module

__all__ = ["Asks", "measure"]

_Kind: TypeAlias = Literal["one", "many", "first"]

_MANY: Final = 1000
_QUICK: Final = 50
_HELD: Final = 20_000
_HEAVY: Final = 2000  # a thread each
_TIMED_ONLY: Final = (COUNTING, BLOCKING)  # they hold what others hold
_OF_FLOOR, _OF_PYKKA, _OF_CASTY = 0.33, 4.0, 1.0
_SPAWN: Final = 50.0  # µs
_BYTES: Final = 1500.0
_TITLES: Final[dict[_Kind, str]] = {
    "one": "An ask, one session",
    "many": "An ask, 1,000 sessions at once",
    "first": "Spawn and first ask",
}


class Run(Struct, frozen=True):
    """One run of a contestant."""

    title: str
    kind: _Kind
    round: int
    microseconds: float


class Held(Struct, frozen=True):
    """Bytes for each quiet session, as the system and as Python have it."""

    resident: Size
    traced: Size


class Asks(NamedTuple):
    """All runs, the memory by the titles of the rows, and what the length of the context does to an ask."""

    runs: list[Run]
    held: dict[str, Held]
    lengths: list[Length]

    def of(self, row: Row, kind: _Kind) -> dict[int, float]:
        """The microseconds of a contestant in each round."""
        return {run.round: run.microseconds for run in self.runs if (run.title, run.kind) == (row.title, kind)}

    def faster(self, row: Row, kind: _Kind) -> float:
        """How often as fast as that row ours is, median of the rounds."""
        ours = self.of(OURS, kind)
        return median(took / ours[number] for number, took in self.of(row, kind).items())

    @property
    def session(self) -> float:
        """Bytes of a live quiet session besides its messages: they are the store's, but for their two structs."""
        kept, left = (self.held[row.title].traced.bytes for row in (OURS, LEFT))
        return kept - left - self.lengths[0].messages

    def targets(self) -> Iterator[Target]:
        """The promises of the actors."""
        for kind in ("one", "many"):
            yield Target(f"{_TITLES[kind]}: × the floor", self.faster(FLOOR, kind), _OF_FLOOR)
            yield Target(f"{_TITLES[kind]}: × casty", self.faster(CASTY, kind), _OF_CASTY)
            for row in (PYKKA, BLOCKING):
                yield Target(f"{_TITLES[kind]}: × {row.title}", self.faster(row, kind), _OF_PYKKA)
        yield Target("µs to spawn and ask first", median(self.of(OURS, "first").values()), _SPAWN, is_limit=True)
        yield Target("bytes of a live quiet session besides its messages", self.session, _BYTES, is_limit=True)

    def tables(self) -> Iterator[str]:
        """A table for each kind, one of the memory, and one of the lengths; medians."""
        for kind, title in _TITLES.items():
            yield title
            yield table(
                ("", "version", "µs", "least", "most", "ours is × as fast"), (self._row(row, kind) for row in ROWS)
            )
        yield "Bytes for each live and quiet session that was asked once"
        rows = [row for row in (*ROWS, LEFT) if row not in _TIMED_ONLY]
        yield table(("", "version", "resident", "traced", "sessions"), map(self._memory, rows))
        yield "An ask of ours, by the messages in the context"
        yield table(("messages", "µs"), ((f"{each.before:,}", short(each.microseconds)) for each in self.lengths))

    def _row(self, row: Row, kind: _Kind) -> tuple[str, ...]:
        took = [*self.of(row, kind).values()]
        nan = float("nan")
        figures = (median(took), min(took, default=nan), max(took, default=nan), self.faster(row, kind))
        return (row.title, row.version or "not installed", *map(short, figures))

    def _memory(self, row: Row) -> tuple[str, ...]:
        held = self.held.get(row.title)
        if held is None:
            return (row.title, "not installed", "–", "–", "–")
        sizes = (f"{size.bytes:,.0f}" for size in (held.resident, held.traced))
        return (row.title, row.version, *sizes, f"{held.resident.actors:,}")


def measure(*, rounds: int, seconds: float, quick: bool, progress: Callable[[str], None]) -> Asks:
    """Run everybody in every round, in an order that moves on from round to round; the memory once.

    Args:
        rounds: of each contestant.
        seconds: of each run.
        quick: few sessions.
        progress: told what comes next.
    """
    rows = [row for row in ROWS if row.version]
    runs: list[Run] = []
    for number in range(rounds):
        turn = number % len(rows)
        for row in rows[turn:] + rows[:turn]:
            progress(f"round {number + 1} of {rounds}: {row.title}")
            runs += _round(row, number, seconds, _QUICK if quick else _MANY)
    done = run_module("benchmarks.actors.lengths", *((2, 20) if quick else (2, 20, 200, 2000)))
    return Asks(runs, _held((*rows, LEFT), progress, quick=quick), msgspec.json.decode(done.output, type=list[Length]))


def _round(row: Row, number: int, seconds: float, many: int) -> Iterator[Run]:
    yield Run(row.title, "one", number, row.asked(1, seconds).microseconds)
    yield Run(row.title, "many", number, row.asked(many, seconds).microseconds)
    yield Run(row.title, "first", number, row.spawned(many).microseconds)


def _held(rows: Sequence[Row], progress: Callable[[str], None], *, quick: bool) -> dict[str, Held]:
    held: dict[str, Held] = {}
    for row in rows:
        if row in _TIMED_ONLY:
            continue
        actors = _QUICK if quick else _HEAVY if row.is_heavy else _HELD
        progress(f"{actors:,} quiet sessions: {row.title}")
        held[row.title] = Held(row.held(actors, "resident"), row.held(actors, "traced"))
    return held
