"""Checking a state directory, read-only, and mending it. All of this blocks.

What opening a store does by itself (setting aside what is torn or damaged in the journal, finishing deletions) is not
done again here: `check` only tells of it, and whoever mends opens the store in between.
"""

import contextlib
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import structs

from argentos.errors import StoreError
from argentos.storage import files, layout
from argentos.storage.index import Index
from argentos.storage.journal import Recovered, dated, recover
from argentos.storage.lock import Lock
from argentos.storage.names import file_name
from argentos.storage.records import Message, Record, SessionKey
from argentos.storage.snapshot import REMEMBERED_IDS, Context, Metadata, Snapshot

__all__ = ["Finding", "check", "mend"]

_FILE: Final = 0o600
_FOLDER: Final = 0o700


class Finding(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        path: where.
        what: a sentence.
        is_harmless: nothing is wrong with any session; it is only told.
        remedy: what mending would do, as a sentence; empty where only a person can decide.
        mend: does it; None where opening the store does, or nothing can.
    """

    path: Path
    what: str
    is_harmless: bool = False
    remedy: str = ""
    mend: Callable[[], None] | None = None


def check(root: Path) -> list[Finding]:
    """Everything that is wrong with a state directory; nothing is changed.

    While an owner runs, some of what is found may be in the middle of being written.
    """
    if not root.is_dir():
        return []
    tails: defaultdict[SessionKey, list[Record]] = defaultdict(list)
    return [
        *_check_modes(root),
        *_check_leftovers(root),
        *_check_journal(root / "journal", tails),
        *_check_sessions(root, tails),
        *_check_index(root, tails),
    ]


def mend(root: Path) -> list[Finding]:
    """Do what is to be done about what `check` finds and opening the store does not do; gives what was done.

    The caller opens the store afterwards.

    Raises:
        StoreBusyError: the directory is in use; nothing was changed.
        OSError: something could not be done.
    """
    lock = Lock(root / "lock")
    try:
        mended = [finding for finding in check(root) if finding.mend is not None]
        for finding in mended:
            if finding.mend is not None:
                finding.mend()
        if mended:  # it may say of sessions what is so no longer
            Index(root / "index.sqlite", read_only=False).discard()
    finally:
        lock.release()
    return mended


# Around the sessions -----------------------------------------------------------------------------------------


def _check_modes(root: Path) -> Iterator[Finding]:
    for path in (root, *_ours(root)):
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            yield Finding(path, "it is a symbolic link, which is not followed: put what it names in its place")
            continue
        right = _FOLDER if stat.S_ISDIR(found.st_mode) else _FILE
        if stat.S_IMODE(found.st_mode) & 0o077:
            mode = f"others may use it (mode {stat.S_IMODE(found.st_mode):03o})"
            yield Finding(path, mode, remedy=f"make it {right:o}", mend=partial(path.chmod, right))
        if os.geteuid() not in {0, found.st_uid}:
            yield Finding(path, f"it belongs to user {found.st_uid}; use argentos as that user, or give it away")


def _ours(root: Path) -> Iterator[Path]:
    for name in ("lock", "index.sqlite", "journal", "agents"):
        path = root / name
        if os.path.lexists(path):
            yield path
            if path.is_dir() and not path.is_symlink():
                yield from sorted(path.rglob("*"))


def _check_leftovers(root: Path) -> Iterator[Finding]:
    for folder in ("journal", "agents"):
        for path in sorted((root / folder).rglob(".*.new")):
            yield Finding(path, "a kill left it half-written", is_harmless=True, remedy="remove it", mend=path.unlink)
    for pattern in ("*.torn-*", "*.damaged-*"):
        for path in sorted((root / "journal").glob(pattern)):
            what = "it was set aside when the journal was opened; remove it when you need it no more"
            yield Finding(path, what, is_harmless=True)


def _check_journal(folder: Path, tails: defaultdict[SessionKey, list[Record]]) -> Iterator[Finding]:
    def take(append: Recovered) -> None:
        known = tails[append.key]
        if not append.records:
            known.clear()
        elif not known or append.records[-1].sequence > known[-1].sequence:
            known += append.records

    try:
        findings = recover(folder, take).findings
    except (OSError, StoreError) as error:
        yield Finding(folder, str(error))
        return
    for finding in findings:
        yield Finding(finding.path, str(finding), finding.is_torn, remedy="set it aside under a dated name")
    for path in sorted(folder.glob("*.kept")):
        yield Finding(path, "it holds records of a session whose files could not be written", is_harmless=True)


def _check_index(root: Path, tails: Mapping[SessionKey, Sequence[Record]]) -> Iterator[Finding]:
    """Of what is in the journal it may know too little: there the journal has the last word."""
    path = root / "index.sqlite"
    if not path.is_file() or path.is_symlink():
        return
    index = Index(path, read_only=True)
    index.open()
    try:
        for agent in _agents(root):
            folder = layout.agent_folder(root, agent)
            busy = {file_name(key.id) for key in tails if key.agent == agent}
            known = {name: row for name, row in index.all_of(agent).items() if name not in busy}
            if any(_metadata(folder / name) != row for name, row in known.items()):
                what = f"it says of sessions of agent {agent} what their files do not"
                yield Finding(path, what, is_harmless=True, remedy="remove it; it is made anew", mend=index.discard)
    finally:
        index.close()


# Sessions ----------------------------------------------------------------------------------------------------


def _agents(root: Path) -> list[str]:
    """The agents' names, as the sessions' own files say them."""
    names: set[str] = set()
    for folder in sorted((root / "agents").glob("*/sessions")):
        found = next((metadata for each in _folders(folder) if (metadata := _metadata(each))), None)
        names.add(found.agent if found else folder.parent.name)
    return sorted(names)


def _folders(folder: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):
        return sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    return []


def _metadata(folder: Path) -> Metadata | None:
    try:
        return layout.read_metadata(folder)
    except StoreError:
        return None


def _check_sessions(root: Path, tails: dict[SessionKey, list[Record]]) -> Iterator[Finding]:
    by_place = {layout.session_folder(root, key): (key, records) for key, records in tails.items() if records}
    places = {each for folder in (root / "agents").glob("*/sessions") for each in _folders(folder)}
    for place in sorted({*places, *by_place}):
        key, records = by_place.get(place, (None, []))
        yield from _check_session(place, key, records)
    for folder in sorted((root / "agents").glob("*/damaged")):
        for aside in _folders(folder):
            yield _set_aside(root, aside)


def _check_session(folder: Path, key: SessionKey | None, records: Sequence[Record]) -> Iterator[Finding]:
    if folder.is_symlink():
        return  # told of with the modes
    metadata = _metadata(folder)
    key = key or (metadata.key if metadata else None)
    if os.path.lexists(folder) and not folder.is_dir():
        yield Finding(folder, "it is no folder, and no session: move it away")
    elif key is None:
        yield _unknown(folder)
    elif folder.name != file_name(key.id):
        yield Finding(folder, f"it holds session {key}, whose folder would be {file_name(key.id)}: rename it")
    else:
        yield from _check_files(folder, key, records)


def _unknown(folder: Path) -> Finding:
    """Neither file says which session it is."""
    try:
        layout.read_stored(folder, SessionKey("", ""))
    except layout.CorruptError as error:
        return _corrupt(folder, error)
    except StoreError as error:
        return Finding(folder, str(error))
    return Finding(folder, "it holds no session", is_harmless=True)


def _check_files(folder: Path, key: SessionKey, records: Sequence[Record]) -> Iterator[Finding]:
    try:
        stored = layout.read_stored(folder, key)
        folded = layout.join(key, folder, stored, records)
    except layout.LostError as error:
        yield Finding(
            folder,
            str(error),
            remedy="go on from what history.json says",
            mend=lambda: _rewrite(folder, key, records),
        )
    except layout.GapError as error:
        yield Finding(folder, str(error), remedy="set the records in the journal aside, and go on from the files")
    except layout.CorruptError as error:
        yield _corrupt(folder, error)
    except StoreError as error:
        yield Finding(folder, str(error))
    else:
        if stored.snapshot is not None:
            yield from _check_view(folder, stored.snapshot)
        if folded is not None:
            yield from _check_archive(folder, folded.snapshot, folded.archived)


def _check_view(folder: Path, stored: Snapshot) -> Iterator[Finding]:
    if layout.read_view(folder) != stored.metadata:
        yield Finding(
            folder / "metadata.json",
            "it is not what history.json says",
            is_harmless=True,
            remedy="write it anew",
            mend=lambda: _write(folder, stored),
        )


def _check_archive(folder: Path, snapshot: Snapshot, archived: Sequence[Message]) -> Iterator[Finding]:
    try:
        stored = layout.read_archive(folder, 1, snapshot.metadata.messages + 1)
    except StoreError as error:
        yield Finding(folder / "archive", str(error))
        return
    known = {*stored, *(each.number for each in (*archived, *snapshot.context.messages, *snapshot.context.waiting))}
    missing = [number for number in range(1, snapshot.metadata.messages + 1) if number not in known]
    if missing:
        what = f"{len(missing)} of {snapshot.metadata.messages} messages are missing, from number {missing[0]} on"
        yield Finding(folder, f"{what}; restore them from a backup")


# Mending -----------------------------------------------------------------------------------------------------


def _write(folder: Path, snapshot: Snapshot) -> None:
    layout.write(folder, snapshot, ())


def _rewrite(folder: Path, key: SessionKey, records: Sequence[Record]) -> None:
    """Let what `history.json` and the journal say be true, though `metadata.json` has seen more."""
    stored = layout.read_stored(folder, key)
    folded = layout.join(key, folder, stored._replace(reaches=0), records)
    if folded is not None:
        layout.write(folder, folded.snapshot, folded.archived)


def _corrupt(folder: Path, error: StoreError) -> Finding:
    salvaged = _salvage(folder)
    if salvaged is None:
        return Finding(folder, str(error), remedy="set the session aside under a dated name")
    remedy = "go on with what can be read; the damaged history.json is kept beside it"
    return Finding(folder, str(error), remedy=remedy, mend=lambda: _replace_history(folder, salvaged))


def _salvage(folder: Path) -> Snapshot | None:
    """The session as far as `history.json` can be read, else with an empty context and what the archive has."""
    readable = layout.read_unchecked(folder)
    if readable is not None and folder.name.startswith(file_name(readable.metadata.session)):
        return readable
    metadata = layout.read_view(folder)
    if metadata is None:
        return None
    emptied = structs.replace(
        metadata, tokens=0, waiting=(), waiting_tokens=0, turn=None, summary_tokens=0, boundary=metadata.sequence
    )
    with contextlib.suppress(StoreError):
        archived = layout.read_archive(folder, 1, metadata.messages + 1)
        ids = tuple(archived[number].id for number in sorted(archived) if not archived[number].reply_to)
        return Snapshot(emptied, Context(archived_ids=ids[-REMEMBERED_IDS:]))
    return Snapshot(emptied, Context())


def _replace_history(folder: Path, snapshot: Snapshot) -> None:
    history = folder / "history.json"
    files.replace(dated(history, "damaged"), files.read(history))
    layout.write(folder, snapshot, ())


def _set_aside(root: Path, aside: Path) -> Finding:
    """What was set aside before: put back where nothing has taken its place."""
    what = "it was set aside, for it could not be read"
    metadata = _metadata(aside)
    if metadata is not None:
        folder = layout.session_folder(root, metadata.key)
        salvaged = None if folder.exists() else _salvage(aside)
        if salvaged is not None:
            remedy = f"put it back, as far as it can be read, for there is no session {metadata.key}"
            return Finding(aside, what, remedy=remedy, mend=lambda: _put_back(aside, folder, salvaged))
    return Finding(aside, f"{what}; remove it when you need it no more", is_harmless=True)


def _put_back(aside: Path, folder: Path, snapshot: Snapshot) -> None:
    _replace_history(aside, snapshot)
    files.move(aside, folder)
