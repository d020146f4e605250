"""The files of one session: `history.json`, `metadata.json` and `archive/`.

`history.json` is the session: a whole snapshot. `metadata.json` repeats the half of it that lists need, so that they
need not read messages. Each is always valid JSON and replaced whole, and begins with a checksum of the rest; one that
has none is taken as it is. They are written in the order archive, history, metadata, so that at every moment each
message stands in at least one of them or in the journal. All of this blocks.
"""

import logging
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Struct

from argentos.errors import StoreDamagedError, StoreError, StoreVersionError
from argentos.storage import files
from argentos.storage.names import file_name
from argentos.storage.records import Message, Record, SessionKey
from argentos.storage.snapshot import (
    NEWEST_VERSION,
    SCHEMA_VERSION,
    Context,
    Folded,
    Metadata,
    Snapshot,
    Summary,
    fold,
)

__all__ = [
    "CorruptError",
    "GapError",
    "LostError",
    "Stored",
    "agent_folder",
    "damaged_folder",
    "join",
    "places",
    "read_archive",
    "read_metadata",
    "read_stored",
    "read_unchecked",
    "read_view",
    "remove",
    "session_folder",
    "write",
]


class CorruptError(StoreDamagedError):
    """The bytes of `history.json` are not what was once written."""


class GapError(StoreDamagedError):
    """Between the files and the records in the journal some are missing, so that those in the journal are of no use."""


class LostError(StoreDamagedError):
    """`metadata.json` has seen more than there is: the files, or the journal, were put back to an older state."""


_NO_IDS: Final = msgspec.Raw()


class _History(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`history.json`: a snapshot, metadata first."""

    version: int
    metadata: Metadata
    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    archived_ids: msgspec.Raw = _NO_IDS


class _ArchivedIds(Collection[str]):
    """Ids as they stand in the file: a thousand strings are made only where they are asked for.

    Args:
        raw: an array of strings, in JSON.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: msgspec.Raw) -> None:
        self._raw = raw.copy()  # else it would keep the whole file in memory

    def _decoded(self) -> tuple[str, ...]:
        return _ids.decode(self._raw)

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded())

    def __len__(self) -> int:
        return len(self._decoded())

    def __contains__(self, text: object) -> bool:
        return text in self._decoded()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Collection) and self._decoded() == tuple(cast("Collection[object]", other))

    def __hash__(self) -> int:
        return hash(self._decoded())


class _Archive(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A file of the archive: messages that left the context together."""

    version: int
    agent: str
    session: str
    messages: tuple[Message, ...]


class _Versioned(Struct):
    version: int


_T = TypeVar("_T", Metadata, _History, _Archive)
_log: Final = logging.getLogger(__name__)
_LONGEST: Final = 200  # characters of what is quoted
_ARCHIVE_FILE: Final = 1024 * 1024
_SEAL: Final = re.compile(rb'\{"checksum":"([0-9a-f]{8})",')
_DATED: Final = re.compile(r"\.damaged-\d{8}T\d{6}Z(-\d+)?")
_SPAN: Final = re.compile(r"(\d+)-(\d+)\.json")
_encoder: Final = msgspec.json.Encoder()
_version: Final = msgspec.json.Decoder(_Versioned)
_metadata: Final = msgspec.json.Decoder(Metadata)
_history: Final = msgspec.json.Decoder(_History)
_archive: Final = msgspec.json.Decoder(_Archive)
_ids: Final = msgspec.json.Decoder(tuple[str, ...])


def agent_folder(root: Path, agent: str) -> Path:
    """Where the sessions of an agent are."""
    return root / "agents" / file_name(agent) / "sessions"


def damaged_folder(root: Path, agent: str) -> Path:
    """Where the agent's sessions are put that cannot be read."""
    return root / "agents" / file_name(agent) / "damaged"


def places(root: Path, key: SessionKey) -> list[Path]:
    """Where something of a session is: its folder, and what was set aside of it."""
    name, folder = file_name(key.id), damaged_folder(root, key.agent)
    aside = [folder / each for each in files.names(folder) if _DATED.fullmatch(each.removeprefix(name))]
    return [path for path in (session_folder(root, key), *aside) if files.exists(path)]


def session_folder(root: Path, key: SessionKey) -> Path:
    """Where a session is."""
    return agent_folder(root, key.agent) / file_name(key.id)


def remove(root: Path, key: SessionKey) -> bool:
    """Remove a session's folder, so that a crash leaves all of the session or nothing; tells whether there was one."""
    folder = session_folder(root, key)
    if not folder.is_dir() or folder.is_symlink():
        return False
    for name in ("metadata.json", "history.json"):
        files.remove(folder / name)
    files.remove_folder(folder)
    return True


def _read(path: Path, decoder: msgspec.json.Decoder[_T]) -> _T | None:
    try:
        data = files.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreDamagedError(f"{path} cannot be read: {error.strerror}; it was left as it is") from error
    try:
        is_sealed = _check(data, path)
        content = _decode(data, decoder, path)
        if not is_sealed:
            _check_sense(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, ValueError) as error:
        raise CorruptError(f"{path} is damaged: {str(error)[:_LONGEST]}; it was left as it is") from error
    return content


def _decode(data: bytes, decoder: msgspec.json.Decoder[_T], path: Path) -> _T:
    try:
        content = decoder.decode(data)
    except msgspec.ValidationError:
        _check_version(_version.decode(data).version, path)  # which may have other fields
        raise
    _check_version(content.version, path)
    return content


def _check_version(version: int, path: Path) -> None:
    if version > NEWEST_VERSION:
        raise StoreVersionError(
            f"{path} was written by a newer argentos (version {str(version)[:20]}, this one reads {NEWEST_VERSION});"
            " it was left as it is"
        )


def _check_sense(content: Metadata | _History | _Archive) -> None:
    """What no checksum vouches for has to make sense at least.

    Raises:
        ValueError, OverflowError: it does not.
    """
    msgspec.msgpack.encode(content)  # no number that could not be written
    if isinstance(content, _History):
        metadata, context = _snapshot(content)
        tuple(context.archived_ids)  # raises where they are none
        if metadata.version > NEWEST_VERSION:
            raise ValueError("its metadata is of a newer version")
        tokens = sum(message.tokens for message in context.messages) + (
            context.summary.tokens if context.summary else 0
        )
        waiting = tuple(message.number for message in context.waiting)
        if (metadata.tokens, metadata.waiting) != (tokens, waiting):
            raise ValueError("its messages are not those that its metadata tells of")


def _sealed(content: Struct) -> bytes:
    """The bytes of a file: one JSON object on a line."""
    data = _encoder.encode(content)[1:]
    return b'{"checksum":"%08x",%b\n' % (zlib.crc32(data), data)


def _check(data: bytes, path: Path) -> bool:
    """Whether a checksum vouches for the file.

    Raises:
        CorruptError: it is wrong.
    """
    sealed = _SEAL.match(data)
    if sealed and zlib.crc32(data[sealed.end() :].rstrip(b"\n")) != int(sealed[1], 16):
        raise CorruptError(
            f"{path} is damaged: its checksum is wrong; it was left as it is (remove the checksum if you edited it)"
        )
    return sealed is not None


def read_metadata(folder: Path) -> Metadata | None:
    """What `metadata.json` in this folder says, or `history.json` where it is missing.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    metadata = read_view(folder)
    if metadata is None and (history := _read(folder / "history.json", _history)) is not None:
        return history.metadata
    return metadata


def read_view(folder: Path) -> Metadata | None:
    """What `metadata.json` says, where it can be read; a damaged one is no more than a view that is written anew."""
    try:
        return _read(folder / "metadata.json", _metadata)
    except CorruptError as error:
        _log.warning("%s; what it said is taken from history.json", error)
        return None


class Stored(NamedTuple):
    """What the files of a session say.

    Attributes:
        snapshot: from `history.json`, None where there is none.
        reaches: the last record that `metadata.json` has seen, 0 where there is none.
    """

    snapshot: Snapshot | None
    reaches: int


def read_stored(folder: Path, key: SessionKey) -> Stored:
    """What the files of a session say.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    if folder.is_symlink():
        raise StoreDamagedError(f"{folder} is a symbolic link, which is not followed; put the folder itself there")
    # In the order opposite to that of writing: a history read later is never behind.
    metadata = read_view(folder)
    history = _read(folder / "history.json", _history)
    for found in (metadata, history.metadata if history else None):
        if found is not None and found.key != key:
            raise StoreDamagedError(
                f"{folder} holds the session {str(found.key)[:_LONGEST]}, not {key}; was it renamed?"
            )
    reaches = metadata.sequence if metadata else 0
    return Stored(_snapshot(history) if history else None, reaches)


def _snapshot(history: _History) -> Snapshot:
    context = Context(
        summary=history.summary,
        messages=history.messages,
        waiting=history.waiting,
        archived_ids=_ArchivedIds(history.archived_ids) if history.archived_ids else (),
    )
    return Snapshot(history.metadata, context)


def read_unchecked(folder: Path) -> Snapshot | None:
    """What `history.json` says whatever its checksum; None where it cannot be read."""
    try:
        snapshot = _snapshot(_history.decode(files.read(folder / "history.json")))
        tuple(snapshot.context.archived_ids)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return snapshot


def read_archive(folder: Path, start: int, stop: int) -> dict[int, Message]:
    """The archived messages with numbers from `start` up to `stop`.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    while True:
        parts = [
            _read(part.path, _archive) for part in _archive_parts(folder) if part.first < stop and part.last >= start
        ]
        whole = [part for part in parts if part is not None]
        if len(whole) == len(parts):  # else one was merged into another meanwhile
            return {message.number: message for part in whole for message in part.messages}


class _Part(NamedTuple):
    """A file of the archive, and the numbers of its first and last message."""

    first: int
    last: int
    path: Path


def _archive_parts(folder: Path) -> list[_Part]:
    archive = folder / "archive"
    try:
        spans = [(_SPAN.fullmatch(name), archive / name) for name in files.names(archive)]
    except OSError as error:
        raise StoreDamagedError(f"{archive} cannot be read: {error.strerror}; it was left as it is") from error
    return sorted(_Part(int(span[1]), int(span[2]), path) for span, path in spans if span)


def join(key: SessionKey, folder: Path, stored: Stored, records: Sequence[Record]) -> Folded | None:
    """Fold onto what the files say the records that they lack; None where there are neither.

    Raises:
        StoreDamagedError: there is a gap between files and records, or something is missing at the end.
    """
    covered = stored.snapshot.metadata.sequence if stored.snapshot else 0
    lacking = [record for record in records if record.sequence > covered]
    begins = lacking[0].sequence if lacking else covered + 1
    ends = lacking[-1].sequence if lacking else covered
    has_gap = begins > covered + 1 or ends - begins + 1 > len(lacking)
    if has_gap or ends < stored.reaches:
        kind = GapError if has_gap and covered >= stored.reaches else LostError
        known = f"the journal has records {begins} to {ends}" if lacking else "the journal has nothing more"
        raise kind(
            f"{folder / 'history.json'} of session {key} reaches record {covered}, metadata.json {stored.reaches}, and"
            f" {known}; restore both files from a backup"
        )
    return fold(key, stored.snapshot, lacking) if ends else None


def write(folder: Path, snapshot: Snapshot, archived: Sequence[Message]) -> int:
    """Bring the files of a session up to the snapshot; gives how many bytes were written."""
    metadata, context = snapshot
    files.make_folder(folder)
    size = _write_archive(folder, metadata.key, archived) if archived else 0
    history = _History(
        version=metadata.version,
        metadata=metadata,
        summary=context.summary,
        messages=context.messages,
        waiting=context.waiting,
        archived_ids=msgspec.Raw(_encoder.encode(ids)) if (ids := tuple(context.archived_ids)) else _NO_IDS,
    )
    for name, content in (("history.json", history), ("metadata.json", metadata)):
        data = _sealed(content)
        files.replace(folder / name, data)
        size += len(data)
    return size


def _write_archive(folder: Path, key: SessionKey, messages: Sequence[Message]) -> int:
    """Add to the newest file of the archive while that is small, so that files neither are many nor grow large."""
    parts = _archive_parts(folder)
    newest = parts[-1] if parts and parts[-1].path.stat().st_size < _ARCHIVE_FILE // 2 else None
    known: tuple[Message, ...] = ()
    if newest:
        try:
            archive = _read(newest.path, _archive)
        except StoreError:  # left to be mended; what is new goes to a file of its own
            newest = None
        else:
            known = archive.messages if archive else ()
    numbered = {message.number: message for message in (*known, *messages)}
    path = folder / "archive" / f"{min(numbered):08}-{max(numbered):08}.json"
    files.make_folder(path.parent)
    content = tuple(numbered[number] for number in sorted(numbered))
    data = _sealed(_Archive(version=SCHEMA_VERSION, agent=key.agent, session=key.id, messages=content))
    files.replace(path, data)
    if newest and newest.path != path:
        files.remove(newest.path)
    return len(data)
