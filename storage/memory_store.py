"""A store that forgets: for tests, and for sessions that nobody wants to keep."""

import sys
from bisect import bisect_left, insort
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final, Self

import anyio.lowlevel
import anyio.to_thread

from argentos.concurrency.chunks import in_chunks
from argentos.concurrency.exclusive_use import ExclusiveUse
from argentos.concurrency.threads import free, in_thread_if
from argentos.errors import AttachmentNotFoundError
from argentos.storage.attachments import as_sha256, sha256_of
from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.fold import Folded, fold, fold_metadata
from argentos.storage.messages import Message, SessionKey
from argentos.storage.names import file_name
from argentos.storage.open_context import LEAVING, takes_long
from argentos.storage.records import Record, Transitioned
from argentos.storage.snapshot import Context, Metadata, Snapshot
from argentos.storage.store import Page, Store, check_order, check_write, page_of
from argentos.storage.wal.pending import PendingRecords

__all__ = ["MemoryStore"]

_CHECKPOINT_RECORDS: Final = 1000
_QUICK: Final = 1 << 16  # bytes, hashed in a moment
_LONG: Final = 1000  # records or messages, done in some milliseconds


class _Session:
    __slots__ = ("archive", "base", "checkpoints", "pending", "transitions")

    def __init__(self) -> None:
        self.base: Snapshot | None = None
        self.archive: dict[int, Message] = {}
        self.checkpoints: list[Checkpoint] = []
        self.pending = PendingRecords()
        self.transitions: list[Transitioned] = []


class MemoryStore(Store):
    """A store in this process; durable means until the process ends.

    It may be entered more than once, one after the other, and then holds what it held before.
    """

    def __init__(self) -> None:
        self._use = ExclusiveUse("a store in memory")
        self._sessions: dict[SessionKey, _Session] = {}
        self._names: dict[str, list[str]] = {}  # of each agent's sessions, in order
        self._keys: dict[tuple[str, str], SessionKey] = {}
        self._attachments: dict[SessionKey, dict[str, bytes]] = {}

    @property
    def is_volatile(self) -> bool:
        """See `Store.is_volatile`."""
        return True

    async def __aenter__(self) -> Self:
        """See `Store.__aenter__`."""
        self._use.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        """It can be entered again, and holds what it held."""
        self._use.leave()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        """See `Store.append`."""
        is_long = len(records) > _LONG
        edges = await _edges_in(key, expected_sequence, records) if is_long else _edges(records)
        session = self._sessions.get(key) or _Session()
        pending = session.pending
        check_write(
            key,
            epoch=epoch,
            expected=expected_sequence,
            newest_epoch=pending.epoch,
            sequence=pending.sequence,
            records=records[:1] if is_long else records,  # the others were looked at
        )
        pending.reserve(records)
        pending.extend(records, len(records))
        session.transitions += edges
        if key not in self._sessions:
            self._add(key, session)
        return pending.size > _CHECKPOINT_RECORDS

    def _add(self, key: SessionKey, session: _Session) -> None:
        name = file_name(key.id)
        insort(self._names.setdefault(key.agent, []), name)
        self._keys[key.agent, name] = key
        self._sessions[key] = session

    async def load(self, key: SessionKey) -> Snapshot | None:
        """See `Store.load`."""
        session = self._sessions.get(key)
        return (await _folded(key, session)).snapshot if session else None

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        """See `Store.read`."""
        session = self._sessions.get(key)
        if session is None:
            return ()
        folded = await _folded(key, session)
        together = partial(_between, start, stop, folded, session.archive)
        return await in_thread_if(folded.snapshot.metadata.messages > _LONG, together)

    async def transitions(self, key: SessionKey) -> tuple[Transitioned, ...]:
        """See `Store.transitions`."""
        session = self._sessions.get(key)
        return tuple(session.transitions) if session else ()

    async def checkpoints(self, key: SessionKey) -> tuple[Checkpoint, ...]:
        """See `Store.checkpoints`."""
        session = self._sessions.get(key)
        return (*session.checkpoints, *(await _folded(key, session)).checkpoints) if session else ()

    async def attach(self, key: SessionKey, data: bytes) -> str:
        """See `Store.attach`."""
        kept = bytes(data)
        sha256 = sha256_of(kept) if len(kept) <= _QUICK else await anyio.to_thread.run_sync(sha256_of, kept)
        self._attachments.setdefault(key, {})[sha256] = kept
        return sha256

    async def attachment(self, key: SessionKey, sha256: str) -> bytes:
        """See `Store.attachment`."""
        data = self._attachments.get(key, {}).get(as_sha256(sha256))
        if data is None:
            raise AttachmentNotFoundError(f"session {key} has no attachment {sha256}")
        return data

    async def list(self, agent: str, cursor: str | None = None, limit: int = 1000) -> Page:
        """See `Store.list`."""
        names, cursor = page_of(self._names.get(agent, ()), cursor, limit)
        return Page(await self._metadata_of([self._keys[agent, name] for name in names]), cursor)

    async def _metadata_of(self, keys: Sequence[SessionKey]) -> tuple[Metadata, ...]:
        """Collect the metadata of these sessions, without those that are deleted meanwhile."""
        found: list[Metadata] = []
        for chunk in in_chunks(keys):
            found += [await _metadata(key, session) for key in chunk if (session := self._sessions.get(key))]
            await anyio.lowlevel.checkpoint()
        return tuple(found)

    async def find(self, agent: str, ids: Collection[str]) -> Page:
        """See `Store.find`."""
        return Page(await self._metadata_of([SessionKey(agent, each) for each in ids]), None)

    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        """See `Store.unfinished`."""
        known = await self._metadata_of([key for key in self._sessions if key.agent == agent])
        return tuple(each for each in known if not each.is_settled or each.state in states)

    async def owing(self, agent: str) -> tuple[Metadata, ...]:
        """See `Store.owing`."""
        known = await self._metadata_of([key for key in self._sessions if key.agent == agent])
        return tuple(each for each in known if each.is_owing)

    async def size(self, key: SessionKey) -> int:
        """See `Store.size`."""
        session = self._sessions.get(key)
        size = sum(map(len, self._attachments.get(key, {}).values())) if session else 0
        for messages in in_chunks(await self.read(key, 1, sys.maxsize), _LONG):
            size += sum(len(message.text.encode()) for message in messages)
            await anyio.lowlevel.checkpoint()
        return size

    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:  # noqa: ARG002 - it sets nothing aside
        """See `Store.delete`."""
        self._attachments.pop(key, None)
        if self._sessions.pop(key, None) is None:
            return False
        name, names = file_name(key.id), self._names[key.agent]
        del names[bisect_left(names, name)], self._keys[key.agent, name]
        return True

    async def checkpoint(self, key: SessionKey, snapshot: Snapshot) -> None:
        """See `Store.checkpoint`."""
        session = self._sessions.get(key)
        if session is None or not session.pending.has(snapshot.metadata.sequence, snapshot.metadata.epoch):
            return
        base = session.base
        left = await _left_by(key, base, session.pending.up_to(snapshot.metadata.sequence), snapshot)
        for messages in in_chunks(left.archived, _LONG):
            session.archive |= {message.number: message for message in messages}  # what is back is found sooner
            await anyio.lowlevel.checkpoint()
        if session.base is not base:  # another checkpoint was quicker
            return
        session.checkpoints += left.checkpoints
        session.base = snapshot
        free(session.pending.cover(snapshot.metadata.sequence))


def _edges(records: Sequence[Record]) -> list[Transitioned]:
    return [record for record in records if isinstance(record, Transitioned)]


async def _edges_in(key: SessionKey, expected: int, records: Sequence[Record]) -> list[Transitioned]:
    """The edges among many records, which are in order.

    Raises:
        StaleWriteError: they do not follow the expected sequence one by one.
    """
    edges: list[Transitioned] = []
    for chunk in in_chunks(records, _LONG):
        check_order(key, expected, chunk)
        expected += len(chunk)
        edges += _edges(chunk)
        await anyio.lowlevel.checkpoint()
    return edges


async def _left_by(key: SessionKey, base: Snapshot | None, records: Sequence[Record], snapshot: Snapshot) -> Folded:
    """The snapshot, and the messages that left the context by the records that lead to it."""
    return await _fold_of(key, base, records) if await _archive(records) else Folded(snapshot, ())


async def _archive(records: Sequence[Record]) -> bool:
    """Tell whether any of them has messages leave the context."""
    for chunk in in_chunks(records, _LONG):
        if any(isinstance(record, LEAVING) for record in chunk):
            return True
        if len(chunk) == _LONG:
            await anyio.lowlevel.checkpoint()
    return False


async def _folded(key: SessionKey, session: _Session) -> Folded:
    """The session as it is now."""
    return await _fold_of(key, session.base, [*session.pending.records])


async def _fold_of(key: SessionKey, base: Snapshot | None, records: Sequence[Record]) -> Folded:
    is_long = takes_long(base.context if base else Context(), records)
    return await in_thread_if(is_long, partial(fold, key, base, records))


def _between(start: int, stop: int, folded: Folded, archive: Mapping[int, Message]) -> tuple[Message, ...]:
    """The messages with these numbers; whatever comes to the archive meanwhile is among those that were folded."""
    context = folded.snapshot.context
    newer = {each.number: each for each in (*folded.archived, *context.messages, *context.waiting)}
    numbers = range(max(start, 1), min(stop, folded.snapshot.metadata.messages + 1))
    found = (newer.get(number) or archive.get(number) for number in numbers)
    return tuple([each for each in found if each])


async def _metadata(key: SessionKey, session: _Session) -> Metadata:
    """The metadata of the session as it is now."""
    records = session.pending.records
    if len(records) > _LONG:
        return (await _folded(key, session)).snapshot.metadata
    return fold_metadata(key, session.base.metadata if session.base else None, records)
