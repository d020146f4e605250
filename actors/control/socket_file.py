"""The control socket as a file: where it stands in a state directory, and how to reach it there."""

import contextlib
import errno
import hashlib
import os
import socket
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from argentos.concurrency.forks import close_in_children, close_inherited, keep_in_children, no_fork
from argentos.storage.disk.permissions import give_to_owner

__all__ = ["NAME", "SocketFile", "connect"]

NAME: Final = "control.sock"

_LONGEST: Final = 103 if sys.platform == "darwin" else 107  # bytes of a socket's path
_DESCRIPTORS: Final = Path("/proc/self/fd")
_SHORT: Final = Path("/tmp")  # noqa: S108 - what is used there is checked to be ours alone
_BACKLOG: Final = 128


class SocketFile:
    """A socket that listens in a state directory, for its owner and nobody else.

    Args:
        directory: the state directory, whose lock the caller holds: so a socket that is there already was left by an
            owner that has died, and is replaced.

    Raises:
        OSError: something else has its name, or it cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with _reachable(directory, make=True) as path:
            _remove_stale(path)
            self._identity: tuple[int, int] | None = None
            with no_fork():
                self.socket: socket.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                close_in_children(self._give_up)
            try:
                self.socket.bind(os.fspath(path))
                path.chmod(0o600)  # before anybody can connect, which needs `listen`
                give_to_owner(path, path.parent)
                self.socket.settimeout(0)
                self.socket.listen(_BACKLOG)
                self._identity = _identity(path)
            except BaseException:  # an interrupt, too, leaves no open socket
                keep_in_children(self._give_up)
                self.socket.close()
                raise

    def _give_up(self) -> None:
        """In a forked child: the socket, and its file, are the parent's."""
        self._identity = None
        close_inherited(self.socket)

    def remove(self) -> None:
        """Remove the file, if it is still this one."""
        keep_in_children(self._give_up)
        with contextlib.suppress(OSError), _reachable(self._directory) as path:
            if _identity(path) == self._identity:
                path.unlink()
                if path.parent.parent == _SHORT:
                    path.parent.rmdir()


def connect(directory: Path) -> socket.socket:
    """Connect to the owner of a state directory; this never waits.

    Raises:
        BlockingIOError: more are waiting to be let in than there is room for; try again soon.
        OSError: nobody listens there.
    """
    with _reachable(directory) as path:
        if path.is_symlink():
            raise OSError(errno.ELOOP, "it is a symbolic link, which is not followed", os.fspath(path))
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(0)
            connection.connect(os.fspath(path))
        except BaseException:  # likewise
            connection.close()
            raise
        return connection


def _remove_stale(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(errno.EEXIST, "it is no socket; move it away", os.fspath(path))
        path.unlink()


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


@contextmanager
def _reachable(directory: Path, *, make: bool = False) -> Generator[Path]:
    """A path of the socket that is short enough for the system, as long as the block lasts."""
    path = directory / NAME
    if len(os.fsencode(path)) <= _LONGEST:
        yield path
    elif _DESCRIPTORS.is_dir():
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield _DESCRIPTORS / str(descriptor) / NAME
        finally:
            os.close(descriptor)
    else:
        yield _short_folder(directory, make=make) / NAME


def _short_folder(directory: Path, *, make: bool) -> Path:
    """A folder that stands for one whose own path is too long; owner and asker find the same.

    Raises:
        PermissionError: somebody else has made it, or may use it.
    """
    name = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:32]
    folder = _SHORT / f"argentos-{os.geteuid()}-{name}"
    if make:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(errno.EPERM, "it is not private to this user", os.fspath(folder))
    return folder
