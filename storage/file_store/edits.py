"""Edits by hand, and damage that looks like one: taken over, told of, and sealed with a checksum."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from argentos.errors import StoreError
from argentos.storage.disk import durable, reading
from argentos.storage.file_store.workspace import Workspace
from argentos.storage.files import archive, joining, paths, session_files
from argentos.storage.fold import Folded
from argentos.storage.messages import SessionKey
from argentos.storage.records import Record

__all__ = ["Edits"]

_log: Final = logging.getLogger(__name__)


class Edits:
    """Take over what somebody has edited, as if it had been written here.

    Args:
        workspace: the state directory.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def take(self, key: SessionKey) -> None:
        """Take over the two files of a session; what cannot be done is logged."""
        workspace = self._workspace
        async with workspace.locked():
            entry = workspace.sessions.get(key)
            if entry is None or entry.is_deleted:
                return
            entry.is_edited = False
            if key in workspace.requests:  # which does not know of it
                workspace.requests[key] = None
            try:
                workspace.check_answers(key)
                await workspace.run(partial(self._take, key, list(entry.pending.records)))
            except (OSError, StoreError) as error:
                _log.error("session %s was edited, but its files could not be written anew: %s", key, error)

    def _take(self, key: SessionKey, records: Sequence[Record]) -> None:
        self._workspace.ownership.check()
        folder = paths.session_folder(self._workspace.root, key)
        stored = session_files.read_stored(folder, key)
        if (stored.edited or stored.unfit) and stored.snapshot:
            joining.join(key, folder, stored, records)  # raises where one does not fit the other
            self.tell(key, folder, stored)
            session_files.write(folder, Folded(stored.snapshot, ()))
            self._workspace.index.put(stored.snapshot.metadata)

    async def take_archive(self, key: SessionKey, files: Sequence[Path]) -> None:
        """Take over files of the archive; what cannot be done is logged."""
        async with self._workspace.locked():
            for path in files:
                try:
                    is_sealed = await self._workspace.run(partial(self._seal_archive, path))
                except (OSError, StoreError) as error:
                    _log.error("%s was edited, but could not be written anew: %s", path, error)
                else:
                    if is_sealed:
                        _tell_of_edit(key, path)

    def _seal_archive(self, path: Path) -> bool:
        self._workspace.ownership.check()
        return archive.seal_archive(path)

    def tell(self, key: SessionKey, folder: Path, stored: session_files.SessionFiles) -> None:
        """Log what was edited, once, for the files are written anew then. This blocks."""
        for name in stored.edited:
            _tell_of_edit(key, folder / name)
        if stored.unfit:
            _log.warning(
                "%s; a copy was set aside in %s, and it was written anew", stored.unfit, self.copy_aside(key, folder)
            )

    def copy_aside(self, key: SessionKey, folder: Path) -> Path:
        """Set aside copies of the files of a session that will be written over. This blocks."""
        aside = self._workspace.place_aside(key)
        durable.make_folder(aside)
        for name in ("history.json", "metadata.json"):
            if reading.exists(folder / name):
                durable.replace(aside / name, reading.read(folder / name))
        return aside


def _tell_of_edit(key: SessionKey, path: Path) -> None:
    _log.warning(
        "%s of session %s was edited by hand, and is taken as it is now; if nobody edited it, it is damaged: restore it"
        " from a backup",
        path,
        key,
    )
