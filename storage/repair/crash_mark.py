"""A mark in the journal's folder by which the next owner flushes what a killed repair may have left off the disk."""

import contextlib
from collections.abc import Generator
from pathlib import Path

from argentos.storage.disk import durable

__all__ = [
    "mending",
]


@contextlib.contextmanager
def mending(folder: Path) -> Generator[None]:
    """Change files of sessions without appending: killed in between, the next owner flushes what may not be durable.

    Args:
        folder: of the journal, which the caller owns.
    """
    mark = folder / ".repair.new"
    with contextlib.suppress(PermissionError):  # which may be what is to be mended
        durable.make_folder(folder)
        durable.replace(mark, b"")
    yield
    with contextlib.suppress(PermissionError):
        durable.remove(mark)
