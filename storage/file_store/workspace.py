"""A workspace shared by the parts of a store that change files of sessions, one of them at a time."""

import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import anyio

from argentos.concurrency.threads import Runner
from argentos.errors import StoreError, StoreFailedError
from argentos.storage.disk import durable
from argentos.storage.disk.lock import Lock
from argentos.storage.disk.permissions import make_private
from argentos.storage.disk.symlinks import SymbolicLinkError, check_way
from argentos.storage.file_store.sessions import SessionTable
from argentos.storage.files import paths, session_files
from argentos.storage.files.index import Index
from argentos.storage.messages import SessionKey
from argentos.storage.names import file_name
from argentos.storage.snapshot import Snapshot
from argentos.storage.wal.committer import Committer
from argentos.storage.wal.journal import Journal

__all__ = ["NO_ANSWER", "Ownership", "Workspace", "make_durable", "sweep", "telling_of_the_disk"]

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

NO_ANSWER: Final = "the disk does not answer; a write of them goes on"


class Workspace:
    """A state directory as its owner changes it.

    Attributes:
        sessions: those that the store remembers something of.
        ownership: the lock on the state directory; where that is lost, nothing is written any more.
        run: where blocking calls run.
        requests: the sessions whose files are to be written, in order, each up to a snapshot or to its end.
        being_written: the sessions whose files a thread is writing.
    """

    def __init__(
        self,
        root: Path,
        sessions: SessionTable,
        *,
        ownership: Lock,
        journal: Journal,
        committer: Committer,
        index: Index,
        run: Runner,
    ) -> None:
        self.root = root
        self.sessions = sessions
        self.ownership = ownership
        self.journal = journal
        self.committer = committer
        self.index = index
        self.run = run
        self.requests: dict[SessionKey, Snapshot | None] = dict[SessionKey, Snapshot | None]()
        self.being_written: set[SessionKey] = set()
        self._lock = anyio.Lock()

    @asynccontextmanager
    async def locked(self) -> AsyncGenerator[None]:
        """Keep everybody else from changing files under `agents/`, and from dropping segments."""
        async with self._lock:
            yield

    def check_answers(self, key: SessionKey) -> None:
        """Refuse to touch files that a hanging thread may still write.

        Raises:
            StoreError: so it is.
        """
        if key in self.being_written:
            raise StoreError(NO_ANSWER)

    def place_aside(self, key: SessionKey) -> Path:
        """A free place for what is set aside of a session; the folder around it is made."""
        target = paths.damaged_folder(self.root, key.agent)
        durable.make_folder(target)
        return durable.dated_name(target / file_name(key.id), "damaged")

    async def forget(self, key: SessionKey, *, is_ended: bool = False) -> None:
        """Take a session out of index, journal and memory: the journal last, for it says what is to be done.

        Args:
            key: the session.
            is_ended: its end is durable: what the journal has of it may stay for a while.
        """
        self.requests.pop(key, None)
        await self.run(partial(self._forget_row, key))
        try:
            await self.run(partial(self.journal.forget, key))
        except OSError as error:
            if not is_ended or error.errno not in durable.FULL:
                raise
            _log.warning(
                "session %s was deleted; its texts leave the journal when there is room, or at the next start",
                key,
            )
        self.sessions.pop(key, None)

    def _forget_row(self, key: SessionKey) -> None:
        self.index.remove(key)
        self.index.commit()


def telling_of_the_disk(run: Runner, root: Path) -> Runner:
    """A runner that raises a `StoreError`, with path and reason, for an error of the operating system."""

    async def run_and_tell(function: Callable[[], T], /) -> T:
        try:
            return await run(function)
        except SymbolicLinkError as error:
            raise StoreError(str(error.strerror)) from error
        except OSError as error:
            raise StoreError(f"{error.filename or root} cannot be used: {error.strerror}") from error

    return run_and_tell


# Opening a state directory; all of this blocks ----------------------------------------------------------------------


def _take_lock(root: Path) -> Lock:
    """Own a state directory, which is made where there is none.

    Raises:
        StoreBusyError: somebody else does.
        OSError: it cannot be used.
    """
    durable.make_root(root)
    for name in ("agents", "attaching", "journal"):
        check_way(root / name, with_itself=True)
    return Lock(root / "lock")


def make_durable(root: Path, journal: Journal) -> None:
    """Flush what was read: a killed writer may have left it off the disk, and nothing counts on it before."""
    if journal.is_left:
        durable.sync_all(*(root / each for each in ("", "agents", "journal")))


def sweep(root: Path, sessions: Iterable[SessionKey]) -> None:
    """Remove what a kill left half-written: files are written of sessions in the journal only."""
    for key in sessions:
        session_files.remove_half_written(root, key)


class Ownership:
    """The lock on a state directory, while the store is open.

    Args:
        root: the state directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock: Lock | None = None

    def take(self) -> Lock:
        """Take the lock, and close the directory to others. This blocks.

        Raises:
            StoreBusyError: another process has it.
            OSError: it cannot be taken.
        """
        self._lock = _take_lock(self._root)
        make_private(self._root)
        return self._lock

    def release(self) -> None:
        """Let go of the lock, if it was taken. This blocks."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def check(self) -> None:
        """Refuse to change what is this store's no more."""
        if self._lock is not None:
            self._lock.check()

    @property
    def failure(self) -> StoreFailedError | None:
        """The reason why the directory is this store's no more; None while it is."""
        loss = self._lock.loss if self._lock is not None else ""
        return StoreFailedError(loss) if loss else None
