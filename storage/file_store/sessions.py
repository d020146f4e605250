"""A table of the sessions that a store remembers something of besides their files."""

from typing import TYPE_CHECKING, Final

from argentos.storage.messages import SessionKey
from argentos.storage.wal.pending import PendingRecords
from argentos.storage.wal.recovery import Recovered

if TYPE_CHECKING:
    from argentos.storage.records import Record

__all__ = ["SessionEntry", "SessionTable"]

_MOST: Final = 65_536  # sessions remembered though their files have everything


class SessionEntry:
    """An entry for a session that the store remembers something of.

    Attributes:
        pending: the records that its files do not have.
        file_size: bytes of the files, as far as known.
        is_loaded: the files have been looked at.
        is_stuck: the files could not be written.
        copied: up to this sequence, the journal has a file of its own for it.
        is_deleted: no more is taken until it is gone.
        is_edited: somebody has edited the files, and no load has told of it yet: what follows is folded onto them.
        unreadable: what can be made of records in the journal that cannot be read.
    """

    __slots__ = ("copied", "file_size", "is_deleted", "is_edited", "is_loaded", "is_stuck", "pending", "unreadable")

    def __init__(self) -> None:
        self.pending: PendingRecords = PendingRecords()
        self.file_size: int = 0
        self.is_loaded: bool = False
        self.is_stuck: bool = False
        self.copied: int = 0
        self.is_deleted: bool = False
        self.is_edited: bool = False
        self.unreadable: list[Record] = []

    def pins(self, sequence: int) -> bool:
        """Tell whether the record of this sequence is nowhere but in a segment."""
        return self.is_deleted or (self.pending.lacks_checkpoint(sequence) and self.copied < sequence)

    @property
    def is_idle(self) -> bool:
        """Nothing would be lost if it were forgotten."""
        return self.pending.is_clean and not self.is_deleted


class SessionTable(dict[SessionKey, SessionEntry]):
    """The entries by session; many that are idle are forgotten together."""

    def __init__(self) -> None:
        super().__init__()
        self._limit = _MOST

    def entry(self, key: SessionKey) -> SessionEntry:
        """Give the entry of a session, made where there is none."""
        entry = self.get(key)
        if entry is None:
            if len(self) >= self._limit:
                self._forget_idle()
            entry = self[key] = SessionEntry()
        return entry

    def _forget_idle(self) -> None:
        idle = [key for key, entry in self.items() if entry.is_idle]
        for key in idle[: _MOST // 2]:
            del self[key]
        self._limit = max(_MOST, 2 * len(self))  # where few could go, looking again soon would be in vain

    def recover(self, append: Recovered) -> None:
        """Take note of an append that was read back from the journal."""
        entry = self.get(append.key) or SessionEntry()
        is_end = append.is_readable and not append.records
        if is_end or entry.is_deleted:
            entry = SessionEntry()
        self[append.key] = entry
        if not append.is_readable:
            entry.unreadable += append.records
        elif append.records:
            entry.pending.recover(append.records, append.size)
        else:
            entry.is_deleted = True

    def deleted(self) -> list[SessionKey]:
        """The sessions whose deletion is not done yet."""
        return [key for key, entry in self.items() if entry.is_deleted]

    def unwritten(self) -> list[SessionKey]:
        """The sessions whose files lack something."""
        return [key for key, entry in self.items() if entry.pending.records]
