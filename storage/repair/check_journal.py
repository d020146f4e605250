"""Check the journal, and collect what it has of each session. All of this blocks."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from argentos.errors import StoreError
from argentos.storage.files import gaps
from argentos.storage.messages import SessionKey
from argentos.storage.records import Record
from argentos.storage.repair.findings import Finding
from argentos.storage.wal.recovery import Recovered, recover

__all__ = [
    "JournalRecords",
    "check_journal",
]


class JournalRecords(defaultdict[SessionKey, list[Record]]):
    """The records that the journal has of each session: none, where it says that the session was deleted.

    Attributes:
        is_known: it can be read.
        unreadable: the sessions with a record that cannot be; of each there is what can be made of it.
    """

    def __init__(self) -> None:
        super().__init__(list)
        self.is_known = True
        self.unreadable: set[SessionKey] = set()

    def take(self, append: Recovered) -> None:
        """Take note of an append that was read back."""
        known = self[append.key]
        if not append.records and append.is_readable:
            known.clear()
            self.unreadable.discard(append.key)
        elif not known or (append.records and append.records[0].sequence > known[-1].sequence):
            known += append.records
        else:
            known[:] = gaps.in_order([*append.records, *known], None)
        if not append.is_readable:
            self.unreadable.add(append.key)


def check_journal(folder: Path, journal: JournalRecords) -> Iterator[Finding]:
    """Check the journal; what it has of each session is put into `journal`."""
    try:
        findings = recover(folder, journal.take).findings
    except (OSError, StoreError) as error:
        journal.is_known = False
        what = f"it cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
        yield Finding(folder, what)
        return
    for finding in findings:
        yield Finding(finding.path, str(finding), finding.is_torn, remedy="set it aside under a dated name")
    for path in sorted(folder.glob("*.kept")):
        yield Finding(path, "it holds records of a session whose files could not be written", is_harmless=True)
