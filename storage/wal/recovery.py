"""Read a journal back, whole or damaged, without changing it. All of this blocks."""

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from argentos.storage.disk import reading
from argentos.storage.messages import SessionKey
from argentos.storage.records import Record
from argentos.storage.wal.frames import (
    MAGIC,
    NOBODY,
    Broken,
    Frame,
    Scan,
    scan,
)

__all__ = [
    "Defect",
    "Recovered",
    "Recovery",
    "Segment",
    "gap_frame",
    "recover",
]

_NO_FILE: Final = {errno.ELOOP, errno.EISDIR, errno.ENXIO}


class Recovered(NamedTuple):
    """One append, read back; without records the session was deleted at this point.

    Attributes:
        is_readable: else the records are what can be made of it, perhaps none, and nothing that may follow from them.
    """

    key: SessionKey
    records: list[Record]
    size: int
    is_readable: bool = True


class Defect(NamedTuple):
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
    """The content of the journal on disk.

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
    findings: list[Defect]
    whole: dict[Path, list[Frame]]
    hollow: list[Segment]


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
        recovery.findings.extend(_defects(segment, found, None))
        recovery.kept.update(frame.key for frame in _hand_over(segment, found, take))
    last: dict[SessionKey, int] = {}
    gaps = list(_gaps(scans))
    for segment, found in scans:
        findings = _defects(segment, found, newest if segment is scans[-1][0] else None)
        torn = newest if any(finding.is_torn for finding in findings) else -1
        findings += [gap for gap in gaps if gap.path == segment.path]
        fits = partial(_fits, last=last, torn=torn)
        cut = [frame for frame in found.frames if not fits(frame)]
        findings += [Defect(segment.path, each.start, each.end, is_torn=True, key=None) for each in cut]
        begins = [gap_frame(frame.commit - 1) for frame in found.frames[:1] if frame.key != NOBODY]
        taken = found._replace(frames=[frame for frame in found.frames if frame not in cut])
        whole = [*begins, *_hand_over(segment, taken, take)]
        if findings:
            recovery.findings.extend(findings)
            recovery.whole[segment.path] = whole
    for (segment, _), commit in zip(scans, _reaches(scans, newest), strict=True):
        if segment.path in recovery.whole:
            recovery.whole[segment.path].append(gap_frame(commit))
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


def _gaps(scans: Sequence[tuple[Segment, Scan]]) -> Iterator[Defect]:
    """Find commits that are missing, though nothing is broken there."""
    segment, end, commit = Path(), 0, -1
    for number, (here, found) in enumerate(scans):
        stands = _in_order(found)
        if not stands and number + 1 < len(scans):  # it has lost even what it began with
            yield Defect(here.path, len(MAGIC), len(MAGIC), is_torn=False, key=None)
        if not (stands and _number(here.path) == _number(segment) + 1):
            commit = -1
        for each in stands:
            if isinstance(each, Broken) and not each.why:
                commit = -1
                continue
            is_known = each.key == NOBODY and each.start > len(MAGIC)
            if not is_known and 0 <= commit < each.commit - (each.key != NOBODY):
                yield Defect(segment, end, end, is_torn=False, key=None)
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


def gap_frame(commit: int) -> Frame:
    """A frame that says that there was this commit."""
    return Frame(0, 0, commit, NOBODY, [])


def _scans(folder: Path, pattern: str) -> Iterator[tuple[Segment, Scan]]:
    for path in (folder / name for name in reading.names(folder) if fnmatchcase(name, pattern)):
        try:
            data = reading.read(path)
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


def _defects(segment: Segment, found: Scan, newest: int | None) -> list[Defect]:
    """Tell torn from damaged: torn can be only the newest commit, with nothing older behind it."""
    findings: list[Defect] = []
    stands = [*((each.start, each.commit) for each in found.frames), *((b.start, b.commit) for b in found.broken)]
    for broken in found.broken:
        if broken.why:
            findings.append(
                Defect(segment.path, broken.start, broken.end, is_torn=False, key=broken.key, why=broken.why)
            )
            continue
        behind = [commit for start, commit in stands if start >= broken.end]
        is_torn = newest is not None and (not behind or {broken.commit, *behind} <= {0, newest})
        findings.append(Defect(segment.path, broken.start, broken.end, is_torn, None if is_torn else broken.key))
    return findings


def _fits(frame: Frame, last: dict[SessionKey, int], torn: int) -> bool:
    """Tell whether a frame follows what is known of its session, and take note of it."""
    known = last.get(frame.key)
    if not frame.records:
        last.pop(frame.key, None)
        return True
    if frame.commit == torn and known is not None and frame.records[0].sequence > known + 1:
        return False
    last[frame.key] = max(known or 0, frame.records[-1].sequence)
    return True
