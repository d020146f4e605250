"""The files of all sessions follow the journal, in the background, one session at a time.

One at a time is the budget: however many sessions want their files written, the disk has one such writer beside the
journal; only at the end, when nothing is appended any more, several are written at a time. Segments of the journal are
dropped in order, once the files have everything in them.
"""

import errno
import logging
import math
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import msgspec

from argentos.concurrency.foreign_code import described, in_short, passes
from argentos.concurrency.threads import Runner
from argentos.errors import StoreDamagedError, StoreError
from argentos.storage.disk import durable, reading
from argentos.storage.disk.lock import Lock
from argentos.storage.files import archive, joining, json_files, paths, session_files
from argentos.storage.files.index import Index
from argentos.storage.files.schedule import Lag
from argentos.storage.names import file_name
from argentos.storage.records import Cleared, Record, SessionKey, Summarised
from argentos.storage.repair import salvage
from argentos.storage.snapshot import Folded, Snapshot
from argentos.storage.wal.committer import Committer
from argentos.storage.wal.journal import Journal
from argentos.storage.wal.pending import Tail
from argentos.storage.wal.recovery import Segment

__all__ = ["FileWriter", "Held"]

_log: Final = logging.getLogger(__name__)
_PAUSE: Final = 1.0  # seconds
_MOST_HUNG: Final = 3  # writes left alone: where more hang, the disk does, and is waited for
_AT_ONCE: Final = _MOST_HUNG  # sessions written at a time at the end
_NO_ANSWER: Final = "the disk does not answer; a write of them goes on"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Held:
    """What the store knows of a session.

    Attributes:
        tail: what the files do not have.
        written: bytes of the files, as far as known.
        is_loaded: the files have been looked at.
        is_stuck: the files could not be written.
        kept: up to this sequence, the journal has a file of its own for it.
        is_deleted: no more is taken until it is gone.
        is_edited: somebody has edited the files, and no load has told of it yet: what follows is folded onto them.
        unread: what can be made of records in the journal that cannot be read.
    """

    __slots__ = ("is_deleted", "is_edited", "is_loaded", "is_stuck", "kept", "tail", "unread", "written")

    def __init__(self) -> None:
        self.tail = Tail()
        self.written = 0
        self.is_loaded = False
        self.is_stuck = False
        self.kept = 0
        self.is_deleted = False
        self.is_edited = False
        self.unread: list[Record] = []

    def pins(self, sequence: int) -> bool:
        """Whether the record of this sequence is nowhere but in a segment."""
        return self.is_deleted or (self.tail.lacks_checkpoint(sequence) and self.kept < sequence)


class FileWriter:
    """Writes and removes what lies under `agents/`, and drops what of the journal that makes superfluous.

    Args:
        root: the state directory.
        held: the sessions that the store knows, shared with it.
        lock: on the state directory; where that is lost, nothing is written any more.
        much: bytes of journal from which sessions are written for no other reason than to drop segments.
        lag: says when sessions are to be written though nobody asks for it.
        patience: seconds until a write that does not end is left alone, so that others are written.
    """

    def __init__(
        self,
        root: Path,
        held: dict[SessionKey, Held],
        *,
        lock: Lock,
        journal: Journal,
        committer: Committer,
        index: Index,
        run: Runner,
        much: int,
        lag: Lag,
        patience: float,
    ) -> None:
        self._root = root
        self._held = held
        self._ownership = lock
        self._journal = journal
        self._committer = committer
        self._index = index
        self._run = run
        self._much = much
        self._lag = lag
        self._patience = patience
        self._being_written: set[SessionKey] = set()
        self._asked: dict[SessionKey, Snapshot | None] = {}
        self._work = anyio.Event()
        self._progress = anyio.Event()
        self._lock = anyio.Lock()
        self._closing = False

    def ask(self, key: SessionKey, snapshot: Snapshot) -> None:
        """Have the files of a session brought up to a snapshot."""
        held, sequence = self._held.get(key), snapshot.metadata.sequence
        waiting = self._asked.get(key)
        if held is None or held.is_deleted or not held.tail.has(sequence, snapshot.metadata.epoch):
            return
        if waiting is None or waiting.metadata.sequence < sequence:
            self._asked[key] = snapshot
            held.is_stuck = False
            self._work.set()

    def wake(self) -> None:
        """Look at how long the journal is."""
        self._work.set()

    def close(self) -> None:
        """Let `run` end."""
        self._closing = True
        self._work.set()

    async def progress(self) -> None:
        """Wait until the journal has become shorter."""
        await self._progress.wait()

    @asynccontextmanager
    async def paused(self) -> AsyncGenerator[None]:
        """No file under `agents/` changes meanwhile, and no segment is dropped."""
        async with self._lock:
            yield

    # Writing ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write what is asked for, and what has not been for too long, until closed."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._catch_up)
            await self._write_all()
            group.cancel_scope.cancel()

    async def _catch_up(self) -> None:
        while True:
            for key in await self._lag.due():
                held = self._held.get(key)
                if held is not None and held.tail.records:
                    self._asked.setdefault(key, None)
                    self._work.set()

    async def _write_all(self) -> None:
        while not self._closing:
            try:
                await self._work_off()
            except BaseException as error:
                if passes(error):
                    raise
                _log.error("writing files in %s failed, and is tried again: %s", self._root, described(error))
                await anyio.sleep(_PAUSE)

    async def _work_off(self) -> None:
        """Do what comes next, or wait for it."""
        self._work = anyio.Event()
        async with self._lock:
            # A long journal comes first: its oldest sessions hold up everybody.
            if self._journal.size >= self._much and await self._drop_segments():
                return
            if self._asked:
                key = next(iter(self._asked))
                await self._write(key, self._asked.pop(key))
                return
            await self._drop_segments()
        if not self._asked and not self._closing:
            await self._work.wait()

    def _made_progress(self) -> None:
        self._progress.set()
        self._progress = anyio.Event()

    async def finish(self) -> None:
        """Write everything that the journal still holds, and drop it; nothing is appended any more."""
        async with self._lock:
            await self._write_last(
                [key for key, held in self._held.items() if held.tail.records or self._journal.keeps(key)]
            )
            self._asked.clear()
            self._much = 0
            try:
                await self._run(self._journal.close)
            except OSError as error:
                _log.error("the journal in %s was not closed: %s", self._root, error)
            await self._drop_segments()
            await self._run(self._index.commit)

    async def _write_last(self, keys: Iterable[SessionKey]) -> None:
        """Bring the files of sessions up to their ends, several at a time.

        Nobody else needs the disk any more, and flushes that come together cost hardly more than one.
        """
        left = iter(keys)

        async def write() -> None:
            for key in left:
                await self._write(key, None)

        async with anyio.create_task_group() as group:
            for _ in range(_AT_ONCE):
                group.start_soon(write)

    async def _write(self, key: SessionKey, snapshot: Snapshot | None) -> None:
        """Bring the files of a session up to a snapshot, or to its end; what cannot be written stays in its tail."""
        held = self._held.get(key)
        if held is None or held.is_deleted or self._ownership.loss:
            return
        tail = held.tail
        records = tail.upto(snapshot.metadata.sequence) if snapshot else list(tail.records)
        try:
            if records:
                held.written = await self._bounded(key, partial(self._bring_up, key, snapshot, records))
                tail.covered(records[-1].sequence)
            if not tail.records and self._journal.keeps(key):
                await self._run(partial(self._journal.release, key))
        except BaseException as error:
            if passes(error):
                raise
            if not held.is_stuck:
                _log_failure(key, error)
            held.is_stuck = True
            self._lag.failed(key)
        else:
            held.is_stuck = False
            self._lag.written(key, is_all=not tail.records)

    async def _bounded(self, key: SessionKey, write: Callable[[], int]) -> int:
        """Write the files of a session; where that does not end in time, others are written meanwhile.

        Raises:
            OSError, StoreError: they were not written, or are being written still.
        """
        self._check_not_hung(key)
        patience = self._patience if len(self._being_written) < _MOST_HUNG else math.inf
        with anyio.move_on_after(patience):
            return await self._run(write)
        raise StoreError(_NO_ANSWER)

    def _check_not_hung(self, key: SessionKey) -> None:
        if key in self._being_written:
            raise StoreError(_NO_ANSWER)

    def _bring_up(self, key: SessionKey, snapshot: Snapshot | None, records: Sequence[Record]) -> int:
        self._being_written.add(key)
        try:
            return self._write_files(key, snapshot, records)
        finally:
            self._being_written.discard(key)

    def _write_files(self, key: SessionKey, snapshot: Snapshot | None, records: Sequence[Record]) -> int:
        self._ownership.check()
        folder = paths.session_folder(self._root, key)
        folded = None
        is_edited = self._held[key].is_edited or session_files.is_edited(folder)
        if snapshot is None or is_edited or any(isinstance(record, Summarised | Cleared) for record in records):
            folded = self._join(key, folder, snapshot, records)
        if folded and is_edited:
            self._held[key].is_edited = True  # whoever has the session in memory does not know of it
            snapshot = None
        snapshot = snapshot or (folded.snapshot if folded else None)
        if snapshot is None:
            return 0
        size = session_files.write(folder, snapshot, folded.archived if folded else ())
        self._index.put(snapshot.metadata)
        return size

    def _join(
        self, key: SessionKey, folder: Path, snapshot: Snapshot | None, records: Sequence[Record]
    ) -> Folded | None:
        """The files with the records that they lack; where somebody has spoilt them, there is still the snapshot."""
        try:
            stored = session_files.read_stored(folder, key)
            folded = joining.join(key, folder, stored, records)
        except StoreDamagedError as error:
            if snapshot is None or any(isinstance(record, Summarised | Cleared) for record in records):
                raise
            _log.error("%s; a copy was set aside in %s, and it was written anew", error, self._copy(key, folder))
            return None
        self._tell_of_edits(key, folder, stored)
        return folded

    def _copy(self, key: SessionKey, folder: Path) -> Path:
        """Set aside copies of the files of a session that will be written over."""
        aside = self._aside(key)
        durable.make_folder(aside)
        for name in ("history.json", "metadata.json"):
            if reading.exists(folder / name):
                durable.replace(aside / name, reading.read(folder / name))
        return aside

    def _tell_of_edits(self, key: SessionKey, folder: Path, stored: session_files.Stored) -> None:
        """Once, for the files are written anew then."""
        for name in stored.edited:
            _tell_of_edit(key, folder / name)
        if stored.unfit:
            _log.warning(
                "%s; a copy was set aside in %s, and it was written anew", stored.unfit, self._copy(key, folder)
            )

    async def take_edited_archive(self, key: SessionKey, paths: Sequence[Path]) -> None:
        """Likewise, of the archive."""
        async with self._lock:
            for path in paths:
                try:
                    is_sealed = await self._run(partial(self._seal_archive, path))
                except (OSError, StoreError) as error:
                    _log.error("%s was edited, but could not be written anew: %s", path, error)
                else:
                    if is_sealed:
                        _tell_of_edit(key, path)

    def _seal_archive(self, path: Path) -> bool:
        self._ownership.check()
        return archive.seal_archive(path)

    async def take_edits(self, key: SessionKey) -> None:
        """Let files that somebody has edited be as if they had been written here; what cannot be done is logged."""
        async with self._lock:
            held = self._held.get(key)
            if held is None or held.is_deleted:
                return
            held.is_edited = False
            if key in self._asked:  # which does not know of it
                self._asked[key] = None
            try:
                self._check_not_hung(key)
                await self._run(partial(self._take_edits, key, list(held.tail.records)))
            except (OSError, StoreError) as error:
                _log.error("session %s was edited, but its files could not be written anew: %s", key, error)

    def _take_edits(self, key: SessionKey, records: Sequence[Record]) -> None:
        self._ownership.check()
        folder = paths.session_folder(self._root, key)
        stored = session_files.read_stored(folder, key)
        if (stored.edited or stored.unfit) and stored.snapshot:
            joining.join(key, folder, stored, records)  # raises where one does not fit the other
            self._tell_of_edits(key, folder, stored)
            session_files.write(folder, stored.snapshot, ())
            self._index.put(stored.snapshot.metadata)

    async def _drop_segments(self) -> bool:
        """Drop the oldest segments as far as the files have them; where the journal is long, see that they do.

        Returns:
            Whether one was dropped.
        """
        if self._ownership.loss:
            return False
        has_dropped = False
        for segment in self._journal.older:
            if self._pinning(segment) and self._journal.size < self._much:
                break
            for key in self._pinning(segment):
                await self._free(key)
            if self._pinning(segment):
                break
            try:
                await self._run(self._index.commit)
                await self._run(partial(self._journal.drop, segment))
            except OSError as error:
                _log.error("%s was not removed: %s", segment.path, error)
                break
            has_dropped = True
            self._made_progress()
        return has_dropped

    def _pinning(self, segment: Segment) -> list[SessionKey]:
        held = self._held
        return [key for key, last in segment.last.items() if key in held and held[key].pins(last)]

    async def _free(self, key: SessionKey) -> None:
        """Write the files of a session or, where that fails, keep its records in a file of their own."""
        held = self._held[key]
        if not held.is_stuck:
            await self._write(key, None)
        records = list(held.tail.records)
        if records and not held.is_deleted:
            try:
                await self._run(partial(self._journal.keep, key, records))
            except OSError as error:
                _log.error(
                    "the records of session %s were not copied out of the journal, and stay there: %s",
                    key,
                    in_short(error),
                )
            else:
                held.kept = records[-1].sequence

    # Removing -----------------------------------------------------------------------------------------------

    async def make_room(self, key: SessionKey) -> bool:
        """Remove the files of a session before its end is durable; tells whether there were any.

        Raises:
            StoreError: they could not be removed.
        """
        async with self._lock:
            self._check_not_hung(key)
            try:
                return await self._run(partial(self._remove_early, key))
            except OSError as error:
                raise StoreError(f"{error.filename or key} could not be removed: {error.strerror}") from error

    def _remove_early(self, key: SessionKey) -> bool:
        self._ownership.check()
        return session_files.remove(self._root, key)

    async def remove(self, key: SessionKey, *, is_ended: bool) -> bool:
        """Leave no byte of a session; False if somebody else has seen to that meanwhile.

        Args:
            key: the session.
            is_ended: its end is durable: what the journal has of it may stay for a while.

        Raises:
            OSError: something could not be removed.
        """
        held = self._held.get(key)
        async with self._lock:
            if held is None or held is not self._held.get(key):
                return False
            self._check_not_hung(key)
            await self._run(partial(self._remove_files, key))
            await self._forget(key, is_ended=is_ended)
            return True

    def _remove_files(self, key: SessionKey) -> None:
        self._ownership.check()
        folder = paths.session_folder(self._root, key)
        if reading.exists(folder):
            durable.remove_all(folder)
        paths.mark_deleted(self._root, key)
        for parent in (
            paths.agent_folder(self._root, key.agent),
            paths.damaged_folder(self._root, key.agent),
        ):
            with suppress(FileNotFoundError):  # nor do they come back, whoever has removed them
                durable.sync_folder(parent)

    async def remove_set_aside(self, key: SessionKey) -> bool:
        """Remove what was set aside of a session, and of the journal, of which cannot be told whose it is.

        Returns:
            Whether anything was set aside of the session.

        Raises:
            OSError: something could not be removed.
        """
        async with self._lock:
            await self._run(self._journal.forget_aside)
            return await self._run(partial(self._remove_set_aside, key))

    def _remove_set_aside(self, key: SessionKey) -> bool:
        self._ownership.check()
        asides = paths.set_aside(self._root, key)
        for aside in asides:
            durable.remove_all(aside)
        return bool(asides)

    async def _forget(self, key: SessionKey, *, is_ended: bool = False) -> None:
        """Take the session out of index, journal and memory: the journal last, for it says what is to be done."""
        self._asked.pop(key, None)
        await self._run(partial(self._forget_row, key))
        try:
            await self._run(partial(self._journal.forget, key))
        except OSError as error:
            if not is_ended or error.errno not in _FULL:
                raise
            _log.warning(
                "session %s was deleted; its texts leave the journal when there is room, or at the next start",
                key,
            )
        self._held.pop(key, None)

    def _forget_row(self, key: SessionKey) -> None:
        self._index.remove(key)
        self._index.commit()

    async def set_aside(self, key: SessionKey) -> tuple[StoreDamagedError, Path] | None:
        """Put what cannot be read of a session where it harms nobody.

        Returns:
            What is wrong with it, and where it was put; None if nothing is, for somebody else has seen to it.
        """
        async with self._lock:
            self._check_not_hung(key)
            held = self._held.setdefault(key, Held())
            was_deleted, held.is_deleted = held.is_deleted, True  # nothing is appended meanwhile
            try:
                await self._committer.flushed()
                found = await self._run(partial(self._move_aside, key, list(held.tail.records), list(held.unread)))
                if found is not None:
                    await self._forget(key)
            finally:
                held.is_deleted = was_deleted
            return found

    def _move_aside(
        self, key: SessionKey, records: Sequence[Record], unread: Sequence[Record]
    ) -> tuple[StoreDamagedError, Path] | None:
        """The folder, where its history is corrupt; where records are missing in between, only those behind them."""
        self._ownership.check()
        folder = paths.session_folder(self._root, key)
        try:
            folded = joining.join(key, folder, session_files.read_stored(folder, key), records)
        except json_files.CorruptError as error:
            return error, self._move(key, [*records, *unread])
        except joining.GapError as error:
            return error, self._keep_whole(key, records, unread)
        sequence = folded.snapshot.metadata.sequence if folded else 0
        if not any(record.sequence > sequence for record in unread):
            return None
        unreadable = joining.GapError(f"record {sequence + 1} of session {key} cannot be read")
        return unreadable, self._keep_whole(key, records, unread)

    def _move(self, key: SessionKey, records: Sequence[Record]) -> Path:
        aside = self._aside(key)
        durable.move(paths.session_folder(self._root, key), aside)
        if records:
            _write_records(aside, records)
        return aside

    def _keep_whole(self, key: SessionKey, records: Sequence[Record], unread: Sequence[Record]) -> Path:
        """Let the session go on up to where something is missing, and put aside what is behind that."""
        folder = paths.session_folder(self._root, key)
        stored = session_files.read_stored(folder, key)
        whole, behind = joining.split(stored, records)
        kept = joining.join(key, folder, stored, whole)
        behind = salvage.in_order([*behind, *unread], kept.snapshot if kept else None)
        aside = self._aside(key)
        durable.make_folder(aside)
        bridged = salvage.bridge(key, kept.snapshot if kept else None, behind)
        archived = salvage.archived_in(folder, bridged.snapshot.metadata)
        session_files.write(
            aside, bridged.snapshot, (*archived.values(), *(kept.archived if kept else ()), *bridged.archived)
        )
        _write_records(aside, behind)
        if kept:
            session_files.write_front(
                aside, kept.snapshot.metadata
            )  # by which it is known whether the session has gone on
            session_files.write(folder, kept.snapshot, kept.archived)
        return aside

    def _aside(self, key: SessionKey) -> Path:
        """A free place for what is set aside of a session."""
        target = paths.damaged_folder(self._root, key.agent)
        durable.make_folder(target)
        return durable.dated_name(target / file_name(key.id), "damaged")


def _tell_of_edit(key: SessionKey, path: Path) -> None:
    _log.warning(
        "%s of session %s was edited by hand, and is taken as it is now; if nobody edited it, it is damaged: restore it"
        " from a backup",
        path,
        key,
    )


def _write_records(aside: Path, records: Sequence[Record]) -> None:
    durable.replace(aside / "records.json", msgspec.json.encode(records) + b"\n")


def _log_failure(key: SessionKey, error: BaseException) -> None:
    is_expected = isinstance(error, OSError | StoreError)
    _log.error(
        "the files of session %s were not written: %s; its messages stay in the journal, and it is tried again",
        key,
        in_short(error) if is_expected else described(error),
        exc_info=None if is_expected else error,
    )
