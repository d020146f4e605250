"""The file of a segment: made with its room reserved, and written in place. All of this blocks."""

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO, Final

from argentos.storage.disk import durable, reading
from argentos.storage.disk.symlinks import open_unlinked

__all__ = [
    "contains",
    "create",
    "flush",
    "reopen",
    "write_again",
    "write_at",
]

_PIECE: Final = 1 << 16


def create(path: Path, head: bytes, size: int) -> int:
    """A new file of `size` bytes that begins with `head`, durable by name and content; gives its descriptor.

    Its blocks are reserved where the system can, so that writing to it needs no room and changes no metadata.
    """
    descriptor = open_unlinked(path, durable.NEW_FILE)
    try:
        durable.make_file_private(descriptor, path.parent)
        if sys.platform == "linux":
            os.posix_fallocate(descriptor, 0, size)
        _write_at(descriptor, head, 0)
        durable.sync(descriptor)
        durable.sync_folder(path.parent)
    except BaseException:  # likewise no open descriptor
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return descriptor


def contains(file: BinaryIO, text: bytes) -> bool:
    """Tell whether these bytes are in what is left of a file, which is read a piece at a time."""
    end = b""
    while piece := file.read(_PIECE):
        end += piece
        if text in end:
            return True
        end = end[-len(text) :]
    return False


def reopen(path: Path, size: int) -> int:
    """Open a file to write behind what is in it, with blocks reserved as for a new one; gives its descriptor.

    They are lasting with the next `write_at`.
    """
    descriptor = open_unlinked(path, os.O_WRONLY)
    try:
        if sys.platform == "linux":
            os.posix_fallocate(descriptor, 0, size)
    except BaseException:  # no open descriptor
        os.close(descriptor)
        raise
    return descriptor


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write in the middle of a file, durably."""
    _write_at(descriptor, data, offset)
    durable.sync(descriptor)


def flush(path: Path) -> None:
    """Make durable what was written to a file, by whomever."""
    descriptor = open_unlinked(path, os.O_RDONLY)
    try:
        durable.sync(descriptor)
    finally:
        os.close(descriptor)


def write_again(path: Path) -> None:
    """Write what a file has over itself, durably, up to the zeros at its end.

    Where a flush has failed, the kernel takes what it could not write for written: reading shows it, another flush does
    nothing for it, and only another write brings it to the disk.
    """
    data = reading.read(path).rstrip(b"\0")
    descriptor = open_unlinked(path, os.O_WRONLY)
    try:
        write_at(descriptor, data, 0)
    finally:
        os.close(descriptor)
