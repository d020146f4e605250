"""Checking a state directory, read-only, and mending it.

What opening a store does by itself (setting aside what is torn or damaged in the journal, finishing deletions) is not
done again here: `check` only tells of it, and `repair` opens the store in the end.
"""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import anyio.to_thread

from argentos.errors import StoreError
from argentos.storage.disk import durable
from argentos.storage.disk.lock import Lock, is_held
from argentos.storage.disk.lock_holder import trouble_with_owner
from argentos.storage.disk.symlinks import follow_none_below
from argentos.storage.file_store import FileStore
from argentos.storage.files import search_files
from argentos.storage.files.index import Index
from argentos.storage.messages import SessionKey
from argentos.storage.repair.check_disk import check_disk
from argentos.storage.repair.check_entries import check_entries, is_half_written
from argentos.storage.repair.check_index import check_index, check_search
from argentos.storage.repair.check_journal import JournalRecords, check_journal
from argentos.storage.repair.check_sessions import check_sessions
from argentos.storage.repair.crash_mark import mending
from argentos.storage.repair.findings import Finding
from argentos.storage.wal.recovery import recover

__all__ = [
    "Finding",
    "check",
    "mend",
    "repair",
]

_log: Final = logging.getLogger(__name__)


_TOPS: Final = ("", "journal", "agents")


_PASSES: Final = 4  # damage may hide other damage


def check(root: Path) -> list[Finding]:
    """Check everything in a state directory, and change nothing. This blocks.

    While an owner runs, what is in the middle of being written looks wrong: so only what does so twice is told.

    Raises:
        OSError: the directory cannot be looked at.
    """
    follow_none_below(root)
    found = list(_find(root))
    trouble = list(_check_owner(root))
    if not found or not is_held(root / "lock"):
        return trouble + found
    again = {(finding.path, finding.what) for finding in _find(root)}
    return trouble + [each for each in found if (each.path, each.what) in again and not _is_being_written(each)]


def _check_owner(root: Path) -> Iterator[Finding]:
    """Check the owner, unless it ended in order: then it has left no journal, and is not looked for."""
    if is_held(root / "lock") or any((root / "journal").glob("*.journal")):
        what = trouble_with_owner(root / "lock")
        if what:
            yield Finding(root / "lock", what)


def _is_being_written(finding: Finding) -> bool:
    """An owner writes `metadata.json` after `history.json`; on a slow disk both looks may fall in between."""
    name = finding.path.name
    return is_half_written(name) or (name == "metadata.json" and finding.is_harmless)


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
            search_files.remove_unless_kept(root)
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


def _find(root: Path) -> Iterator[Finding]:
    if not root.is_dir():
        return
    yield from check_disk(root)
    yield from check_entries(root)
    journal = JournalRecords()
    yield from check_journal(root / "journal", journal)
    for finding in check_sessions(root, journal):
        # What there is to mend depends on what the journal has.
        yield finding if journal.is_known else finding._replace(remedy="", mend=None, session=None)
    yield from check_index(root, journal)
    yield from check_search(root, journal)
