"""Deletion: first the end of a session becomes durable, then its files go, and last what the journal has of it."""

import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from argentos.errors import StoreError, StoreFullError
from argentos.storage.disk import durable, reading
from argentos.storage.file_store.attaching import Attaching
from argentos.storage.file_store.sessions import SessionEntry
from argentos.storage.file_store.workspace import Workspace, telling_of_the_disk
from argentos.storage.files import attachments, paths, search_files, session_files
from argentos.storage.messages import SessionKey

__all__ = ["Deletion"]

_log: Final = logging.getLogger(__name__)


class Deletion:
    """Delete sessions, so that a crash leaves all of one, or nothing once the store is opened again.

    Args:
        workspace: the state directory.
        attaching: is waited for.
    """

    def __init__(self, workspace: Workspace, attaching: Attaching) -> None:
        self._workspace = workspace
        self._attaching = attaching
        self._blocking = telling_of_the_disk(workspace.run, workspace.root)

    async def delete(self, key: SessionKey, entry: SessionEntry) -> bool:
        """Delete a session; tells whether there was one.

        Raises:
            StoreError: it could not be removed whole.
        """
        is_ended = True
        if not entry.is_deleted:
            folder = paths.session_folder(self._workspace.root, key)
            if not entry.pending.sequence and not await self._blocking(partial(_holds_something, folder)):
                return False
            is_ended = await self._end(key, entry)
        return await self.finish(key, is_ended=is_ended)

    async def _end(self, key: SessionKey, entry: SessionEntry) -> bool:
        """Make it durable that the session is deleted; where there is no room for that, its files make some.

        Returns:
            Whether it is: somebody may have taken the room.
        """
        entry.is_deleted = True
        committer = self._workspace.committer
        try:
            try:
                await committer.submit_end(key).durable()
            except StoreFullError:
                if not await self._make_room(key):
                    raise
                with suppress(StoreFullError):
                    await committer.submit_end(key).durable()
                    return True
                return False
        except StoreError:
            entry.is_deleted = False
            raise
        return True

    async def _make_room(self, key: SessionKey) -> bool:
        """Remove the files of a session before its end is durable; tells whether there were any."""
        async with self._workspace.locked():
            self._workspace.check_answers(key)
            await self._attaching.at_rest(key)
            try:
                return await self._workspace.run(partial(self._remove_early, key))
            except OSError as error:
                raise StoreError(f"{error.filename or key} could not be removed: {error.strerror}") from error

    def _remove_early(self, key: SessionKey) -> bool:
        self._workspace.ownership.check()
        return session_files.remove(self._workspace.root, key)

    async def finish(self, key: SessionKey, *, is_ended: bool = True) -> bool:
        """Leave no byte of a session; False if somebody else has seen to that meanwhile.

        Args:
            key: the session.
            is_ended: its end is durable: what the journal has of it may stay for a while.

        Raises:
            StoreError: something could not be removed.
        """
        try:
            return await self._remove(key, is_ended=is_ended)
        except OSError as error:
            raise StoreError(
                f"session {key} was deleted, but {error.filename or self._workspace.root} could not be removed"
                f" ({error.strerror}); that is tried again when the state directory is opened"
            ) from error

    async def finish_all(self) -> None:
        """Finish the deletions that were interrupted; what cannot be done is logged."""
        for key in self._workspace.sessions.deleted():
            try:
                await self.finish(key)
            except StoreError as error:
                _log.error("%s", error)

    async def _remove(self, key: SessionKey, *, is_ended: bool) -> bool:
        workspace = self._workspace
        entry = workspace.sessions.get(key)
        async with workspace.locked():
            if entry is None or entry is not workspace.sessions.get(key):
                return False
            workspace.check_answers(key)
            await self._attaching.at_rest(key)
            await workspace.run(partial(self._remove_files, key))
            await self._attaching.forget(key)
            await workspace.forget(key, is_ended=is_ended)
            return True

    def _remove_files(self, key: SessionKey) -> None:
        root = self._workspace.root
        self._workspace.ownership.check()
        folder = paths.session_folder(root, key)
        if reading.exists(folder):
            durable.remove_all(folder)
        paths.mark_deleted(root, key)
        search_files.remove_unless_kept(root)
        for parent in (paths.agent_folder(root, key.agent), paths.damaged_folder(root, key.agent)):
            with suppress(FileNotFoundError):  # nor do they come back, whoever has removed them
                durable.sync_folder(parent)

    async def remove_set_aside(self, key: SessionKey) -> bool:
        """Remove what was set aside of a session, and of the journal, of which cannot be told whose it is.

        Returns:
            Whether anything was set aside of the session.

        Raises:
            StoreError: something could not be removed.
        """
        workspace = self._workspace
        try:
            async with workspace.locked():
                await workspace.run(workspace.journal.forget_aside)
                return await workspace.run(partial(self._remove_copies, key))
        except OSError as error:
            raise StoreError(
                f"{error.filename or 'what was set aside'} could not be removed ({error.strerror}); nothing of session"
                f" {key} itself was deleted"
            ) from error

    def _remove_copies(self, key: SessionKey) -> bool:
        self._workspace.ownership.check()
        copies = paths.copies_set_aside(self._workspace.root, key)
        for copy in copies:
            durable.remove_all(copy)
        return bool(copies)


def _holds_something(folder: Path) -> bool:
    """Tell whether there is a session, or what is left of one, besides attachments for its first message."""
    if not reading.exists(folder) or folder.is_symlink() or not folder.is_dir():
        return reading.exists(folder)
    return reading.names(folder) != [attachments.FOLDER]
