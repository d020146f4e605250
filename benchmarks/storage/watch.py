"""What a measured process wrote, noted by `watch.c`."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from struct import Struct as Layout
from typing import Final, NamedTuple

from benchmarks.process import compiled

__all__ = ["Note", "Watch", "commits"]

_NOTE: Final = Layout("<dqc47s")


class Note(NamedTuple):
    """A write or a flush.

    Attributes:
        at: seconds of the monotonic clock.
        bytes: written; 0 for a flush.
        kind: `w` a write, `z` a write of zeros alone, `s` a flush.
        path: the end of the file's, 47 bytes at most.
    """

    at: float
    bytes: int
    kind: str
    path: str


class Watch:
    """Watches processes, one after the other.

    Args:
        folder: for the library, and for the log.
    """

    def __init__(self, folder: Path) -> None:
        self._library = compiled(Path(__file__).with_name("watch.c"), folder, "-shared", "-fPIC")
        self._log = folder / "watch.log"

    @property
    def environment(self) -> Mapping[str, str]:
        """With which a process is watched."""
        return {"LD_PRELOAD": str(self._library), "WATCH_LOG": str(self._log)}

    def notes(self, begin: float, end: float) -> Iterator[Note]:
        """What the process that has ended did between these times."""
        for at, size, kind, path in _NOTE.iter_unpack(self._log.read_bytes()):
            if begin <= at <= end:
                yield Note(at, size, kind.decode(), path.rstrip(b"\0").decode(errors="replace"))


def commits(notes: Iterable[Note]) -> list[int]:
    """The sizes in bytes of what was made durable in the journal at once; zeros written ahead are none of it."""
    sizes: list[int] = []
    pending = 0
    for note in notes:
        if "journal/" not in note.path or note.kind == "z":
            continue
        pending += note.bytes
        if note.kind == "s" and pending:
            sizes.append(pending)
            pending = 0
    return sizes
