"""Read private files and folders of a state directory, and files that somebody names. All of this blocks."""

import contextlib
import errno
import os
import stat
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

from argentos.storage.disk.symlinks import check_way, open_unlinked

__all__ = [
    "exists",
    "identity",
    "names",
    "opened",
    "read",
    "regular",
    "size_of_folder",
]


def read(path: Path) -> bytes:
    """The whole file.

    Raises:
        OSError: it cannot be read; ELOOP, EISDIR or ENXIO if it is no regular file.
    """
    with opened(path) as file:
        return file.read()


@contextlib.contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    """A file to read from.

    Raises:
        OSError: as for `read`.
    """
    descriptor = open_unlinked(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe is not waited for
    try:
        _check_kind(descriptor)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(descriptor)


def _check_kind(descriptor: int) -> None:
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # reading says of a folder what it is
        raise OSError(errno.ENXIO, "Not a regular file")


@contextlib.contextmanager
def regular(path: Path) -> Generator[BinaryIO]:
    """A file that somebody has named, anywhere, to read from; symbolic links are followed, nothing is waited for.

    Raises:
        OSError: it cannot be read; at once, EISDIR where it is a folder, ENXIO where it is a pipe or a device.
    """
    _check_regular(path.stat().st_mode, path)  # opening one that is none might have an effect
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        _check_regular(os.fstat(descriptor).st_mode, path)
        yield file


def _check_regular(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.ENXIO, "it is no regular file", str(path))


def names(folder: Path) -> list[str]:
    """The names in a folder, in order; none where there is no folder. Unlike `glob` it passes over no error."""
    check_way(folder, with_itself=True)
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []


def exists(path: Path) -> bool:
    """Tell whether there is something of this name, a link included; an error is raised."""
    check_way(path)
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def identity(path: Path) -> tuple[int, ...] | None:
    """The inode, size and times of a file, which change with what is in it; None where there is none, or no way to it.

    Raises:
        OSError: it cannot be looked at.
    """
    check_way(path)
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def size_of_folder(path: Path) -> int:
    """Bytes in the files of a folder and those below it; 0 where there is none."""
    size = 0
    check_way(path, with_itself=True)
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # replaced meanwhile
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - for many sessions, a path object costs more
    return size
