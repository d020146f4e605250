"""The bytes of a journal segment: frames behind eight bytes of magic, and zeros up to the end of the file.

A frame is one append to one session:

    0   4  mark, which is not UTF-8 and so in no text
    4   4  length of the body
    8   4  CRC-32 of the number of the commit and the body
    12  8  number of the commit: the appends that became durable together have the same
    20  …  body: MessagePack of `[agent, session, [record, …]]`

A body without records says that the session was deleted: nothing in front of it counts any more. Commits are numbered
without gaps, so that a frame that is gone without a trace is missed. A segment begins with a body of no session, whose
commit is the one in front; the same stands where a gap is known of. Whatever is damaged is passed over up to the next
whole frame, so that one broken byte costs one append; so does a whole frame with a record that cannot be read. Another
version has another digit at the end of the magic: of such a segment nothing is touched.
"""

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct as Layout
from typing import BinaryIO, Final, NamedTuple

import msgspec

from argentos.concurrency.chunks import in_chunks
from argentos.errors import StoreError, StoreVersionError
from argentos.storage import coercion
from argentos.storage.branching.records import weight
from argentos.storage.decoding_errors import in_plain_words
from argentos.storage.messages import SessionKey
from argentos.storage.records import Record

__all__ = [
    "MAGIC",
    "NOBODY",
    "Broken",
    "Frame",
    "Scan",
    "encode_body",
    "encode_commit",
    "encode_nobody",
    "encode_start",
    "scan",
    "without",
]

MAGIC: Final = b"ARGENTJ3"
_FAMILY: Final = b"ARGENTJ"
_OLDER: Final = b"12"
_OTHERS: Final = _OLDER + b"456789"
_MARK: Final = b"\xc1AJ\xc1"
_HEAD: Final = Layout("<4sIIQ")
_COMMIT: Final = Layout("<Q")
_CHUNK: Final = 1 << 16
_LONGEST: Final = 1 << 30  # bytes of a frame: a damaged length asks for no more

NOBODY: Final = SessionKey("", "")
"""The session of a frame that only says which commit is in front."""

_UNKNOWN: Final = SessionKey("", "?")

_PIECE: Final = 100  # records, with the messages in them, likewise
_AT_ONCE: Final = 1000  # records that are encoded in some hundred microseconds
_TRIPLE: Final = b"\x93"  # an array of three, in MessagePack
_MANY: Final = Layout(">BI")
_MANY_MARK: Final = 0xDD  # an array, whose length has four bytes
_FEW: Final = 15  # values that an array has whose length stands in its mark; two bytes behind it hold a longer one

_encoder: Final = msgspec.msgpack.Encoder()
_body: Final = msgspec.msgpack.Decoder(tuple[str, str, list[Record]])
_records: Final = msgspec.msgpack.Decoder(list[Record])
_key: Final = msgspec.msgpack.Decoder(tuple[str, str, msgspec.Raw])


class Frame(NamedTuple):
    """One append, read back from the bytes `start` to `end` of its segment."""

    start: int
    end: int
    commit: int
    key: SessionKey
    records: list[Record]


class Broken(NamedTuple):
    """Bytes that are no whole frame, or hold a record that cannot be read, with their commit and session.

    Attributes:
        commit: 0 where nothing was written; of bytes that are no whole frame, what seems to stand there.
        why: the records cannot be read; empty where it is no whole frame.
        records: what can be made of them all the same.
    """

    start: int
    end: int
    commit: int
    key: SessionKey | None
    why: str = ""
    records: tuple[Record, ...] = ()


class Scan(NamedTuple):
    """The content of a segment, in order."""

    frames: list[Frame]
    broken: list[Broken]


def encode_body(key: SessionKey, records: Sequence[Record]) -> bytes:
    """Encode the body of the frame of one append, and decode it to prove that it can be read back.

    The proof takes some 1.5 µs for a short message: a record that cannot be read would cost its session.

    Raises:
        StoreError: it could not be, for something in a record is of a wrong type.
        UnicodeEncodeError: a text holds half a surrogate pair.
    """
    try:
        if weight(records) <= _AT_ONCE:
            body = _encoder.encode((key.agent, key.id, records))
            _body.decode(body)
        else:
            body = b"".join(_pieces(key, records))
    except (msgspec.ValidationError, TypeError, OverflowError) as error:
        raise StoreError(
            f"a record of session {key} cannot be stored: {in_plain_words(error)}; nothing was written"
        ) from error
    return body


def _pieces(key: SessionKey, records: Sequence[Record]) -> Iterator[bytes]:
    """The body of many records, of which each piece keeps the interpreter to itself for a moment only."""
    yield _TRIPLE + _encoder.encode((key.agent, key.id))[1:]
    yield _MANY.pack(_MANY_MARK, len(records))
    heavy = -(-weight(records) // len(records))
    for chunk in in_chunks(records, max(1, _PIECE // heavy)):
        piece = _encoder.encode(chunk)
        _records.decode(piece)
        yield piece[1 if len(chunk) <= _FEW else 3 :]  # without how many


def encode_commit(commit: int, bodies: Sequence[bytes]) -> bytes:
    """The frames of appends that are to become durable together."""
    seed = zlib.crc32(_COMMIT.pack(commit))
    parts: list[bytes] = []
    for body in bodies:
        parts += (_HEAD.pack(_MARK, len(body), zlib.crc32(body, seed), commit), body)
    return b"".join(parts)


def encode_nobody(commit: int) -> bytes:
    """A frame that says that there was this commit."""
    return encode_commit(commit, [encode_body(NOBODY, [])])


def encode_start(commit: int) -> bytes:
    """Encode the beginning of a segment behind this commit."""
    return MAGIC + encode_nobody(commit)


def scan(data: bytes, path: Path) -> Scan:
    """Read a segment; `path` is for the sentences of errors.

    Raises:
        StoreVersionError: another version wrote it.
    """
    if data.startswith(MAGIC):
        return _scan(data)
    if MAGIC.startswith(data.rstrip(b"\0")):  # killed while the segment was made
        return Scan([], [])
    found = _scan(data)
    digit = data[len(_FAMILY) : len(MAGIC)]
    if data.startswith(_FAMILY) and (digit in _OTHERS or not found.frames):
        age = "an older" if digit in _OLDER else "a newer"
        raise StoreVersionError(f"{path} was written by {age} argentos; it was left as it is")
    found.broken.insert(0, Broken(0, len(MAGIC), -1, None))
    return found


def without(segment: BinaryIO, key: SessionKey) -> Iterator[bytes]:
    """A segment without the frames of a session, in chunks; commits that are gone are known to be.

    It is never in memory as a whole, and no record is decoded: segments are large, and threads keep what they once had.

    Raises:
        ValueError: it is not of this version, or not whole.
    """
    if segment.read(len(MAGIC)) != MAGIC:
        raise ValueError("no segment of this version")
    chunk, newest, last = bytearray(MAGIC), -1, -1
    for frame, commit, whose in _frames_of(segment):
        is_first = last < 0 and whose == NOBODY  # which says what is in front of the segment
        if is_first or whose not in {key, NOBODY}:
            chunk += encode_nobody(commit - 1) + frame if 0 <= newest < commit - 1 else frame
            newest = commit
        last = commit
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk) + encode_nobody(last)


def _frames_of(segment: BinaryIO) -> Iterator[tuple[bytes, int, SessionKey]]:
    """Each frame, its commit, and its session, up to what is only reserved."""
    while (head := segment.read(_HEAD.size)).strip(b"\0"):
        if len(head) < _HEAD.size:
            raise ValueError("a frame is cut off")
        _, length, _, commit = _HEAD.unpack(head)
        frame = head + segment.read(min(length, _LONGEST))
        if not _is_whole(frame, 0):
            raise ValueError("a frame is damaged")
        yield frame, commit, _whose(frame[_HEAD.size :]) or _UNKNOWN


def _whose(body: bytes) -> SessionKey | None:
    """The session of a body of which perhaps no more can be read."""
    try:
        agent, session, _ = _key.decode(body)
    except coercion.UNREADABLE:
        return None
    return SessionKey(agent, session)


def _scan(data: bytes) -> Scan:
    found = Scan([], [])
    at, end = len(MAGIC), len(data.rstrip(b"\0"))
    while at < end:
        if _is_whole(data, at):
            frame = _frame_at(data, at)
            if isinstance(frame, Frame):
                found.frames.append(frame)
            else:
                found.broken.append(frame)
            at = frame.end
        else:
            following = _next_mark(data, at + 1, end)
            found.broken.append(Broken(at, following, *_guess(data, at)))
            at = following
    return found


def _is_whole(data: bytes, at: int) -> bool:
    """Tell whether a whole, undamaged frame begins here."""
    begin = at + _HEAD.size
    if begin > len(data):
        return False
    mark, length, checksum, commit = _HEAD.unpack_from(data, at)
    if mark != _MARK or not 0 < length <= len(data) - begin:
        return False
    seed = zlib.crc32(_COMMIT.pack(commit))
    return bool(zlib.crc32(data[begin : begin + length], seed) == checksum)


def _frame_at(data: bytes, at: int) -> Frame | Broken:
    """A whole frame; where its records cannot be read, no damage explains it, and they were written so."""
    _, length, _, commit = _HEAD.unpack_from(data, at)
    begin = at + _HEAD.size
    body = data[begin : begin + length]
    try:
        agent, session, records = _body.decode(body)
    except coercion.UNREADABLE as error:
        return Broken(at, begin + length, commit, _whose(body), in_plain_words(error), coercion.records_in(body))
    return Frame(at, begin + length, commit, SessionKey(agent, session), records)


def _next_mark(data: bytes, at: int, end: int) -> int:
    """Find where the next frame may begin, or the end."""
    found = data.find(_MARK, at, end)
    return end if found < 0 else found


def _guess(data: bytes, at: int) -> tuple[int, SessionKey | None]:
    """Guess the commit and the session of the broken frame at this place, as far as they can be read."""
    if at + _HEAD.size > len(data):
        return 0, None
    _, length, _, commit = _HEAD.unpack_from(data, at)
    return commit, _whose(data[at + _HEAD.size : at + _HEAD.size + length])
