"""The journal: what makes an append durable.

A folder of segments, `00000001.journal` and so on, each preallocated, so that a write changes nothing but data.
Appends that come while the disk is busy are written together and share one fdatasync: a commit. One commit begins
when the one before it is durable; so a crash or a power cut can tear only the newest, which nobody was told of.
Anything else that cannot be read is damage. Both are set aside under a dated name, and what is whole goes on.

A session whose files cannot be written has its records copied to a file of its own, `<hash>.kept`, so that it keeps no
segment from being dropped.
"""

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from argentos.storage.disk import durable
from argentos.storage.records import Record, SessionKey
from argentos.storage.wal.frames import (
    MAGIC,
    NOBODY,
    Broken,
    Frame,
    Scan,
    encode_body,
    encode_commit,
    encode_start,
    scan,
    without,
)

__all__ = ["Finding", "Journal", "NoSegmentError", "Recovered", "Recovery", "Segment", "dated", "mending", "recover"]

_NO_FILE: Final = {errno.ELOOP, errno.EISDIR, errno.ENXIO}
_SET_ASIDE: Final = ("*.torn-*", "*.damaged-*")
_ASIDE: Final = (*_SET_ASIDE, ".*.new")


class NoSegmentError(Exception):
    """A new segment cannot be made, as on a full disk."""


class Recovered(NamedTuple):
    """One append, read back; without records the session was deleted at this point.

    Attributes:
        is_readable: else the records are what can be made of it, perhaps none, and nothing that may follow from them.
    """

    key: SessionKey
    records: list[Record]
    size: int
    is_readable: bool = True


class Finding(NamedTuple):
    """Something in a segment that could not be taken over.

    Attributes:
        start: the same as `end` where something is gone without a trace.
        is_torn: a crash explains it: it belongs to a commit that was never acknowledged.
        key: the session it belongs to, as far as that is known.
        why: it is whole, and a record in it cannot be read.
    """

    path: Path
    start: int
    end: int
    is_torn: bool
    key: SessionKey | None
    why: str = ""

    def __str__(self) -> str:
        """One sentence."""
        if self.start == self.end:
            return (
                f"what stood at byte {self.start} of {self.path} is gone, with records of sessions that are not known"
            )
        place = f"bytes {self.start} to {self.end} of {self.path}"
        if self.is_torn:
            return f"{place} are torn: a write that was never acknowledged"
        whose = "a session that is not known" if self.key is None else f"session {self.key}"
        if self.why:
            return f"{place} have a record of {whose} that cannot be read ({self.why})"
        return f"{place} are damaged; records of {whose} are lost"


@dataclass(slots=True, eq=False)
class Segment:
    """One file of the journal.

    Attributes:
        size: in bytes, with what is preallocated.
        end: of what is written to it, as it was found; 0 where nothing is known.
        last: for each session with records here, the sequence of the last of them.
    """

    path: Path
    size: int = 0
    end: int = 0
    last: dict[SessionKey, int] = field(default_factory=dict[SessionKey, int])


class Recovery(NamedTuple):
    """What the journal on disk holds.

    Attributes:
        segments: in order.
        kept: the sessions with a file of their own.
        commit: the number of the newest commit, 0 where there is none.
        findings: what could not be taken over.
        whole: for each segment with findings, what can be.
        hollow: the last segment, where a kill left nothing in it.
    """

    segments: list[Segment]
    kept: set[SessionKey]
    commit: int
    findings: list[Finding]
    whole: dict[Path, list[Frame]]
    hollow: list[Segment]


def dated(path: Path, why: str) -> Path:
    """A free name under which something is set aside now."""
    name = f"{path.name}.{why}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next(aside for each in names if not (aside := path.with_name(each)).exists())


@contextlib.contextmanager
def mending(folder: Path) -> Generator[None]:
    """Change files of sessions without appending: killed in between, the next owner flushes what may not be durable.

    Args:
        folder: of the journal, which the caller owns.
    """
    mark = folder / ".repair.new"
    with contextlib.suppress(PermissionError):  # which may be what is to be mended
        durable.make_folder(folder)
        durable.replace(mark, b"")
    yield
    with contextlib.suppress(PermissionError):
        durable.remove(mark)


def recover(folder: Path, take: Callable[[Recovered], None]) -> Recovery:
    """Read the whole journal in order, without changing it, and hand over what is in it.

    Raises:
        StoreDamagedError, StoreVersionError: a segment cannot be read at all.
    """
    scans = list(_scans(folder, f"{'[0-9]' * 8}.journal"))
    kept = list(_scans(folder, "*.kept"))  # behind the segments: an owner copies before it drops
    newest = _newest(scans)
    recovery = Recovery(
        [segment for segment, _ in scans],
        set(),
        newest,
        [],
        {},
        [segment for segment, found in scans[-1:] if not any(found[:2])],
    )
    for segment, found in kept:  # the segments continue it, or the files have overtaken it
        recovery.findings.extend(_findings(segment, found, None))
        recovery.kept.update(frame.key for frame in _hand_over(segment, found, take))
    last: dict[SessionKey, int] = {}
    gaps = list(_gaps(scans))
    for segment, found in scans:
        findings = _findings(segment, found, newest if segment is scans[-1][0] else None)
        torn = newest if any(finding.is_torn for finding in findings) else -1
        findings += [gap for gap in gaps if gap.path == segment.path]
        fits = partial(_fits, last=last, torn=torn)
        cut = [frame for frame in found.frames if not fits(frame)]
        findings += [Finding(segment.path, each.start, each.end, is_torn=True, key=None) for each in cut]
        begins = [_nobody(frame.commit - 1) for frame in found.frames[:1] if frame.key != NOBODY]
        taken = found._replace(frames=[frame for frame in found.frames if frame not in cut])
        whole = [*begins, *_hand_over(segment, taken, take)]
        if findings:
            recovery.findings.extend(findings)
            recovery.whole[segment.path] = whole
    for (segment, _), commit in zip(scans, _reaches(scans, newest), strict=True):
        if segment.path in recovery.whole:
            recovery.whole[segment.path].append(_nobody(commit))
    return recovery


def _hand_over(segment: Segment, found: Scan, take: Callable[[Recovered], None]) -> list[Frame]:
    """Hand over what the segment has of each session, in order; gives the frames that can be read."""
    for each in _in_order(found):
        if isinstance(each, Broken):
            if each.why and each.key is not None:
                take(Recovered(each.key, list(each.records), each.end - each.start, is_readable=False))
        elif each.key != NOBODY:
            last = segment.last.get(each.key, 0)
            segment.last[each.key] = max(last, each.records[-1].sequence) if each.records else 0
            take(Recovered(each.key, each.records, each.end - each.start))
    return found.frames


def _in_order(found: Scan) -> list[Frame | Broken]:
    stands: list[Frame | Broken] = [*found.frames, *found.broken]
    return sorted(stands, key=lambda each: each.start)


def _newest(scans: Sequence[tuple[Segment, Scan]]) -> int:
    """The number of the newest commit, whole or torn."""
    newest = max((frame.commit for _, found in scans for frame in found.frames), default=0)
    for broken in scans[-1][1].broken if scans else ():  # commits of which nothing is whole
        newest += broken.commit == newest + 1
    return newest


def _gaps(scans: Sequence[tuple[Segment, Scan]]) -> Iterator[Finding]:
    """Where commits are missing, though nothing is broken there."""
    segment, end, commit = Path(), 0, -1
    for number, (here, found) in enumerate(scans):
        stands = _in_order(found)
        if not stands and number + 1 < len(scans):  # it has lost even what it began with
            yield Finding(here.path, len(MAGIC), len(MAGIC), is_torn=False, key=None)
        if not (stands and found.is_numbered and _number(here.path) == _number(segment) + 1):
            commit = -1
        for each in stands:
            if isinstance(each, Broken) and not each.why:
                commit = -1
                continue
            is_known = each.key == NOBODY and each.start > len(MAGIC)
            if not is_known and 0 <= commit < each.commit - (each.key != NOBODY):
                yield Finding(segment, end, end, is_torn=False, key=None)
            segment, end, commit = here.path, each.end, max(commit, each.commit)


def _number(segment: Path) -> int:
    return int(segment.stem) if segment.stem.isdecimal() else -1


def _reaches(scans: Sequence[tuple[Segment, Scan]], newest: int) -> Iterator[int]:
    """The last commit of each segment, as far as that can be told, with those that are gone."""
    firsts = [next((frame.commit - (frame.key != NOBODY) for frame in found.frames), None) for _, found in scans]
    for number, (_, found) in enumerate(scans):
        known = max((frame.commit for frame in found.frames), default=0)
        behind = next((first for first in firsts[number + 1 :] if first is not None), newest)
        yield max(known, behind)


def _nobody(commit: int) -> Frame:
    return Frame(0, 0, commit, NOBODY, [])


def _scans(folder: Path, pattern: str) -> Iterator[tuple[Segment, Scan]]:
    for path in (folder / name for name in durable.names(folder) if fnmatchcase(name, pattern)):
        try:
            data = durable.read(path)
        except FileNotFoundError:  # the owner dropped it while we looked: the files have it
            continue
        except OSError as error:
            if error.errno not in _NO_FILE:
                raise
            yield Segment(path), Scan([], [Broken(0, 0, -1, None)])
        else:
            found = scan(data, path)
            yield Segment(path, len(data), _end(found)), found


def _end(found: Scan) -> int:
    """The end of what was written to a segment, in bytes; 0 if it is none."""
    if any(broken.start == 0 for broken in found.broken):
        return 0
    return max([*(frame.end for frame in found.frames), *(broken.end for broken in found.broken)], default=0)


def _findings(segment: Segment, found: Scan, newest: int | None) -> list[Finding]:
    """What is broken is torn if it can be of the newest commit, and nothing older stands behind it."""
    findings: list[Finding] = []
    stands = [*((each.start, each.commit) for each in found.frames), *((b.start, b.commit) for b in found.broken)]
    for broken in found.broken:
        if broken.why:
            findings.append(
                Finding(segment.path, broken.start, broken.end, is_torn=False, key=broken.key, why=broken.why)
            )
            continue
        behind = [commit for start, commit in stands if start >= broken.end]
        is_torn = newest is not None and (not behind or {broken.commit, *behind} <= {0, newest})
        findings.append(Finding(segment.path, broken.start, broken.end, is_torn, None if is_torn else broken.key))
    return findings


def _fits(frame: Frame, last: dict[SessionKey, int], torn: int) -> bool:
    """Whether a frame does not stand, in the torn commit, behind what is torn of its session; takes note of it."""
    known = last.get(frame.key)
    if not frame.records:
        last.pop(frame.key, None)
        return True
    if frame.commit == torn and known is not None and frame.records[0].sequence > known + 1:
        return False
    last[frame.key] = max(known or 0, frame.records[-1].sequence)
    return True


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
        self.size = 0
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
        for name in durable.names(self._folder):
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
            rewrite = partial(_rewrite, path, list(findings), recovery.whole.get(path))
            try:
                aside = rewrite()
            except OSError:
                if not self._give_back():
                    raise
                aside = rewrite()
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
                durable.flush(segment.path)
        if segments and segments[-1].size:
            durable.write_again(segments[-1].path)
        durable.sync_folder(self._folder)

    @property
    def is_left(self) -> bool:
        """Something was left in the folder by an owner that did not end in order, or is still used."""
        return any(not any(fnmatchcase(name, each) for each in _SET_ASIDE) for name in durable.names(self._folder))

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
            descriptor = self._create(path, start, size)
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

    def _create(self, path: Path, start: bytes, size: int) -> int:
        try:
            return durable.create(path, start, size)
        except OSError:
            if not self._give_back():
                raise
        return durable.create(path, start, size)

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
            durable.write_at(self._open_descriptor(), data, self._at)
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
        except NoSegmentError:
            if all(sequence for _, sequence, _ in batch):
                raise
            self.begin_segment(len(encode_start(self._commit)) + len(data))

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
        """There is a file with records of this session."""
        return key in self._kept

    def release(self, key: SessionKey) -> None:
        """The files of the session have everything: what was kept of it can go."""
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
                    if _strip(segment.path, key, name):
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
            self._descriptor = durable.reopen(segment.path, self._segment_size)
            self._at, segment.size = segment.size, max(segment.size, self._segment_size)

    def forget_aside(self) -> None:
        """Remove what was set aside; of which sessions it has something cannot be told."""
        self._check()
        for name in durable.names(self._folder):
            if any(fnmatchcase(name, pattern) for pattern in _ASIDE):
                durable.remove_all(self._folder / name)

    def close(self) -> None:
        """Stop writing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):  # what was written to it has been flushed
                os.close(descriptor)


def _strip(path: Path, key: SessionKey, name: bytes) -> bool:
    """Take a session out of a segment, if its encoded name is in it."""
    with durable.opened(path) as segment:
        if not durable.contains(segment, name):
            return False
        segment.seek(0)
        try:
            durable.replace_by(path, without(segment, key))
        except ValueError:
            frames = scan(durable.read(path), path).frames
            durable.replace(path, _encode([*(each for each in frames if each.key != key), _nobody(frames[-1].commit)]))
    return True


def _encode(frames: Sequence[Frame]) -> bytes:
    """A segment of these frames; commits that are gone are known to be."""
    commits = groupby(_bridged(frames), lambda frame: frame.commit)
    return MAGIC + b"".join(
        encode_commit(commit, [encode_body(frame.key, frame.records) for frame in group]) for commit, group in commits
    )


def _bridged(frames: Sequence[Frame]) -> Iterator[Frame]:
    commit = frames[0].commit
    for frame in frames:
        if frame.key != NOBODY and frame.commit > commit + 1:
            yield _nobody(frame.commit - 1)
        commit = frame.commit
        yield frame


def _rewrite(path: Path, findings: Sequence[Finding], whole: Sequence[Frame] | None) -> Path:
    """Keep of a segment what is whole, if anything; gives where the rest was set aside."""
    aside = _set_aside(path, findings)
    if whole is None:
        durable.remove(path)
    else:
        durable.replace(path, _encode(whole))
    return aside


def _set_aside(path: Path, findings: Sequence[Finding]) -> Path:
    """Keep what is torn, or the whole segment where something is damaged."""
    if not path.is_file() or path.is_symlink():
        aside = dated(path, "damaged")
        durable.move(path, aside)
        return aside
    data = durable.read(path)
    if all(finding.is_torn for finding in findings):
        aside = dated(path, "torn")
        durable.replace(aside, b"".join(data[each.start : each.end] for each in findings))
    else:
        aside = dated(path, "damaged")
        durable.replace(aside, data)
    return aside
