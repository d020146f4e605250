"""The files of one session: `history.json`, `metadata.json` and `archive/`.

`history.json` is the session: a whole snapshot. `metadata.json` repeats the half of it that lists need, so that they
need not read messages. Each is always valid JSON and replaced whole, and begins with a checksum of the rest; one that
has none, or a wrong one, was edited by somebody, and is taken if it makes sense. They are written in the order archive,
history, metadata, so that at every moment each message stands in at least one of them or in the journal; what came
back leaves the archive between the last two. All of this blocks.
"""

import contextlib
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

from argentos.errors import StoreDamagedError
from argentos.storage.coercion import UNREADABLE
from argentos.storage.disk import durable, reading
from argentos.storage.disk.symlinks import SymbolicLinkError, check_way
from argentos.storage.files import attachments, validation
from argentos.storage.files.archive import withdraw, write_archive, write_checkpoints, write_transitions
from argentos.storage.files.json_files import (
    HISTORY,
    LONGEST_QUOTE,
    METADATA,
    CorruptError,
    decode_leniently,
    encode_history,
    encoder,
    is_sealed,
    read_json,
    seal,
    snapshot_of,
)
from argentos.storage.files.paths import session_folder
from argentos.storage.fold import Folded
from argentos.storage.messages import SessionKey
from argentos.storage.snapshot import SCHEMA_VERSION, Metadata, Snapshot

__all__ = [
    "SessionFiles",
    "is_edited",
    "read_front",
    "read_metadata",
    "read_stored",
    "read_unchecked",
    "read_view",
    "remove",
    "remove_half_written",
    "write",
    "write_front",
]

_log: Final = logging.getLogger(__name__)


_FRONT: Final = "front.json"


_NAMES: Final = ("history.json", "metadata.json")  # in the order in which they are written


def remove(root: Path, key: SessionKey) -> bool:
    """Remove a session's folder, so that a crash leaves all of the session or nothing; tells whether there was one."""
    folder = session_folder(root, key)
    check_way(folder)
    if not folder.is_dir() or folder.is_symlink():
        return False
    for name in ("metadata.json", "history.json"):
        durable.remove(folder / name)
    durable.remove_folder(folder)
    return True


def remove_half_written(root: Path, key: SessionKey) -> None:
    """Remove what a kill has left of files of a session that were being written."""
    place = session_folder(root, key)
    for folder in (place, place / "archive", place / attachments.FOLDER):
        with contextlib.suppress(OSError):  # what is no folder, or leads elsewhere, is told of where it is used
            for name in reading.names(folder):
                if name.startswith(".") and name.endswith(".new"):
                    durable.remove(folder / name)


def is_edited(folder: Path) -> bool:
    """Tell whether `history.json` or `metadata.json` is there and not what was once written.

    Raises:
        OSError: one cannot be read.
    """
    paths = (folder / name for name in _NAMES)
    return any(reading.exists(path) and not is_sealed(reading.read(path)) for path in paths)


def read_metadata(folder: Path) -> Metadata | None:
    """Read `metadata.json` in this folder, or `history.json` where it is missing.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    metadata = read_view(folder)
    if metadata is not None:
        return metadata
    history = read_json(folder / "history.json", HISTORY)
    return history.content.metadata if history else None


def read_view(folder: Path) -> Metadata | None:
    """Read `metadata.json`, where it can be; a damaged one is no more than a view that is written anew."""
    try:
        view = read_json(folder / "metadata.json", METADATA)
    except CorruptError as error:
        _log.warning("%s; what it said is taken from history.json", error)
        return None
    return view.content if view else None


class SessionFiles(NamedTuple):
    """The content of the files of a session.

    Attributes:
        snapshot: from `history.json`, with the metadata of `metadata.json` where those were edited and fit; None where
            there is no history.
        reaches: the last record that `metadata.json` has seen, 0 where there is none.
        edited: the names of the files that somebody else than the store has written, and that make sense.
        unfit: what is wrong with `metadata.json`, where it does not count.
    """

    snapshot: Snapshot | None
    reaches: int
    edited: tuple[str, ...] = ()
    unfit: str = ""


def read_stored(folder: Path, key: SessionKey) -> SessionFiles:
    """The content of the files of a session.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    try:
        check_way(folder, with_itself=True)
    except SymbolicLinkError as error:
        raise StoreDamagedError(str(error.strerror)) from error
    except OSError as error:
        raise StoreDamagedError(f"{folder} cannot be read: {error.strerror}; it was left as it is") from error
    # In the order opposite to that of writing: a history read later is never behind.
    unfit, metadata = "", None
    try:
        metadata = read_json(folder / "metadata.json", METADATA)
    except CorruptError as error:
        unfit = str(error)
    history = read_json(folder / "history.json", HISTORY)
    for found in (metadata.content if metadata else None, history.content.metadata if history else None):
        if found is not None and found.key != key:
            raise StoreDamagedError(
                f"{folder} holds the session {str(found.key)[:LONGEST_QUOTE]}, not {key}; was it renamed?"
            )
    reaches = metadata.content.sequence if metadata else 0
    if history is None:
        return SessionFiles(None, reaches)
    snapshot = snapshot_of(history.content)
    edited = ["history.json"] if history.is_edited else []
    if metadata and metadata.is_edited and reaches == snapshot.metadata.sequence:
        try:
            snapshot = _with_view(snapshot, metadata.content)
            edited.append("metadata.json")
        except ValueError as error:
            unfit = f"{folder / 'metadata.json'} is damaged: {str(error)[:LONGEST_QUOTE]}"
    return SessionFiles(snapshot, reaches, tuple(edited), unfit)


def _with_view(snapshot: Snapshot, metadata: Metadata) -> Snapshot:
    """A session with its metadata as somebody has edited them.

    Raises:
        ValueError: they do not fit its messages.
    """
    edited = snapshot._replace(metadata=metadata)
    validation.check_snapshot(edited)
    return edited


def read_unchecked(folder: Path) -> Snapshot | None:
    """The content of `history.json` whatever its checksum, without the messages of which nothing can be made.

    None where it cannot be read, or is of a newer version.
    """
    try:
        data = reading.read(folder / "history.json")
        snapshot = snapshot_of(decode_leniently(data))
        tuple(snapshot.context.archived_ids)
    except (OSError, ValueError, *UNREADABLE):
        return None
    return snapshot if snapshot.metadata.version == SCHEMA_VERSION else None


def write(folder: Path, folded: Folded, back: Collection[int] = ()) -> int:
    """Bring the files of a session up to the snapshot; gives how many bytes were written.

    Args:
        folder: of the session.
        folded: the session, and what goes to its archive.
        back: the numbers of messages that came back from there: each stands in one place only.
    """
    snapshot, archived, transitions, checkpoints = folded
    key = snapshot.metadata.key
    durable.make_folder(folder)
    size = write_archive(folder, key, archived, back) if archived else 0
    size += write_transitions(folder, key, transitions) if transitions else 0
    size += write_checkpoints(folder, key, checkpoints) if checkpoints else 0
    history, metadata = seal(*encode_history(snapshot)), seal(encoder.encode(snapshot.metadata))
    size += durable.replace(folder / _NAMES[0], *history)
    if back:
        withdraw(folder, key, {each.number for each in snapshot.context.messages}.intersection(back))
    return size + durable.replace(folder / _NAMES[1], *metadata)


def write_front(folder: Path, metadata: Metadata) -> None:
    """Note up to where a session goes on of which the rest was set aside in this folder."""
    durable.replace(folder / _FRONT, *seal(encoder.encode(metadata)))


def read_front(folder: Path) -> Metadata | None:
    """The note; None where nothing can be read.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    front = read_json(folder / _FRONT, METADATA)
    return front.content if front else None
