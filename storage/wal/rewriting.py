"""Rewrite segments of the journal: without a session, or without what is damaged. All of this blocks."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from argentos.storage.disk import durable, reading
from argentos.storage.messages import SessionKey
from argentos.storage.wal import segment_file
from argentos.storage.wal.frames import (
    MAGIC,
    NOBODY,
    Frame,
    encode_body,
    encode_commit,
    scan,
    without,
)
from argentos.storage.wal.recovery import Defect, gap_frame

__all__ = [
    "rewrite",
    "strip",
]


def strip(path: Path, key: SessionKey, name: bytes) -> bool:
    """Take a session out of a segment, if its encoded name is in it."""
    with reading.opened(path) as segment:
        if not segment_file.contains(segment, name):
            return False
        segment.seek(0)
        try:
            durable.replace_by(path, without(segment, key))
        except ValueError:
            frames = scan(reading.read(path), path).frames
            durable.replace(
                path, _encode([*(each for each in frames if each.key != key), gap_frame(frames[-1].commit)])
            )
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
            yield gap_frame(frame.commit - 1)
        commit = frame.commit
        yield frame


def rewrite(path: Path, findings: Sequence[Defect], whole: Sequence[Frame] | None) -> Path:
    """Keep of a segment what is whole, if anything; gives where the rest was set aside."""
    aside = _set_aside(path, findings)
    if whole is None:
        durable.remove(path)
    else:
        durable.replace(path, _encode(whole))
    return aside


def _set_aside(path: Path, findings: Sequence[Defect]) -> Path:
    """Keep what is torn, or the whole segment where something is damaged."""
    if not path.is_file() or path.is_symlink():
        aside = durable.dated_name(path, "damaged")
        durable.move(path, aside)
        return aside
    data = reading.read(path)
    if all(finding.is_torn for finding in findings):
        aside = durable.dated_name(path, "torn")
        durable.replace(aside, b"".join(data[each.start : each.end] for each in findings))
    else:
        aside = durable.dated_name(path, "damaged")
        durable.replace(aside, data)
    return aside
