"""The store on disk: a journal that makes appends durable, and files that follow it.

    index.sqlite                                 a copy of all metadata, for lists
    journal/, attaching/                         what the files do not cover yet, and attachments without a record
    agents/<agent>/sessions/<id>/metadata.json   what is known of a session
    agents/<agent>/sessions/<id>/history.json    its context: summary and messages
    agents/<agent>/sessions/<id>/archive/        the messages that a summary or a clear replaced
    agents/<agent>/sessions/<id>/attachments/    bytes of pictures and documents, by their hashes
    agents/<agent>/damaged/                      what could not be read, under dated names

An append goes to the journal and, once durable, to the pending records in memory. A checkpoint brings the files up to
a snapshot, in the background. Loading folds what is pending onto them.
"""

import logging
import os
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final, Self

import anyio.lowlevel

from argentos.concurrency.closing import close_stack
from argentos.concurrency.exclusive_use import ExclusiveUse
from argentos.concurrency.threads import Runner, Threads, shielded, threads
from argentos.errors import StoreError
from argentos.inputs import as_flag, as_number, as_whole_number
from argentos.storage import backup
from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.branching.records import weight
from argentos.storage.disk.lock import Lock
from argentos.storage.disk.symlinks import follow_none_below
from argentos.storage.file_store.attaching import Attaching
from argentos.storage.file_store.background import Background
from argentos.storage.file_store.backpressure import Backpressure
from argentos.storage.file_store.deletion import Deletion
from argentos.storage.file_store.edits import Edits
from argentos.storage.file_store.listing import Listing
from argentos.storage.file_store.quarantine import Quarantine
from argentos.storage.file_store.reader import Reader
from argentos.storage.file_store.schedule import LoopClock, WaitingClock, WriteSchedule
from argentos.storage.file_store.sessions import SessionEntry, SessionTable
from argentos.storage.file_store.workspace import Ownership, Workspace, make_durable, sweep, telling_of_the_disk
from argentos.storage.file_store.writer import FileWriter
from argentos.storage.files import joining, json_files
from argentos.storage.files.index import Index
from argentos.storage.fold import Folded
from argentos.storage.messages import Message, SessionKey
from argentos.storage.names import expand_home
from argentos.storage.records import Record, Transitioned
from argentos.storage.snapshot import Metadata, Snapshot
from argentos.storage.store import Page, Store, check_write
from argentos.storage.wal.committer import Committer
from argentos.storage.wal.encoding import LONG, encode
from argentos.storage.wal.journal import Journal
from argentos.storage.wal.recovery import recover

__all__ = ["FileStore"]

_log: Final = logging.getLogger(__name__)
_CHECKPOINT_BYTES: Final = 64 * 1024
_MEBIBYTE: Final = 1024 * 1024
_LARGEST_JOURNAL: Final = 2**50  # bytes


class FileStore(Store):
    """Sessions in a state directory.

    Args:
        path: the state directory; `~` is the home. It is made where it does not exist. A relative one is of the
            folder that the process is in now.
        read_only: look without owning: appends are refused, and another process may own the directory.
        run: where blocking calls run.
        segment_size: bytes of a file of the journal.
        journal_limit: bytes of journal at which appends are refused; from half of that they are slowed down.
        patience: seconds that a disk which does not answer is waited for, when the store is closed or a caller
            cancelled; after as many, `failure` tells of it. The directory stays locked until the disk answers or the
            process ends.
        clock: time, by which the files follow the journal; that of the event loop by default.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        read_only: bool = False,
        run: Runner | None = None,
        segment_size: int = 16 * _MEBIBYTE,
        journal_limit: int = 256 * _MEBIBYTE,
        patience: float = 10.0,
        clock: WaitingClock | None = None,
    ) -> None:
        self.path: Path = expand_home(path)
        follow_none_below(self.path)
        self._use = ExclusiveUse(f"the store of the state directory {self.path}")
        self._ownership = Ownership(self.path)
        self._read_only = as_flag(read_only, "read_only")
        self._patience = patience = as_number(patience, "the patience")
        segment_size = as_whole_number(segment_size, "segment_size", 1, _LARGEST_JOURNAL)
        limit = as_whole_number(journal_limit, "journal_limit", 4, _LARGEST_JOURNAL)
        self._threads = Threads(patience)
        self._run = run or self._threads.runner()
        self._run_commits = run or self._threads.runner(1)
        self._run_backup = run or threads(1)  # slow, and never to be left alone while files change again
        self._blocking = telling_of_the_disk(self._run, self.path)
        self._background = Background(self.path, patience)
        watched, is_owner = self._background.watched(self._run), not read_only
        self._journal = Journal(self.path / "journal", min(segment_size, limit // 4), self._ownership.check)
        self._backpressure = Backpressure(self.path, self._journal, limit)
        self._index = Index(self.path / "index.sqlite", read_only=read_only, check=self._ownership.check)
        self._clock = clock or LoopClock()
        self._schedule = WriteSchedule(self._clock)
        self._committer = self._new_committer()
        self._sessions = SessionTable()
        self._reader = Reader(self.path, self._sessions, self._blocking, is_owner=is_owner)
        self._attaching = Attaching(self.path, self._sessions, watched, self._ownership.check)
        self._listing = Listing(
            self.path, self._sessions, self._index, self._blocking, self._attaching, trusts_index=is_owner
        )
        self._is_open = False

    @property
    def directory(self) -> Path | None:
        """See `Store.directory`."""
        return self.path

    @property
    def is_read_only(self) -> bool:
        """See `Store.is_read_only`."""
        return self._read_only

    @property
    def failure(self) -> StoreError | None:
        """See `Store.failure`."""
        full = self._backpressure.failure if self._is_open else None
        return self._ownership.failure or self._committer.failure or self._committer.stalled(self._patience) or full

    # Opening and closing -----------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """See `Store.__aenter__`."""
        self._use.enter()
        async with AsyncExitStack() as stack:
            stack.callback(self._use.leave)
            self._sessions.clear()
            await (self._look(stack) if self._read_only else self._own(stack))
            self._stack = stack.pop_all()
        self._is_open = True
        return self

    async def _look(self, stack: AsyncExitStack) -> None:
        """Open for reading only."""
        recovery = await self._blocking(partial(recover, self.path / "journal", self._sessions.recover))
        for finding in recovery.findings:
            if not finding.is_torn:  # as what an owner is just writing may look
                _log.warning("%s", finding)
        await self._open_index(stack)

    async def _own(self, stack: AsyncExitStack) -> None:
        """Take the directory over."""
        # Before it is taken, for this may be cancelled when it just has been.
        stack.callback(self._threads.at_rest, self._ownership.release)
        ownership = await self._blocking(self._ownership.take)
        await self._blocking(partial(make_durable, self.path, self._journal))
        findings = await self._blocking(partial(self._journal.open, self._sessions.recover))
        stack.callback(self._threads.at_rest, self._journal.close)
        for finding in findings:
            _log.warning("%s", finding)
        await self._blocking(partial(sweep, self.path, self._sessions))
        await self._open_index(stack)
        await self._blocking(partial(self._index.distrust, self._sessions))
        self._furnish(ownership)
        await self._deletion.finish_all()
        await self._set_damage_aside(is_journal_damaged=bool(findings))
        await self._blocking(self._attaching.sweep)
        stack.push_async_callback(self._attaching.close, self._patience, lambda: self.failure is None)
        for key in self._sessions.unwritten():
            self._schedule.appended(key)
        group = await stack.enter_async_context(anyio.create_task_group())
        self._background.start(group, self._committer, self._writer)

    def _furnish(self, ownership: Lock) -> None:
        """Make the parts that change files."""
        self._schedule = WriteSchedule(self._clock)
        self._committer = self._new_committer()
        self._workspace = Workspace(
            self.path,
            self._sessions,
            ownership=ownership,
            journal=self._journal,
            committer=self._committer,
            index=self._index,
            run=self._background.watched(self._run),
        )
        self._edits = Edits(self._workspace)
        self._quarantine = Quarantine(self._workspace, self._attaching, self._patience)
        self._deletion = Deletion(self._workspace, self._attaching)
        long_journal = self._backpressure.long_journal
        self._writer = FileWriter(
            self._workspace, self._edits, schedule=self._schedule, long_journal=long_journal, patience=self._patience
        )

    def _new_committer(self) -> Committer:
        run = self._background.watched(self._run_commits)
        return Committer(self._journal, run, self.path, self._schedule.appended)

    async def _open_index(self, stack: AsyncExitStack) -> None:
        stack.callback(self._threads.at_rest, self._index.close)
        await self._blocking(self._index.open)

    async def _set_damage_aside(self, *, is_journal_damaged: bool) -> None:
        for key, entry in [*self._sessions.items()]:
            if is_journal_damaged or entry.pending.has_gap or entry.unreadable:
                with suppress(StoreError):  # it was logged, and is raised again where the session is loaded
                    await self._quarantine.put(key)

    async def __aexit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """Write all files, then close. What cannot be written in time stays in the journal."""
        self._is_open = False
        if not self._read_only:
            self._committer.close()
            self._background.close()
        await close_stack(self._stack, error)

    # What is refused ---------------------------------------------------------------------------------------

    def _check_usable(self) -> None:
        """Refuse a forked child, and everybody where the directory was lost."""
        self._use.check()
        if (lost := self._ownership.failure) is not None:
            raise lost

    def _check_writable(self) -> None:
        self._check_usable()
        if self._read_only:
            raise StoreError(f"the state directory {self.path} was opened for reading only")

    def _check_open(self, key: SessionKey, entry: SessionEntry) -> None:
        if not self._is_open:
            raise StoreError(f"the store in {self.path} is closed; enter it again")
        if entry.is_deleted:
            raise StoreError(f"session {key} is being deleted; try again, or see `argent doctor` if that fails")

    # Appending ---------------------------------------------------------------------------------------------

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        """See `Store.append`."""
        self._check_writable()
        is_long = len(records) > LONG or weight(records) > LONG
        make_body = partial(encode, key, expected_sequence, records)
        body = await self._blocking(make_body) if is_long else make_body()
        if self._backpressure.is_long:
            self._writer.wake()
            await self._backpressure.slow_down(self._writer.progress)
        while not (entry := self._sessions.entry(key)).is_loaded:  # the journal may know only what files have overtaken
            await self.load(key)
        self._check_open(key, entry)
        pending = entry.pending
        check_write(
            key,
            epoch=epoch,
            expected=expected_sequence,
            newest_epoch=pending.epoch,
            sequence=pending.sequence,
            records=records[:1] if is_long else records,  # the others were looked at when they were encoded
        )
        batch = self._committer.submit(key, pending, records, body)
        await batch.durable()
        self._attaching.refer(key, records)
        return pending.size > max(_CHECKPOINT_BYTES, entry.file_size)

    async def attach(self, key: SessionKey, data: bytes) -> str:
        """See `Store.attach`."""
        self._check_writable()
        self._check_open(key, self._sessions.entry(key))
        return await self._attaching.add(key, data)

    async def link(self, source: SessionKey, target: SessionKey, sha256: str) -> None:
        """See `Store.link`."""
        self._check_writable()
        self._check_open(target, self._sessions.entry(target))
        await self._attaching.link(source, target, sha256)

    # Reading -----------------------------------------------------------------------------------------------

    async def load(self, key: SessionKey) -> Snapshot | None:
        """See `Store.load`. What is damaged is set aside under a dated name."""
        self._check_usable()
        entry = self._sessions.entry(key)
        if self._read_only:
            folded, _ = await self._reader.load(key, entry)
        else:
            self._check_open(key, entry)
            folded, entry = await self._load_owned(key, entry)
        entry.is_loaded = True
        if folded is not None:
            entry.pending.overtake(folded.snapshot.metadata.sequence, folded.snapshot.metadata.epoch)
        return folded.snapshot if folded else None

    async def _load_owned(self, key: SessionKey, entry: SessionEntry) -> tuple[Folded | None, SessionEntry]:
        try:
            folded, is_edited = await self._reader.load(key, entry)
        except (json_files.CorruptError, joining.GapError):
            await self._quarantine.put(key)
            entry = self._sessions.entry(key)
            folded, is_edited = await self._reader.load(key, entry)
        entry.is_loaded = True
        if is_edited or entry.is_edited:
            await self._edits.take(key)
        return folded, entry

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        """See `Store.read`."""
        self._check_usable()
        messages, edited = await self._reader.messages(key, start, stop)
        if edited and not self._read_only:
            await self._edits.take_archive(key, edited)
        return messages

    async def transitions(self, key: SessionKey) -> tuple[Transitioned, ...]:
        """See `Store.transitions`."""
        self._check_usable()
        return await self._reader.transitions(key)

    async def checkpoints(self, key: SessionKey) -> tuple[Checkpoint, ...]:
        """See `Store.checkpoints`."""
        self._check_usable()
        return await self._reader.checkpoints(key)

    async def attachment(self, key: SessionKey, sha256: str) -> bytes:
        """See `Store.attachment`."""
        self._check_usable()
        return await self._reader.attachment(key, sha256)

    async def size(self, key: SessionKey) -> int:
        """See `Store.size`."""
        self._check_usable()
        return await self._reader.size(key)

    async def list(self, agent: str, cursor: str | None = None, limit: int = 1000) -> Page:
        """See `Store.list`."""
        self._check_usable()
        return await self._listing.page(agent, cursor, limit)

    async def find(self, agent: str, ids: Collection[str]) -> Page:
        """See `Store.find`."""
        self._check_usable()
        return await self._listing.find(agent, ids)

    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        """See `Store.unfinished`."""
        self._check_usable()
        return await self._listing.unfinished(agent, states)

    async def owing(self, agent: str) -> tuple[Metadata, ...]:
        """See `Store.owing`."""
        self._check_usable()
        return await self._listing.owing(agent)

    # Files -------------------------------------------------------------------------------------------------

    async def checkpoint(self, key: SessionKey, snapshot: Snapshot) -> None:
        """See `Store.checkpoint`."""
        if not self._read_only:
            self._writer.request(key, snapshot)

    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:
        """See `Store.delete`."""
        self._check_writable()
        entry = self._sessions.entry(key)
        async with shielded(self._patience):
            was_set_aside = set_aside and await self._deletion.remove_set_aside(key)
            if not entry.is_deleted:
                self._check_open(key, entry)
            try:
                return await self._deletion.delete(key, entry) or was_set_aside
            finally:
                self._reader.forget(key)
        await anyio.lowlevel.checkpoint_if_cancelled()
        raise StoreError(f"session {key} was not deleted, for the disk does not answer; try again later")

    async def backup(self, target: Path) -> int:
        """Write all sessions as they are at one moment to a file; gives its size in bytes.

        Appends go on meanwhile, the files of sessions wait. `argentos.storage.backup` says what is in it.

        Raises:
            StoreError: it cannot be written, or exists; nothing is left of it.
        """
        self._check_usable()
        if self._read_only or not self._is_open:
            raise StoreError(f"{target} was not written: the store in {self.path} is not open, or for reading only")
        async with self._workspace.locked():
            segments = await self._blocking(self._journal.end_segment)
            write = partial(backup.write, self.path, target, segments)
            return await telling_of_the_disk(self._run_backup, self.path)(write)
