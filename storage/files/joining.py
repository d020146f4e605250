"""The files of a session joined with the records that they lack."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from argentos.errors import StoreDamagedError
from argentos.storage.files.json_files import CorruptError
from argentos.storage.files.session_files import SessionFiles
from argentos.storage.fold import Folded, fold
from argentos.storage.messages import SessionKey
from argentos.storage.records import Accepted, CallEnded, Record, Replied, Responded

__all__ = [
    "GapError",
    "LostError",
    "Split",
    "join",
    "missing",
    "split",
]


class GapError(StoreDamagedError):
    """Records are missing between the files and the journal, so that those in the journal are of no use."""


class LostError(StoreDamagedError):
    """`metadata.json` has seen more than there is: the files, or the journal, were put back to an older state."""


class Split(NamedTuple):
    """The records that files lack: those that follow one by one, and those behind the first that is missing."""

    whole: list[Record]
    behind: list[Record]


def split(stored: SessionFiles, records: Sequence[Record]) -> Split:
    """Divide what is known of a session besides its files where something is missing in between."""
    covered = stored.snapshot.metadata.sequence if stored.snapshot else 0
    lacking = [record for record in records if record.sequence > covered]
    count = next((at for at, each in enumerate(lacking) if each.sequence != covered + 1 + at), len(lacking))
    return Split(lacking[:count], lacking[count:])


def missing(key: SessionKey, stored: SessionFiles, records: Sequence[Record]) -> str:
    """The gap between the files and the last of the records, in words; which messages, where that is known."""
    metadata = stored.snapshot.metadata if stored.snapshot else None
    at, number = (metadata.sequence, metadata.messages) if metadata else (0, 0)
    gaps: list[str] = []
    for record in records:
        if record.sequence > at + 1:
            gaps.append(f"{_span('record', at + 1, record.sequence - 1)} of session {key}")
        at = max(at, record.sequence)
        if isinstance(record, Accepted | Responded | CallEnded | Replied) and record.number:
            if record.number > number + 1:
                gaps.append(_span("message", number + 1, record.number - 1))
            number = max(number, record.number)
    return ", ".join(gaps)


def _span(what: str, first: int, last: int) -> str:
    return f"{what} {first}" if first == last else f"{what}s {first} to {last}"


def join(key: SessionKey, folder: Path, stored: SessionFiles, records: Sequence[Record]) -> Folded | None:
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


def _check_sequence(folder: Path, stored: SessionFiles, covered: int, records: Sequence[Record]) -> None:
    """Refuse an edit of the sequence: records that it had by mistake would be passed over."""
    known = max(stored.reaches, records[-1].sequence if records else 0)
    if "history.json" in stored.edited and 0 < known < covered:
        raise CorruptError(
            f"{folder / 'history.json'} is damaged: $.metadata.sequence is {covered}, and the last record known of has"
            f" {known}; it was left as it is"
        )
