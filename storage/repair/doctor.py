"""Checking a state directory, read-only, and mending it.

What opening a store does by itself (setting aside what is torn or damaged in the journal, finishing deletions) is not
done again here: `check` only tells of it, and `repair` opens the store in the end.
"""

import contextlib
import fcntl
import logging
import os
import re
import sqlite3
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Final, NamedTuple

import anyio.to_thread

from argentos.errors import StoreError
from argentos.storage.disk import durable
from argentos.storage.disk.lock import Lock
from argentos.storage.disk.lock_holder import trouble_with_owner
from argentos.storage.disk.symlinks import check_way, follow_none_below
from argentos.storage.file_store import FileStore
from argentos.storage.files import archive, gaps, joining, json_files, paths, session_files
from argentos.storage.files.index import Index
from argentos.storage.names import file_name
from argentos.storage.records import Message, Record, SessionKey
from argentos.storage.repair import salvage
from argentos.storage.repair.crash_mark import mending
from argentos.storage.repair.set_aside import SetAside, found_in, put_back
from argentos.storage.snapshot import Metadata, Snapshot
from argentos.storage.wal.recovery import Recovered, recover

__all__ = ["Finding", "check", "mend", "repair"]

_log: Final = logging.getLogger(__name__)
_FILE: Final = 0o600
_FOLDER: Final = 0o700
_PAGE: Final = 1000
_TOPS: Final = ("", "journal", "agents")
_PASSES: Final = 4  # damage may hide other damage
_SPAN: Final = re.compile(r"(\d+)-(\d+)\.json")


class Finding(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        path: where.
        what: a sentence.
        is_harmless: nothing is wrong with any session; it is only told.
        remedy: what `repair` would do, as a sentence; empty where only a person can decide.
        mend: does it; None where opening the store does, or nothing can.
        session: which the store has to load for it to be done.
    """

    path: Path
    what: str
    is_harmless: bool = False
    remedy: str = ""
    mend: Callable[[], object] | None = None
    session: SessionKey | None = None


class _Journal(defaultdict[SessionKey, list[Record]]):
    """The records that the journal has of each session: none, where it says that the session was deleted.

    Attributes:
        is_known: it can be read.
        unreadable: the sessions with a record that cannot be; of each there is what can be made of it.
    """

    def __init__(self) -> None:
        super().__init__(list)
        self.is_known = True
        self.unreadable: set[SessionKey] = set()

    def take(self, append: Recovered) -> None:
        known = self[append.key]
        if not append.records and append.is_readable:
            known.clear()
            self.unreadable.discard(append.key)
        elif not known or (append.records and append.records[0].sequence > known[-1].sequence):
            known += append.records
        else:
            known[:] = gaps.in_order([*append.records, *known], None)
        if not append.is_readable:
            self.unreadable.add(append.key)


def check(root: Path) -> list[Finding]:
    """Everything that is wrong with a state directory; nothing is changed. This blocks.

    While an owner runs, what is in the middle of being written looks wrong: so only what does so twice is told.

    Raises:
        OSError: the directory cannot be looked at.
    """
    follow_none_below(root)
    found = list(_find(root))
    trouble = list(_check_owner(root))
    if not found or not _is_owned(root):
        return trouble + found
    again = {(finding.path, finding.what) for finding in _find(root)}
    return trouble + [each for each in found if (each.path, each.what) in again and not _is_being_written(each)]


def _check_owner(root: Path) -> Iterator[Finding]:
    """One that ended in order has left no journal; whatever it does now is its own affair."""
    if _is_owned(root) or any((root / "journal").glob("*.journal")):
        what = trouble_with_owner(root / "lock")
        if what:
            yield Finding(root / "lock", what)


def _is_being_written(finding: Finding) -> bool:
    """An owner writes `metadata.json` after `history.json`; on a slow disk both looks may fall in between."""
    name = finding.path.name
    return _is_half_written(name) or (name == "metadata.json" and finding.is_harmless)


def mend(root: Path) -> list[Finding]:
    """Do what is to be done about what `check` finds and opening the store does not do; gives what was done.

    What cannot be done is logged. This blocks; the caller opens the store afterwards, and loads the sessions named.

    Raises:
        StoreBusyError: the directory is in use; nothing was changed.
        StoreVersionError: the journal is of a newer version; nothing was changed.
        OSError: the directory cannot be looked at.
    """
    follow_none_below(root)
    lock = Lock(root / "lock")
    try:
        recover(root / "journal", lambda _: None)
        durable.sync_all(*(root / each for each in _TOPS))
        found = [finding for finding in _find(root) if finding.mend or finding.session]
        with mending(root / "journal") if found else contextlib.nullcontext():
            mended = [finding for finding in found if _mended(finding)]
        if mended:  # it may say of sessions what is so no longer
            Index(root / "index.sqlite", read_only=False).discard()
    finally:
        lock.release()
    return mended


def _mended(finding: Finding) -> bool:
    try:
        if finding.mend is not None:
            finding.mend()
    except (OSError, StoreError) as error:
        _log.error("%s was not mended: %s", finding.path, error)
        return False
    return True


async def repair(root: Path) -> list[Finding]:
    """Mend what can be mended; gives what was done, besides what the store says when it is opened.

    Raises:
        StoreBusyError, StoreVersionError, OSError: see `mend`.
    """
    mended: dict[tuple[Path, str], Finding] = {}
    for _ in range(_PASSES):
        found = await anyio.to_thread.run_sync(mend, root)
        await _open(root, [finding.session for finding in found if finding.session])
        new = {(each.path, each.what): each for each in found}
        if new.keys() <= mended.keys():
            break
        mended.update(new)
    return list(mended.values())


async def _open(root: Path, keys: Sequence[SessionKey]) -> None:
    try:
        async with FileStore(root) as store:
            for key in keys:
                with contextlib.suppress(StoreError):  # it was logged
                    await store.load(key)
    except StoreError as error:
        _log.error("%s", error)


def _is_owned(root: Path) -> bool:
    """A process owns the directory now."""
    try:
        descriptor = os.open(root / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _find(root: Path) -> Iterator[Finding]:
    if not root.is_dir():
        return
    yield from _check_entries(root)
    journal = _Journal()
    yield from _check_journal(root / "journal", journal)
    for finding in _check_sessions(root, journal):
        # What there is to mend depends on what the journal has.
        yield finding if journal.is_known else finding._replace(remedy="", mend=None, session=None)
    yield from _check_index(root, journal)


# Around the sessions -----------------------------------------------------------------------------------------


def _check_entries(root: Path) -> Iterator[Finding]:
    """Modes and owners, links, and what a kill left."""
    owner = root.stat()  # it may be a link
    yield from _check_mode(root, owner, owner)
    unreadable: list[OSError] = []
    for path in _entries(root, unreadable):
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile
            yield from _check_entry(path, owner)
    for error in unreadable:
        if not isinstance(error, FileNotFoundError):
            yield Finding(Path(error.filename), f"it cannot be looked into: {error.strerror}")


def _entries(root: Path, unreadable: list[OSError]) -> Iterator[str]:
    """What is ours in the directory, as paths; strings, for they are many."""
    for name in ("lock", "index.sqlite", "journal", "agents"):
        top = os.path.join(root, name)  # noqa: PTH118 - see above
        if os.path.lexists(top):
            yield top
        if name in {"journal", "agents"} and not os.path.islink(top):  # noqa: PTH114 - see above
            for folder, folders, names in os.walk(top, onerror=unreadable.append):
                folders.sort()
                yield from (f"{folder}/{each}" for each in sorted([*folders, *names]))


def _check_entry(path: str, owner: os.stat_result) -> Iterator[Finding]:
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        yield Finding(Path(path), "it is a symbolic link, which is not followed: put what it names in its place")
        return
    yield from _check_mode(Path(path), found, owner)
    if _is_half_written(path):
        yield _half_written(Path(path), is_folder=stat.S_ISDIR(found.st_mode))
    elif ".torn-" in path or ".damaged-" in path:
        yield from _set_aside_by_journal(Path(path))


def _check_mode(path: Path, found: os.stat_result, owner: os.stat_result) -> Iterator[Finding]:
    right = _FOLDER if stat.S_ISDIR(found.st_mode) else _FILE
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077 or mode & right != right:
        who = "others may use it" if mode & 0o077 else "its owner may not use it"
        yield Finding(path, f"{who} (mode {mode:03o})", remedy=f"make it {right:o}", mend=partial(path.chmod, right))
    if os.geteuid() == 0 and found.st_uid != owner.st_uid:
        what = f"it belongs to user {found.st_uid}, the state directory to user {owner.st_uid}"
        give = partial(os.chown, path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        yield Finding(path, what, remedy=f"give it to user {owner.st_uid}", mend=give)
    elif os.geteuid() not in {0, found.st_uid}:
        yield Finding(
            path,
            f"it belongs to user {found.st_uid}; `argent doctor --repair`, run by root, gives it to the owner of the"
            " state directory",
        )


def _is_half_written(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(".") and name.endswith(".new")


def _half_written(path: Path, *, is_folder: bool) -> Finding:
    if is_folder:
        return Finding(path, "it is a folder, and keeps a file from being written: move it away")
    return Finding(path, "a kill left it half-written", is_harmless=True, remedy="remove it", mend=path.unlink)


def _set_aside_by_journal(path: Path) -> Iterator[Finding]:
    if path.parent.name == "journal":
        what = (
            "it was set aside when the journal was opened: what was whole in it is in use; a backup may have the rest;"
            " remove it when you need it no more"
        )
        yield Finding(path, what, is_harmless=True)


def _check_journal(folder: Path, journal: _Journal) -> Iterator[Finding]:
    try:
        findings = recover(folder, journal.take).findings
    except (OSError, StoreError) as error:
        journal.is_known = False
        what = f"it cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
        yield Finding(folder, what)
        return
    for finding in findings:
        yield Finding(finding.path, str(finding), finding.is_torn, remedy="set it aside under a dated name")
    for path in sorted(folder.glob("*.kept")):
        yield Finding(path, "it holds records of a session whose files could not be written", is_harmless=True)


def _check_index(root: Path, journal: Mapping[SessionKey, Sequence[Record]]) -> Iterator[Finding]:
    """Of what is in the journal it may know too little: there the journal has the last word."""
    path = root / "index.sqlite"
    if not path.is_file() or path.is_symlink() or path.with_name("index.sqlite-journal").exists():
        return  # the last: a change is being made, or will be undone by the next owner
    index = Index(path, read_only=True)
    what = _damage(path)
    if what is None:
        index.open()
        try:
            busy = {(key.agent, file_name(key.id)) for key in journal}
            wrong = next((name for agent in _agents(root) for name in _unlike(root, agent, index, busy)), None)
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
            if (agent, name) not in busy and _metadata(folder / name) != row:
                yield f"{agent}/{name}"


# Sessions ----------------------------------------------------------------------------------------------------


def _agents(root: Path) -> list[str]:
    """The agents' names, as the sessions' own files say them."""
    names: set[str] = set()
    for folder in _folders(root, "sessions"):
        read = (metadata.agent for name in _names(folder) if (metadata := _metadata(folder / name)))
        names.add(next((agent for agent in read if paths.agent_folder(root, agent) == folder), folder.parent.name))
    return sorted(names)


def _folders(root: Path, name: str) -> list[Path]:
    """The folders of this name of all agents; what a link leads to is none."""
    return [each for each in sorted((root / "agents").glob(f"*/{name}")) if _is_reached(each)]


def _is_reached(path: Path) -> bool:
    try:
        check_way(path, with_itself=True)
    except OSError:
        return False
    return True


def _names(folder: Path) -> list[str]:
    with contextlib.suppress(OSError):  # what cannot be looked into is told with the modes
        return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    return []


def _metadata(folder: Path) -> Metadata | None:
    try:
        return session_files.read_metadata(folder)
    except StoreError:
        return None


def _check_sessions(root: Path, journal: _Journal) -> Iterator[Finding]:
    by_place = {paths.session_folder(root, key): (key, records) for key, records in journal.items()}
    for folder in _folders(root, "sessions"):
        for name in _names(folder):
            yield from _check_session(root, folder / name, journal, *by_place.pop(folder / name, (None, ())))
    for place, (key, records) in sorted(by_place.items()):
        if records:
            yield from _check_session(root, place, journal, key, records)
    for folder in _folders(root, "damaged"):
        yield from _check_asides(root, folder, journal)


def _check_session(
    root: Path, folder: Path, journal: _Journal, known: SessionKey | None, records: Sequence[Record]
) -> Iterator[Finding]:
    if folder.is_symlink():
        return  # told of with the modes
    metadata = None if known else _metadata(folder)
    key = known or (metadata.key if metadata else None)
    if os.path.lexists(folder) and not folder.is_dir():
        yield Finding(folder, "it is no folder, and no session: move it away")
    elif key is None:
        yield from _check_unknown(root, folder)
    elif known and not records:
        yield from _check_ended(folder, key, journal)
    elif (right := paths.session_folder(root, key)) != folder:
        yield Finding(folder, f"it holds session {key}, whose folder would be {right.relative_to(root)}: move it there")
    else:
        yield from _check_files(folder, key, records, is_readable=key not in journal.unreadable)


def _check_ended(folder: Path, key: SessionKey, journal: _Journal) -> Iterator[Finding]:
    """The journal has nothing of the session that can be used."""
    if key in journal.unreadable:
        yield Finding(folder, f"nothing can be made of what the journal has of session {key}")
    else:
        what = f"the deletion of session {key} was interrupted"
        yield Finding(folder, what, is_harmless=True, remedy="remove what is left of it")


def _check_unknown(root: Path, folder: Path) -> Iterator[Finding]:
    """Neither file says which session it is."""
    try:
        session_files.read_stored(folder, SessionKey("", ""))
    except json_files.CorruptError as error:
        readable = session_files.read_unchecked(folder)
        if readable and paths.session_folder(root, readable.metadata.key) == folder:
            yield _corrupt(folder, readable.metadata.key, (), error)
        else:
            yield Finding(folder, str(error), remedy=_TO_DAMAGED, mend=lambda: _move_away(folder))
    except StoreError as error:
        yield Finding(folder, str(error))
    else:
        if _names(folder / "archive"):
            yield Finding(folder, "it has an archive, but no history.json; restore that from a backup")
        else:
            yield Finding(folder, "it holds no session", is_harmless=True)


_EDITED: Final = (
    "it was edited by hand, and is taken as it is now; if nobody edited it, it is damaged: restore it from a backup"
)
_TO_DAMAGED: Final = "set the session aside under a dated name"


def _move_away(folder: Path) -> None:
    target = folder.parents[1] / "damaged"
    durable.make_folder(target)
    durable.move(folder, durable.dated_name(target / folder.name, "damaged"))


def _check_files(folder: Path, key: SessionKey, records: Sequence[Record], *, is_readable: bool) -> Iterator[Finding]:
    go_over = partial(salvage.go_over, folder, key, records)
    try:
        stored = session_files.read_stored(folder, key)
        folded = joining.join(key, folder, stored, records)
    except joining.LostError as error:
        yield _lost(folder, key, records, error)
    except joining.GapError as error:
        yield Finding(folder, str(error), remedy="go on behind that with what is whole", mend=go_over, session=key)
    except json_files.CorruptError as error:
        yield _corrupt(folder, key, records, error)
    except StoreError as error:
        yield Finding(folder, str(error))
    else:
        if not is_readable and folded and (not stored.snapshot or stored.snapshot.metadata != folded.snapshot.metadata):
            what = f"the journal has a record of session {key} that cannot be read"
            yield Finding(folder, what, remedy="go on with what can be made of it", mend=go_over, session=key)
        if stored.snapshot is not None:
            for name in stored.edited:
                yield Finding(folder / name, _EDITED, is_harmless=True, remedy="give it a new checksum", session=key)
            yield from _check_view(folder, stored, key)
            yield from _check_parts(folder, stored.snapshot)
        if folded is not None:
            yield from _check_numbers(folder, folded.snapshot, folded.archived)


def _lost(folder: Path, key: SessionKey, records: Sequence[Record], error: StoreError) -> Finding:
    if (folder / "history.json").exists():
        remedy = "go on from what history.json says"
        return Finding(
            folder, str(error), remedy=remedy, mend=lambda: salvage.go_back(folder, key, records), session=key
        )
    if salvage.salvage(folder, key, records) is None:
        return Finding(folder, str(error))
    remedy = "go on without what was in history.json"
    return Finding(folder, str(error), remedy=remedy, mend=lambda: salvage.go_on(folder, key, records), session=key)


def _corrupt(folder: Path, key: SessionKey, records: Sequence[Record], error: StoreError) -> Finding:
    if salvage.salvage(folder, key, records) is None:  # loading sets it aside, with what the journal has of it
        return Finding(folder, str(error), remedy=_TO_DAMAGED, session=key)
    remedy = "go on with what can be read; the damaged history.json is kept beside it"
    return Finding(folder, str(error), remedy=remedy, mend=lambda: salvage.go_on(folder, key, records), session=key)


def _check_view(folder: Path, stored: session_files.Stored, key: SessionKey) -> Iterator[Finding]:
    path, snapshot = folder / "metadata.json", stored.snapshot
    if snapshot is None:
        return
    if stored.unfit:
        remedy = "set a copy aside, and write it anew from history.json"
        yield Finding(path, stored.unfit, is_harmless=True, remedy=remedy, session=key)
    elif session_files.read_view(folder) != snapshot.metadata and not stored.edited:
        what = "it is not what history.json says"
        mends = partial(_write, folder, snapshot)
        yield Finding(path, what, is_harmless=True, remedy="write it anew", mend=mends)


def _write(folder: Path, snapshot: Snapshot) -> None:
    session_files.write(folder, snapshot, ())


def _check_parts(folder: Path, stored: Snapshot) -> Iterator[Finding]:
    """Each file of the archive."""
    for name in _names(folder / "archive"):
        span, path = _SPAN.fullmatch(name), folder / "archive" / name
        try:
            if span:
                archived = archive.read_archive(folder, int(span[1]), int(span[2]) + 1)
                if path in archived.edited:
                    seal = partial(archive.seal_archive, path)
                    yield Finding(path, _EDITED, is_harmless=True, remedy="give it a new checksum", mend=seal)
        except json_files.CorruptError as error:
            remedy = "set it aside beside, and put what can be read in it into the archive again"
            mends = partial(salvage.mend_archive, folder, path, stored)
            yield Finding(path, str(error), remedy=remedy, mend=mends)
        except StoreError as error:
            yield Finding(path, str(error))


def _check_numbers(folder: Path, snapshot: Snapshot, archived: Sequence[Message]) -> Iterator[Finding]:
    try:
        stored = archive.read_archive(folder, 1, snapshot.metadata.messages + 1).messages
    except StoreError:
        return  # told of each file
    known = {*stored, *(each.number for each in (*archived, *snapshot.context.messages, *snapshot.context.waiting))}
    missing = [number for number in range(1, snapshot.metadata.messages + 1) if number not in known]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        what = f"{len(missing)} of {snapshot.metadata.messages} messages {are} missing, from number {missing[0]} on"
        yield Finding(folder, f"{what}; restore them from a backup")


# What was set aside ------------------------------------------------------------------------------------------


def _check_asides(root: Path, folder: Path, journal: _Journal) -> Iterator[Finding]:
    """What was set aside before: the newest of a session is put back where nothing has taken its place."""
    taken = {key for key, records in journal.items() if records}
    for copy in found_in(root, folder):
        key, is_taken = copy.key, copy.key in taken
        if key is not None and not is_taken and salvage.has_not_gone_on(copy.path, paths.session_folder(root, key)):
            taken.add(key)
            remedy = "put back what is whole in it, for the session has not gone on since"
            mends = partial(salvage.put_behind, copy.path, paths.session_folder(root, key))
            yield Finding(copy.path, f"{_was_set_aside(copy)}, for records are missing", remedy=remedy, mend=mends)
            continue
        if key is not None:
            is_taken = is_taken or os.path.lexists(paths.session_folder(root, key))
            taken.add(key)
        if key is None or is_taken or copy.was_deleted:
            yield Finding(
                copy.path, f"{_was_set_aside(copy)}: {_what_to_do(copy, is_taken=is_taken)}", is_harmless=True
            )
        else:
            remedy = f"put it back, as far as it can be read, for there is no session {key}"
            yield Finding(copy.path, _was_set_aside(copy), remedy=remedy, mend=partial(put_back, root, copy))


def _was_set_aside(copy: SetAside) -> str:
    why = f", for {copy.why}" if copy.why else ""
    return f"{_messages(copy.messages)} of session {copy.key} set aside{why}" if copy.key else f"it was set aside{why}"


def _messages(count: int) -> str:
    return "a copy with 1 message" if count == 1 else f"a copy with {count} messages"


def _what_to_do(copy: SetAside, *, is_taken: bool) -> str:
    if copy.key is None:
        return (
            "mend what is wrong in it, and `argent doctor --restore` its session, or restore that from a backup;"
            " remove it when you need it no more"
        )
    name = quote(copy.key.id) + (f" --agent {quote(copy.key.agent)}" if copy.key.agent != "main" else "")
    there = "a session of this id is there now" if is_taken else "the session was deleted since"
    replace = " --replace" if is_taken else ""
    return (
        f"{there}; `argent doctor --restore {name} --copy {quote(copy.path.name)}{replace}` brings this one back;"
        " remove it when you need it no more"
    )
