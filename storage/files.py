"""Files that are private, whole and durable: the system calls of the store, in one place.

All of these block; the store runs them in a thread.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

__all__ = ["append_to", "create", "make_folder", "read", "remove", "replace", "sync"]

_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

if sys.platform == "darwin":
    import fcntl

    def sync(descriptor: int) -> None:
        """Flush to the drive itself, which fsync does not do on macOS."""
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
else:

    def sync(descriptor: int) -> None:
        """Flush data, and of the metadata what reading it back needs."""
        os.fdatasync(descriptor)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, each private and durable; folders that exist are left alone."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(_FOLDER_MODE)
        path.chmod(_FOLDER_MODE)  # whatever the umask took or left
        _sync_folder(path.parent)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read(path: Path) -> bytes:
    """The whole file; a symbolic link is refused."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def replace(path: Path, data: bytes) -> None:
    """Write a file so that whoever reads it, and whenever the power fails, there is the old or the new, whole."""
    temporary = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()  # left by a process that was killed
    descriptor = os.open(temporary, _NEW, _FILE_MODE)
    try:
        os.fchmod(descriptor, _FILE_MODE)
        _write(descriptor, data)
        sync(descriptor)
    except BaseException:  # an interrupt, too, leaves nothing half-written behind
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    finally:
        os.close(descriptor)
    temporary.rename(path)
    _sync_folder(path.parent)


def create(path: Path, head: bytes) -> int:
    """A new file that begins with `head`, durable by name and content; gives its descriptor."""
    descriptor = os.open(path, _NEW | os.O_APPEND, _FILE_MODE)
    try:
        os.fchmod(descriptor, _FILE_MODE)
        append_to(descriptor, head)
        _sync_folder(path.parent)
    except BaseException:  # likewise no open descriptor
        os.close(descriptor)
        raise
    return descriptor


def remove(path: Path) -> None:
    """Remove a file, durably."""
    path.unlink()
    _sync_folder(path.parent)


def append_to(descriptor: int, data: bytes) -> None:
    """Add to the end of a file, durably."""
    _write(descriptor, data)
    sync(descriptor)
