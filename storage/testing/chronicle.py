"""Records of a session, told one after the other, and what they add up to."""

from datetime import UTC, datetime, timedelta
from typing import Final, Self, TypedDict

from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.fold import fold
from argentos.storage.folding.moves import without
from argentos.storage.messages import Message, SessionKey
from argentos.storage.records import (
    Record,
    Transitioned,
    Undone,
)
from argentos.storage.snapshot import Context, Metadata, Snapshot

__all__ = ["BEGIN", "KEY", "OTHER", "Chronicle"]

KEY: Final = SessionKey("main", "user-jason")
OTHER: Final = SessionKey("main", "user-ada")
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)


class _Head(TypedDict):
    sequence: int
    epoch: int
    at: datetime


class _Place(TypedDict, total=False):
    checkpoint: str
    parent: str | None


class Chronicle:
    """The records of one session, and what they add up to.

    Attributes:
        records: from the first one on.
    """

    def __init__(self, key: SessionKey = KEY, epoch: int = 1) -> None:
        self.key: SessionKey = key
        self.epoch: int = epoch
        self.records: list[Record] = []
        self._archived: list[Message] = []
        self._checkpoints: list[Checkpoint] = []
        self._snapshot: Snapshot | None = None
        self._taken = 0
        self._marks = False
        self._add(
            Transitioned(**self._head(), source="[*]", target="Created", event="first_message", label="First message")
        )

    @property
    def snapshot(self) -> Snapshot:
        """The fold of all records."""
        assert self._snapshot is not None
        return self._snapshot

    @property
    def metadata(self) -> Metadata:
        """The figures of the snapshot."""
        return self.snapshot.metadata

    @property
    def context(self) -> Context:
        """The messages of the snapshot."""
        return self.snapshot.context

    @property
    def archived(self) -> list[int]:
        """The numbers of the messages that left the context."""
        return [message.number for message in self._archived]

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages in order, those that left the context as well."""
        found = (*self._archived, *self.context.messages, *self.context.waiting)
        return tuple(sorted(found, key=lambda message: message.number))

    @property
    def transitions(self) -> tuple[Transitioned, ...]:
        """All edges that were taken."""
        return tuple(record for record in self.records if isinstance(record, Transitioned))

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """All places to which one can go back."""
        return tuple(self._checkpoints)

    @property
    def may_undo(self) -> bool:
        """Tell whether something can be taken back."""
        return bool(self.metadata.checkpoint)

    def owes(self, number: int) -> bool:
        """Tell whether the message of this number is owed to a channel."""
        return any(number in numbers for numbers in self.metadata.undelivered.values())

    def _head(self) -> _Head:
        sequence = len(self.records) + 1
        return {"sequence": sequence, "epoch": self.epoch, "at": BEGIN + timedelta(seconds=sequence)}

    def _add(self, record: Record) -> None:
        self._snapshot, archived, _, made = fold(self.key, self._snapshot, [record])
        back = record.messages if isinstance(record, Undone) else ()
        self._archived = [*without(self._archived, back), *archived]
        self._checkpoints += made
        self.records.append(record)

    @property
    def taken(self) -> int:
        """The number of records that `take` has given."""
        return self._taken

    def mark(self) -> Self:
        """Have whatever takes messages out of the context from now on make a checkpoint."""
        self._marks = True
        return self

    def take(self) -> list[Record]:
        """Take what has happened since it was last asked for."""
        records = self.records[self._taken :]
        self._taken = len(self.records)
        return records

    def _place(self) -> _Place:
        if not self._marks:
            return {}
        return {"checkpoint": f"c{self.metadata.checkpoints + 1}", "parent": self.metadata.checkpoint or None}
