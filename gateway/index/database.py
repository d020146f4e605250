"""The file of the index, and the threads that use it: one that writes, one for lists, one for searches.

Where there is no folder for it, it is kept in memory, and one thread does all three.
"""

import contextlib
import logging
import os
import sqlite3
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from argentos.concurrency.forks import abandon, close_in_children, keep_in_children
from argentos.concurrency.threads import Runner, Threads
from argentos.gateway.index.schema import make_tables, prepare
from argentos.storage.disk import durable, reading
from argentos.storage.disk.lock import Lock
from argentos.storage.disk.permissions import give_to_owner
from argentos.storage.disk.symlinks import open_unlinked
from argentos.storage.files import search_files

__all__ = ["FAULTS", "Database", "Work"]

T = TypeVar("T")

Work: TypeAlias = Callable[[sqlite3.Connection], T]
"""Some work with the tables."""

FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""Errors of SQLite; the second where the file has what is no text in the place of one."""

_log: Final = logging.getLogger(__name__)
_PATIENCE: Final = 10.0  # seconds that whoever is cancelled waits for the disk
_BUSY: Final = 10.0  # seconds that a writer waits for those who read


class Database:
    """The tables of the index, in a file or in memory.

    Args:
        folder: of the index in a state directory, locked while this is open; None for memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock: Lock | None = None
        self._threads = Threads(_PATIENCE, "the disk of the index")
        self._connections: dict[Runner, sqlite3.Connection] = {}
        self._writing = self._threads.runner(1)
        self._listing = self._searching = self._writing
        if folder is not None:
            self._listing, self._searching = self._threads.runner(1), self._threads.runner(1)

    @property
    def path(self) -> str:
        """The path of the file, for sentences."""
        return "in memory" if self._folder is None else str(self._folder / search_files.DATABASE)

    async def open(self) -> None:
        """Open the file; one that is missing, damaged or of another version is made anew.

        Raises:
            StoreBusyError: another index has it.
            OSError: it cannot be made.
        """
        await self._writing(self._open)

    async def close(self) -> None:
        """Close the file, once nobody uses it any more."""
        await self._close_connections()
        self._threads.at_rest(self._release)

    async def make_anew(self) -> None:
        """Remove the file, and open another one, which is empty.

        Raises:
            OSError: it cannot be made.
        """
        await self._close_connections()
        await self._writing(self._remove)
        await self._writing(self._connect_all)

    async def change(self, work: Work[T]) -> T:
        """Do some work in a transaction, in the thread that writes.

        Raises:
            sqlite3.Error: it cannot be done, and nothing was.
            DirectoryLostError: the state directory was moved or replaced.
        """
        return await self._writing(partial(self._transaction, work))

    async def tidy(self, work: Work[T]) -> T:
        """Do some work in the thread that writes, and no transaction.

        Raises:
            sqlite3.Error: it cannot be done.
            DirectoryLostError: the state directory was moved or replaced.
        """
        return await self._writing(partial(self._alone, work))

    async def look(self, work: Work[T]) -> T:
        """Read something that takes a moment.

        Raises:
            sqlite3.Error: it cannot be read.
        """
        return await self._listing(lambda: work(self._connection(self._listing)))

    async def search(self, work: Work[T]) -> T:
        """Read something that may take longer, and keeps no list waiting.

        Raises:
            sqlite3.Error: it cannot be read.
        """
        return await self._searching(lambda: work(self._connection(self._searching)))

    # In threads ------------------------------------------------------------------------------------------------

    def _connection(self, runner: Runner) -> sqlite3.Connection:
        connection = self._connections.get(runner)
        if connection is None:
            raise sqlite3.OperationalError("it is being made anew")
        return connection

    def _transaction(self, work: Work[T]) -> T:
        connection = self._connection(self._writing)
        self._check()
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(connection)
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return done

    def _alone(self, work: Work[T]) -> T:
        self._check()
        return work(self._connection(self._writing))

    def _check(self) -> None:
        if self._lock is not None:
            self._lock.check()

    def _open(self) -> None:
        if self._folder is not None:
            durable.make_folder(self._folder)
            self._lock = Lock(self._folder / search_files.LOCK)
        try:
            self._open_tables()
        except BaseException:
            self._release()
            raise

    def _open_tables(self) -> None:
        try:
            self._connect_all()
        except FAULTS as error:
            _log.warning("the index %s is made anew: %s", self.path, error)
            self._abandon_all()
            self._remove()
            self._connect_all()

    def _connect_all(self) -> None:
        writer = self._connections[self._writing] = self._connect()
        make_tables(writer)
        prepare(writer)
        for runner in {self._listing, self._searching} - {self._writing}:
            reader = self._connections[runner] = self._connect()
            prepare(reader)

    def _connect(self) -> sqlite3.Connection:
        close_in_children(self._abandon_all)
        if self._folder is None:
            return _opened("file::memory:")
        path = self._folder / search_files.DATABASE
        for name in search_files.FILES:
            each = self._folder / name
            if reading.exists(each) and not stat.S_ISREG(each.lstat().st_mode):
                raise sqlite3.OperationalError(f"{each.name} is no regular file")
        if not reading.exists(path):
            search_files.remove(self._folder)  # what a crash left beside it is not of this one
        os.close(open_unlinked(path, os.O_RDWR | os.O_CREAT))
        path.chmod(0o600)
        give_to_owner(path, self._folder)
        return _opened(f"{path.absolute().as_uri()}?mode=rw")

    def _remove(self) -> None:
        self._check()
        if self._folder is not None:
            search_files.remove(self._folder)

    async def _close_connections(self) -> None:
        for runner in {self._writing, self._listing, self._searching}:
            await runner(partial(self._close, runner))
        keep_in_children(self._abandon_all)

    def _close(self, runner: Runner) -> None:
        connection = self._connections.pop(runner, None)
        if connection is None:
            return
        try:
            self._check()  # closing removes files by their paths, which may be another owner's by now
        except OSError:
            abandon(connection)
        else:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _abandon_all(self) -> None:
        while self._connections:
            abandon(self._connections.popitem()[1])

    def _release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()


def _opened(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None, check_same_thread=False)
