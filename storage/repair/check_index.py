"""Check the index, and the search index of a gateway, against the files that they repeat. All of this blocks."""

import contextlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from argentos.storage.disk import reading
from argentos.storage.disk.lock import is_held
from argentos.storage.files import paths, search_files
from argentos.storage.files.index import Index
from argentos.storage.messages import SessionKey
from argentos.storage.names import file_name
from argentos.storage.records import Record
from argentos.storage.repair.findings import Finding
from argentos.storage.repair.walk import agents, metadata_in

__all__ = [
    "check_index",
    "check_search",
]

_PAGE: Final = 1000


def check_index(root: Path, journal: Mapping[SessionKey, Sequence[Record]]) -> Iterator[Finding]:
    """Check the index, but for what is in the journal, of which it may know too little."""
    path = root / "index.sqlite"
    if not path.is_file() or path.is_symlink() or path.with_name("index.sqlite-journal").exists():
        return  # the last: a change is being made, or will be undone by the next owner
    index = Index(path, read_only=True)
    what = _damage(path)
    if what is None:
        index.open()
        try:
            busy = {(key.agent, file_name(key.id)) for key in journal}
            wrong = next((name for agent in agents(root) for name in _unlike(root, agent, index, busy)), None)
        finally:
            index.close()
        what = wrong and f"it says of session {wrong} what its files do not"
    if what is not None:
        yield Finding(path, what, is_harmless=True, remedy="remove it; it is made anew", mend=index.discard)


def _damage(path: Path) -> str | None:
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            connection.execute("SELECT agent, name, metadata FROM sessions LIMIT 1")
    except sqlite3.Error as error:
        return f"it is damaged: {error}"
    return None if answer == "ok" else f"it is damaged: {answer}"


def _unlike(root: Path, agent: str, index: Index, busy: set[tuple[str, str]]) -> Iterator[str]:
    """The agent's sessions of which the index says something else than their files."""
    folder = paths.agent_folder(root, agent)
    names = sorted(str(name) for name in index.names(agent))
    for begin in range(0, len(names), _PAGE):
        page = names[begin : begin + _PAGE]
        for name, row in index.page(agent, page[0], page[-1]).items():
            if (agent, name) not in busy and metadata_in(folder / name) != row:
                yield f"{agent}/{name}"


# The search index ------------------------------------------------------------------------------------------------


def check_search(root: Path, journal: Collection[SessionKey]) -> Iterator[Finding]:
    """Check the search index, unless a gateway keeps it current, or a kill left what the next one takes up."""
    folder = search_files.folder(root)
    path = folder / search_files.DATABASE
    if not path.is_file() or path.is_symlink() or is_held(folder / search_files.LOCK) or _is_unfinished(folder):
        return
    what = _trouble_with_search(root, path, journal)
    if what:
        mend = partial(search_files.remove_unless_kept, root)
        yield Finding(path, what, is_harmless=True, remedy="remove it; a gateway makes it anew", mend=mend)


def _is_unfinished(folder: Path) -> bool:
    return any(reading.exists(folder / name) for name in search_files.FILES if name != search_files.DATABASE)


def _trouble_with_search(root: Path, path: Path, journal: Collection[SessionKey]) -> str:
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
