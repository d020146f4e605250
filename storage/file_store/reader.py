"""Reading a session: its files, joined with the records that they lack."""

import logging
import math
from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from argentos.concurrency.threads import Runner, free
from argentos.errors import AttachmentNotFoundError
from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.disk import reading
from argentos.storage.file_store.sessions import SessionEntry, SessionTable
from argentos.storage.files import archive, attachments, joining, paths, session_files
from argentos.storage.files.read_files import ReadFiles
from argentos.storage.fold import Folded
from argentos.storage.messages import Message, SessionKey
from argentos.storage.open_context import takes_long
from argentos.storage.records import Record, Transitioned
from argentos.storage.snapshot import Context

__all__ = ["Reader"]

_log: Final = logging.getLogger(__name__)
_MEASURES: Final = 3
"""Times that a session is measured while its files are being written."""


class Reader:
    """Read sessions.

    Args:
        root: the state directory.
        sessions: those that the store remembers something of.
        run: where blocking calls run; raises a `StoreError` for an error of the operating system.
        is_owner: the store owns the directory, and may rely on what it remembers.
    """

    def __init__(self, root: Path, sessions: SessionTable, run: Runner, *, is_owner: bool) -> None:
        self._root = root
        self._sessions = sessions
        self._run = run
        self._is_owner = is_owner
        self._read_files = ReadFiles()

    async def load(self, key: SessionKey, entry: SessionEntry | None) -> tuple[Folded | None, bool]:
        """Files and pending records together, and whether somebody has edited or spoilt the files.

        The records first: files only ever gain on them while they are being read.

        Raises:
            StoreDamagedError, StoreVersionError: see `Store.load`.
        """
        if entry and entry.is_deleted:
            return None, False
        records = list(entry.pending.records) if entry else []
        folder = paths.session_folder(self._root, key)
        stored = await self._run(partial(self._read_files.read_stored, folder, key))
        if entry and stored.snapshot and not entry.is_loaded and self._is_owner:  # later ones may be in memory only
            entry.pending.cover(min(stored.snapshot.metadata.sequence, stored.reaches))
        folded = await self._joined(key, folder, stored, records)
        free(records)
        return folded, bool(stored.edited or stored.unfit)

    async def _joined(
        self, key: SessionKey, folder: Path, stored: session_files.SessionFiles, records: Sequence[Record]
    ) -> Folded | None:
        join = partial(joining.join, key, folder, stored, records)
        try:
            context = stored.snapshot.context if stored.snapshot else Context()
            return await self._run(join) if takes_long(context, records) else join()
        except joining.GapError as error:
            if self._is_owner:
                raise
            _log.warning("%s; what is behind that is not shown", error)
            return joining.join(key, folder, stored, joining.split(stored, records).whole)

    async def messages(self, key: SessionKey, start: int, stop: int) -> tuple[tuple[Message, ...], Sequence[Path]]:
        """The messages with these numbers, and the files of the archive that somebody else has written.

        Raises:
            StoreDamagedError, StoreVersionError: see `Store.load`.
        """
        folded, _ = await self.load(key, self._sessions.get(key))
        if folded is None:
            return (), ()
        # The archive last: a message that left the history meanwhile is there.
        folder = paths.session_folder(self._root, key)
        return await self._run(partial(_with_archive, folder, folded, start, stop))

    async def transitions(self, key: SessionKey) -> tuple[Transitioned, ...]:
        """The edges that the session took.

        Raises:
            StoreDamagedError, StoreVersionError: see `Store.load`.
        """
        folded, _ = await self.load(key, self._sessions.get(key))
        if folded is None:
            return ()
        folder = paths.session_folder(self._root, key)  # the archive last, likewise
        archived = await self._run(partial(archive.read_transitions, folder))
        newer = (*folded.transitions, *folded.snapshot.context.transitions)
        first = newer[0].sequence if newer else math.inf
        return (*(each for each in archived if each.sequence < first), *newer)

    async def checkpoints(self, key: SessionKey) -> tuple[Checkpoint, ...]:
        """The places to which the session can go back.

        Raises:
            StoreDamagedError, StoreVersionError: see `Store.load`.
        """
        entry = self._sessions.get(key)
        if entry and entry.is_deleted:
            return ()
        newer: Sequence[Checkpoint] = ()
        if entry and any(record.checkpoint is not None for record in entry.pending.records):
            folded, _ = await self.load(key, entry)
            newer = folded.checkpoints if folded else ()
        folder = paths.session_folder(self._root, key)  # the archive last, likewise
        found = {each.sequence: each for each in await self._run(partial(archive.read_checkpoints, folder))}
        found |= {each.sequence: each for each in newer}
        return tuple(found[sequence] for sequence in sorted(found))

    def forget(self, key: SessionKey) -> None:
        """Keep nothing of a session that is deleted."""
        self._read_files.forget(paths.session_folder(self._root, key))

    async def attachment(self, key: SessionKey, sha256: str) -> bytes:
        """Bytes of the session; see `Store.attachment`."""
        if (entry := self._sessions.get(key)) and entry.is_deleted:
            raise AttachmentNotFoundError(f"session {key} has no attachment {sha256}: it is being deleted")
        return await self._run(partial(attachments.read, paths.session_folder(self._root, key), key, sha256))

    async def size(self, key: SessionKey) -> int:
        """Measure roughly how many bytes the session takes; see `Store.size`."""
        measure = partial(reading.size_of_folder, paths.session_folder(self._root, key))
        stored = pending = 0
        for _ in range(_MEASURES):
            before = self._pending_size(key)
            stored, pending = await self._run(measure), self._pending_size(key)
            if pending >= before:
                break  # else files were written meanwhile, and it may have been counted in neither place
        return stored + pending

    def _pending_size(self, key: SessionKey) -> int:
        entry = self._sessions.get(key)
        return entry.pending.size if entry else 0


def _with_archive(folder: Path, folded: Folded, start: int, stop: int) -> tuple[tuple[Message, ...], Sequence[Path]]:
    messages, edited = archive.read_archive(folder, start, stop)
    context = folded.snapshot.context
    newer = chain(folded.archived, context.messages, context.waiting)
    messages |= {message.number: message for message in newer if start <= message.number < stop}
    return tuple(messages[number] for number in sorted(messages) if start <= number < stop), edited
