"""Private JSON files of a gateway in its state directory, which several processes change. All of this blocks, briefly.

Whoever reads one sees the old content or the new, whole; whoever changes one does so alone.
"""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from argentos.errors import StoreBusyError, StoreDamagedError, StoreError
from argentos.storage.disk import durable, reading
from argentos.storage.disk.symlinks import follow_none_below

__all__ = ["PrivateFile", "gateway_folder", "make_gateway_folder"]

T = TypeVar("T", bound=msgspec.Struct)

_FOLDER: Final = "gateway"
_PATIENCE: Final = 5.0  # seconds for another process that changes a file
_PAUSE: Final = 0.01
_LARGEST: Final = 16 * 1024**2  # bytes


def gateway_folder(state_dir: Path) -> Path:
    """The folder of the gateway's own files in a state directory."""
    follow_none_below(state_dir)
    return state_dir / _FOLDER


def make_gateway_folder(state_dir: Path) -> Path:
    """Make that folder, and the state directory, where there is none.

    Raises:
        StoreError: it cannot be made.
    """
    folder = gateway_folder(state_dir)
    try:
        durable.make_root(state_dir)
        durable.make_folder(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror}; use another --state-dir") from error
    return folder


class PrivateFile(Generic[T]):
    """A JSON file with one object; without a file there is the default.

    Args:
        path: in the folder of the gateway.
        kind: the type of the object.
        remedy: what to do where the file cannot be read, for the sentence of the error.
    """

    def __init__(self, path: Path, kind: type[T], remedy: str) -> None:
        self.path: Path = path
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(kind).decode
        self._kind = kind
        self._remedy = remedy
        self._identity: tuple[int, ...] | None = None
        self._content: T = kind()

    def read(self) -> T:
        """The content as it is now; the file is read again only where it has changed.

        Raises:
            StoreDamagedError: it cannot be read.
        """
        try:
            found = os.lstat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            self._identity, self._content = None, self._kind()
            return self._content
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error
        identity = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
        if identity != self._identity:
            self._content = self._decoded(found.st_size)
            self._identity = identity
        return self._content

    def change(self, change: Callable[[T], T]) -> T:
        """Replace the content by what `change` makes of it, while no other process does; gives the new content.

        Raises:
            StoreBusyError: another process has been changing a file for seconds.
            StoreDamagedError: the content cannot be read.
            StoreError: it cannot be written.
        """
        make_gateway_folder(self.path.parent.parent)
        with self._alone():
            changed = change(self.read())
            try:
                durable.replace(self.path, msgspec.json.format(msgspec.json.encode(changed)) + b"\n")
            except OSError as error:
                raise StoreError(f"{self.path} cannot be written: {error.strerror}") from error
            return self.read()

    def _decoded(self, size: int) -> T:
        if size > _LARGEST:
            raise self._unreadable(f"it has {size} bytes")
        try:
            return self._decode(reading.read(self.path))
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._unreadable(str(error)) from error

    def _unreadable(self, why: str) -> StoreDamagedError:
        return StoreDamagedError(f"{self.path} cannot be read: {why}; {self._remedy}")

    @contextmanager
    def _alone(self) -> Generator[None]:
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(descriptor, self.path.parent)
            yield
        finally:
            os.close(descriptor)  # and with it the lock


def _lock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreBusyError(f"another process has been changing {folder} for {_PATIENCE:g} s") from None
            time.sleep(_PAUSE)
        except OSError as error:
            if error.errno not in {errno.ENOLCK, errno.ENOTSUP}:  # a file system without locks
                raise StoreError(f"{folder} cannot be locked: {error.strerror}") from error
            return
        else:
            return
