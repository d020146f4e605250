"""The journal: what makes an append durable.

A folder of segments, `00000001.journal` and so on, each preallocated, so that a write changes nothing but data.
Appends that come while the disk is busy are written together and share one fdatasync: a commit. One commit begins
when the one before it is durable; so a crash or a power cut can tear only the newest, which nobody was told of.
Anything else that cannot be read is damage. Both are set aside under a dated name, and what is whole goes on.

A session whose files cannot be written has its records copied to a file of its own, `<hash>.kept`, so that it keeps no
segment from being dropped.
"""

import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final, TypeVar

from argentos.storage.disk import durable, reading
from argentos.storage.messages import SessionKey
from argentos.storage.records import Record
from argentos.storage.wal import segment_file
from argentos.storage.wal.frames import (
    MAGIC,
    encode_body,
    encode_commit,
    encode_start,
)
from argentos.storage.wal.recovery import Recovered, Segment, recover
from argentos.storage.wal.rewriting import rewrite, strip

__all__ = [
    "Journal",
    "NoSegmentError",
]

_log: Final = logging.getLogger(__name__)
_SET_ASIDE: Final = ("*.torn-*", "*.damaged-*")


_ASIDE: Final = (*_SET_ASIDE, ".*.new")

T = TypeVar("T")


class NoSegmentError(Exception):
    """A new segment cannot be made, as on a full disk."""


class Journal:
    """The journal of the one owner of a state directory.

    Its methods block, and may be called by several threads.

    Args:
        folder: of the segments.
        segment_size: bytes of each.
        check: raises where the folder is this owner's no more; called before each change, and before a commit is told
            of.

    Attributes:
        size: in bytes, with what is preallocated.
    """

    def __init__(self, folder: Path, segment_size: int, check: Callable[[], None] = lambda: None) -> None:
        self._check = check
        self._mutex = threading.RLock()  # of whoever writes to a segment, or makes one of another
        self._folder = folder
        self._segment_size = segment_size
        self._segments: list[Segment] = []
        self._kept: set[SessionKey] = set()
        self.size: int = 0
        self._descriptor: int | None = None
        self._at = 0
        self._number = 0
        self._commit = 0

    def open(self, take: Callable[[Recovered], None]) -> list[str]:
        """Give back everything that is in the journal.

        What is torn or damaged is set aside under a dated name, and the segment rewritten without it.

        Returns:
            A sentence for each finding.

        Raises:
            StoreDamagedError, StoreVersionError: a segment cannot be read at all; nothing was changed.
        """
        durable.make_folder(self._folder)
        recovery = recover(self._folder, take)
        self._make_durable(recovery.segments)
        for name in reading.names(self._folder):
            if fnmatchcase(name, ".*.new"):  # left by a process that was killed
                durable.remove(self._folder / name)
        self._commit = recovery.commit
        self._segments = recovery.segments
        self._kept = recovery.kept
        for segment in recovery.hollow:
            self.drop(segment)
        self._measure()
        self._number = max((int(segment.path.stem) for segment in self._segments), default=0)
        told: list[str] = []
        for path, findings in groupby(recovery.findings, lambda finding: finding.path):
            aside = self._with_room(partial(rewrite, path, list(findings), recovery.whole.get(path)))
            for segment in self._segments:
                if segment.path == path:
                    segment.size, segment.end = path.stat().st_size, 0
            told.append(f"what could not be read in {path} was set aside in {aside}")
        self._measure()
        return [*(str(finding) for finding in recovery.findings), *told]

    def _make_durable(self, segments: Sequence[Segment]) -> None:
        """Flush what was read: a writer that was killed, or met an error, may have left it in memory only.

        All but the last segment was flushed before the one behind it was begun, unless that failed.
        """
        for segment in segments:
            if segment.size:
                segment_file.flush(segment.path)
        if segments and segments[-1].size:
            segment_file.write_again(segments[-1].path)
        durable.sync_folder(self._folder)

    @property
    def is_left(self) -> bool:
        """Tell whether an owner that did not end in order left something, or a segment is still used."""
        return any(not any(fnmatchcase(name, each) for each in _SET_ASIDE) for name in reading.names(self._folder))

    @property
    def older(self) -> list[Segment]:
        """The segments that are written to no more."""
        return self._segments[:-1] if self._descriptor is not None else [*self._segments]

    def begin_segment(self, size: int = 0) -> None:
        """Write to a new file from now on.

        Args:
            size: for which room is reserved; as much as usual by default.

        Raises:
            NoSegmentError: it cannot be made; nothing has changed.
        """
        self._check()
        size = size or self._segment_size
        path = self._folder / f"{self._number + 1:08}.journal"
        start = encode_start(self._commit)
        try:
            descriptor = self._with_room(partial(segment_file.create, path, start, size))
        except OSError as error:
            raise NoSegmentError(f"{path} cannot be made ({error.strerror})") from error
        self.close()
        self._number += 1
        self._descriptor, self._at = descriptor, len(start)
        self._segments.append(Segment(path, size))
        self._measure()

    def find_room(self) -> None:
        """Begin a new segment, which shows that the disk is full no more.

        Raises:
            NoSegmentError: it still is.
        """
        with self._mutex:
            self.begin_segment()

    def _with_room(self, make: Callable[[], T]) -> T:
        """Make something that needs room on the disk: where it fails, once more behind giving back what is reserved."""
        try:
            return make()
        except OSError as error:
            if not self._give_back():
                raise
            made = make()
            _log.warning(
                "a segment of the journal in %s could be made only once reserved room was given back: %s",
                self._folder,
                error.strerror or error,
            )
            return made

    def _give_back(self) -> bool:
        """Free what is reserved in segments that are written to no more; tells whether there was any."""
        reserved = [segment for segment in self.older if 0 < segment.end < segment.size]
        for segment in reserved:
            os.truncate(segment.path, segment.end)
            segment.size = segment.end
        self._measure()
        return bool(reserved)

    def _measure(self) -> None:
        self.size = sum([segment.size for segment in self._segments])

    def write(self, batch: Sequence[tuple[SessionKey, int, bytes]]) -> None:
        """Commit the encoded bodies of appends, each with its session and last sequence.

        Raises:
            NoSegmentError: nothing was written.
            OSError: what the disk holds now is unknown, and a second fsync would not tell: only opening does.
        """
        with self._mutex:
            self._check()
            data = encode_commit(self._commit + 1, [body for _, _, body in batch])
            if self._descriptor is None or (self._at + len(data) > self._segment_size and self._segments[-1].last):
                self._begin_segment_for(batch, data)
            self._commit += 1
            segment_file.write_at(self._open_descriptor(), data, self._at)
            self._at += len(data)
            segment = self._segments[-1]
            if self._at > segment.size:
                segment.size = self._at
                self._measure()
            segment.last.update((key, sequence) for key, sequence, _ in batch)
            if segment.size < self._segment_size:  # nothing is reserved in it
                self.close()
            self._check()

    def _begin_segment_for(self, batch: Sequence[tuple[SessionKey, int, bytes]], data: bytes) -> None:
        """A small one will do where a session ends, for that makes room."""
        try:
            self.begin_segment()
        except NoSegmentError as error:
            if all(sequence for _, sequence, _ in batch):
                raise
            self.begin_segment(len(encode_start(self._commit)) + len(data))
            _log.warning("a session is deleted from a small segment of the journal, for that makes room: %s", error)

    def end_segment(self) -> list[Path]:
        """Write to no segment any more that there is; gives them, which hold all that is durable now."""
        with self._mutex:
            self._end_segment()
            return [segment.path for segment in self._segments]

    def _end_segment(self) -> None:
        if self._descriptor is not None:  # what is reserved behind its end is needed no more
            os.ftruncate(self._descriptor, self._at)
            self._segments[-1].size = self._at
            self._measure()
        self.close()

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise RuntimeError("the journal has no segment")
        return self._descriptor

    def drop(self, segment: Segment) -> None:
        """Remove a segment of which the files have everything."""
        self._check()
        durable.remove(segment.path)
        self._segments.remove(segment)
        self._measure()

    def keep(self, key: SessionKey, records: Sequence[Record]) -> None:
        """Copy the records of a session, so that segments can be dropped though its files cannot be written."""
        self._check()
        durable.replace(self._kept_path(key), MAGIC + encode_commit(0, [encode_body(key, records)]))
        self._kept.add(key)

    def keeps(self, key: SessionKey) -> bool:
        """Tell whether there is a file with records of this session."""
        return key in self._kept

    def release(self, key: SessionKey) -> None:
        """Remove the file of this session: its own files have everything."""
        if key in self._kept:
            self._check()
            durable.remove(self._kept_path(key))
            self._kept.discard(key)

    def _kept_path(self, key: SessionKey) -> Path:
        name = hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{name}.kept"

    def forget(self, key: SessionKey) -> None:
        """Take a session out of the journal."""
        name = encode_body(key, [])[1:-1]
        with self._mutex:
            self._check()
            is_open = self._descriptor is not None
            self._end_segment()
            before = self._segments[-1].path.stat().st_ino if is_open else 0
            try:
                self.release(key)
                for segment in self._segments:
                    end, segment.end = segment.end, 0
                    if strip(segment.path, key, name):
                        segment.size = segment.path.stat().st_size
                        segment.last.pop(key, None)
                    else:
                        segment.end = end
            except OSError:  # one that was replaced may be the older one again after a power cut: it takes no more
                is_open = is_open and self._segments[-1].path.stat().st_ino == before
                raise
            finally:
                if is_open:
                    self._continue(self._segments[-1])
                self._measure()

    def _continue(self, segment: Segment) -> None:
        """Write on in the last segment, so that many deletions do not make many small ones."""
        with contextlib.suppress(OSError):  # the next commit begins a segment, or says what is wrong
            self._descriptor = segment_file.reopen(segment.path, self._segment_size)
            self._at, segment.size = segment.size, max(segment.size, self._segment_size)

    def forget_aside(self) -> None:
        """Remove what was set aside; of which sessions it has something cannot be told."""
        self._check()
        for name in reading.names(self._folder):
            if any(fnmatchcase(name, pattern) for pattern in _ASIDE):
                durable.remove_all(self._folder / name)

    def close(self) -> None:
        """Stop writing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):  # what was written to it has been flushed
                os.close(descriptor)
