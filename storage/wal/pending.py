"""The records of a session since its last checkpoint."""

import bisect
from collections.abc import Sequence

from argentos.storage.records import Record

__all__ = ["PendingRecords"]


class PendingRecords:
    """Records not yet covered by a checkpoint, and where the session stands.

    Attributes:
        sequence: of the last record written or being written, 0 before the first.
        epoch: the newest that has written.
        records: the durable ones.
        size: roughly theirs, in bytes.
    """

    __slots__ = ("_durable", "epoch", "records", "sequence", "size")

    def __init__(self) -> None:
        self.sequence: int = 0
        self.epoch: int = 0
        self.records: list[Record] = []
        self.size: int = 0
        self._durable = (0, 0)

    @property
    def is_clean(self) -> bool:
        """Tell whether the files have everything, and nothing is being written."""
        return not self.records and self.sequence == self._durable[0]

    def reserve(self, records: Sequence[Record]) -> None:
        """Count on records that are about to be written: whoever comes now has to follow them."""
        last = records[-1]
        self.sequence = last.sequence
        self.epoch = last.epoch

    def give_up(self) -> None:
        """Count no more on records that were not written."""
        self.sequence, self.epoch = self._durable

    def overtake(self, sequence: int, epoch: int) -> None:
        """Note that files go at least as far as this."""
        if sequence > self.sequence:
            self.sequence, self.epoch = self._durable = sequence, epoch

    def extend(self, records: Sequence[Record], size: int) -> None:
        """Add records that are durable."""
        self.records += records
        self.size += size
        last = records[-1]
        self._durable = last.sequence, last.epoch

    def recover(self, records: Sequence[Record], size: int) -> None:
        """Add records that were found, unless they are known, in their order: some in between may be missing."""
        if records[0].sequence > self.sequence:
            self.reserve(records)
            self.extend(records, size)
            return
        known = {record.sequence for record in self.records}
        if new := [record for record in records if record.sequence not in known]:
            self.records = sorted([*self.records, *new], key=lambda record: record.sequence)
            self.size += size
            self.overtake(self.records[-1].sequence, self.records[-1].epoch)

    @property
    def has_gap(self) -> bool:
        """Tell whether records are missing in between."""
        return bool(self.records) and self.records[-1].sequence - self.records[0].sequence >= len(self.records)

    def after(self, sequence: int) -> list[Record]:
        """The records behind this sequence."""
        return self.records[bisect.bisect_right(self.records, sequence, key=lambda record: record.sequence) :]

    def up_to(self, sequence: int) -> list[Record]:
        """The records up to this sequence."""
        return self.records[: bisect.bisect_right(self.records, sequence, key=lambda record: record.sequence)]

    def has(self, sequence: int, epoch: int) -> bool:
        """Tell whether the record of this sequence is here, and was written in this epoch."""
        found = self.up_to(sequence)
        return bool(found) and (found[-1].sequence, found[-1].epoch) == (sequence, epoch)

    def lacks_checkpoint(self, sequence: int) -> bool:
        """Tell whether the record of this sequence is covered by no checkpoint yet."""
        return bool(self.records) and self.records[0].sequence <= sequence

    def cover(self, sequence: int) -> list[Record]:
        """Forget the records up to this sequence, and give them: a checkpoint covers them."""
        covered, kept = self.up_to(sequence), self.after(sequence)
        self.size = self.size * len(kept) // max(1, len(self.records))
        self.records = kept
        return covered
