"""One owner: the lock on a state directory."""

import contextlib
import errno
import fcntl
import logging
import os
import sys
from pathlib import Path
from typing import Final

from argentos.concurrency.forks import close_in_children, keep_in_children, no_fork
from argentos.errors import StoreBusyError
from argentos.storage.disk.lock_holder import describe_holder
from argentos.storage.disk.permissions import give_to_owner
from argentos.storage.disk.symlinks import open_unlinked

__all__ = ["DirectoryLostError", "Lock", "is_held"]

_log: Final = logging.getLogger(__name__)
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK


class DirectoryLostError(OSError):
    """The state directory is this owner's no more; `strerror` is a sentence that says why."""


def is_held(path: Path) -> bool:
    """Tell whether somebody holds the lock of this file now, without taking it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Lock:
    """A lock held while a process owns the state directory; the kernel releases it when the process ends.

    A forked child does not hold it, and never writes: see `check`.

    Attributes:
        loss: why the directory is this owner's no more; empty while it is.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock at once.

        Raises:
            StoreBusyError: another owner has it; the sentence names its process.
            OSError: there can be no lock.
        """
        self.loss: str = ""
        self._path = path
        self._name = os.fspath(path)  # looked at twice in each commit
        self._process = os.getpid()
        with no_fork():
            self._descriptor: int | None = open_unlinked(path, _FLAGS)
            close_in_children(self._close)
        try:
            self._take()
        except BaseException:  # an interrupt, too, leaves no open descriptor
            self.release()
            raise

    def _take(self) -> None:
        descriptor = self._open_descriptor()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = describe_holder(self._path, but=descriptor)
            raise StoreBusyError(
                f"the state directory {self._path.parent} is in use by {holder}; stop it, or use another --state-dir"
            ) from None
        os.fchmod(descriptor, 0o600)
        give_to_owner(descriptor, self._path.parent)
        self._identity = os.fstat(descriptor)
        with contextlib.suppress(OSError):  # a full disk: the name is for people, and found without it
            os.ftruncate(descriptor, 0)
            name = Path(sys.argv[0]).name or "python"
            os.pwrite(descriptor, f"process {self._process} ({name})\n".encode(), 0)

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise DirectoryLostError(errno.ESTALE, self.loss or "it is not held", str(self._path.parent))
        return self._descriptor

    def check(self) -> None:
        """Refuse to write where the directory was moved, replaced or removed, or this is a forked child.

        Raises:
            DirectoryLostError: so it is, from now on.
        """
        if not self.loss and (loss := self._find_loss()):
            self.loss = loss
            _log.critical("%s", loss)
        if self.loss:
            raise DirectoryLostError(errno.ESTALE, self.loss, str(self._path.parent))

    def _find_loss(self) -> str:
        if os.getpid() != self._process:
            directory = self._path.parent
            return (
                f"{directory} was opened by process {self._process}, of which this one ({os.getpid()}) is a forked"
                " child, so nothing is written here"
            )
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if os.path.samestat(os.lstat(self._name), self._identity):
                return ""
        directory = self._path.parent
        return (
            f"{directory} was moved, removed or replaced, or its lock was, while process {self._process} used it;"
            f" {_END}"
        )

    def release(self) -> None:
        """Let go; the file stays, for removing it would open a gap for two owners."""
        keep_in_children(self._close)
        with contextlib.suppress(OSError):  # the kernel lets go all the same
            self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


_END: Final = (
    "nothing more is accepted, nor written to what has this name now: end this process, put back the directory that"
    " is the right one, and open it again"
)
