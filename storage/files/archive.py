"""The archive of a session: messages that left its context, old edges, and checkpoints. All of this blocks."""

import contextlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from argentos.errors import StoreDamagedError, StoreError
from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.disk import durable, reading
from argentos.storage.files.json_files import (
    ARCHIVE,
    CHECKPOINTS,
    SPAN,
    TRANSITIONS,
    Archive,
    CheckpointsArchive,
    TransitionEntry,
    TransitionsArchive,
    encoder,
    read_json,
    seal,
)
from argentos.storage.files.validation import Numbered
from argentos.storage.messages import Message, SessionKey
from argentos.storage.records import Transitioned
from argentos.storage.snapshot import SCHEMA_VERSION, Metadata

__all__ = [
    "CHECKPOINTS_SPAN",
    "TRANSITIONS_SPAN",
    "Archived",
    "read_archive",
    "read_checkpoints",
    "read_transitions",
    "readable_messages",
    "seal_archive",
    "withdraw",
    "write_archive",
    "write_checkpoints",
    "write_transitions",
]

TRANSITIONS_SPAN: Final = re.compile(r"transitions-(\d+)-(\d+)\.json")
"""The name of a file of edges: the sequences of the first and the last."""

CHECKPOINTS_SPAN: Final = re.compile(r"checkpoints-(\d+)-(\d+)\.json")
"""The name of a file of checkpoints, likewise."""

_E = TypeVar("_E", bound=Numbered)


_ARCHIVE_FILE: Final = 1024 * 1024  # bytes, roughly
_AROUND_TEXT: Final = 150  # bytes of a message besides its text


def seal_archive(path: Path) -> bool:
    """Write a file of the archive anew with a checksum, where it has none; tells whether it had none.

    Raises:
        StoreDamagedError, StoreVersionError, OSError: it cannot be read, or written.
    """
    archive = read_json(path, ARCHIVE)
    if archive is None or not archive.is_edited:
        return False
    durable.replace(path, *seal(encoder.encode(archive.content)))
    return True


class Archived(NamedTuple):
    """Archived messages by their numbers, and the files of them that somebody else than the store has written."""

    messages: dict[int, Message]
    edited: list[Path]


def read_archive(folder: Path, start: int, stop: int) -> Archived:
    """The archived messages with numbers from `start` up to `stop`.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    while True:
        paths = [part.path for part in archive_parts(folder) if part.first < stop and part.last >= start]
        parts = [read_json(path, ARCHIVE) for path in paths]
        whole = [part for part in parts if part is not None]
        if len(whole) == len(parts):  # else one was merged into another meanwhile
            messages = {message.number: message for part in whole for message in part.content.messages}
            return Archived(messages, [path for path, part in zip(paths, whole, strict=True) if part.is_edited])


class _Part(NamedTuple):
    """A file of the archive, and the numbers of its first and last message or edge."""

    first: int
    last: int
    path: Path


def archive_parts(folder: Path, names: re.Pattern[str] = SPAN) -> list[_Part]:
    archive = folder / "archive"
    try:
        spans = [(names.fullmatch(name), archive / name) for name in reading.names(archive)]
    except OSError as error:
        raise StoreDamagedError(f"{archive} cannot be read: {error.strerror}; it was left as it is") from error
    return sorted(_Part(int(span[1]), int(span[2]), path) for span, path in spans if span)


def write_archive(folder: Path, key: SessionKey, messages: Sequence[Message], back: Collection[int] = ()) -> int:
    """Add to the newest file of the archive while that is small, so that files neither are many nor grow large.

    Args:
        folder: of the session.
        key: of the session.
        messages: that go there.
        back: the numbers of those that had been there, and may be still.

    Returns:
        Bytes written.
    """
    newest, known = _newest_small(folder)
    numbered = {message.number: message for message in (*known, *messages)}
    durable.make_folder(folder / "archive")
    written, size = set[Path](), 0
    for part in _divided([numbered[number] for number in sorted(numbered)]):
        path, length = _write_part(folder, key, part)
        written.add(path)
        size += length
    if newest and newest not in written:
        durable.remove(newest)
    if again := {each.number for each in messages}.intersection(back):
        withdraw(folder, key, again, besides=written)
    return size


def _write_part(folder: Path, key: SessionKey, messages: Sequence[Message]) -> tuple[Path, int]:
    path = folder / "archive" / f"{messages[0].number:08}-{messages[-1].number:08}.json"
    content = Archive(version=SCHEMA_VERSION, agent=key.agent, session=key.id, messages=tuple(messages))
    return path, durable.replace(path, *seal(encoder.encode(content)))


def withdraw(folder: Path, key: SessionKey, numbers: Collection[int], besides: Collection[Path] = ()) -> None:
    """Take messages out of the archive that stand elsewhere; a file that cannot be read is left to be mended.

    Args:
        folder: of the session.
        key: of the session.
        numbers: of the messages.
        besides: the files that keep them.
    """
    for part in archive_parts(folder) if numbers else ():
        if part.path in besides or not any(part.first <= number <= part.last for number in numbers):
            continue
        with contextlib.suppress(StoreError):
            archive = read_json(part.path, ARCHIVE)
            messages = archive.content.messages if archive else ()
            stays = [each for each in messages if each.number not in numbers]
            if len(stays) == len(messages):
                continue
            written = _write_part(folder, key, stays)[0] if stays else None
            if written != part.path:
                durable.remove(part.path)


def _newest_small(folder: Path) -> tuple[Path | None, tuple[Message, ...]]:
    """The newest file of the archive and its messages, if there is room in it, and it can be read."""
    parts = archive_parts(folder)
    if not parts or parts[-1].path.stat().st_size >= _ARCHIVE_FILE // 2:
        return None, ()
    with contextlib.suppress(StoreError):  # left to be mended; what is new goes to a file of its own
        archive = read_json(parts[-1].path, ARCHIVE)
        return parts[-1].path, archive.content.messages if archive else ()
    return None, ()


def _divided(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Messages by the files that they go to, none of which takes long to decode."""
    begin, size = 0, 0
    for at, message in enumerate(messages):
        size += len(message.text) + _AROUND_TEXT
        if size > _ARCHIVE_FILE and at > begin:
            yield messages[begin:at]
            begin, size = at, len(message.text) + _AROUND_TEXT
    yield messages[begin:]


def readable_messages(folder: Path, metadata: Metadata) -> dict[int, Message]:
    """The archived messages by number, none where they cannot be read."""
    with contextlib.suppress(StoreError):
        return read_archive(folder, 1, metadata.messages + 1).messages
    return {}


# Edges, and checkpoints --------------------------------------------------------------------------------------------


def read_transitions(folder: Path) -> list[Transitioned]:
    """The archived edges, in order.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    return [each.record for each in _read_entries(folder, TRANSITIONS_SPAN, _transitions_in)]


def write_transitions(folder: Path, key: SessionKey, transitions: Sequence[Transitioned]) -> int:
    """Add to the newest file of edges while that is small; gives how many bytes were written."""
    known, newest = _newest_entries(folder, TRANSITIONS_SPAN, _transitions_in)
    entries = _in_order({**known, **{each.sequence: TransitionEntry.of(each) for each in transitions}})
    content = TransitionsArchive(version=SCHEMA_VERSION, agent=key.agent, session=key.id, transitions=entries)
    return _write_entries(folder, "transitions", entries, encoder.encode(content), newest)


def read_checkpoints(folder: Path) -> list[Checkpoint]:
    """The checkpoints, in order.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    return [*_read_entries(folder, CHECKPOINTS_SPAN, _checkpoints_in)]


def write_checkpoints(folder: Path, key: SessionKey, checkpoints: Sequence[Checkpoint]) -> int:
    """Add to the newest file of checkpoints while that is small; gives how many bytes were written."""
    known, newest = _newest_entries(folder, CHECKPOINTS_SPAN, _checkpoints_in)
    entries = _in_order({**known, **{each.sequence: each for each in checkpoints}})
    content = CheckpointsArchive(version=SCHEMA_VERSION, agent=key.agent, session=key.id, checkpoints=entries)
    return _write_entries(folder, "checkpoints", entries, encoder.encode(content), newest)


def _transitions_in(path: Path) -> tuple[TransitionEntry, ...] | None:
    file = read_json(path, TRANSITIONS)
    return file.content.transitions if file else None


def _checkpoints_in(path: Path) -> tuple[Checkpoint, ...] | None:
    file = read_json(path, CHECKPOINTS)
    return file.content.checkpoints if file else None


def _read_entries(
    folder: Path, names: re.Pattern[str], entries_in: Callable[[Path], tuple[_E, ...] | None]
) -> tuple[_E, ...]:
    while True:
        files = [entries_in(part.path) for part in archive_parts(folder, names)]
        if None not in files:  # else one was merged into another meanwhile
            return _in_order({each.sequence: each for entries in files for each in entries or ()})


def _newest_entries(
    folder: Path, names: re.Pattern[str], entries_in: Callable[[Path], tuple[_E, ...] | None]
) -> tuple[dict[int, _E], Path | None]:
    """The entries of the newest file, by their sequences, while there is room in it, and it can be read."""
    parts = archive_parts(folder, names)
    if not parts or parts[-1].path.stat().st_size >= _ARCHIVE_FILE // 2:
        return {}, None
    with contextlib.suppress(StoreError):  # left to be mended; what is new goes to a file of its own
        return {each.sequence: each for each in entries_in(parts[-1].path) or ()}, parts[-1].path
    return {}, None


def _in_order(entries: Mapping[int, _E]) -> tuple[_E, ...]:
    return tuple(entries[sequence] for sequence in sorted(entries))


def _write_entries(folder: Path, name: str, entries: Sequence[Numbered], encoded: bytes, newest: Path | None) -> int:
    """Write a file, in the place of the newest where that is not None."""
    durable.make_folder(folder / "archive")
    path = folder / "archive" / f"{name}-{entries[0].sequence:08}-{entries[-1].sequence:08}.json"
    size = durable.replace(path, *seal(encoded))
    if newest and newest != path:
        durable.remove(newest)
    return size
