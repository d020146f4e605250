"""The journal: what makes an append durable.

A folder of segments, each a file of frames behind eight bytes of magic. Several appends that come while the disk is
busy are written together and share one fdatasync; a frame is one such commit, whole or absent: its length, the CRC-32
of its body, and the body, MessagePack of `[[agent, session, records], …]`.

A commit begins when the one before it is durable. So only the last frame of the last segment can be torn by a crash or
a power cut; anything else that cannot be read is damage.
"""

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct as Layout
from typing import Final, NamedTuple

import msgspec

from argentos.errors import StoreDamagedError, StoreVersionError
from argentos.storage import files
from argentos.storage.records import Record, SessionKey

__all__ = ["Journal", "Recovered", "Segment", "encode_append", "encode_frame", "recover"]

_MAGIC: Final = b"ARGENTJ1"
_FAMILY: Final = b"ARGENTJ"
_HEAD: Final = Layout("<II")

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[tuple[str, str, list[Record]]])


class Recovered(NamedTuple):
    """One append, read back."""

    key: SessionKey
    records: list[Record]
    size: int


def encode_append(key: SessionKey, records: Sequence[Record]) -> bytes:
    """The bytes of one append."""
    return _encoder.encode((key.agent, key.id, records))


def encode_frame(appends: Sequence[bytes]) -> bytes:
    """The bytes of a commit of these appends."""
    body = _encoder.encode([msgspec.Raw(append) for append in appends])
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def _frame_at(data: bytes, at: int) -> bytes | None:
    """The body of the whole, undamaged frame that begins here, if there is one."""
    begin = at + _HEAD.size
    if begin > len(data):
        return None
    length, checksum = _HEAD.unpack_from(data, at)
    if not 0 < length <= len(data) - begin:
        return None
    body = data[begin : begin + length]
    return body if zlib.crc32(body) == checksum else None


def _frames(data: bytes, path: Path) -> Iterator[tuple[int, list[Recovered]]]:
    """The frames of a segment that are whole, each with the offset behind it; before them the magic, as an empty one.

    Raises:
        StoreDamagedError: a frame is damaged though more follow it, which no crash explains.
        StoreVersionError: a newer version wrote it.
    """
    at = _behind_magic(data, path)
    yield at, []
    while (body := _frame_at(data, at)) is not None:
        at += _HEAD.size + len(body)
        try:
            appends = _decoder.decode(body)
        except msgspec.MsgspecError as error:
            raise StoreDamagedError(f"{path}: the frame that ends at byte {at} cannot be read: {error}") from error
        size = len(body) // len(appends)
        yield at, [Recovered(SessionKey(agent, session), records, size) for agent, session, records in appends]
    if any(_frame_at(data, following) is not None for following in range(at + 1, len(data))):
        raise _damage(path, at)


def _behind_magic(data: bytes, path: Path) -> int:
    if data.startswith(_MAGIC):
        return len(_MAGIC)
    if _MAGIC.startswith(data):  # killed while the segment was made
        return 0
    if data.startswith(_FAMILY):
        raise StoreVersionError(f"{path} was written by a newer argentos; it was left as it is")
    raise StoreDamagedError(f"{path} is not a journal of argentos: it begins with {data[:8]!a}; move it away")


def _damage(path: Path, at: int) -> StoreDamagedError:
    return StoreDamagedError(
        f"{path} is damaged at byte {at}, in the middle; restore it from a backup, or move the file away to go on"
        " without what it holds"
    )


@dataclass(slots=True, eq=False)
class Segment:
    """One file of the journal.

    Attributes:
        last: for each session with records here, the sequence of the last of them.
        whole: how many bytes were whole when it was read back.
    """

    path: Path
    last: dict[SessionKey, int] = field(default_factory=dict[SessionKey, int])
    whole: int = 0


def recover(folder: Path, take: Callable[[Recovered], None]) -> list[Segment]:
    """Read every segment in order, without changing any, and hand over what is in it.

    Raises:
        StoreDamagedError: a segment is damaged in the middle.
    """
    segments = [Segment(path) for path in sorted(folder.glob("*.journal"))]
    for segment in segments:
        try:
            data = files.read(segment.path)
        except FileNotFoundError:  # the owner dropped it while we looked: the files have it all
            continue
        for end, appends in _frames(data, segment.path):
            segment.whole = end
            for append in appends:
                segment.last[append.key] = append.records[-1].sequence
                take(append)
        if segment.whole < len(data) and segment is not segments[-1]:
            raise _damage(segment.path, segment.whole)
    return segments


class Journal:
    """The journal of the one owner of a state directory.

    Its methods block. `write` is called by one thread at a time, and `drop` may run beside it.
    """

    def __init__(self, folder: Path, segment_size: int) -> None:
        self._folder = folder
        self._segment_size = segment_size
        self._segments: list[Segment] = []
        self._descriptor: int | None = None
        self._size = 0
        self._number = 0

    def open(self, take: Callable[[Recovered], None]) -> list[Path]:
        """Give back everything that is in the journal and begin a new segment.

        A torn tail, which a crash leaves of an append that was never acknowledged, is moved to a file of
        its own beside the segment.

        Returns:
            The files to which torn tails were moved.

        Raises:
            StoreDamagedError: a segment is damaged in the middle; nothing was changed.
        """
        files.make_folder(self._folder)
        torn: list[Path] = []
        self._segments = recover(self._folder, take)
        for segment in self._segments:
            self._number = int(segment.path.stem)
            if segment.whole < segment.path.stat().st_size:
                torn.append(_set_aside(segment.path, segment.whole))
        self.begin_segment()
        return torn

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise RuntimeError("the journal is not open")
        return self._descriptor

    def begin_segment(self) -> None:
        """Write to a new file from now on."""
        self.close()
        self._number += 1
        path = self._folder / f"{self._number:08}.journal"
        self._descriptor = files.create(path, _MAGIC)
        self._segments.append(Segment(path))
        self._size = len(_MAGIC)

    def write(self, batch: Sequence[tuple[SessionKey, int, bytes]]) -> None:
        """Commit encoded appends, each with its session and last sequence."""
        data = encode_frame([append for _, _, append in batch])
        if self._size + len(data) > self._segment_size and self._size > len(_MAGIC):
            self.begin_segment()
        files.append_to(self._open_descriptor(), data)
        self._size += len(data)
        self._segments[-1].last.update((key, sequence) for key, sequence, _ in batch)

    @property
    def older(self) -> list[Segment]:
        """The segments that are written to no more."""
        return self._segments[:-1]

    @property
    def newest(self) -> Segment:
        """The segment that is written to."""
        return self._segments[-1]

    def drop(self, segment: Segment) -> None:
        """Remove a segment of which the files have everything."""
        files.remove(segment.path)
        self._segments.remove(segment)

    def close(self) -> None:
        """Stop writing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _set_aside(path: Path, whole: int) -> Path:
    """Cut a segment at its last whole frame, keeping what is cut off."""
    data = files.read(path)
    aside = path.with_name(f"{path.name}.torn-{whole}")
    files.replace(aside, data[whole:])
    with path.open("r+b") as file:
        file.truncate(whole)
        os.fsync(file.fileno())
    return aside
