"""Following a file: the times at which what it says has changed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["changes"]

_BETWEEN: Final = 0.2  # seconds between two looks


def changes(path: Path) -> Iterator[None]:
    """Once at first, and then whenever the file is another one, or was written; for as long as anybody asks."""
    seen: tuple[int, int, int] | None = (0, 0, 0)
    while True:
        found = _stamp(path)
        if found != seen:
            seen = found
            yield
        else:
            time.sleep(_BETWEEN)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """A mark that differs after each change; None where there is no file, as in the middle of a save."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
