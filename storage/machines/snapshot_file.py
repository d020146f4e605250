"""A file with the snapshot of one life, replaced whole each time."""

import fcntl
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Self

from argentos.concurrency.threads import in_thread
from argentos.errors import StoreBusyError, StoreDamagedError, StoreFailedError, StoreFullError
from argentos.machines.running import MachineSnapshot
from argentos.storage.disk import durable, reading
from argentos.storage.disk.lock_holder import describe_holder
from argentos.storage.names import expand_home

__all__ = ["SnapshotFile"]

_LOCK_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class SnapshotFile(AbstractAsyncContextManager["SnapshotFile", None]):
    """A `SnapshotStore` in a JSON file, with a lock beside it for as long as a runner has it.

    Args:
        path: of the file; its folder is made. Whenever the process is killed or the power fails, the file has the
            snapshot of before or the new one, whole.

    Attributes:
        path: absolute.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(expand_home(path)).absolute()
        self._lock: int | None = None

    async def __aenter__(self) -> Self:
        """Take the lock.

        Raises:
            StoreBusyError: another one has it.
            StoreFailedError: the folder cannot be used.
        """
        await in_thread(self.open)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Release the lock."""
        self.close()

    def __enter__(self) -> Self:
        """Take the lock; blocks, as all of the following."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Take the lock."""
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            durable.make_folder(self.path.parent)
            self._lock = os.open(lock, _LOCK_FLAGS, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = describe_holder(lock, but=self._lock)
            self.close()
            raise StoreBusyError(f"{self.path} is in use by {holder}; stop it, or use another file") from None
        except OSError as error:
            self.close()
            raise StoreFailedError(f"{self.path} cannot be used: {error.strerror}") from error

    def close(self) -> None:
        """Release the lock; without one nothing happens."""
        descriptor, self._lock = self._lock, None
        if descriptor is not None:
            os.close(descriptor)

    def load(self) -> MachineSnapshot | None:
        """The snapshot in the file; None where there is no file.

        Raises:
            StoreDamagedError, StoreVersionError: it cannot be read, and was left as it is.
        """
        try:
            data = reading.read(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreDamagedError(f"{self.path} cannot be read: {error.strerror}; it was left as it is") from error
        return MachineSnapshot.from_json(data, file=str(self.path))

    def save(self, snapshot: MachineSnapshot, /) -> None:
        """Replace the file.

        Raises:
            StoreFullError, StoreFailedError: it cannot be written; it is as before.
            InputError: the data of an event cannot be stored.
        """
        try:
            durable.replace(self.path, snapshot.to_json() + b"\n")
        except OSError as error:
            kind = StoreFullError if error.errno in durable.FULL else StoreFailedError
            raise kind(f"{self.path} cannot be written: {error.strerror}; it is as before") from error
