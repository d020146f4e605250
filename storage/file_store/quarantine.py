"""Setting aside what cannot be read of a session, where it harms nobody, so that what is whole goes on."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from argentos.concurrency.threads import shielded
from argentos.errors import StoreDamagedError
from argentos.storage.disk import durable
from argentos.storage.file_store.attaching import Attaching
from argentos.storage.file_store.workspace import Workspace
from argentos.storage.files import archive, attachments, gaps, joining, json_files, paths, session_files
from argentos.storage.folding.moves import without
from argentos.storage.messages import SessionKey
from argentos.storage.records import Record

__all__ = ["Quarantine"]

_log: Final = logging.getLogger(__name__)


class Quarantine:
    """A place for damage, under dated names in `agents/<agent>/damaged/`.

    Args:
        workspace: the state directory.
        attaching: is waited for.
        patience: seconds in which a caller who is cancelled has it ended.
    """

    def __init__(self, workspace: Workspace, attaching: Attaching, patience: float) -> None:
        self._workspace = workspace
        self._attaching = attaching
        self._patience = patience

    async def put(self, key: SessionKey) -> None:
        """Set aside what is damaged of a session, if anything is, and log it; a history that is begins anew.

        Raises:
            StoreDamagedError: the history was damaged, or could not be set aside.
        """
        async with shielded(self._patience):
            await self._put_whole(key)

    async def _put_whole(self, key: SessionKey) -> None:
        try:
            found = await self._put(key)
        except OSError as failure:
            raise StoreDamagedError(f"session {key} is damaged and could not be set aside: {failure}") from failure
        if found is None:
            return
        error, aside = found
        why = str(error).removesuffix("; it was left as it is")
        _log.error("session %s: %s; what cannot be used was set aside in %s", key, why, aside)
        if isinstance(error, json_files.CorruptError):
            raise StoreDamagedError(
                f"{error}; it was set aside in {aside}, and the session begins anew with its next message"
            ) from error

    async def _put(self, key: SessionKey) -> tuple[StoreDamagedError, Path] | None:
        """Set damage aside, and tell what it is and where it was put; None if there is none any more."""
        workspace = self._workspace
        async with workspace.locked():
            workspace.check_answers(key)
            entry = workspace.sessions.entry(key)
            was_deleted, entry.is_deleted = entry.is_deleted, True  # nothing is appended meanwhile
            try:
                await workspace.committer.flushed()
                await self._attaching.at_rest(key)
                records, unreadable = list(entry.pending.records), list(entry.unreadable)
                found = await workspace.run(partial(self._move_damage, key, records, unreadable))
                if found is not None:
                    await workspace.forget(key)
            finally:
                entry.is_deleted = was_deleted
            return found

    def _move_damage(
        self, key: SessionKey, records: Sequence[Record], unreadable: Sequence[Record]
    ) -> tuple[StoreDamagedError, Path] | None:
        """The folder, where its history is corrupt; where records are missing in between, only those behind them."""
        self._workspace.ownership.check()
        folder = paths.session_folder(self._workspace.root, key)
        try:
            folded = joining.join(key, folder, session_files.read_stored(folder, key), records)
        except json_files.CorruptError as error:
            return error, self._move(key, [*records, *unreadable])
        except joining.GapError as error:
            return error, self._keep_whole(key, records, unreadable)
        sequence = folded.snapshot.metadata.sequence if folded else 0
        if not any(record.sequence > sequence for record in unreadable):
            return None
        unread = joining.GapError(f"record {sequence + 1} of session {key} cannot be read")
        return unread, self._keep_whole(key, records, unreadable)

    def _move(self, key: SessionKey, records: Sequence[Record]) -> Path:
        aside, folder = self._workspace.place_aside(key), paths.session_folder(self._workspace.root, key)
        durable.move(folder, aside)
        attachments.link_all(aside, folder, self._attaching.awaiting(key))
        if records:
            _write_records(aside, records)
        return aside

    def _keep_whole(self, key: SessionKey, records: Sequence[Record], unreadable: Sequence[Record]) -> Path:
        """Let the session go on up to where something is missing, and put aside what is behind that."""
        folder = paths.session_folder(self._workspace.root, key)
        stored = session_files.read_stored(folder, key)
        whole, behind = joining.split(stored, records)
        kept = joining.join(key, folder, stored, whole)
        behind = gaps.in_order([*behind, *unreadable], kept.snapshot if kept else None)
        aside = self._workspace.place_aside(key)
        durable.make_folder(aside)
        bridged = gaps.fold_across_gaps(key, kept.snapshot if kept else None, behind)
        archived = archive.readable_messages(folder, bridged.snapshot.metadata)
        left = (*archived.values(), *(kept.archived if kept else ()), *bridged.archived)
        messages = tuple(without(left, bridged.snapshot.context.messages))
        session_files.write(aside, bridged._replace(archived=messages))
        attachments.link_all(folder, aside)
        _write_records(aside, behind)
        if kept:
            session_files.write_front(aside, kept.snapshot.metadata)  # by which it is known whether it has gone on
            session_files.write(folder, kept)
        return aside


def _write_records(aside: Path, records: Sequence[Record]) -> None:
    durable.replace(aside / "records.json", msgspec.json.encode(records) + b"\n")
