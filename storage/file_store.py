"""The store on disk: a journal that makes appends durable, and files that follow it.

    argent.json                                  the configuration, which the store leaves alone
    lock                                         held by the one owner
    journal/00000001.journal                     what the files do not cover yet
    agents/<agent>/sessions/<id>/metadata.json   what is known of a session
    agents/<agent>/sessions/<id>/history.json    its context: summary and messages
    agents/<agent>/sessions/<id>/archive/        the messages that a summary or a clear replaced

An append goes to the journal and, once durable, to the session's tail in memory. A checkpoint brings the files
up to a snapshot, in the background, and shortens the tail. Loading folds the tail onto the files.
"""

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Self, TypeVar

import anyio
from anyio.abc import TaskGroup

from argentos.errors import StoreError, StoreFailedError
from argentos.storage import files, layout
from argentos.storage.journal import Journal, Recovered, Segment, encode_frame, recover
from argentos.storage.lock import Lock
from argentos.storage.names import file_name
from argentos.storage.records import Message, Record, SessionKey
from argentos.storage.runner import Runner, threads
from argentos.storage.snapshot import Metadata, Snapshot, fold_metadata
from argentos.storage.store import Page, Store, check_write, page_of
from argentos.storage.tail import Tail

__all__ = ["FileStore"]

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)
_MUCH: Final = 64 * 1024
_SEGMENT_SIZE: Final = 16 * 1024 * 1024


class _Append(NamedTuple):
    """An append that waits for the disk."""

    key: SessionKey
    records: Sequence[Record]
    frame: bytes
    done: anyio.Event


class FileStore(Store):
    """Sessions in a state directory.

    Args:
        path: the state directory; `~` is the home. It is made where it does not exist.
        read_only: look without owning: appends are refused, and another process may own the directory.
        run: where blocking calls run.
        segment_size: bytes after which the journal begins a new file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        read_only: bool = False,
        run: Runner | None = None,
        segment_size: int = _SEGMENT_SIZE,
    ) -> None:
        self.path = Path(path).expanduser()
        self._read_only = read_only
        self._run = run or threads()
        self._journal = Journal(self.path / "journal", segment_size)
        self._tails: dict[SessionKey, Tail] = {}
        self._written: dict[SessionKey, int] = {}  # the size of the files
        self._queue: list[_Append] = []
        self._dirty: dict[SessionKey, Snapshot] = {}
        self._work = anyio.Event()
        self._closing = False
        self._failure: Exception | None = None

    async def __aenter__(self) -> Self:
        """See `Store.__aenter__`."""
        self._closing, self._failure = False, None
        self._tails, self._written, self._dirty = {}, {}, {}
        self._stack = AsyncExitStack()
        if self._read_only:
            await self._blocking(partial(recover, self.path / "journal", self._recovered))
            return self
        async with AsyncExitStack() as stack:
            lock = await self._blocking(self._take_lock)
            stack.callback(lock.release)
            for torn in await self._blocking(partial(self._journal.open, self._recovered)):
                _log.warning("the journal ended in a torn record, never acknowledged; it was moved to %s", torn)
            group = await stack.enter_async_context(anyio.create_task_group())
            self._start(group)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write all files, then close. What cannot be written stays in the journal."""
        if not self._read_only:
            with anyio.CancelScope(shield=True):
                self._closing = True
                self._wake()
                await self._closed.wait()
        await self._stack.aclose()

    def _take_lock(self) -> Lock:
        files.make_folder(self.path)
        return Lock(self.path / "lock")

    def _recovered(self, frame: Recovered) -> None:
        tail = self._tails.setdefault(frame.key, Tail())
        if frame.records[-1].sequence > tail.sequence:
            tail.reserve(frame.records)
            tail.extend(frame.records, frame.size)

    def _start(self, group: TaskGroup) -> None:
        self._committed, self._closed = anyio.Event(), anyio.Event()
        group.start_soon(self._commit_appends, name="argentos journal")
        group.start_soon(self._write_files, name="argentos files")

    def _wake(self) -> None:
        """Something is to be done, or the end has come."""
        self._work.set()
        self._work = anyio.Event()

    async def _blocking(self, function: Callable[[], T]) -> T:
        try:
            return await self._run(function)
        except OSError as error:
            where = error.filename or self.path
            raise StoreError(f"{where} cannot be used: {error.strerror}") from error

    # Appending ---------------------------------------------------------------------------------------------

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        """See `Store.append`."""
        if self._read_only:
            raise StoreError(f"the state directory {self.path} was opened for reading only")
        tail = self._tails.get(key) or await self._tail(key)
        self._check_open()
        check_write(
            key,
            epoch=epoch,
            expected=expected_sequence,
            newest_epoch=tail.epoch,
            sequence=tail.sequence,
            records=records,
        )
        try:
            frame = encode_frame(key, records)
        except UnicodeEncodeError as error:
            raise StoreError(f"session {key}: a text holds half a surrogate pair and cannot be stored") from error
        append = _Append(key, records, frame, anyio.Event())
        tail.reserve(records)
        self._queue.append(append)
        self._wake()
        await append.done.wait()
        self._check_open()
        return tail.size > max(_MUCH, self._written.get(key, 0))

    def _check_open(self) -> None:
        if self._failure is not None:
            raise StoreFailedError(
                f"writing to {self.path} failed ({self._failure}); nothing more is accepted until it is opened again"
            ) from self._failure

    async def _tail(self, key: SessionKey) -> Tail:
        """The tail of a session of which nothing is in memory."""
        await self.load(key)
        return self._tails.setdefault(key, Tail())

    async def _commit_appends(self) -> None:
        """Write whatever came while the disk was busy, until the end, which only `__aexit__` brings."""
        with anyio.CancelScope(shield=True):
            while self._queue or not self._closing:
                if not self._queue:
                    await self._work.wait()
                    continue
                batch, self._queue = self._queue, []
                await self._commit(batch)
        self._committed.set()

    async def _commit(self, batch: list[_Append]) -> None:
        try:
            if self._failure is None:
                entries = [(each.key, each.records[-1].sequence, each.frame) for each in batch]
                await self._run(partial(self._journal.write, entries))
                for each in batch:
                    self._tails[each.key].extend(each.records, len(each.frame))
        except OSError as error:
            # What the disk holds now is unknown, and a second fsync would not tell: only reopening does.
            self._failure = error
            _log.critical("the journal in %s failed: %s; nothing more is accepted", self.path, error)
        finally:
            for each in batch:
                each.done.set()

    # Reading -----------------------------------------------------------------------------------------------

    async def load(self, key: SessionKey) -> Snapshot | None:
        """See `Store.load`."""
        # The tail first: files only ever gain on it while they are being read.
        tail = self._tails.get(key)
        records = tuple(tail.records) if tail else ()
        stored = await self._blocking(partial(layout.read_stored, layout.session_folder(self.path, key)))
        if not records and stored.metadata is None:
            return None
        snapshot, _ = layout.join(key, stored, records)
        known = self._tails.setdefault(key, Tail(snapshot.metadata.sequence, snapshot.metadata.epoch))
        if stored.metadata and stored.history:
            known.covered(min(stored.metadata.sequence, stored.history.sequence))
        return snapshot

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        """See `Store.read`."""
        tail = self._tails.get(key)
        records = tuple(tail.records) if tail else ()
        folder = layout.session_folder(self.path, key)
        stored = await self._blocking(partial(layout.read_stored, folder))
        if not records and stored.metadata is None:
            return ()
        snapshot, archived = layout.join(key, stored, records)
        # The archive last: a message that left the history meanwhile is there.
        messages = await self._blocking(partial(layout.read_archive, folder, start, stop))
        for message in (*archived, *snapshot.context.messages, *snapshot.context.waiting):
            messages[message.number] = message
        return tuple(messages[number] for number in sorted(messages) if start <= number < stop)

    async def list(self, agent: str, cursor: str | None = None, limit: int = 1000) -> Page:
        """See `Store.list`."""
        tails = {file_name(key.id): key for key in self._tails if key.agent == agent}
        folder = layout.agent_folder(self.path, agent)
        names, cursor = page_of({*await self._blocking(partial(_names, folder)), *tails}, cursor, limit)
        sessions: list[Metadata] = []
        problems: list[str] = []
        for name in names:
            try:
                metadata = await self._metadata(folder / name, tails.get(name))
            except StoreError as error:
                problems.append(str(error))
            else:
                sessions += [metadata] if metadata else []
        return Page(tuple(sessions), cursor, tuple(problems))

    async def _metadata(self, folder: Path, key: SessionKey | None) -> Metadata | None:
        records = tuple(self._tails[key].records) if key else ()
        metadata = await self._blocking(partial(layout.read_metadata, folder))
        if not records or key is None:
            return metadata
        covered = metadata.sequence if metadata else 0
        return fold_metadata(key, metadata, [record for record in records if record.sequence > covered])

    # Files -------------------------------------------------------------------------------------------------

    async def checkpoint(self, key: SessionKey, snapshot: Snapshot) -> None:
        """See `Store.checkpoint`."""
        if not self._read_only and self._tails[key].records:
            self._dirty[key] = snapshot
            self._wake()

    async def _write_files(self) -> None:
        """Write what checkpoints ask for; at the end, everything the journal still holds."""
        with anyio.CancelScope(shield=True):
            while not self._closing:
                if self._dirty:
                    await self._write_next()
                else:
                    await self._work.wait()
            await self._committed.wait()
            await self._write_rest()
        self._closed.set()

    async def _write_rest(self) -> None:
        for key in [key for key, tail in self._tails.items() if tail.records]:
            snapshot = await self._loaded(key)
            if snapshot is not None and self._tails[key].records:
                await self._write(key, snapshot)
        await self._run(self._journal.close)
        self._dirty = {}
        await self._drop_segments([*self._journal.older, self._journal.newest])

    async def _write_next(self) -> None:
        key = next(iter(self._dirty))
        await self._write(key, self._dirty.pop(key))
        if not self._dirty:
            await self._drop_segments(self._journal.older)

    async def _drop_segments(self, segments: Iterable[Segment]) -> None:
        """Drop the segments that the files cover; have the files written that keep others from it."""
        for segment in segments:
            pinning = [key for key, last in segment.last.items() if self._tails[key].lacks_checkpoint(last)]
            for key in pinning:
                snapshot = await self._loaded(key)
                if snapshot is not None and self._tails[key].lacks_checkpoint(segment.last[key]):
                    self._dirty.setdefault(key, snapshot)
            if not pinning:
                await self._run(partial(self._journal.drop, segment))

    async def _loaded(self, key: SessionKey) -> Snapshot | None:
        try:
            return await self.load(key)
        except StoreError as error:
            _log.error("session %s stays in the journal: %s", key, error)
            return None

    async def _write(self, key: SessionKey, snapshot: Snapshot) -> None:
        """Bring the files of a session up to a snapshot; what cannot be written stays in the tail."""
        tail = self._tails[key]
        sequence = snapshot.metadata.sequence
        records = [record for record in tail.records if record.sequence <= sequence]
        try:
            self._written[key] = await self._run(partial(self._bring_up, key, snapshot, records))
        except (OSError, StoreError) as error:
            _log.error("the files of session %s were not written: %s", key, error)
        else:
            tail.covered(sequence)

    def _bring_up(self, key: SessionKey, snapshot: Snapshot, records: Sequence[Record]) -> int:
        folder = layout.session_folder(self.path, key)
        stored = layout.read_stored(folder)
        _, archived = layout.join(key, stored, records)
        return layout.write(folder, snapshot, archived)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
