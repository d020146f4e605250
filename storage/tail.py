"""What was appended to a session since its last checkpoint."""

import bisect
from collections.abc import Sequence

from argentos.storage.records import Record

__all__ = ["Tail"]


class Tail:
    """Records not yet covered by a checkpoint, and where the session stands.

    Attributes:
        sequence: of the last record written or being written, 0 before the first.
        epoch: the newest that has written.
        records: the durable ones.
        size: roughly theirs, in bytes.
    """

    __slots__ = ("epoch", "records", "sequence", "size")

    def __init__(self, sequence: int = 0, epoch: int = 0) -> None:
        self.sequence = sequence
        self.epoch = epoch
        self.records: list[Record] = []
        self.size = 0

    def reserve(self, records: Sequence[Record]) -> None:
        """These are about to be written: whoever comes now has to follow them."""
        self.sequence = records[-1].sequence
        self.epoch = records[-1].epoch

    def overtake(self, sequence: int, epoch: int) -> None:
        """Files go at least as far as this."""
        if sequence > self.sequence:
            self.sequence, self.epoch = sequence, epoch

    def extend(self, records: Sequence[Record], size: int) -> None:
        """Add records that are durable."""
        self.records += records
        self.size += size

    def after(self, sequence: int) -> list[Record]:
        """The records behind this sequence."""
        return self.records[bisect.bisect_right(self.records, sequence, key=lambda record: record.sequence) :]

    def lacks_checkpoint(self, sequence: int) -> bool:
        """Whether the record of this sequence is covered by no checkpoint yet."""
        return bool(self.records) and self.records[0].sequence <= sequence

    def covered(self, sequence: int) -> None:
        """Forget the records up to this sequence: a checkpoint covers them."""
        kept = self.after(sequence)
        self.size = self.size * len(kept) // max(1, len(self.records))
        self.records = kept
