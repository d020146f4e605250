"""The JSON files of a session: what stands in them, sealed by a checksum, read and encoded."""

import contextlib
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Struct

from argentos.concurrency.chunks import in_chunks
from argentos.errors import StoreDamagedError, StoreVersionError
from argentos.storage.coercion import UNREADABLE, lenient, lenient_each
from argentos.storage.disk import reading
from argentos.storage.files import validation
from argentos.storage.records import Message
from argentos.storage.snapshot import (
    NEWEST_VERSION,
    Context,
    Metadata,
    Snapshot,
    Summary,
)

__all__ = [
    "ARCHIVE",
    "HISTORY",
    "LONGEST_QUOTE",
    "METADATA",
    "NO_VALUE",
    "SPAN",
    "Archive",
    "ArchiveFile",
    "CorruptError",
    "History",
    "HistoryFile",
    "JsonFile",
    "decode_leniently",
    "encode_messages",
    "encoder",
    "is_sealed",
    "read_json",
    "seal",
    "snapshot_of",
]


class CorruptError(StoreDamagedError):
    """The bytes of `history.json` are not what was once written."""


NO_VALUE: Final = msgspec.Raw()


class History(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`history.json`: a snapshot, metadata first."""

    version: int
    metadata: Metadata
    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    archived_ids: msgspec.Raw = NO_VALUE


class HistoryFile(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The same, with the messages as they stand there."""

    version: int
    metadata: Metadata
    summary: Summary | None = None
    messages: msgspec.Raw = NO_VALUE
    waiting: tuple[Message, ...] = ()
    archived_ids: msgspec.Raw = NO_VALUE


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


class Archive(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A file of the archive: messages that left the context together."""

    version: int
    agent: str
    session: str
    messages: tuple[Message, ...]


class ArchiveFile(Struct, frozen=True, kw_only=True, rename="camel"):
    """The same, with the messages as they stand there."""

    version: int
    agent: str
    session: str
    messages: msgspec.Raw


class _Versioned(Struct):
    version: int


_T = TypeVar("_T", Metadata, History, Archive)


LONGEST_QUOTE: Final = 200  # characters of what is quoted


_NEWLINE: Final = 10


_LARGE: Final = 1024 * 1024  # bytes that are decoded in some milliseconds


_SEAL: Final = re.compile(rb'\{"checksum":"([0-9a-f]{8})",')


SPAN: Final = re.compile(r"(\d+)-(\d+)\.json")


encoder: Final = msgspec.json.Encoder()


_version: Final = msgspec.json.Decoder(_Versioned)


METADATA: Final = msgspec.json.Decoder(Metadata)


HISTORY: Final = msgspec.json.Decoder(History)


_front: Final = msgspec.json.Decoder(HistoryFile)


_raws: Final = msgspec.json.Decoder(list[msgspec.Raw])


_message: Final = msgspec.json.Decoder(Message)


ARCHIVE: Final = msgspec.json.Decoder(Archive)


_ids: Final = msgspec.json.Decoder(tuple[str, ...])


class JsonFile(NamedTuple, Generic[_T]):
    """The content of a file, and whether somebody else than the store has written it."""

    content: _T
    is_edited: bool


def read_json(path: Path, decoder: msgspec.json.Decoder[_T]) -> JsonFile[_T] | None:
    """Read a file, and check what no checksum vouches for; None where there is none.

    Raises:
        CorruptError: it is damaged.
        StoreDamagedError, StoreVersionError: it cannot be read, or is of a newer version.
    """
    try:
        data = reading.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreDamagedError(f"{path} cannot be read: {error.strerror}; it was left as it is") from error
    is_edited = not is_sealed(data)
    try:
        content = _decode(data, decoder, path)
        if is_edited:
            validation.check_fields(data, content)
            _check_sense(content, path)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, ValueError) as error:
        raise CorruptError(
            f"{path} is damaged: {validation.with_line(error, data)[:LONGEST_QUOTE]}; it was left as it is"
        ) from error
    return JsonFile(content, is_edited)


def _decode(data: bytes, decoder: msgspec.json.Decoder[_T], path: Path) -> _T:
    try:
        is_large = decoder is HISTORY and len(data) > _LARGE
        content = cast("_T", _in_pieces(data)) if is_large else decoder.decode(data)  # type: ignore[redundant-cast]
    except msgspec.ValidationError:
        _check_version(_version.decode(data).version, path)  # which may have other fields
        raise
    _check_version(content.version, path)
    return content


def _in_pieces(data: bytes) -> History:
    """A large history, decoded so that no piece keeps the interpreter to itself for more than a moment."""
    try:
        front = _front.decode(data)
        messages = tuple(_message.decode(each) for each in _raws.decode(front.messages))
    except msgspec.MsgspecError:
        return HISTORY.decode(data)  # whose error says where
    return History(
        version=front.version,
        metadata=front.metadata,
        summary=front.summary,
        messages=messages,
        waiting=front.waiting,
        archived_ids=front.archived_ids,
    )


def encode_messages(messages: Sequence[Message]) -> msgspec.Raw:
    """Messages in JSON, encoded likewise."""
    if not messages:
        return NO_VALUE
    return msgspec.Raw(b"[%b]" % b",".join(encoder.encode(chunk)[1:-1] for chunk in in_chunks(messages)))


def _check_version(version: int, path: Path) -> None:
    if version > NEWEST_VERSION:
        raise StoreVersionError(
            f"{path} was written by a newer argentos (version {str(version)[:20]}, this one reads {NEWEST_VERSION});"
            " it was left as it is"
        )


def _check_sense(content: Metadata | History | Archive, path: Path) -> None:
    """What no checksum vouches for has to make sense at least.

    Raises:
        ValueError, OverflowError: it does not.
    """
    match content:
        case History():
            validation.check_snapshot(snapshot_of(content))
        case Metadata():
            validation.check_metadata(content)
        case _:
            span = SPAN.fullmatch(path.name)
            validation.check_archive(
                content.messages, range(int(span[1]), int(span[2]) + 1) if span else range(1, 1 << 62)
            )


def seal(content: Struct) -> bytes:
    """The bytes of a file: one JSON object on a line."""
    data = memoryview(encoder.encode(content))[1:]  # a copy of a large one keeps the interpreter to itself
    return b"".join((b'{"checksum":"%08x",' % zlib.crc32(data), data, b"\n"))


def is_sealed(data: bytes) -> bool:
    """A checksum vouches for the file."""
    sealed, end = _SEAL.match(data), len(data)
    while end and data[end - 1] == _NEWLINE:
        end -= 1
    return sealed is not None and zlib.crc32(memoryview(data)[sealed.end() : end]) == int(sealed[1], 16)


def snapshot_of(history: History) -> Snapshot:
    """Take the snapshot out of the content of `history.json`."""
    context = Context(
        summary=history.summary,
        messages=history.messages,
        waiting=history.waiting,
        archived_ids=_ArchivedIds(history.archived_ids) if history.archived_ids else (),
    )
    return Snapshot(history.metadata, context)


def decode_leniently(data: bytes) -> History:
    """Decode `history.json` without the messages of which nothing can be made.

    Raises:
        ValueError: nothing can be made of it at all.
    """
    with contextlib.suppress(*UNREADABLE):
        return HISTORY.decode(data)
    content = msgspec.json.decode(data, type=dict[str, Any])
    for name in ("messages", "waiting"):
        content[name] = lenient_each(content.get(name, ()), Message)
    content["archivedIds"] = msgspec.Raw(encoder.encode(content.get("archivedIds", ())))
    history: History | None = lenient(content, History)
    if history is None:
        raise ValueError("nothing can be made of it")
    return history
