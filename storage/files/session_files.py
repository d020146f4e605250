"""The files of one session: `history.json`, `metadata.json` and `archive/`.

`history.json` is the session: a whole snapshot. `metadata.json` repeats the half of it that lists need, so that they
need not read messages. Each is always valid JSON and replaced whole, and begins with a checksum of the rest; one that
has none, or a wrong one, was edited by somebody, and is taken if it makes sense. They are written in the order archive,
history, metadata, so that at every moment each message stands in at least one of them or in the journal. All of this
blocks.
"""

import contextlib
import logging
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Struct

from argentos.concurrency.chunks import in_steps
from argentos.errors import StoreDamagedError, StoreError, StoreVersionError
from argentos.storage.coercion import UNREADABLE, lenient, lenient_each
from argentos.storage.disk import durable
from argentos.storage.disk.symlinks import check_way
from argentos.storage.files import validation
from argentos.storage.names import file_name
from argentos.storage.records import Accepted, Message, Record, Replied, SessionKey
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
    "Archived",
    "CorruptError",
    "GapError",
    "LostError",
    "Stored",
    "agent_folder",
    "damaged_folder",
    "is_edited",
    "is_state_directory",
    "join",
    "mark_deleted",
    "missing",
    "read_archive",
    "read_front",
    "read_metadata",
    "read_stored",
    "read_unchecked",
    "read_view",
    "remove",
    "remove_half_written",
    "seal_archive",
    "session_folder",
    "set_aside",
    "split",
    "was_deleted",
    "write",
    "write_front",
]


class CorruptError(StoreDamagedError):
    """The bytes of `history.json` are not what was once written."""


class GapError(StoreDamagedError):
    """Between the files and the records in the journal some are missing, so that those in the journal are of no use."""


class LostError(StoreDamagedError):
    """`metadata.json` has seen more than there is: the files, or the journal, were put back to an older state."""


_NOTHING: Final = msgspec.Raw()


class _History(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`history.json`: a snapshot, metadata first."""

    version: int
    metadata: Metadata
    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    archived_ids: msgspec.Raw = _NOTHING


class _HistoryFile(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The same, with the messages as they stand there."""

    version: int
    metadata: Metadata
    summary: Summary | None = None
    messages: msgspec.Raw = _NOTHING
    waiting: tuple[Message, ...] = ()
    archived_ids: msgspec.Raw = _NOTHING


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


class _ArchiveFile(Struct, frozen=True, kw_only=True, rename="camel"):
    """The same, with the messages as they stand there."""

    version: int
    agent: str
    session: str
    messages: msgspec.Raw


class _Versioned(Struct):
    version: int


_T = TypeVar("_T", Metadata, _History, _Archive)
_log: Final = logging.getLogger(__name__)
_LONGEST: Final = 200  # characters of what is quoted
_ARCHIVE_FILE: Final = 1024 * 1024
_NEWLINE: Final = 10
_LARGE: Final = 1024 * 1024  # bytes that are decoded in some milliseconds
_SEAL: Final = re.compile(rb'\{"checksum":"([0-9a-f]{8})",')
_DATED: Final = re.compile(r"\.(damaged|deleted)-\d{8}T\d{6}Z(-\d+)?")
_DELETED: Final = ".deleted-"
_SPAN: Final = re.compile(r"(\d+)-(\d+)\.json")
_FRONT: Final = "front.json"
_NAMES: Final = ("history.json", "metadata.json")  # in the order in which they are written
_encoder: Final = msgspec.json.Encoder()
_version: Final = msgspec.json.Decoder(_Versioned)
_metadata: Final = msgspec.json.Decoder(Metadata)
_history: Final = msgspec.json.Decoder(_History)
_front: Final = msgspec.json.Decoder(_HistoryFile)
_raws: Final = msgspec.json.Decoder(list[msgspec.Raw])
_message: Final = msgspec.json.Decoder(Message)
_archive: Final = msgspec.json.Decoder(_Archive)
_ids: Final = msgspec.json.Decoder(tuple[str, ...])


def is_state_directory(root: Path) -> bool:
    """Whether a store has been opened in this directory, or settings have been put there."""
    return any(durable.exists(root / name) for name in ("agents", "journal", "lock", "argent.json"))


def agent_folder(root: Path, agent: str) -> Path:
    """Where the sessions of an agent are."""
    return root / "agents" / file_name(agent) / "sessions"


def damaged_folder(root: Path, agent: str) -> Path:
    """Where the agent's sessions are put that cannot be read."""
    return root / "agents" / file_name(agent) / "damaged"


def set_aside(root: Path, key: SessionKey) -> list[Path]:
    """The copies of a session that were set aside, the newest first."""
    name, folder = file_name(key.id), damaged_folder(root, key.agent)
    found = [each for each in durable.names(folder) if each.startswith(name) and _DATED.fullmatch(each[len(name) :])]
    return [folder / each for each in sorted(found, key=lambda each: each.rpartition(".")[2].partition("-")[2])[::-1]]


def was_deleted(aside: Path) -> bool:
    """Whether its session was deleted after this had been set aside."""
    return _DELETED in aside.name


def mark_deleted(root: Path, key: SessionKey) -> None:
    """Let what was set aside of a session tell that the session was deleted since."""
    for aside in set_aside(root, key):
        if not was_deleted(aside):
            name, _, date = aside.name.rpartition(".damaged-")
            durable.move(aside, aside.with_name(f"{name}{_DELETED}{date}"))


def session_folder(root: Path, key: SessionKey) -> Path:
    """Where a session is."""
    return agent_folder(root, key.agent) / file_name(key.id)


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


class _Read(NamedTuple, Generic[_T]):
    """The content of a file, and whether somebody else than the store has written it."""

    content: _T
    is_edited: bool


def remove_half_written(root: Path, key: SessionKey) -> None:
    """Remove what a kill has left of files of a session that were being written."""
    place = session_folder(root, key)
    for folder in (place, place / "archive"):
        with contextlib.suppress(OSError):  # what is no folder, or leads elsewhere, is told of where it is used
            for name in durable.names(folder):
                if name.startswith(".") and name.endswith(".new"):
                    durable.remove(folder / name)


def _read(path: Path, decoder: msgspec.json.Decoder[_T]) -> _Read[_T] | None:
    try:
        data = durable.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreDamagedError(f"{path} cannot be read: {error.strerror}; it was left as it is") from error
    is_edited = not _is_sealed(data)
    try:
        content = _decode(data, decoder, path)
        if is_edited:
            validation.check_fields(data, content)
            _check_sense(content, path)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, ValueError) as error:
        raise CorruptError(
            f"{path} is damaged: {validation.with_line(error, data)[:_LONGEST]}; it was left as it is"
        ) from error
    return _Read(content, is_edited)


def _decode(data: bytes, decoder: msgspec.json.Decoder[_T], path: Path) -> _T:
    try:
        is_large = decoder is _history and len(data) > _LARGE
        content = cast("_T", _in_pieces(data)) if is_large else decoder.decode(data)  # type: ignore[redundant-cast]
    except msgspec.ValidationError:
        _check_version(_version.decode(data).version, path)  # which may have other fields
        raise
    _check_version(content.version, path)
    return content


def _in_pieces(data: bytes) -> _History:
    """A large history, decoded so that no piece keeps the interpreter to itself for more than a moment."""
    try:
        front = _front.decode(data)
        messages = tuple(_message.decode(each) for each in _raws.decode(front.messages))
    except msgspec.MsgspecError:
        return _history.decode(data)  # whose error says where
    return _History(
        version=front.version,
        metadata=front.metadata,
        summary=front.summary,
        messages=messages,
        waiting=front.waiting,
        archived_ids=front.archived_ids,
    )


def _encoded(messages: Sequence[Message]) -> msgspec.Raw:
    """Messages in JSON, encoded likewise."""
    if not messages:
        return _NOTHING
    return msgspec.Raw(b"[%b]" % b",".join(_encoder.encode(step)[1:-1] for step in in_steps(messages)))


def _check_version(version: int, path: Path) -> None:
    if version > NEWEST_VERSION:
        raise StoreVersionError(
            f"{path} was written by a newer argentos (version {str(version)[:20]}, this one reads {NEWEST_VERSION});"
            " it was left as it is"
        )


def _check_sense(content: Metadata | _History | _Archive, path: Path) -> None:
    """What no checksum vouches for has to make sense at least.

    Raises:
        ValueError, OverflowError: it does not.
    """
    match content:
        case _History():
            validation.check_snapshot(_snapshot(content))
        case Metadata():
            validation.check_metadata(content)
        case _:
            span = _SPAN.fullmatch(path.name)
            validation.check_archive(
                content.messages, range(int(span[1]), int(span[2]) + 1) if span else range(1, 1 << 62)
            )


def _sealed(content: Struct) -> bytes:
    """The bytes of a file: one JSON object on a line."""
    data = memoryview(_encoder.encode(content))[1:]  # a copy of a large one keeps the interpreter to itself
    return b"".join((b'{"checksum":"%08x",' % zlib.crc32(data), data, b"\n"))


def _is_sealed(data: bytes) -> bool:
    """A checksum vouches for the file."""
    sealed, end = _SEAL.match(data), len(data)
    while end and data[end - 1] == _NEWLINE:
        end -= 1
    return sealed is not None and zlib.crc32(memoryview(data)[sealed.end() : end]) == int(sealed[1], 16)


def is_edited(folder: Path) -> bool:
    """Whether `history.json` or `metadata.json`, where it is there, is not what was once written.

    Raises:
        OSError: one cannot be read.
    """
    paths = (folder / name for name in _NAMES)
    return any(durable.exists(path) and not _is_sealed(durable.read(path)) for path in paths)


def seal_archive(path: Path) -> bool:
    """Write a file of the archive anew with a checksum, where it has none; tells whether it had none.

    Raises:
        StoreDamagedError, StoreVersionError, OSError: it cannot be read, or written.
    """
    archive = _read(path, _archive)
    if archive is None or not archive.is_edited:
        return False
    durable.replace(path, _sealed(archive.content))
    return True


def read_metadata(folder: Path) -> Metadata | None:
    """What `metadata.json` in this folder says, or `history.json` where it is missing.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    metadata = read_view(folder)
    if metadata is not None:
        return metadata
    history = _read(folder / "history.json", _history)
    return history.content.metadata if history else None


def read_view(folder: Path) -> Metadata | None:
    """What `metadata.json` says, where it can be read; a damaged one is no more than a view that is written anew."""
    try:
        view = _read(folder / "metadata.json", _metadata)
    except CorruptError as error:
        _log.warning("%s; what it said is taken from history.json", error)
        return None
    return view.content if view else None


class Stored(NamedTuple):
    """What the files of a session say.

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


def read_stored(folder: Path, key: SessionKey) -> Stored:
    """What the files of a session say.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    try:
        check_way(folder, with_itself=True)
    except OSError as error:
        raise StoreDamagedError(str(error.strerror)) from error
    # In the order opposite to that of writing: a history read later is never behind.
    unfit, metadata = "", None
    try:
        metadata = _read(folder / "metadata.json", _metadata)
    except CorruptError as error:
        unfit = str(error)
    history = _read(folder / "history.json", _history)
    for found in (metadata.content if metadata else None, history.content.metadata if history else None):
        if found is not None and found.key != key:
            raise StoreDamagedError(
                f"{folder} holds the session {str(found.key)[:_LONGEST]}, not {key}; was it renamed?"
            )
    reaches = metadata.content.sequence if metadata else 0
    if history is None:
        return Stored(None, reaches)
    snapshot = _snapshot(history.content)
    edited = ["history.json"] if history.is_edited else []
    if metadata and metadata.is_edited and reaches == snapshot.metadata.sequence:
        try:
            snapshot = _with_view(snapshot, metadata.content)
            edited.append("metadata.json")
        except ValueError as error:
            unfit = f"{folder / 'metadata.json'} is damaged: {str(error)[:_LONGEST]}"
    return Stored(snapshot, reaches, tuple(edited), unfit)


def _with_view(snapshot: Snapshot, metadata: Metadata) -> Snapshot:
    """A session with its metadata as somebody has edited them.

    Raises:
        ValueError: they do not fit its messages.
    """
    edited = snapshot._replace(metadata=metadata)
    validation.check_snapshot(edited)
    return edited


def _snapshot(history: _History) -> Snapshot:
    context = Context(
        summary=history.summary,
        messages=history.messages,
        waiting=history.waiting,
        archived_ids=_ArchivedIds(history.archived_ids) if history.archived_ids else (),
    )
    return Snapshot(history.metadata, context)


def read_unchecked(folder: Path) -> Snapshot | None:
    """The content of `history.json` whatever its checksum, without the messages of which nothing can be made.

    None where it cannot be read, or is of a newer version.
    """
    try:
        data = durable.read(folder / "history.json")
        snapshot = _snapshot(_leniently(data))
        tuple(snapshot.context.archived_ids)
    except (OSError, ValueError, *UNREADABLE):
        return None
    return snapshot if snapshot.metadata.version <= NEWEST_VERSION else None


def _leniently(data: bytes) -> _History:
    with contextlib.suppress(*UNREADABLE):
        return _history.decode(data)
    content = msgspec.json.decode(data, type=dict[str, Any])
    for name in ("messages", "waiting"):
        content[name] = lenient_each(content.get(name, ()), Message)
    content["archivedIds"] = msgspec.Raw(_encoder.encode(content.get("archivedIds", ())))
    history: _History | None = lenient(content, _History)
    if history is None:
        raise ValueError("nothing can be made of it")
    return history


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
        paths = [part.path for part in _archive_parts(folder) if part.first < stop and part.last >= start]
        parts = [_read(path, _archive) for path in paths]
        whole = [part for part in parts if part is not None]
        if len(whole) == len(parts):  # else one was merged into another meanwhile
            messages = {message.number: message for part in whole for message in part.content.messages}
            return Archived(messages, [path for path, part in zip(paths, whole, strict=True) if part.is_edited])


class _Part(NamedTuple):
    """A file of the archive, and the numbers of its first and last message."""

    first: int
    last: int
    path: Path


def _archive_parts(folder: Path) -> list[_Part]:
    archive = folder / "archive"
    try:
        spans = [(_SPAN.fullmatch(name), archive / name) for name in durable.names(archive)]
    except OSError as error:
        raise StoreDamagedError(f"{archive} cannot be read: {error.strerror}; it was left as it is") from error
    return sorted(_Part(int(span[1]), int(span[2]), path) for span, path in spans if span)


class Split(NamedTuple):
    """The records that files lack: those that follow one by one, and those behind the first that is missing."""

    whole: list[Record]
    behind: list[Record]


def split(stored: Stored, records: Sequence[Record]) -> Split:
    """Divide what is known of a session besides its files where something is missing in between."""
    covered = stored.snapshot.metadata.sequence if stored.snapshot else 0
    lacking = [record for record in records if record.sequence > covered]
    count = next((at for at, each in enumerate(lacking) if each.sequence != covered + 1 + at), len(lacking))
    return Split(lacking[:count], lacking[count:])


def missing(key: SessionKey, stored: Stored, records: Sequence[Record]) -> str:
    """The gap between the files and the last of the records, in words; which messages, where that is known."""
    metadata = stored.snapshot.metadata if stored.snapshot else None
    at, number = (metadata.sequence, metadata.messages) if metadata else (0, 0)
    gaps: list[str] = []
    for record in records:
        if record.sequence > at + 1:
            gaps.append(f"{_span('record', at + 1, record.sequence - 1)} of session {key}")
        at = max(at, record.sequence)
        if isinstance(record, Accepted | Replied):
            if record.number > number + 1:
                gaps.append(_span("message", number + 1, record.number - 1))
            number = max(number, record.number)
    return ", ".join(gaps)


def _span(what: str, first: int, last: int) -> str:
    return f"{what} {first}" if first == last else f"{what}s {first} to {last}"


def join(key: SessionKey, folder: Path, stored: Stored, records: Sequence[Record]) -> Folded | None:
    """Fold onto what the files say the records that they lack; None where there are neither.

    Raises:
        StoreDamagedError: there is a gap between files and records, or something is missing at the end.
    """
    covered = stored.snapshot.metadata.sequence if stored.snapshot else 0
    _check_sequence(folder, stored, covered, records)
    lacking = [record for record in records if record.sequence > covered]
    begins = lacking[0].sequence if lacking else covered + 1
    ends = lacking[-1].sequence if lacking else covered
    has_gap = begins > covered + 1 or ends - begins + 1 > len(lacking)
    if has_gap or ends < stored.reaches:
        if has_gap and covered >= stored.reaches:
            raise GapError(
                f"{missing(key, stored, lacking)}: missing between {folder / 'history.json'} and what the journal has,"
                f" up to record {ends}"
            )
        known = f"the journal has records {begins} to {ends}" if lacking else "the journal has nothing more"
        raise LostError(
            f"{folder / 'history.json'} of session {key} reaches record {covered}, metadata.json {stored.reaches}, and"
            f" {known}; restore both files from a backup"
        )
    return fold(key, stored.snapshot, lacking) if ends else None


def _check_sequence(folder: Path, stored: Stored, covered: int, records: Sequence[Record]) -> None:
    """Refuse an edit of the sequence: records that it had by mistake would be passed over."""
    known = max(stored.reaches, records[-1].sequence if records else 0)
    if "history.json" in stored.edited and 0 < known < covered:
        raise CorruptError(
            f"{folder / 'history.json'} is damaged: $.metadata.sequence is {covered}, and the last record known of has"
            f" {known}; it was left as it is"
        )


def write(folder: Path, snapshot: Snapshot, archived: Sequence[Message]) -> int:
    """Bring the files of a session up to the snapshot; gives how many bytes were written."""
    metadata, context = snapshot
    durable.make_folder(folder)
    size = _write_archive(folder, metadata.key, archived) if archived else 0
    history = _HistoryFile(
        version=metadata.version,
        metadata=metadata,
        summary=context.summary,
        messages=_encoded(context.messages),
        waiting=context.waiting,
        archived_ids=msgspec.Raw(_encoder.encode(ids)) if (ids := tuple(context.archived_ids)) else _NOTHING,
    )
    for name, content in zip(_NAMES, (history, metadata), strict=True):
        data = _sealed(content)
        durable.replace(folder / name, data)
        size += len(data)
    return size


def write_front(folder: Path, metadata: Metadata) -> None:
    """Note up to where a session goes on of which the rest was set aside in this folder."""
    durable.replace(folder / _FRONT, _sealed(metadata))


def read_front(folder: Path) -> Metadata | None:
    """The note; None where nothing can be read.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    front = _read(folder / _FRONT, _metadata)
    return front.content if front else None


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
            known = archive.content.messages if archive else ()
    numbered = {message.number: message for message in (*known, *messages)}
    path = folder / "archive" / f"{min(numbered):08}-{max(numbered):08}.json"
    durable.make_folder(path.parent)
    content = tuple(numbered[number] for number in sorted(numbered))
    data = _sealed(_ArchiveFile(version=SCHEMA_VERSION, agent=key.agent, session=key.id, messages=_encoded(content)))
    durable.replace(path, data)
    if newest and newest.path != path:
        durable.remove(newest.path)
    return len(data)
