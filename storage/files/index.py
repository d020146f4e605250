"""The index: a copy of every session's metadata in one SQLite file, so that lists need not open a file for each.

It is a view, and may be removed at any time: what it lacks is read from `metadata.json`, and put into it. It never
keeps a store from working: where SQLite fails, lists read the files.
"""

import contextlib
import logging
import os
import sqlite3
import stat
import threading
import zlib
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from argentos.concurrency.forks import abandon, close_in_children, keep_in_children
from argentos.storage.disk import reading
from argentos.storage.disk.lock import DirectoryLostError
from argentos.storage.disk.permissions import give_to_owner
from argentos.storage.disk.symlinks import open_unlinked
from argentos.storage.messages import SessionKey
from argentos.storage.names import file_name
from argentos.storage.snapshot import Metadata

__all__ = ["Index", "Matches"]

_log: Final = logging.getLogger(__name__)
_VERSION: Final = 2
_SCHEMA: Final = f"""
    CREATE TABLE IF NOT EXISTS sessions (
        agent TEXT, name TEXT, state TEXT, settled INTEGER, owing INTEGER, metadata BLOB,
        PRIMARY KEY (agent, name)
    ) WITHOUT ROWID;
    PRAGMA user_version = {_VERSION};
"""
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Metadata)


class Matches(NamedTuple):
    """Sessions by the names of their folders.

    Attributes:
        found: those that were looked for; None stands for a row that is damaged.
        others: those that are known not to be.
    """

    found: dict[str, Metadata | None]
    others: set[str]


class Index:
    """The index in a state directory. Its methods block, and may be called by any thread.

    Args:
        path: of the file.
        read_only: leave it as it is.
        check: raises where the directory is this owner's no more; called before each change.

    Attributes:
        age: how often it was told of a change.
    """

    def __init__(self, path: Path, *, read_only: bool, check: Callable[[], None] = lambda: None) -> None:
        self._check = check
        self.age: int = 0
        self._path = path
        self._rollback = path.with_name(f"{path.name}-journal")
        self._read_only = read_only
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    def open(self) -> None:
        """Open it, or make it where it is missing, of another version or damaged."""
        with self._tolerant():
            if self._read_only and (not self._path.exists() or self._rollback.exists()):
                return  # a kill left a change half-done, which the next owner rolls back
            try:
                self._connection = self._connect()
            except (sqlite3.Error, UnicodeDecodeError):
                if self._read_only:
                    raise
                self.discard()
                self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        for path in (self._path, self._rollback):
            if reading.exists(path) and not stat.S_ISREG(path.lstat().st_mode):
                raise sqlite3.OperationalError(f"{path.name} is no regular file")
        close_in_children(self._abandon)
        if not self._read_only:
            os.close(open_unlinked(self._path, os.O_RDWR | os.O_CREAT))
            self._path.chmod(0o600)
            give_to_owner(self._path, self._path.parent)
        mode = "ro" if self._read_only else "rw"
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=1,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in {0, _VERSION}:
                raise sqlite3.DatabaseError(f"it is of version {version}")
            if not self._read_only:
                connection.execute("PRAGMA secure_delete = ON")
                connection.executescript(_SCHEMA)
            connection.execute("SELECT count(*) FROM (SELECT 1 FROM sessions LIMIT 1)")
        except (sqlite3.Error, UnicodeDecodeError):
            connection.close()
            raise
        return connection

    def _abandon(self) -> None:
        """Forget the connection without ending it: that would undo, by its path, what is another owner's."""
        connection, self._connection = self._connection, None
        if connection is not None:
            abandon(connection)

    def put(self, metadata: Metadata) -> None:
        """Take over what was written to a file; lasting with the next `commit`."""
        self.age += 1
        self._change("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?)", _row(metadata))

    def add(self, metadata: Metadata, since: int) -> None:
        """Take over what was read in a file, unless a file was written since: that may have been this one.

        Args:
            metadata: of the session.
            since: the `age` when reading began.
        """
        with self._lock:
            if since == self.age:
                self._change("INSERT OR IGNORE INTO sessions VALUES (?, ?, ?, ?, ?, ?)", _row(metadata))

    def remove(self, key: SessionKey) -> None:
        """Forget a session; lasting with the next `commit`."""
        self.age += 1
        self._change("DELETE FROM sessions WHERE agent = ? AND name = ?", (key.agent, file_name(key.id)))

    def distrust(self, keys: Iterable[SessionKey]) -> None:
        """Forget what it says of sessions in the journal: it may be older than their files."""
        for key in keys:
            self.remove(key)

    def _change(self, sql: str, row: tuple[object, ...]) -> None:
        with self._tolerant():
            connection = self._connection
            if connection is not None and not self._read_only:
                self._check()
                if not connection.in_transaction:
                    connection.execute("BEGIN")
                connection.execute(sql, row)

    def commit(self) -> None:
        """Make what was changed durable."""
        with self._tolerant():
            connection = self._connection
            if connection is not None and connection.in_transaction:
                self._check()
                connection.execute("COMMIT")

    def page(self, agent: str, first: str, last: str) -> dict[str, Metadata | None]:
        """Look up the agent's sessions, by the names of their folders, from `first` to `last`.

        None stands for a row that is damaged.
        """
        return self._decoded(agent, "name BETWEEN ? AND ?", (first, last))

    def find(self, agent: str, names: Sequence[str]) -> dict[str, Metadata | None]:
        """Look up the agent's sessions by the names of their folders, a few hundred at most; likewise."""
        marks = ", ".join("?" * len(names))
        return self._decoded(agent, f"name IN ({marks})", tuple(names))

    def unfinished(self, agent: str, states: Collection[str], first: str, last: str) -> Matches:
        """Find the agent's sessions that have messages which wait, or are in one of these states.

        Args:
            agent: whose sessions.
            states: of the machine.
            first: the name of the first folder to look at.
            last: that of the last one.
        """
        marks = ", ".join("?" * len(states))
        return self._sought(f"NOT settled OR state IN ({marks})", (*states, agent, first, last))

    def owing(self, agent: str, first: str, last: str) -> Matches:
        """Find the agent's sessions that have messages which were not delivered yet; as above."""
        return self._sought("owing", (agent, first, last))

    def _sought(self, condition: str, values: tuple[str, ...]) -> Matches:
        rows = self._rows(
            f"SELECT name, agent, CASE WHEN {condition} THEN metadata END"  # noqa: S608 - one of those above
            " FROM sessions WHERE agent = ? AND name BETWEEN ? AND ?",
            values,
        )
        return Matches(
            {name: _metadata(agent, name, data) for name, agent, data in rows if data is not None},
            {name for name, _, data in rows if data is None},
        )

    def names(self, agent: str) -> set[str]:
        """The names of the folders it knows."""
        return {name for (name,) in self._rows("SELECT name FROM sessions WHERE agent = ?", (agent,))}

    def _decoded(self, agent: str, where: str, values: tuple[str, ...]) -> dict[str, Metadata | None]:
        sql = f"SELECT name, metadata FROM sessions WHERE agent = ? AND {where}"  # noqa: S608 - one of those above
        rows = self._rows(sql, (agent, *values))
        return {name: _metadata(agent, name, data) for name, data in rows}

    def _rows(self, sql: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        with self._tolerant():
            if self._connection is not None:
                rows = self._connection.execute(sql, values).fetchall()
        return rows

    def close(self) -> None:
        """Make it lasting, and close it."""
        self.commit()
        keep_in_children(self._abandon)
        with self._tolerant():
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    @contextlib.contextmanager
    def _tolerant(self) -> Generator[None]:
        """A view that fails is given up, and removed, so that it is never wrong."""
        with self._lock:
            try:
                yield
            except DirectoryLostError:
                self._abandon()
            except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
                _log.warning("the index %s cannot be used: %s; lists read the files instead", self._path, error)
                connection, self._connection = self._connection, None
                if connection is not None:
                    with contextlib.suppress(sqlite3.Error):
                        connection.close()
                if not self._read_only:
                    with contextlib.suppress(OSError):
                        self.discard()

    def discard(self) -> None:
        """Remove it, and the journal that would be rolled back into the next one; it is made anew when opened."""
        self._check()
        for path in (self._rollback, self._path):
            path.unlink(missing_ok=True)


def _row(metadata: Metadata) -> tuple[object, ...]:
    name, data = file_name(metadata.session), _encoder.encode(metadata)
    checksum = zlib.crc32(data, zlib.crc32(name.encode()))
    sealed = checksum.to_bytes(4, "little") + data
    return (metadata.agent, name, metadata.state, metadata.is_settled, metadata.is_owing, sealed)


def _metadata(agent: str, name: object, data: object) -> Metadata | None:
    """Decode a row, if it is what was once put there."""
    if not isinstance(name, str) or not isinstance(data, bytes):
        return None
    if zlib.crc32(data[4:], zlib.crc32(name.encode())) != int.from_bytes(data[:4], "little"):
        return None
    try:
        metadata = _decoder.decode(data[4:])
    except msgspec.MsgspecError:
        return None
    return metadata if metadata.agent == agent else None
