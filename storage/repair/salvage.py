"""Salvage of sessions whose files are damaged. All of this blocks.

Whatever is written over here is kept beside it under a dated name; and each function can be killed, and done again.
"""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from argentos.errors import StoreError
from argentos.storage.coercion import UNREADABLE, coerce_each
from argentos.storage.disk import durable, reading
from argentos.storage.files import archive, attachments, gaps, joining, session_files, validation
from argentos.storage.fold import Folded
from argentos.storage.messages import Message, SessionKey
from argentos.storage.open_context import fold_context
from argentos.storage.records import Record
from argentos.storage.snapshot import REMEMBERED_IDS, SCHEMA_VERSION, Context, Metadata, Snapshot

__all__ = [
    "is_unchanged",
    "mend_archive",
    "put_back",
    "put_back_behind_gap",
    "restart",
    "roll_back",
    "salvage",
    "skip_gap",
]


class _Messages(Struct):
    messages: tuple[Message, ...]


def salvage(folder: Path, key: SessionKey, records: Sequence[Record]) -> Folded | None:
    """A session as far as `history.json` can be read, else with an empty context, going on behind `metadata.json`.

    Args:
        folder: of the session.
        key: which session that must be.
        records: those of it that are known elsewhere.

    Returns:
        The session, and messages of the records that belong into its archive now; None if nothing can be read.
    """
    readable = _readable(folder, key, records)
    if readable is not None:
        return Folded(readable, ()) if _makes_sense(readable) else None
    metadata = _view(folder, key)
    if metadata is None:
        return None
    context, left, _ = fold_context(Context(), [record for record in records if record.sequence <= metadata.sequence])
    saved = (*left, *context.messages, *context.waiting)
    emptied = structs.replace(
        metadata,
        tokens=0,
        waiting=(),
        waiting_tokens=0,
        turn=None,
        summary_tokens=0,
        boundary=metadata.sequence,
        failed=(),
    )
    known = {**archive.readable_messages(folder, metadata), **{message.number: message for message in saved}}
    ids = tuple(known[number].id for number in sorted(known) if known[number].is_from_outside)
    emptied_context = Context(archived_ids=ids[-REMEMBERED_IDS:], transitions=context.transitions)
    return Folded(Snapshot(emptied, emptied_context), saved)


def _readable(folder: Path, key: SessionKey, records: Iterable[Record]) -> Snapshot | None:
    """Read `history.json` whatever its checksum; where its numbers may be what is wrong, with the right ones."""
    readable = session_files.read_unchecked(folder)
    if readable is None or readable.metadata.version != SCHEMA_VERSION:
        return None
    metadata, view = readable.metadata, _view(folder, key)
    if view is not None and all(record.sequence != metadata.sequence for record in records):
        metadata = view
    return Snapshot(structs.replace(metadata, agent=key.agent, session=key.id), readable.context)


def _makes_sense(snapshot: Snapshot) -> bool:
    """Tell whether a snapshot makes sense: else a person has to look at it, which with a checksum nobody would."""
    try:
        validation.check_snapshot(snapshot)
    except ValueError:
        return False
    return True


def _view(folder: Path, key: SessionKey) -> Metadata | None:
    with contextlib.suppress(StoreError):
        view = session_files.read_view(folder)
        return view if view is not None and view.key == key else None
    return None


def restart(folder: Path, key: SessionKey, records: Sequence[Record]) -> None:
    """Let a session go on with what can be saved of it."""
    saved = salvage(folder, key, records)
    if saved is not None:
        _replace_history(folder, saved)


def _replace_history(folder: Path, saved: Folded) -> None:
    history = folder / "history.json"
    with contextlib.suppress(FileNotFoundError):
        durable.replace(durable.dated_name(history, "damaged"), reading.read(history))
    session_files.write(folder, saved)


def roll_back(folder: Path, key: SessionKey, records: Sequence[Record]) -> None:
    """Let be true what `history.json` and the journal say, though `metadata.json` has seen more."""
    stored = session_files.read_stored(folder, key)._replace(reaches=0)
    try:
        folded = joining.join(key, folder, stored, records)
    except joining.GapError:
        folded = _bridged(folder, key, stored, records)
    if folded is None:
        return
    metadata, context = folded.snapshot
    used = max(archive.read_archive(folder, 1, 1 << 62).messages, default=0)  # those numbers are taken
    metadata = structs.replace(metadata, messages=max(metadata.messages, used))
    session_files.write(folder, folded._replace(snapshot=Snapshot(metadata, context)))


def skip_gap(folder: Path, key: SessionKey, records: Sequence[Record]) -> None:
    """Let a session go on behind records that are missing, with what is whole there."""
    folded = _bridged(folder, key, session_files.read_stored(folder, key), records)
    session_files.write(folder, folded)


def _bridged(folder: Path, key: SessionKey, stored: session_files.SessionFiles, records: Sequence[Record]) -> Folded:
    whole, behind = joining.split(stored, records)
    kept = joining.join(key, folder, stored, whole)
    bridged = gaps.fold_across_gaps(key, kept.snapshot if kept else None, behind)
    before = kept or Folded(bridged.snapshot, ())
    return Folded(
        bridged.snapshot,
        (*before.archived, *bridged.archived),
        (*before.transitions, *bridged.transitions),
        (*before.checkpoints, *bridged.checkpoints),
    )


def put_back_behind_gap(aside: Path, folder: Path) -> None:
    """Put back what was set aside behind records that are missing, where the session has not gone on since."""
    bridged = session_files.read_unchecked(aside)
    if bridged is not None and is_unchanged(aside, folder):
        archived, known = (archive.readable_messages(each, bridged.metadata) for each in (aside, folder))
        attachments.link_all(aside, folder)
        lacking = tuple(archived[number] for number in archived.keys() - known.keys())
        session_files.write(folder, Folded(bridged, lacking))
        durable.remove_folder(aside)


def is_unchanged(aside: Path, folder: Path) -> bool:
    """Tell whether a session is as it was when what belongs behind missing records was set aside."""
    with contextlib.suppress(StoreError):
        at, bridged, stored = (
            session_files.read_front(aside),
            session_files.read_unchecked(aside),
            session_files.read_metadata(folder),
        )
        return at is not None and at == stored and bridged is not None and bridged.metadata.sequence > at.sequence
    return False


def put_back(aside: Path, folder: Path, key: SessionKey) -> None:
    """Put what was set aside in its place again, as far as it can be read."""
    saved = salvage(aside, key, _set_aside(aside))
    if saved is not None and not folder.exists():
        _replace_history(aside, _with_records(aside, key, saved))
        durable.make_folder(folder.parent)
        durable.move(aside, folder)


def _set_aside(aside: Path) -> list[Record]:
    """The records that the journal had of it."""
    with contextlib.suppress(OSError, *UNREADABLE):
        return list(coerce_each(msgspec.json.decode(reading.read(aside / "records.json"), type=list[Any]), Record))
    return []


def _with_records(aside: Path, key: SessionKey, saved: Folded) -> Folded:
    stored = session_files.SessionFiles(saved.snapshot, 0)
    with contextlib.suppress(joining.GapError):
        folded = joining.join(key, aside, stored, _set_aside(aside))
        if folded is not None:
            return folded._replace(archived=(*saved.archived, *folded.archived))
    return saved


def mend_archive(folder: Path, path: Path, snapshot: Snapshot) -> None:
    """Put a damaged file of the archive aside, and what can be read in it into the archive again."""
    damaged = reading.read(path)
    durable.replace(durable.dated_name(path, "damaged"), damaged)
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        session_files.write(folder, Folded(snapshot, msgspec.json.decode(damaged, type=_Messages).messages))
    with contextlib.suppress(FileNotFoundError):
        if reading.read(path) == damaged:
            durable.remove(path)
