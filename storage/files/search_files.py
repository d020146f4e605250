"""The files of the search index that a gateway derives of the sessions. All of this blocks.

Whoever keeps it current holds its lock. Where nobody does, it is removed with the first session that is deleted: so
nothing of that is left, and the next gateway makes the index anew.
"""

from pathlib import Path
from typing import Final

from argentos.errors import StoreBusyError
from argentos.storage.disk import durable, reading
from argentos.storage.disk.lock import Lock

__all__ = ["DATABASE", "FILES", "FOLDER", "LOCK", "folder", "remove", "remove_unless_kept"]

FOLDER: Final = "search"
DATABASE: Final = "index.sqlite"
LOCK: Final = "lock"
FILES: Final = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal")
"""The index, and the files that SQLite puts beside it; in this order they are removed, for these mean nothing alone."""


def folder(root: Path) -> Path:
    """The folder of the index in a state directory."""
    return root / FOLDER


def remove(place: Path) -> None:
    """Remove the index in this folder, whose lock is held."""
    for name in FILES:
        durable.remove_all(place / name)


def remove_unless_kept(root: Path) -> None:
    """Remove the index of a state directory, unless somebody keeps it current.

    Raises:
        OSError: it cannot be removed.
    """
    place = folder(root)
    if not any(reading.exists(place / name) for name in FILES):
        return
    try:
        lock = Lock(place / LOCK)
    except StoreBusyError:
        return
    try:
        remove(place)
    finally:
        lock.release()
