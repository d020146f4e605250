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
from argentos.storage.journal import Journal, Recovered, Segment, encode_append, recover
from argentos.storage.lock import Lock
from argentos.storage.names import expand_home, file_name
from argentos.storage.records import Message, Record, SessionKey
from argentos.storage.runner import Runner, threads
from argentos.storage.snapshot import Folded, Metadata, Snapshot, fold_metadata
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
    encoded: bytes
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
        self.path = expand_home(path)
        self._read_only = read_only
        self._run = run or threads()
        self._journal = Journal(self.path / "journal", segment_size)
        self._tails: dict[SessionKey, Tail] = {}
        self._written: dict[SessionKey, int] = {}  # the size of the files
        self._loaded: set[SessionKey] = set()
        self._stuck: set[SessionKey] = set()  # could not be written
        self._queue: list[_Append] = []
        self._dirty: dict[SessionKey, Snapshot] = {}
        self._work = anyio.Event()
        self._closing = False
        self._failure: Exception | None = None

    async def __aenter__(self) -> Self:
        """See `Store.__aenter__`."""
        self._closing, self._failure = False, None
        self._tails, self._written, self._dirty = {}, {}, {}
        self._loaded, self._stuck = set(), set()
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
            self._closing = True
            self._wake()
        try:
            if not self._read_only:
                with anyio.CancelScope(shield=True):
                    await self._closed.wait()
        finally:
            await self._stack.aclose()

    def _take_lock(self) -> Lock:
        files.make_folder(self.path)
        return Lock(self.path / "lock")

    def _recovered(self, append: Recovered) -> None:
        tail = self._tails.setdefault(append.key, Tail())
        if append.records[-1].sequence > tail.sequence:
            tail.reserve(append.records)
            tail.extend(append.records, append.size)

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
        if key not in self._loaded:  # the journal alone may know only what files have overtaken
            await self.load(key)
        self._check_open()
        tail = self._tails.setdefault(key, Tail())
        check_write(
            key,
            epoch=epoch,
            expected=expected_sequence,
            newest_epoch=tail.epoch,
            sequence=tail.sequence,
            records=records,
        )
        try:
            encoded = encode_append(key, records)
        except UnicodeEncodeError as error:
            raise StoreError(f"session {key}: a text holds half a surrogate pair and cannot be stored") from error
        append = _Append(key, records, encoded, anyio.Event())
        tail.reserve(records)
        self._queue.append(append)
        self._wake()
        await append.done.wait()
        self._check_failure()
        return tail.size > max(_MUCH, self._written.get(key, 0))

    def _check_open(self) -> None:
        if self._closing:
            raise StoreError(f"the store in {self.path} is closed; enter it again")
        self._check_failure()

    def _check_failure(self) -> None:
        if self._failure is not None:
            raise StoreFailedError(
                f"writing to {self.path} failed ({self._failure}); nothing more is accepted until it is opened again"
            ) from self._failure

    async def _commit_appends(self) -> None:
        """Write whatever came while the disk was busy, until the end, which only `__aexit__` brings."""
        try:
            with anyio.CancelScope(shield=True):
                while self._queue or not self._closing:
                    if not self._queue:
                        await self._work.wait()
                        continue
                    batch, self._queue = self._queue, []
                    await self._commit(batch)
        finally:
            self._committed.set()

    async def _commit(self, batch: list[_Append]) -> None:
        try:
            if self._failure is None:
                entries = [(each.key, each.records[-1].sequence, each.encoded) for each in batch]
                await self._run(partial(self._journal.write, entries))
                for each in batch:
                    self._tails[each.key].extend(each.records, len(each.encoded))
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
        folded = await self._folded(key)
        self._loaded.add(key)
        if folded is None:
            return None
        tail = self._tails.setdefault(key, Tail())
        tail.overtake(folded.snapshot.metadata.sequence, folded.snapshot.metadata.epoch)
        return folded.snapshot

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        """See `Store.read`."""
        folded = await self._folded(key)
        if folded is None:
            return ()
        # The archive last: a message that left the history meanwhile is there.
        folder = layout.session_folder(self.path, key)
        messages = await self._blocking(partial(layout.read_archive, folder, start, stop))
        context = folded.snapshot.context
        for message in (*folded.archived, *context.messages, *context.waiting):
            messages[message.number] = message
        return tuple(messages[number] for number in sorted(messages) if start <= number < stop)

    async def _folded(self, key: SessionKey) -> Folded | None:
        """Files and tail together. The tail first: files only ever gain on it while they are being read."""
        tail = self._tails.get(key)
        records = tuple(tail.records) if tail else ()
        folder = layout.session_folder(self.path, key)
        stored = await self._blocking(partial(layout.read_stored, folder, key))
        if tail and stored.snapshot:
            tail.covered(min(stored.snapshot.metadata.sequence, stored.reaches))
        return layout.join(key, folder, stored, records)

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
        waiting = self._dirty.get(key)
        sequence = snapshot.metadata.sequence
        if self._read_only or not self._tails[key].lacks_checkpoint(sequence):
            return
        if waiting is None or waiting.metadata.sequence < sequence:
            self._dirty[key] = snapshot
            self._stuck.discard(key)
            self._wake()

    async def _write_files(self) -> None:
        """Write what checkpoints ask for; at the end, everything the journal still holds."""
        try:
            with anyio.CancelScope(shield=True):
                while not self._closing:
                    if self._dirty:
                        await self._write_next()
                    else:
                        await self._work.wait()
                await self._committed.wait()
                await self._write_rest()
        finally:
            self._closed.set()

    async def _write_next(self) -> None:
        key = next(iter(self._dirty))
        await self._write(key, self._dirty.pop(key))
        if not self._dirty:
            await self._drop_segments(self._journal.older)

    async def _write_rest(self) -> None:
        for key in [key for key, tail in self._tails.items() if tail.records]:
            await self._catch_up(key)
        self._dirty = {}
        try:
            await self._run(self._journal.close)
        except OSError as error:
            _log.error("the journal in %s was not closed: %s", self.path, error)
        await self._drop_segments([*self._journal.older, self._journal.newest])

    async def _drop_segments(self, segments: Iterable[Segment]) -> None:
        """Drop the segments that the files cover; write the files that keep others from it."""
        for segment in segments:
            for key, last in segment.last.items():
                # What could not be written is tried again at its next checkpoint, not over and over.
                if self._tails[key].lacks_checkpoint(last) and key not in self._stuck:
                    await self._catch_up(key)
            if not any(self._tails[key].lacks_checkpoint(last) for key, last in segment.last.items()):
                await self._drop(segment)

    async def _drop(self, segment: Segment) -> None:
        try:
            await self._run(partial(self._journal.drop, segment))
        except OSError as error:
            _log.error("%s was not removed: %s", segment.path, error)

    async def _catch_up(self, key: SessionKey) -> None:
        """Write the files of a session as it stands."""
        try:
            snapshot = await self.load(key)
        except StoreError as error:
            self._stuck.add(key)
            _log.error("session %s stays in the journal: %s", key, error)
        else:
            if snapshot is not None and self._tails[key].records:
                await self._write(key, snapshot)

    async def _write(self, key: SessionKey, snapshot: Snapshot) -> None:
        """Bring the files of a session up to a snapshot; what cannot be written stays in the tail."""
        tail = self._tails[key]
        sequence = snapshot.metadata.sequence
        if not tail.lacks_checkpoint(sequence):
            return
        records = [record for record in tail.records if record.sequence <= sequence]
        try:
            self._written[key] = await self._run(partial(self._bring_up, key, snapshot, records))
        except (OSError, StoreError) as error:
            self._stuck.add(key)
            _log.error("the files of session %s were not written: %s", key, error)
        else:
            tail.covered(sequence)

    def _bring_up(self, key: SessionKey, snapshot: Snapshot, records: Sequence[Record]) -> int:
        folder = layout.session_folder(self.path, key)
        folded = layout.join(key, folder, layout.read_stored(folder, key), records)
        return layout.write(folder, snapshot, folded.archived if folded else ())


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
