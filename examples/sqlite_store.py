"""A store of one's own, on SQLite: `pytest examples/sqlite_store.py` holds it to the contract."""

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec
from anyio import CapacityLimiter, to_thread

from argentos import Checkpoint, Message, Record, SessionKey, Store, Transitioned
from argentos.errors import AttachmentNotFoundError, StaleWriteError, StoreBusyError, StoreError
from argentos.storage import Metadata, Page, Snapshot, as_sha256, file_name, fold
from argentos.storage.testing import StoreConformance

T = TypeVar("T")

RECORDS = msgspec.msgpack.Decoder(list[Record])
TABLE = """
    PRAGMA journal_mode = wal;
    PRAGMA synchronous = full;
    CREATE TABLE IF NOT EXISTS batches (agent, name, id, sequence, epoch, body, PRIMARY KEY (agent, name, sequence));
    CREATE TABLE IF NOT EXISTS attachments (agent, name, sha256, data, PRIMARY KEY (agent, name, sha256));
"""
STANDS = "SELECT sequence, epoch FROM batches WHERE agent = ? AND name = ? ORDER BY sequence DESC LIMIT 1"
IDS = "SELECT DISTINCT name, id FROM batches WHERE agent = ? AND name > ? ORDER BY name LIMIT ?"
BODIES = "SELECT body FROM batches WHERE agent = ? AND name = ? ORDER BY sequence"
SIZE = """
    SELECT coalesce(sum(length(body)), 0) FROM (SELECT agent, name, body FROM batches
    UNION ALL SELECT agent, name, data FROM attachments) WHERE agent = ? AND name = ?
"""
ATTACHMENT = "SELECT data FROM attachments WHERE agent = ? AND name = ? AND sha256 = ?"


class SqliteStore(Store):
    """Batches of records in one table; a session is folded anew whenever somebody looks, so it needs no checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        if self._database is not None:
            raise StoreBusyError(f"{self.path} is open already")
        self._database = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._one_at_a_time = CapacityLimiter(1)
        await self._run(lambda database: database.executescript(TABLE))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._run(sqlite3.Connection.close)
        self._database = None

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        name, body = file_name(key.id), msgspec.msgpack.encode([*records])
        sequences = [record.sequence for record in records]

        def insert(database: sqlite3.Connection) -> None:
            with database:
                database.execute("BEGIN IMMEDIATE")
                sequence, newest = database.execute(STANDS, (key.agent, name)).fetchone() or (0, 0)
                if epoch < newest or expected_sequence != sequence:
                    raise StaleWriteError(f"session {key} stands at record {sequence} of epoch {newest}; load it again")
                if sequences != [*range(sequence + 1, sequence + 1 + len(records))]:
                    raise StaleWriteError(f"session {key}: the records do not follow record {sequence} one by one")
                row = (key.agent, name, key.id, sequences[-1], epoch, body)
                database.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)", row)

        await self._run(insert)
        return False

    async def load(self, key: SessionKey) -> Snapshot | None:
        records = await self._records(key)
        return fold(key, None, records).snapshot if records else None

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        if not (records := await self._records(key)):
            return ()
        (_, context), archived, *_ = fold(key, None, records)
        messages = sorted((*archived, *context.messages, *context.waiting), key=lambda message: message.number)
        return tuple(message for message in messages if start <= message.number < stop)

    async def transitions(self, key: SessionKey) -> tuple[Transitioned, ...]:
        return tuple(record for record in await self._records(key) if isinstance(record, Transitioned))

    async def checkpoints(self, key: SessionKey) -> tuple[Checkpoint, ...]:
        records = await self._records(key)
        return fold(key, None, records).checkpoints if records else ()

    async def attach(self, key: SessionKey, data: bytes) -> str:
        row = (key.agent, file_name(key.id), sha256 := hashlib.sha256(data).hexdigest(), data)
        await self._run(lambda database: database.execute("INSERT OR IGNORE INTO attachments VALUES (?, ?, ?, ?)", row))
        return sha256

    async def attachment(self, key: SessionKey, sha256: str) -> bytes:
        row = (key.agent, file_name(key.id), as_sha256(sha256))
        found = await self._run(lambda database: database.execute(ATTACHMENT, row).fetchone())
        if found is None:
            raise AttachmentNotFoundError(f"session {key} has no attachment {sha256}")
        return bytes(found[0])

    async def list(self, agent: str, cursor: str | None = None, limit: int = 1000) -> Page:
        found = await self._run(lambda database: database.execute(IDS, (agent, cursor or "", limit + 1)).fetchall())
        sessions = [await self.load(SessionKey(agent, id_)) for _, id_ in found[:limit]]
        behind = found[limit - 1][0] if len(found) > limit else None
        return Page(tuple(session.metadata for session in sessions if session), behind)

    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        page = await self.list(agent, limit=2**62)
        return tuple(each for each in page.sessions if not each.is_settled or each.state in states)

    async def owing(self, agent: str) -> tuple[Metadata, ...]:
        page = await self.list(agent, limit=2**62)
        return tuple(each for each in page.sessions if each.is_owing)

    async def size(self, key: SessionKey) -> int:
        return int((await self._rows(SIZE, key))[0][0])

    async def checkpoint(self, key: SessionKey, snapshot: Snapshot) -> None:
        pass

    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:  # noqa: ARG002 - it sets nothing aside
        delete = "DELETE FROM batches WHERE agent = ? AND name = ? RETURNING sequence"
        was_there = bool(await self._rows(delete, key))
        await self._rows("DELETE FROM attachments WHERE agent = ? AND name = ?", key)
        return was_there

    async def _records(self, key: SessionKey) -> Sequence[Record]:
        return [record for (body,) in await self._rows(BODIES, key) for record in RECORDS.decode(body)]

    async def _rows(self, statement: str, key: SessionKey) -> Sequence[Any]:
        return await self._run(lambda database: database.execute(statement, (key.agent, file_name(key.id))).fetchall())

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Work beside the event loop, whole even where the caller is cancelled."""
        if self._database is None:
            raise StoreError(f"the store in {self.path} is closed; enter it first")
        return await to_thread.run_sync(work, self._database, limiter=self._one_at_a_time)


class TestSqliteStore(StoreConformance):
    """The contract, test by test."""

    def make_store(self, place: Path) -> Store:
        return SqliteStore(place / "sessions.db")
