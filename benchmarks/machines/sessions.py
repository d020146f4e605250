"""Bytes for each session: ours beside the peers."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from benchmarks.figures import Target, short, table
from benchmarks.machines.contestants.contestant import Size
from benchmarks.machines.node import Node
from benchmarks.machines.peers import ACTOR, FLYWEIGHT, OURS, SISMIC, STATEMACHINE, STORED, TRIGGER, Row

__all__ = ["Sessions", "measure"]

_MANY: Final = 100_000
_SOME: Final = 10_000  # transitions compares a new model with all that it has
_FEW: Final = 2_000  # large, and slow to make
_QUICK: Final = 500
_ROWS: Final = {
    OURS: _MANY,
    STORED: _MANY,
    FLYWEIGHT: _MANY,
    TRIGGER: _SOME,
    STATEMACHINE: _FEW,
    SISMIC: _FEW,
    ACTOR: _SOME,
}
_TITLES: Final = {
    OURS: "ours",
    FLYWEIGHT: "transitions: an object with a state",
    TRIGGER: "transitions: add_model",
    ACTOR: "XState: an actor",
}
_BYTES: Final = 200.0


class Sessions(NamedTuple):
    """What each keeps, by the titles of the rows."""

    sizes: dict[str, Size]
    missing: str

    def targets(self) -> Iterator[Target]:
        """The promise of the machine, also for a session that shares nothing with others."""
        most = max(self.sizes[row.title].bytes for row in (OURS, STORED))
        yield Target("bytes of the machine's part of a session", most, _BYTES, is_limit=True)

    def tables(self) -> Iterator[str]:
        """One table."""
        yield "What a session keeps for its machine, in the state Active"
        yield table(("", "version", "bytes", "× ours", "sessions"), map(self._row, _ROWS))
        if self.missing:
            yield f"XState was not measured: {self.missing}."

    def _row(self, row: Row) -> tuple[str, ...]:
        title, size = _TITLES.get(row, row.title), self.sizes.get(row.title)
        if size is None:
            return (title, row.version, "–", "–", "–")
        times = size.bytes / self.sizes[OURS.title].bytes
        return (title, row.version, f"{size.bytes:,.0f}", short(times), f"{size.sessions:,}")


def measure(node: Node | str, *, quick: bool, progress: Callable[[str], None]) -> Sessions:
    """Make the sessions, once: bytes hardly differ from run to run.

    Args:
        node: for XState, or why there is none.
        quick: few sessions.
        progress: told what comes next.
    """
    sizes: dict[str, Size] = {}
    for row, sessions in _ROWS.items():
        many = _QUICK if quick else sessions
        progress(f"{many:,} sessions: {_TITLES.get(row, row.title)}")
        size = row.run("held", many, Size, node)
        if size is not None:
            sizes[row.title] = size
    return Sessions(sizes, node if isinstance(node, str) else "")
