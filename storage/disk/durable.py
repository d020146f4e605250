"""Files that are private, whole and durable: the system calls of the store, in one place.

All of these block; the store runs them in a thread.
"""

import contextlib
import ctypes
import errno
import os
import shutil
import stat
import sys
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import BinaryIO, Final

from argentos.storage.disk.permissions import give_to_owner
from argentos.storage.disk.symlinks import check_way, is_root, open_unlinked

__all__ = [
    "create",
    "exists",
    "flush",
    "made",
    "make_folder",
    "make_root",
    "move",
    "names",
    "read",
    "regular",
    "remove",
    "remove_all",
    "remove_folder",
    "replace",
    "size_of_folder",
    "sync",
    "sync_all",
    "sync_folder",
    "write_again",
    "write_at",
]

_FILE_MODE: Final = 0o600
_PIECE: Final = 1 << 16
_FOLDER_MODE: Final = 0o700
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL

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
    """Flush which names are in a folder; one that this user may not read is an error, unless that is said to be right.

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


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


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
    """What is in a folder, in order; nothing if there is none. Unlike `glob` it passes over no error."""
    check_way(folder, with_itself=True)
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []


def exists(path: Path) -> bool:
    """Whether there is something of this name, a link included; an error is no answer."""
    check_way(path)
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def size_of_folder(path: Path) -> int:
    """Bytes in the files of a folder and those below it; 0 where there is none."""
    size = 0
    check_way(path, with_itself=True)
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # replaced meanwhile
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - for many sessions, a path object costs more
    return size


def _make_private(descriptor: int, folder: Path) -> None:
    os.fchmod(descriptor, _FILE_MODE)  # whatever the umask took or left
    give_to_owner(descriptor, folder)


@contextlib.contextmanager
def made(path: Path) -> Generator[BinaryIO]:
    """A new file to write to, which is not flushed.

    Raises:
        FileExistsError: there is one of this name.
    """
    with os.fdopen(open_unlinked(path, _NEW), "wb") as file:
        _make_private(file.fileno(), path.parent)
        yield file


def replace(path: Path, data: bytes) -> None:
    """Write a file so that whoever reads it, and whenever the power fails, there is the old or the new, whole."""
    replace_by(path, [data])


def replace_by(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file likewise, of chunks that are never in memory together."""
    check_way(path)
    temporary = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()  # left by a process that was killed
    descriptor = open_unlinked(temporary, _NEW)
    try:
        _make_private(descriptor, path.parent)
        for chunk in chunks:
            _write(descriptor, chunk)
        sync(descriptor)
    except BaseException:  # an interrupt, too, leaves nothing half-written behind
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    finally:
        os.close(descriptor)
    temporary.rename(path)
    sync_folder(path.parent)


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
        with os.fdopen(open_unlinked(temporary, _NEW), "wb") as file:
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


def create(path: Path, head: bytes, size: int) -> int:
    """A new file of `size` bytes that begins with `head`, durable by name and content; gives its descriptor.

    Its blocks are reserved where the system can, so that writing to it needs no room and changes no metadata.
    """
    descriptor = open_unlinked(path, _NEW)
    try:
        _make_private(descriptor, path.parent)
        if sys.platform == "linux":
            os.posix_fallocate(descriptor, 0, size)
        _write_at(descriptor, head, 0)
        sync(descriptor)
        sync_folder(path.parent)
    except BaseException:  # likewise no open descriptor
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return descriptor


def contains(file: BinaryIO, text: bytes) -> bool:
    """Whether these bytes are in what is left of a file, which is read a piece at a time."""
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


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write in the middle of a file, durably."""
    _write_at(descriptor, data, offset)
    sync(descriptor)


def flush(path: Path) -> None:
    """Make durable what was written to a file, by whomever."""
    descriptor = open_unlinked(path, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def write_again(path: Path) -> None:
    """Write what a file has over itself, durably, up to the zeros at its end.

    Where a flush has failed, the kernel takes what it could not write for written: reading shows it, another flush does
    nothing for it, and only another write brings it to the disk.
    """
    data = read(path).rstrip(b"\0")
    descriptor = open_unlinked(path, os.O_WRONLY)
    try:
        write_at(descriptor, data, 0)
    finally:
        os.close(descriptor)
