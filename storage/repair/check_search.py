"""Check the search index that a gateway derives of the sessions. All of this blocks."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

from argentos.storage.disk import reading
from argentos.storage.files import paths, search_files
from argentos.storage.messages import SessionKey
from argentos.storage.repair.findings import Finding

__all__ = ["check_search"]


def check_search(root: Path, journal: Collection[SessionKey]) -> Iterator[Finding]:
    """Check the index, unless a gateway keeps it current, or a kill left in it what the next one takes up."""
    folder = search_files.folder(root)
    path = folder / search_files.DATABASE
    if not path.is_file() or path.is_symlink() or _is_kept(folder) or _is_unfinished(folder):
        return
    what = _trouble(root, path, journal)
    if what:
        mend = partial(search_files.remove_unless_kept, root)
        yield Finding(path, what, is_harmless=True, remedy="remove it; a gateway makes it anew", mend=mend)


def _is_kept(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / search_files.LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False


def _is_unfinished(folder: Path) -> bool:
    return any(reading.exists(folder / name) for name in search_files.FILES if name != search_files.DATABASE)


def _trouble(root: Path, path: Path, journal: Collection[SessionKey]) -> str:
    """A sentence; empty where nothing is wrong."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"  # nobody has it open: no file is made beside it for this
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if answer != "ok":
                return f"it is damaged: {answer}"
            keys = (SessionKey(*each) for each in connection.execute("SELECT agent, session FROM sessions"))
            gone = next((key for key in keys if key not in journal and not _is_there(root, key)), None)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return f"it is damaged: {error}"
    return "" if gone is None else f"it has messages of session {gone}, which is no more"


def _is_there(root: Path, key: SessionKey) -> bool:
    return reading.exists(paths.session_folder(root, key))
