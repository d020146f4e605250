"""Copies of sessions that were set aside, and how they are brought back. All of this blocks, but for `restore`.

A copy lies in `agents/<agent>/damaged/`, as `<session>.damaged-<date>`; once the session was deleted, as
`<session>.deleted-<date>`. It survives a deletion unless that is told to take it along.
"""

import contextlib
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import anyio.to_thread

from argentos.errors import SessionExistsError, SessionNotFoundError, StoreDamagedError, StoreError
from argentos.storage.disk import durable, reading
from argentos.storage.disk.lock import Lock
from argentos.storage.file_store import FileStore
from argentos.storage.files import paths, search_files, session_files
from argentos.storage.files.index import Index
from argentos.storage.messages import SessionKey
from argentos.storage.repair import salvage
from argentos.storage.repair.crash_mark import mending
from argentos.storage.repair.findings import sentence_of
from argentos.storage.snapshot import Metadata
from argentos.storage.wal.recovery import Recovered, recover

__all__ = ["Restored", "SessionCopy", "copies_in", "put_back", "restore"]

_LISTED: Final = 20


class SessionCopy(NamedTuple):
    """A copy of a session.

    Attributes:
        key: of which session; None where nothing can be read that could be brought back.
        messages: how many the session had, as far as the copy knows.
        why: what is wrong with it; empty where nothing is.
        was_deleted: the session was deleted after this had been set aside.
    """

    path: Path
    key: SessionKey | None
    messages: int
    why: str
    was_deleted: bool


class Restored(NamedTuple):
    """A restored copy: with how many messages, and where that is now which had its place."""

    copy: Path
    messages: int
    replaced: Path | None


def copies_in(root: Path, folder: Path) -> list[SessionCopy]:
    """The copies in a folder, of each session the newest first."""
    return [_look(root, folder / name) for name in reversed(reading.names(folder)) if not name.startswith(".")]


def _look(root: Path, path: Path) -> SessionCopy:
    key = _key(root, path)
    saved = None if key is None else salvage.salvage(path, key, ())
    return SessionCopy(
        path,
        key if saved else None,
        saved.snapshot.metadata.messages if saved else 0,
        _why(path, key),
        was_deleted=paths.was_deleted(path),
    )


def _key(root: Path, path: Path) -> SessionKey | None:
    """The session that its files tell of, if they belong here."""
    with contextlib.suppress(OSError):
        readable = session_files.read_unchecked(path)
        metadata = _metadata(path) or (readable.metadata if readable else None)
        if metadata is not None and path in paths.copies_set_aside(root, metadata.key):
            return metadata.key
    return None


def _metadata(path: Path) -> Metadata | None:
    with contextlib.suppress(StoreError):
        return session_files.read_metadata(path)
    return None


def _why(path: Path, key: SessionKey | None) -> str:
    try:
        stored = session_files.read_stored(path, key or SessionKey("", ""))
    except StoreDamagedError as error:
        return sentence_of(error).replace(f"{path}/", "")
    except (OSError, StoreError) as error:
        return f"{path} cannot be read: {error}"
    return "" if stored.snapshot else "it has no history.json"


def put_back(root: Path, copy: SessionCopy) -> None:
    """Put a copy in its place again, as far as it can be read; where there is a session, nothing is done."""
    if copy.key is not None:
        salvage.put_back(copy.path, paths.session_folder(root, copy.key), copy.key)


async def restore(root: Path, key: SessionKey, *, copy: str = "", replaces: bool = False) -> Restored:
    """Bring a session back from what was set aside of it.

    Args:
        root: the state directory, which nobody owns.
        key: the session.
        copy: the name of one copy; the newest by default.
        replaces: where there is such a session now, set that one aside.

    Raises:
        SessionNotFoundError: nothing was set aside of it.
        SessionExistsError: there is such a session now.
        StoreBusyError: the directory is in use.
        StoreDamagedError: the copy cannot be brought back as it is.
    """
    chosen = await anyio.to_thread.run_sync(_choose, root, key, copy)
    async with FileStore(root):  # what the journal has goes to the files, or stays and keeps this from being done
        pass
    return await anyio.to_thread.run_sync(partial(_restore, root, key, chosen, replaces=replaces))


def _choose(root: Path, key: SessionKey, copy: str) -> SessionCopy:
    copies = [_look(root, path) for path in paths.copies_set_aside(root, key) if not copy or path.name == copy]
    if not copies:
        raise SessionNotFoundError(f"nothing was set aside of session {key}; {_others(root, key)}")
    chosen = next((each for each in copies if each.key), copies[0])
    if chosen.key is None:
        raise StoreDamagedError(
            f"{chosen.path} cannot be brought back as it is: {chosen.why}; mend that there, and try again"
        )
    return chosen


def _others(root: Path, key: SessionKey) -> str:
    """The clause that names the sessions of which something can be brought back."""
    copies = copies_in(root, paths.damaged_folder(root, key.agent))
    names = list(dict.fromkeys(copy.key.id for copy in copies if copy.key))
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    there = ", ".join(names[:_LISTED]) + more
    return f"of agent {key.agent} there can be brought back: {there}" if names else f"nor of any of agent {key.agent}"


def _restore(root: Path, key: SessionKey, chosen: SessionCopy, *, replaces: bool) -> Restored:
    place = paths.session_folder(root, key)
    lock = Lock(root / "lock")
    try:
        if _is_in_journal(root, key):
            raise StoreError(
                f"session {key} was not brought back, for there is one whose files cannot be written; see"
                " `argent doctor`"
            )
        replaced = None
        if reading.exists(place):
            if not replaces:
                raise SessionExistsError(
                    f"there is a session {key} now; with --replace that one is set aside, and {chosen.path} takes its"
                    " place"
                )
            replaced = durable.dated_name(chosen.path.parent / place.name, "damaged")
        with mending(root / "journal"):
            if replaced is not None:
                durable.move(place, replaced)
            salvage.put_back(chosen.path, place, key)
        Index(root / "index.sqlite", read_only=False).discard()
        search_files.remove_unless_kept(root)
    finally:
        lock.release()
    return Restored(chosen.path, chosen.messages, replaced)


def _is_in_journal(root: Path, key: SessionKey) -> bool:
    found: set[SessionKey] = set()

    def take(append: Recovered) -> None:
        if append.records or not append.is_readable:
            found.add(append.key)
        else:
            found.discard(append.key)

    recover(root / "journal", take)
    return key in found
