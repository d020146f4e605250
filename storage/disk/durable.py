"""Folders and files that are private, whole and durable: the system calls that change them. All of this blocks."""

import contextlib
import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from argentos.storage.disk.permissions import give_to_owner
from argentos.storage.disk.symlinks import check_way, is_root, open_unlinked

__all__ = [
    "FULL",
    "NEW_FILE",
    "dated_name",
    "made",
    "make_file_private",
    "make_folder",
    "make_root",
    "move",
    "new",
    "remove",
    "remove_all",
    "remove_folder",
    "replace",
    "replace_by",
    "sync",
    "sync_all",
    "sync_folder",
]

Buffer: TypeAlias = bytes | memoryview

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The numbers of errors that say that there is no room."""

_FILE_MODE: Final = 0o600
_PIECE: Final = 1 << 18  # bytes that are written together


_FOLDER_MODE: Final = 0o700


NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


if sys.platform == "darwin":
    import fcntl

    def sync(descriptor: int) -> None:
        """Flush to the drive itself, which fsync does not do on macOS."""
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
else:

    def sync(descriptor: int) -> None:
        """Flush data, and of the metadata what reading it back needs."""
        os.fdatasync(descriptor)


def sync_folder(path: Path, *, may_be_closed: bool = False) -> None:
    """Flush the names in a folder; one that this user may not read is an error, unless `may_be_closed`.

    What is in such a one was made by somebody else.
    """
    check_way(path, with_itself=True)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        if may_be_closed:
            return
        raise
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(*folders: Path) -> None:
    """Flush everything on the file systems of these folders, whoever wrote it; those that do not exist are passed over.

    One call for however many files; where there is none, each folder below is flushed, but not what stands in files.
    """
    devices: set[int] = set()
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            device = folder.stat().st_dev
            if device not in devices:
                devices.add(device)
                _sync_file_system(folder)


def _sync_file_system(folder: Path) -> None:
    if sys.platform != "linux":
        for below, _, _ in os.walk(folder):
            sync_folder(Path(below))
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, each private and durable; folders that exist are left alone.

    A state directory that is gone is not made again for what is to be in it.
    """
    check_way(path, with_itself=True)
    if path.is_dir():
        return
    if not is_root(path.parent):
        make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(_FOLDER_MODE)
        try:
            path.chmod(_FOLDER_MODE)  # whatever the umask took or left
            give_to_owner(path, path.parent)
            sync_folder(path.parent)
        except BaseException:  # the next one who asks is not to take it for lasting
            with contextlib.suppress(OSError):
                path.rmdir()
            raise


def make_root(path: Path) -> None:
    """Make a folder as `make_folder` does, and make it lasting where its maker was killed before it was."""
    if not path.is_dir():
        make_folder(path.parent)
        _sync_above(path.parent)
        make_folder(path)
    for folder in (path, path.parent):
        sync_folder(folder, may_be_closed=True)


def _sync_above(path: Path) -> None:
    """Flush the names of a folder and of those that it is in, as far as they are on its file system."""
    device = path.stat().st_dev
    for folder in path.absolute().parents:
        if folder.stat().st_dev != device:
            return
        sync_folder(folder, may_be_closed=True)


def _write(descriptor: int, data: bytearray) -> int:
    with memoryview(data) as view:
        at = 0
        while at < len(view):
            at += os.write(descriptor, view[at:])
    return at


def make_file_private(descriptor: int, folder: Path) -> None:
    """Keep a new file, by its descriptor, to the owner of the folder that it is in."""
    os.fchmod(descriptor, _FILE_MODE)  # whatever the umask took or left
    give_to_owner(descriptor, folder)


@contextlib.contextmanager
def made(path: Path) -> Generator[BinaryIO]:
    """A new file to write to, which is not flushed.

    Raises:
        FileExistsError: there is one of this name.
    """
    with os.fdopen(open_unlinked(path, NEW_FILE), "wb") as file:
        make_file_private(file.fileno(), path.parent)
        yield file


def replace(path: Path, *pieces: Buffer) -> int:
    """Write a file so that whoever reads it, and whenever the power fails, there is the old or the new, whole.

    Returns:
        Its size in bytes.
    """
    return replace_by(path, pieces)


def replace_by(path: Path, pieces: Iterable[Buffer]) -> int:
    """Write a file likewise, of pieces that are never in memory together."""
    check_way(path)
    temporary = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()  # left by a process that was killed
    descriptor = _opened_for(path, temporary)
    try:
        make_file_private(descriptor, path.parent)
        size = _write_all(descriptor, pieces)
        sync(descriptor)
    except BaseException:  # an interrupt, too, leaves nothing half-written behind
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    finally:
        os.close(descriptor)
    temporary.rename(path)
    sync_folder(path.parent)
    return size


def _opened_for(path: Path, temporary: Path) -> int:
    """A descriptor of a new file that becomes another one; where it cannot be, the error names the latter."""
    try:
        return open_unlinked(temporary, NEW_FILE)
    except OSError as error:
        error.filename = str(path)
        raise


def _write_all(descriptor: int, pieces: Iterable[Buffer]) -> int:
    """Write pieces, those that are small together; gives their size."""
    size, together = 0, bytearray()
    for piece in pieces:
        together += piece
        if len(together) >= _PIECE:
            size += _write(descriptor, together)
            together.clear()
    return size + _write(descriptor, together)


@contextlib.contextmanager
def new(path: Path) -> Generator[BinaryIO]:
    """A file that comes to be, durably, once it has been written to the end, and else not at all.

    Raises:
        FileExistsError: there is one of this name.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    temporary = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    try:
        with os.fdopen(_opened_for(path, temporary), "wb") as file:
            os.fchmod(file.fileno(), _FILE_MODE)
            yield file
            file.flush()
            sync(file.fileno())
        _put_in_place(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    sync_folder(path.parent)


def _put_in_place(temporary: Path, path: Path) -> None:
    """Give a file its name: by a link, which replaces nothing, where the file system has links."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        temporary.rename(path)


def remove(path: Path) -> None:
    """Remove a file, or a symbolic link, durably; it may be gone already."""
    check_way(path)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def move(path: Path, target: Path) -> None:
    """Give a folder another name and place, durably."""
    check_way(path)
    check_way(target)
    path.rename(target)
    sync_folder(target.parent)
    sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder with what is in it, durably; a symbolic link in it is removed, not followed."""
    check_way(path, with_itself=True)
    shutil.rmtree(path)
    sync_folder(path.parent)


def remove_all(path: Path) -> None:
    """Remove a folder likewise, or a file, or a link."""
    if path.is_dir() and not path.is_symlink():
        remove_folder(path)
    else:
        remove(path)


def dated_name(path: Path, why: str) -> Path:
    """A free name under which something is set aside now."""
    name = f"{path.name}.{why}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next(aside for each in names if not (aside := path.with_name(each)).exists())
