"""Check the files of each session. All of this blocks."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from argentos.errors import StoreError
from argentos.storage.disk import durable, reading
from argentos.storage.files import archive, attachments, joining, json_files, paths, session_files
from argentos.storage.fold import Folded
from argentos.storage.messages import Message, SessionKey
from argentos.storage.records import Record
from argentos.storage.repair import salvage
from argentos.storage.repair.check_attachments import check_attachments
from argentos.storage.repair.check_copies import check_copies
from argentos.storage.repair.check_journal import JournalRecords
from argentos.storage.repair.findings import Finding, sentence_of
from argentos.storage.repair.walk import folders_named, metadata_in, visible_names
from argentos.storage.snapshot import Snapshot

__all__ = [
    "check_sessions",
]


def check_sessions(root: Path, journal: JournalRecords) -> Iterator[Finding]:
    """Check every session of which there are files, or records in the journal."""
    by_place = {paths.session_folder(root, key): (key, records) for key, records in journal.items()}
    for folder in folders_named(root, "sessions"):
        for name in visible_names(folder):
            yield from _check_session(root, folder / name, journal, *by_place.pop(folder / name, (None, ())))
    for place, (key, records) in sorted(by_place.items()):
        if records:
            yield from _check_session(root, place, journal, key, records)
    for folder in folders_named(root, "damaged"):
        yield from check_copies(root, folder, journal)


def _check_session(
    root: Path, folder: Path, journal: JournalRecords, known: SessionKey | None, records: Sequence[Record]
) -> Iterator[Finding]:
    if folder.is_symlink():
        return  # told of with the modes
    metadata = None if known else metadata_in(folder)
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


def _check_ended(folder: Path, key: SessionKey, journal: JournalRecords) -> Iterator[Finding]:
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
            yield Finding(folder, sentence_of(error), remedy=_TO_DAMAGED, mend=lambda: _move_away(folder))
    except StoreError as error:
        yield Finding(folder, sentence_of(error))
    else:
        if visible_names(folder) == [attachments.FOLDER]:
            what, remove = "it holds attachments of no session", partial(durable.remove_folder, folder)
            yield Finding(folder, what, is_harmless=True, remedy="remove it", mend=remove)
        elif visible_names(folder / "archive"):
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
    skip = partial(salvage.skip_gap, folder, key, records)
    try:
        stored = session_files.read_stored(folder, key)
        folded = joining.join(key, folder, stored, records)
    except joining.LostError as error:
        yield _lost(folder, key, records, error)
    except joining.GapError as error:
        yield Finding(folder, sentence_of(error), remedy="go on behind that with what is whole", mend=skip, session=key)
    except json_files.CorruptError as error:
        yield _corrupt(folder, key, records, error)
    except StoreError as error:
        yield Finding(folder, sentence_of(error))
    else:
        if not is_readable and folded and (not stored.snapshot or stored.snapshot.metadata != folded.snapshot.metadata):
            what = f"the journal has a record of session {key} that cannot be read"
            yield Finding(folder, what, remedy="go on with what can be made of it", mend=skip, session=key)
        if stored.snapshot is not None:
            for name in stored.edited:
                yield Finding(folder / name, _EDITED, is_harmless=True, remedy="give it a new checksum", session=key)
            yield from _check_view(folder, stored, key)
            yield from _check_parts(folder, stored.snapshot)
        if folded is not None:
            yield from _check_numbers(folder, folded.snapshot, folded.archived)
            yield from check_attachments(folder, folded, records) if is_readable else ()


def _lost(folder: Path, key: SessionKey, records: Sequence[Record], error: StoreError) -> Finding:
    if (folder / "history.json").exists():
        remedy = "go on from what history.json says"
        return Finding(
            folder, sentence_of(error), remedy=remedy, mend=lambda: salvage.roll_back(folder, key, records), session=key
        )
    if salvage.salvage(folder, key, records) is None:
        return Finding(folder, sentence_of(error))
    remedy = "go on without what was in history.json"
    return Finding(
        folder, sentence_of(error), remedy=remedy, mend=lambda: salvage.restart(folder, key, records), session=key
    )


def _corrupt(folder: Path, key: SessionKey, records: Sequence[Record], error: StoreError) -> Finding:
    if salvage.salvage(folder, key, records) is None:  # loading sets it aside, with what the journal has of it
        return Finding(folder, sentence_of(error), remedy=_TO_DAMAGED, session=key)
    remedy = "go on with what can be read; the damaged history.json is kept beside it"
    return Finding(
        folder, sentence_of(error), remedy=remedy, mend=lambda: salvage.restart(folder, key, records), session=key
    )


def _check_view(folder: Path, stored: session_files.SessionFiles, key: SessionKey) -> Iterator[Finding]:
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
    session_files.write(folder, Folded(snapshot, ()))


def _check_parts(folder: Path, stored: Snapshot) -> Iterator[Finding]:
    """Each file of the archive."""
    for name in visible_names(folder / "archive"):
        span, path = json_files.SPAN.fullmatch(name), folder / "archive" / name
        try:
            if span:
                archived = archive.read_archive(folder, int(span[1]), int(span[2]) + 1)
                if path in archived.edited:
                    seal = partial(archive.seal_archive, path)
                    yield Finding(path, _EDITED, is_harmless=True, remedy="give it a new checksum", mend=seal)
            elif archive.TRANSITIONS_SPAN.fullmatch(name):
                json_files.read_json(path, json_files.TRANSITIONS)
            elif archive.CHECKPOINTS_SPAN.fullmatch(name):
                json_files.read_json(path, json_files.CHECKPOINTS)
        except json_files.CorruptError as error:
            if span is None:  # what was once taken cannot be known otherwise
                yield Finding(path, sentence_of(error), remedy="set it aside beside", mend=partial(_put_aside, path))
                continue
            remedy = "set it aside beside, and put what can be read in it into the archive again"
            mends = partial(salvage.mend_archive, folder, path, stored)
            yield Finding(path, sentence_of(error), remedy=remedy, mend=mends)
        except StoreError as error:
            yield Finding(path, sentence_of(error))


def _put_aside(path: Path) -> None:
    durable.replace(durable.dated_name(path, "damaged"), reading.read(path))
    durable.remove(path)


def _check_numbers(folder: Path, snapshot: Snapshot, archived: Sequence[Message]) -> Iterator[Finding]:
    try:
        stored = archive.read_archive(folder, 1, snapshot.metadata.messages + 1).messages
    except StoreError:
        return  # told of each file
    known = {*stored, *(each.number for each in (*archived, *snapshot.context.messages, *snapshot.context.waiting))}
    origin = snapshot.metadata.origin
    begin = origin.last if origin else 0  # of those before only some were taken along
    missing = [number for number in range(begin + 1, snapshot.metadata.messages + 1) if number not in known]
    if origin and (lacking := origin.messages - sum(number <= begin for number in known)) > 0:
        what = f"{lacking} of the {origin.messages} messages with which it was forked are missing"
        yield Finding(folder, f"{what}; restore them from a backup")
    if missing:
        are = "is" if len(missing) == 1 else "are"
        what = f"{len(missing)} of {snapshot.metadata.messages} messages {are} missing, from number {missing[0]} on"
        yield Finding(folder, f"{what}; restore them from a backup")
