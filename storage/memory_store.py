"""A store that forgets: for tests, and for sessions that nobody wants to keep."""

import sys
from bisect import bisect_left, insort
from collections.abc import Collection, Sequence
from typing import Self

import anyio.lowlevel

from argentos.concurrency.chunks import in_steps
from argentos.concurrency.exclusive_use import ExclusiveUse
from argentos.storage.names import file_name
from argentos.storage.records import Cleared, Message, Record, SessionKey, Summarised
from argentos.storage.snapshot import Context, Metadata, Snapshot, fold, fold_context, fold_metadata
from argentos.storage.store import Page, Store, check_write, page_of
from argentos.storage.wal.pending import PendingRecords

__all__ = ["MemoryStore"]

_CHECKPOINT_RECORDS = 1000


class _Session:
    __slots__ = ("archive", "base", "pending")

    def __init__(self) -> None:
        self.base: Snapshot | None = None
        self.archive: dict[int, Message] = {}
        self.pending = PendingRecords()


class MemoryStore(Store):
    """Keeps everything in this process; durable means until the process ends.

    It may be entered more than once, one after the other, and then holds what it held before.
    """

    def __init__(self) -> None:
        self._use = ExclusiveUse("a store in memory")
        self._sessions: dict[SessionKey, _Session] = {}
        self._names: dict[str, list[str]] = {}  # of each agent's sessions, in order
        self._keys: dict[tuple[str, str], SessionKey] = {}

    async def __aenter__(self) -> Self:
        """See `Store.__aenter__`."""
        self._use.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        """It can be entered again, and holds what it held."""
        self._use.leave()

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        """See `Store.append`."""
        session = self._sessions.get(key) or _Session()
        pending = session.pending
        check_write(
            key,
            epoch=epoch,
            expected=expected_sequence,
            newest_epoch=pending.epoch,
            sequence=pending.sequence,
            records=records,
        )
        pending.reserve(records)
        pending.extend(records, len(records))
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
        return fold(key, session.base, session.pending.records).snapshot if session else None

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        """See `Store.read`."""
        session = self._sessions.get(key)
        if session is None:
            return ()
        folded = fold(key, session.base, session.pending.records)
        context = folded.snapshot.context
        messages = dict(session.archive)
        for message in (*folded.archived, *context.messages, *context.waiting):
            messages[message.number] = message
        return tuple(messages[number] for number in sorted(messages) if start <= number < stop)

    async def list(self, agent: str, cursor: str | None = None, limit: int = 1000) -> Page:
        """See `Store.list`."""
        names, cursor = page_of(self._names.get(agent, ()), cursor, limit)
        return Page(await self._metadata_of([self._keys[agent, name] for name in names]), cursor)

    async def _metadata_of(self, keys: Sequence[SessionKey]) -> tuple[Metadata, ...]:
        """What is known of these sessions, without those that are deleted meanwhile."""
        found: list[Metadata] = []
        for step in in_steps(keys):
            found += [self._metadata(key) for key in step if key in self._sessions]
            await anyio.lowlevel.checkpoint()
        return tuple(found)

    def _metadata(self, key: SessionKey) -> Metadata:
        session = self._sessions[key]
        return fold_metadata(key, session.base.metadata if session.base else None, session.pending.records)

    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        """See `Store.unfinished`."""
        known = await self._metadata_of([key for key in self._sessions if key.agent == agent])
        return tuple(each for each in known if not each.is_settled or each.state in states)

    async def owing(self, agent: str) -> tuple[Metadata, ...]:
        """See `Store.owing`."""
        known = (self._metadata(key) for key in self._sessions if key.agent == agent)
        return tuple(each for each in known if each.is_owing)

    async def size(self, key: SessionKey) -> int:
        """See `Store.size`."""
        messages = await self.read(key, 1, sys.maxsize)
        return sum(len(message.text.encode()) for message in messages)

    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:  # noqa: ARG002 - it sets nothing aside
        """See `Store.delete`."""
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
        base = session.base.context if session.base else Context()
        records = session.pending.up_to(snapshot.metadata.sequence)
        if any(isinstance(record, Summarised | Cleared) for record in records):
            _, archived = fold_context(base, records)
            session.archive.update((message.number, message) for message in archived)
        session.base = snapshot
        session.pending.cover(snapshot.metadata.sequence)
