"""The archive of a session: messages that a summary or a clear replaced, and old edges. All of this blocks."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from argentos.errors import StoreDamagedError, StoreError
from argentos.storage.disk import durable, reading
from argentos.storage.files.json_files import (
    ARCHIVE,
    SPAN,
    TRANSITIONS,
    Archive,
    TransitionEntry,
    TransitionsArchive,
    encoder,
    read_json,
    seal,
)
from argentos.storage.messages import Message, SessionKey
from argentos.storage.records import Transitioned
from argentos.storage.snapshot import SCHEMA_VERSION, Metadata

__all__ = [
    "TRANSITIONS_SPAN",
    "Archived",
    "read_archive",
    "read_transitions",
    "readable_messages",
    "seal_archive",
    "write_archive",
    "write_transitions",
]

TRANSITIONS_SPAN: Final = re.compile(r"transitions-(\d+)-(\d+)\.json")
"""The name of a file of edges: the sequences of the first and the last."""


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


def write_archive(folder: Path, key: SessionKey, messages: Sequence[Message]) -> int:
    """Add to the newest file of the archive while that is small, so that files neither are many nor grow large.

    Returns:
        Bytes written.
    """
    newest, known = _newest_small(folder)
    numbered = {message.number: message for message in (*known, *messages)}
    durable.make_folder(folder / "archive")
    written, size = set[Path](), 0
    for part in _divided([numbered[number] for number in sorted(numbered)]):
        path = folder / "archive" / f"{part[0].number:08}-{part[-1].number:08}.json"
        content = Archive(version=SCHEMA_VERSION, agent=key.agent, session=key.id, messages=tuple(part))
        size += durable.replace(path, *seal(encoder.encode(content)))
        written.add(path)
    if newest and newest not in written:
        durable.remove(newest)
    return size


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


# Edges -------------------------------------------------------------------------------------------------------------


def read_transitions(folder: Path) -> list[Transitioned]:
    """The archived edges, in order.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    while True:
        files = [read_json(part.path, TRANSITIONS) for part in archive_parts(folder, TRANSITIONS_SPAN)]
        if None not in files:  # else one was merged into another meanwhile
            found = {each.sequence: each.record for file in files if file for each in file.content.transitions}
            return [found[sequence] for sequence in sorted(found)]


def write_transitions(folder: Path, key: SessionKey, transitions: Sequence[Transitioned]) -> int:
    """Add to the newest file of edges while that is small.

    Returns:
        Bytes written.
    """
    parts = archive_parts(folder, TRANSITIONS_SPAN)
    newest = parts[-1].path if parts and parts[-1].path.stat().st_size < _ARCHIVE_FILE // 2 else None
    known: dict[int, TransitionEntry] = {}
    if newest:
        try:
            file = read_json(newest, TRANSITIONS)
            known = {each.sequence: each for each in file.content.transitions} if file else {}
        except StoreError:  # left to be mended; what is new goes to a file of its own
            newest = None
    known |= {each.sequence: TransitionEntry.of(each) for each in transitions}
    entries = tuple(known[sequence] for sequence in sorted(known))
    durable.make_folder(folder / "archive")
    path = folder / "archive" / f"transitions-{entries[0].sequence:08}-{entries[-1].sequence:08}.json"
    content = TransitionsArchive(version=SCHEMA_VERSION, agent=key.agent, session=key.id, transitions=entries)
    size = durable.replace(path, *seal(encoder.encode(content)))
    if newest and newest != path:
        durable.remove(newest)
    return size
