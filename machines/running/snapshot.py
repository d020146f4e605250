"""Snapshots of a life: what is stored so that it goes on after the process has ended."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Final, Protocol, Self

import msgspec
from msgspec import Struct

from argentos.errors import InputError, StoreDamagedError, StoreVersionError

__all__ = ["MachineSnapshot", "MemorySnapshots", "PendingEffect", "SnapshotStore"]

_VERSION: Final = 1
_QUOTED: Final = 200  # characters of a decoder's words


class PendingEffect(Struct, frozen=True, kw_only=True):
    """An effect that is not known to be done.

    Attributes:
        sequence: of the transition that it follows from.
        number: its place among the effects of that.
        event: the event that was taken.
        data: what came with it.
        attempt: how often it has been tried, and failed.
        wait: seconds until the next attempt, counted from when the snapshot was made.
    """

    sequence: int
    number: int
    effect: str
    event: str
    source: str
    target: str
    data: Any = None
    attempt: int = 0
    wait: float = 0.0


class MachineSnapshot(Struct, frozen=True, kw_only=True):
    """A life as it is stored.

    Attributes:
        id: of the life; part of the ids of its effects.
        diagram: the digest of the diagram, `Diagram.digest`.
        state: of the machine.
        sequence: how many transitions were taken; one more in each snapshot with another state, so that a store can
            refuse what another owner has overtaken.
        at: when it was made.
        active: for each active state of the diagram the seconds for which it had been active then.
        pending: effects that are not known to be done, in order.
        version: of the format.
    """

    id: str
    diagram: str
    state: str
    sequence: int
    at: datetime
    active: dict[str, float]
    pending: tuple[PendingEffect, ...] = ()
    version: int = _VERSION

    def to_json(self) -> bytes:
        """The snapshot as JSON.

        Raises:
            InputError: the data of an event are nothing that JSON can say.
        """
        try:
            return msgspec.json.format(msgspec.json.encode(self), indent=2)
        except (TypeError, ValueError, RecursionError) as error:
            problem = f"the data of an event cannot be stored: {error}"
            raise InputError(f"{problem}; send what JSON can say, as numbers, texts, lists and dicts") from error

    @classmethod
    def from_json(cls, data: bytes | str, *, file: str = "the snapshot") -> Self:
        """Read a snapshot.

        Raises:
            StoreDamagedError: it is none.
            StoreVersionError: it is of a newer version.
        """
        try:
            version = msgspec.json.decode(data, type=_Versioned).version
            if version > _VERSION:
                problem = f"{file} was written by a newer argentos (version {version}, this one reads {_VERSION})"
                raise StoreVersionError(f"{problem}; it was left as it is: use that one")
            return msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            problem = f"{file} is damaged: {str(error)[:_QUOTED]}"
            raise StoreDamagedError(f"{problem}; it was left as it is: mend it, or take it from a backup") from error


class _Versioned(Struct):
    version: int


class SnapshotStore(Protocol):
    """A store of one life; its methods may be asynchronous, or plain: then they are called in a thread.

    One that is an asynchronous context manager is entered and left with the runner. What it raises is told to whoever
    has sent the event; then nothing was taken, unless the store gives the new snapshot when it is loaded again.
    """

    def load(self) -> MachineSnapshot | Awaitable[MachineSnapshot | None] | None:
        """The snapshot that was saved last; None for a new life."""
        ...

    def save(self, snapshot: MachineSnapshot, /) -> Awaitable[None] | None:
        """Keep a snapshot, whole, in the place of the one before; return when it is durable."""
        ...


class MemorySnapshots:
    """A store that keeps the last snapshot for as long as the process lives: for tests.

    Attributes:
        snapshot: the last.
    """

    def __init__(self, snapshot: MachineSnapshot | None = None) -> None:
        self.snapshot = snapshot

    async def load(self) -> MachineSnapshot | None:
        """See `SnapshotStore.load`."""
        return self.snapshot

    async def save(self, snapshot: MachineSnapshot, /) -> None:
        """See `SnapshotStore.save`; only what JSON can say is kept."""
        self.snapshot = MachineSnapshot.from_json(snapshot.to_json())
