"""One writer: the lock on a state directory."""

import contextlib
import fcntl
import os
import sys
from pathlib import Path

from argentos.errors import StoreBusyError

__all__ = ["Lock"]


class Lock:
    """Held while a process owns the state directory; the kernel lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once.

        Raises:
            StoreBusyError: another owner has it; the sentence names its process.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._descriptor, 200, 0).decode("utf-8", "replace").strip() or "another process"
            os.close(self._descriptor)
            raise StoreBusyError(
                f"the state directory {path.parent} is in use by {owner}; stop it, or use another --state-dir"
            ) from None
        name = Path(sys.argv[0]).name or "python"
        os.fchmod(self._descriptor, 0o600)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()} ({name})\n".encode(), 0)

    def release(self) -> None:
        """Let go; the file stays, for removing it would open a gap for two owners."""
        with contextlib.suppress(OSError):  # the kernel lets go all the same
            os.close(self._descriptor)
