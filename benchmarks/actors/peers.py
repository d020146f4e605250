"""Who is compared, and how each is run."""

from importlib import metadata
from typing import Final, NamedTuple

import msgspec

from benchmarks.actors.contestants.contestant import Memory, Sample, Size
from benchmarks.process import run_module

__all__ = ["BLOCKING", "CASTY", "COUNTING", "FLOOR", "LEFT", "OURS", "PYKKA", "ROWS", "THESPIAN", "XOSCAR", "Row"]

_CONTESTANTS: Final = "benchmarks.actors.contestants"


class Row(NamedTuple):
    """A row of the tables.

    Attributes:
        name: of the contestant: a module and a class.
        package: that has to be installed, and whose version is printed; none for what Python has.
        is_heavy: few of its actors fit.
    """

    title: str
    name: str
    package: str = ""
    is_heavy: bool = False

    @property
    def version(self) -> str:
        """Of the package; empty where it is not installed."""
        try:
            return metadata.version(self.package) if self.package else "–"
        except metadata.PackageNotFoundError:
            return ""

    def asked(self, actors: int, seconds: float) -> Sample:
        """One run of so many actors at once, in a process of its own."""
        return self._sample("asked", actors, seconds)

    def spawned(self, actors: int) -> Sample:
        """The first question to each of so many actors."""
        return self._sample("spawned", actors)

    def held(self, actors: int, memory: Memory) -> Size:
        """Bytes for each of so many actors that are quiet."""
        done = run_module(_CONTESTANTS, self.name, "held", actors, memory)
        return msgspec.json.decode(done.output, type=Size)

    def _sample(self, what: str, *amounts: float) -> Sample:
        done = run_module(_CONTESTANTS, self.name, what, *amounts)
        return msgspec.json.decode(done.output, type=Sample)


FLOOR: Final = Row("the floor: Queue, task, future", "floor.Floor")
OURS: Final = Row("ours", "ours.Ours", "argentos")
COUNTING: Final = Row("ours, tiktoken counts", "ours.Counting", "argentos")
LEFT: Final = Row("ours, having left memory", "ours.Left", "argentos")
PYKKA: Final = Row("pykka, awaited", "pykka_peer.Awaited", "pykka", is_heavy=True)
BLOCKING: Final = Row("pykka, blocking", "pykka_peer.Blocking", "pykka", is_heavy=True)
XOSCAR: Final = Row("xoscar, in the pool", "xoscar_peer.Xoscar", "xoscar")
THESPIAN: Final = Row("thespian, simple base", "thespian_peer.Thespian", "thespian")
CASTY: Final = Row("casty", "casty_peer.Casty", "casty")

ROWS: Final = (FLOOR, OURS, COUNTING, PYKKA, BLOCKING, XOSCAR, THESPIAN, CASTY)
