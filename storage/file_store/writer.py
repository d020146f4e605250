"""The files of all sessions follow the journal, in the background, one session at a time.

One at a time is the budget: however many sessions want their files written, the disk has one such writer beside the
journal; only at the end, when nothing is appended any more, several are written at a time. Segments of the journal are
dropped in order, once the files have everything in them.
"""

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from argentos.concurrency.foreign_code import in_log, in_short, passes
from argentos.concurrency.threads import free
from argentos.errors import StoreDamagedError, StoreError
from argentos.storage.file_store.edits import Edits
from argentos.storage.file_store.schedule import WriteSchedule
from argentos.storage.file_store.workspace import NO_ANSWER, Workspace
from argentos.storage.files import joining, paths, session_files
from argentos.storage.fold import Folded
from argentos.storage.messages import SessionKey
from argentos.storage.open_context import KEPT_TRANSITIONS, LEAVING
from argentos.storage.records import Record, Transitioned, Undone
from argentos.storage.snapshot import Snapshot
from argentos.storage.wal.recovery import Segment

__all__ = ["FileWriter"]

_log: Final = logging.getLogger(__name__)
_PAUSE: Final = 1.0  # seconds
_MOST_HUNG: Final = 3  # writes left alone: where more hang, the disk does, and is waited for
_AT_ONCE: Final = _MOST_HUNG  # sessions written at a time at the end


class FileWriter:
    """Write the files of sessions, and drop what of the journal that makes superfluous.

    Args:
        workspace: the state directory.
        edits: takes over what somebody has edited.
        schedule: says when sessions are to be written though nobody asks for it.
        long_journal: bytes of journal from which sessions are written for no other reason than to drop segments.
        patience: seconds until a write that does not end is left alone, so that others are written.
    """

    def __init__(
        self, workspace: Workspace, edits: Edits, *, schedule: WriteSchedule, long_journal: int, patience: float
    ) -> None:
        self._workspace = workspace
        self._edits = edits
        self._sessions = workspace.sessions
        self._journal = workspace.journal
        self._requests = workspace.requests
        self._run = workspace.run
        self._schedule = schedule
        self._long_journal = long_journal
        self._patience = patience
        self._work = anyio.Event()
        self._progress = anyio.Event()
        self._closing = False

    def request(self, key: SessionKey, snapshot: Snapshot) -> None:
        """Have the files of a session brought up to a snapshot."""
        entry, sequence = self._sessions.get(key), snapshot.metadata.sequence
        waiting = self._requests.get(key)
        if entry is None or entry.is_deleted or not entry.pending.has(sequence, snapshot.metadata.epoch):
            return
        if waiting is None or waiting.metadata.sequence < sequence:
            self._requests[key] = snapshot
            entry.is_stuck = False
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

    # Running ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write what is asked for, and what has not been for too long, until closed."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._request_what_is_due)
            await self._write_all()
            group.cancel_scope.cancel()

    async def _request_what_is_due(self) -> None:
        while True:
            for key in await self._schedule.due():
                entry = self._sessions.get(key)
                if entry is not None and entry.pending.records:
                    self._requests.setdefault(key, None)
                    self._work.set()

    async def _write_all(self) -> None:
        while not self._closing:
            try:
                await self._do_next()
            except BaseException as error:
                if passes(error):
                    raise
                _log.error("writing files in %s failed, and is tried again: %s", self._workspace.root, in_log(error))
                await anyio.sleep(_PAUSE)

    async def _do_next(self) -> None:
        """Do what comes next, or wait for it."""
        self._work = anyio.Event()
        async with self._workspace.locked():
            # A long journal comes first: its oldest sessions hold up everybody.
            if self._journal.size >= self._long_journal and await self._drop_segments():
                return
            if self._requests:
                key = next(iter(self._requests))
                await self._write(key, self._requests.pop(key))
                return
            await self._drop_segments()
        if not self._requests and not self._closing:
            await self._work.wait()

    async def finish(self) -> None:
        """Write everything that the journal still holds, and drop it; nothing is appended any more."""
        async with self._workspace.locked():
            await self._write_last(
                [key for key, entry in self._sessions.items() if entry.pending.records or self._journal.keeps(key)]
            )
            self._requests.clear()
            self._long_journal = 0
            try:
                await self._run(self._journal.close)
            except OSError as error:
                _log.error("the journal in %s was not closed: %s", self._workspace.root, error)
            await self._drop_segments()
            await self._run(self._workspace.index.commit)

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

    # One session --------------------------------------------------------------------------------------------

    async def _write(self, key: SessionKey, snapshot: Snapshot | None) -> None:
        """Bring the files of a session up to a snapshot, or to its end; what cannot be written stays pending."""
        entry = self._sessions.get(key)
        if entry is None or entry.is_deleted or self._workspace.ownership.loss:
            return
        pending = entry.pending
        records = pending.up_to(snapshot.metadata.sequence) if snapshot else list(pending.records)
        try:
            if records:
                entry.file_size = await self._bounded(key, partial(self._bring_up, key, snapshot, records))
                last = records[-1].sequence
                records.clear()
                free(pending.cover(last))
            if not pending.records and self._journal.keeps(key):
                await self._run(partial(self._journal.release, key))
        except BaseException as error:
            if passes(error):
                raise
            if not entry.is_stuck:
                _log_failure(key, error)
            entry.is_stuck = True
            self._schedule.failed(key)
        else:
            entry.is_stuck = False
            self._schedule.written(key, is_all=not pending.records)

    async def _bounded(self, key: SessionKey, write: Callable[[], int]) -> int:
        """Write the files of a session; where that does not end in time, others are written meanwhile.

        Raises:
            OSError, StoreError: they were not written, or are being written still.
        """
        self._workspace.check_answers(key)
        patience = self._patience if len(self._workspace.being_written) < _MOST_HUNG else math.inf
        with anyio.move_on_after(patience):
            return await self._run(write)
        raise StoreError(NO_ANSWER)

    def _bring_up(self, key: SessionKey, snapshot: Snapshot | None, records: Sequence[Record]) -> int:
        self._workspace.being_written.add(key)
        try:
            return self._write_files(key, snapshot, records)
        finally:
            self._workspace.being_written.discard(key)

    def _write_files(self, key: SessionKey, snapshot: Snapshot | None, records: Sequence[Record]) -> int:
        self._workspace.ownership.check()
        folder, entry = paths.session_folder(self._workspace.root, key), self._sessions[key]
        folded = None
        is_edited = entry.is_edited or session_files.is_edited(folder)
        if snapshot is None or is_edited or _replaces_messages(records) or _pushes_edges_out(snapshot, records):
            folded = self._join(key, folder, snapshot, records)
        if folded and is_edited:
            entry.is_edited = True  # whoever has the session in memory does not know of it
            snapshot = None
        if snapshot is not None:
            folded = folded._replace(snapshot=snapshot) if folded else Folded(snapshot, ())
        if folded is None:
            return 0
        size = session_files.write(folder, folded, _back_in(records))
        self._workspace.index.put(folded.snapshot.metadata)
        return size

    def _join(
        self, key: SessionKey, folder: Path, snapshot: Snapshot | None, records: Sequence[Record]
    ) -> Folded | None:
        """The files with the records that they lack; where somebody has spoilt them, there is still the snapshot."""
        try:
            stored = session_files.read_stored(folder, key)
            folded = joining.join(key, folder, stored, records)
        except StoreDamagedError as error:
            if snapshot is None or _replaces_messages(records):
                raise
            copy = self._edits.copy_aside(key, folder)
            _log.error("%s; a copy was set aside in %s, and it was written anew", error, copy)
            return None
        self._edits.tell(key, folder, stored)
        return folded

    # Segments -----------------------------------------------------------------------------------------------

    async def _drop_segments(self) -> bool:
        """Drop the oldest segments as far as the files have them; where the journal is long, see that they do.

        Returns:
            Whether one was dropped.
        """
        if self._workspace.ownership.loss:
            return False
        has_dropped = False
        for segment in self._journal.older:
            if not await self._unpin(segment) or not await self._drop(segment):
                break
            has_dropped = True
            self._made_progress()
        return has_dropped

    async def _unpin(self, segment: Segment) -> bool:
        """Tell whether a segment can be dropped; where the journal is long, write what keeps it from that."""
        if self._pinning(segment) and self._journal.size < self._long_journal:
            return False
        for key in self._pinning(segment):
            await self._free(key)
        return not self._pinning(segment)

    async def _drop(self, segment: Segment) -> bool:
        try:
            await self._run(self._workspace.index.commit)
            await self._run(partial(self._journal.drop, segment))
        except OSError as error:
            _log.error("%s was not removed: %s", segment.path, error)
            return False
        return True

    def _made_progress(self) -> None:
        self._progress.set()
        self._progress = anyio.Event()

    def _pinning(self, segment: Segment) -> list[SessionKey]:
        sessions = self._sessions
        return [key for key, last in segment.last.items() if key in sessions and sessions[key].pins(last)]

    async def _free(self, key: SessionKey) -> None:
        """Write the files of a session or, where that fails, keep its records in a file of their own."""
        entry = self._sessions[key]
        if not entry.is_stuck:
            await self._write(key, None)
        records = list(entry.pending.records)
        if not records or entry.is_deleted:
            return
        try:
            await self._run(partial(self._journal.keep, key, records))
        except OSError as error:
            _log.error(
                "the records of session %s were not copied out of the journal, and stay there: %s", key, in_short(error)
            )
        else:
            entry.copied = records[-1].sequence


def _replaces_messages(records: Iterable[Record]) -> bool:
    return any(isinstance(record, LEAVING) for record in records)


def _back_in(records: Iterable[Record]) -> set[int]:
    """The numbers of the messages that records bring back from the archive."""
    return {each.number for record in records if isinstance(record, Undone) for each in record.messages}


def _pushes_edges_out(snapshot: Snapshot, records: Iterable[Record]) -> bool:
    """Edges may have left the context for the archive: as many as stay then, and what came since, are there."""
    held = len(snapshot.context.transitions)
    if held == sum(taken.count for taken in snapshot.metadata.edges.values()):  # no edge ever left
        return False
    return held - sum(isinstance(record, Transitioned) for record in records) < KEPT_TRANSITIONS


def _log_failure(key: SessionKey, error: BaseException) -> None:
    is_expected = isinstance(error, OSError | StoreError)
    _log.error(
        "the files of session %s were not written: %s; its messages stay in the journal, and it is tried again",
        key,
        in_short(error) if is_expected else in_log(error),
        exc_info=None if is_expected else error,
    )
