"""The JSON files of a session: what stands in them, sealed by a checksum, read and encoded."""

import contextlib
import re
import sys
import zlib
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Struct, structs

from argentos.concurrency.chunks import in_chunks
from argentos.errors import StoreDamagedError, StoreVersionError
from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.coercion import UNREADABLE, coerce, coerce_each
from argentos.storage.decoding_errors import in_plain_words
from argentos.storage.disk import reading
from argentos.storage.files import validation
from argentos.storage.messages import Message, Summary
from argentos.storage.records import Transitioned
from argentos.storage.snapshot import SCHEMA_VERSION, CallResult, Context, Metadata, Snapshot

__all__ = [
    "ARCHIVE",
    "CHECKPOINTS",
    "HISTORY",
    "LONGEST_QUOTE",
    "METADATA",
    "SPAN",
    "TRANSITIONS",
    "Archive",
    "CheckpointsArchive",
    "CorruptError",
    "History",
    "JsonFile",
    "TransitionEntry",
    "TransitionsArchive",
    "decode_leniently",
    "encode_history",
    "encoder",
    "is_sealed",
    "read_json",
    "seal",
    "snapshot_of",
]


class CorruptError(StoreDamagedError):
    """The bytes of `history.json` are not what was once written."""


_NOTHING: Final = msgspec.Raw()


class TransitionEntry(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An edge that was taken, as it stands in files: with names, for those who read them."""

    sequence: int
    epoch: int
    at: datetime
    source: str
    target: str
    event: str
    label: str
    by: str | None = None
    parent: str | None = None
    checkpoint: str | None = None

    @classmethod
    def of(cls, record: Transitioned) -> "TransitionEntry":
        """Make it of a record."""
        return cls(**structs.asdict(record))

    @property
    def record(self) -> Transitioned:
        """The record of which it was made; all sessions share the names in it, most of what it takes."""
        return Transitioned(
            sequence=self.sequence,
            epoch=self.epoch,
            at=self.at,
            source=sys.intern(self.source),
            target=sys.intern(self.target),
            event=sys.intern(self.event),
            label=sys.intern(self.label),
            by=self.by,
            parent=self.parent,
            checkpoint=self.checkpoint,
        )


class History(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`history.json`: a snapshot, metadata first."""

    version: int
    metadata: Metadata
    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    archived_ids: msgspec.Raw = _NOTHING
    transitions: tuple[TransitionEntry, ...] = ()
    results: tuple[CallResult, ...] = ()


class _HistoryEnd(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The part of `history.json` behind the messages."""

    waiting: tuple[Message, ...] = ()
    archived_ids: tuple[str, ...] = ()
    transitions: tuple[TransitionEntry, ...] = ()
    results: tuple[CallResult, ...] = ()


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


class TransitionsArchive(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A file of the archive: edges that were taken."""

    version: int
    agent: str
    session: str
    transitions: tuple[TransitionEntry, ...]


class CheckpointsArchive(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A file of the archive: places in the conversation to which one can go back."""

    version: int
    agent: str
    session: str
    checkpoints: tuple[Checkpoint, ...]


class _Versioned(Struct):
    version: int


_T = TypeVar("_T", Metadata, History, Archive, TransitionsArchive, CheckpointsArchive)

LONGEST_QUOTE: Final = 200  # characters of what is quoted
_NEWLINE: Final = 10
_LARGE: Final = 1024 * 1024  # bytes that are decoded in some milliseconds
_SEAL: Final = re.compile(rb'\{"checksum":"([0-9a-f]{8})",')
SPAN: Final = re.compile(r"(\d+)-(\d+)\.json")
encoder: Final = msgspec.json.Encoder()
_messages: Final = msgspec.json.Decoder(list[Message])
_version: Final = msgspec.json.Decoder(_Versioned)
METADATA: Final = msgspec.json.Decoder(Metadata)
HISTORY: Final = msgspec.json.Decoder(History)
ARCHIVE: Final = msgspec.json.Decoder(Archive)
TRANSITIONS: Final = msgspec.json.Decoder(TransitionsArchive)
CHECKPOINTS: Final = msgspec.json.Decoder(CheckpointsArchive)
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
            f"{path} is damaged: {in_plain_words(error, data)[:LONGEST_QUOTE]}; it was left as it is"
        ) from error
    return JsonFile(content, is_edited)


def _decode(data: bytes, decoder: msgspec.json.Decoder[_T], path: Path) -> _T:
    try:
        is_large = decoder is HISTORY and len(data) > _LARGE
        content = cast("_T", _in_lines(data)) if is_large else decoder.decode(data)  # type: ignore[redundant-cast]
    except msgspec.ValidationError:
        _check_version(_version.decode(data).version, path)  # which may have other fields
        raise
    _check_version(content.version, path)
    return content


def _in_lines(data: bytes) -> History:
    """A large history, decoded so that no line keeps the interpreter to itself for more than a moment."""
    try:
        lines = _lines(data)
        first, last = next(lines), next(lines)
        messages: list[Message] = []
        for line in lines:  # one after the other, for freeing all of them together takes more than a moment, too
            messages += _messages.decode(b"[%b]" % last.rstrip(b","))
            last = line
        return structs.replace(HISTORY.decode(first + last), messages=tuple(messages))
    except (msgspec.MsgspecError, ValueError, StopIteration):
        return HISTORY.decode(data)  # whose error says where


def _lines(data: bytes) -> Iterator[bytes]:
    at = 0
    while (end := data.find(b"\n", at)) >= 0:
        yield data[at:end]
        at = end + 1
    if at < len(data):
        yield data[at:]


def encode_history(snapshot: Snapshot) -> Iterator[bytes]:
    """Encode `history.json` in pieces; many messages stand in lines, each of which is decoded in a moment."""
    metadata, context = snapshot
    yield encoder.encode(History(version=metadata.version, metadata=metadata, summary=context.summary))[:-1]
    if context.messages:
        chunks = [encoder.encode(chunk)[1:-1] for chunk in in_chunks(context.messages)]
        newline = b"\n" if len(chunks) > 1 else b""
        yield b',"messages":[' + newline
        yield from (chunk + b"," + newline for chunk in chunks[:-1])
        yield chunks[-1] + newline + b"]"
    end = encoder.encode(
        _HistoryEnd(
            waiting=context.waiting,
            archived_ids=tuple(context.archived_ids),
            transitions=tuple(TransitionEntry.of(each) for each in context.transitions),
            results=context.results,
        )
    )
    yield end[1:] if end == b"{}" else b"," + end[1:]


def _check_version(version: int, path: Path) -> None:
    if version != SCHEMA_VERSION:
        age = "a newer" if version > SCHEMA_VERSION else "an older"
        raise StoreVersionError(
            f"{path} was written by {age} argentos (version {str(version)[:20]}, this one reads {SCHEMA_VERSION});"
            " it was left as it is"
        )


def _check_sense(content: Metadata | History | Archive | TransitionsArchive | CheckpointsArchive, path: Path) -> None:
    """Check that content makes sense which no checksum vouches for.

    Raises:
        ValueError, OverflowError: it does not.
    """
    match content:
        case History():
            validation.check_snapshot(snapshot_of(content))
        case Metadata():
            validation.check_metadata(content)
        case TransitionsArchive():
            validation.check_transitions(content.transitions)
        case CheckpointsArchive():
            validation.check_transitions(content.checkpoints, path="$.checkpoints")
        case _:
            span = SPAN.fullmatch(path.name)
            validation.check_archive(
                content.messages, range(int(span[1]), int(span[2]) + 1) if span else range(1, 1 << 62)
            )


def seal(*pieces: bytes) -> list[bytes | memoryview]:
    """Put a checksum in front of a JSON object, which is given in pieces; gives the pieces of the file."""
    content: list[bytes | memoryview] = [memoryview(pieces[0])[1:], *pieces[1:]]
    checksum = 0
    for piece in content:
        checksum = zlib.crc32(piece, checksum)
    return [b'{"checksum":"%08x",' % checksum, *content, b"\n"]


def is_sealed(data: bytes) -> bool:
    """Tell whether a checksum vouches for the file."""
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
        transitions=tuple(each.record for each in history.transitions),
        results=history.results,
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
        content[name] = coerce_each(content.get(name, ()), Message)
    content["transitions"] = coerce_each(content.get("transitions", ()), TransitionEntry)
    content["results"] = coerce_each(content.get("results", ()), CallResult)
    content["archivedIds"] = msgspec.Raw(encoder.encode(content.get("archivedIds", ())))
    history: History | None = coerce(content, History)
    if history is None:
        raise ValueError("nothing can be made of it")
    return history
