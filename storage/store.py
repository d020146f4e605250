"""The contract of a store.

An owner appends the records of a session in order; `append` returns when they are durable. The store does
not know what records mean: folding them is `argentos.storage.snapshot`, for every store the same.
"""

import bisect
from abc import abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, NamedTuple, Self

from argentos.errors import InputError, StaleWriteError, StoreError
from argentos.storage.branching.checkpoints import Checkpoint
from argentos.storage.messages import Message, SessionKey
from argentos.storage.records import Record, Transitioned
from argentos.storage.snapshot import Metadata, Snapshot

__all__ = ["Page", "Store", "check_order", "check_write", "page_of"]


class Page(NamedTuple):
    """Some sessions; `cursor` continues the list and is None at its end.

    Attributes:
        problems: a sentence for each session that could not be read.
    """

    sessions: tuple[Metadata, ...]
    cursor: str | None
    problems: tuple[str, ...] = ()


class Store(AbstractAsyncContextManager["Store", None]):
    """A store of sessions. Entered before use, and left only when nobody writes any more.

    Raises:
        InputError: a store of yours is made that lacks a method of the contract; the sentence names it.
    """

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Refuse a store that is not whole."""
        if missing := sorted(cls.__abstractmethods__):
            raise InputError(
                f"the store {cls.__name__!a} has no {', '.join(missing)}; argentos.Store says what each does"
            )
        return super().__new__(cls)

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Open the store.

        Raises:
            StoreBusyError: another owner has it, or it is open already: then that goes on unharmed.
            StoreError: it cannot be read; nothing was changed.
        """
        ...

    @property
    def directory(self) -> Path | None:
        """The directory where files may lie beside the sessions; None where there is none."""
        return None

    @property
    def is_read_only(self) -> bool:
        """Tell whether it was opened to look only."""
        return False

    @property
    def owned_directory(self) -> Path | None:
        """The directory that it owns while it is open, where others look for its owner; None where there is none."""
        return None if self.is_read_only else self.directory

    @property
    def is_volatile(self) -> bool:
        """Tell whether "durable" means no more than until the process ends: so it states that it keeps nothing."""
        return False

    @property
    def failure(self) -> StoreError | None:
        """The reason why nothing is appended; None while all is well.

        A `StoreFailedError` stays until the store is opened again; one that is full, or waits for its disk, goes on.
        """
        return None

    @abstractmethod
    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        """Write records, all or none, and return when they are durable.

        Args:
            key: the session.
            epoch: of the writer; one more than that of the snapshot it loaded.
            expected_sequence: of the last record written before, 0 for a new session.
            records: not empty; their sequences follow `expected_sequence` without a gap.

        Returns:
            Whether so much is new that a `checkpoint` would be welcome.

        Raises:
            StaleWriteError: a newer epoch has written, or the sequence is not the expected one.
            StoreFailedError: the write failed, or one before it; nothing of this one will be read back as
                acknowledged.

        Cancellation: the records may become durable all the same, whole.
        """
        ...

    @abstractmethod
    async def load(self, key: SessionKey) -> Snapshot | None:
        """The fold of everything appended, or None where there is no such session.

        Raises:
            StoreDamagedError: what is stored cannot be read; it is left as it is.
            StoreVersionError: it was written by a newer version; it is left as it is.
        """
        ...

    @abstractmethod
    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        """The messages with numbers from `start` up to, not including, `stop`, archived ones as well.

        Raises:
            StoreDamagedError, StoreVersionError: as for `load`.
        """
        ...

    @abstractmethod
    async def transitions(self, key: SessionKey) -> tuple[Transitioned, ...]:
        """All edges that the session took, in order, archived ones as well; none where there is no such session.

        Raises:
            StoreDamagedError, StoreVersionError: as for `load`.
        """
        ...

    @abstractmethod
    async def checkpoints(self, key: SessionKey) -> tuple[Checkpoint, ...]:
        """All places to which the session can go back, in order; none where there is no such session.

        Raises:
            StoreDamagedError, StoreVersionError: as for `load`.
        """
        ...

    @abstractmethod
    async def attach(self, key: SessionKey, data: bytes) -> str:
        """Keep bytes that a record will refer to, and return when they are durable: the record is appended behind that.

        It makes no session. Where it is there already, nothing is written again; where no record comes to refer to it,
        as after a crash in between, it may be removed when the store is opened again, or closed.

        Returns:
            Their SHA-256, in small hexadecimal digits.

        Raises:
            StoreFullError: there is no room; nothing was kept.
            StoreError: they cannot be kept.

        Cancellation: they may be kept all the same, whole.
        """
        ...

    @abstractmethod
    async def attachment(self, key: SessionKey, sha256: str) -> bytes:
        """The bytes of a session that have this hash.

        Raises:
            AttachmentNotFoundError: the session has none, or they are gone.
            StoreDamagedError: they are not what was once kept; they are left as they are.
            InputError: that is no hash.
        """
        ...

    async def link(self, source: SessionKey, target: SessionKey, sha256: str) -> None:
        """Keep bytes of one session for another one as well, as `attach` does; they need not be kept twice for that.

        Raises:
            AttachmentNotFoundError, StoreDamagedError: as for `attachment`.
            StoreFullError, StoreError: as for `attach`.
        """
        await self.attach(target, await self.attachment(source, sha256))

    @abstractmethod
    async def list(self, agent: str, cursor: str | None = None, limit: int = 1000) -> Page:
        """The agent's sessions, ordered by `file_name` of their ids, beginning behind `cursor`, such a name."""
        ...

    async def find(self, agent: str, ids: Collection[str]) -> Page:
        """The agent's sessions of these ids, as `list` gives them, in any order; those that do not exist are left out.

        A store of yours need not have it: by default each session is loaded.
        """
        sessions: list[Metadata] = []
        problems: list[str] = []
        for each in ids:
            try:
                snapshot = await self.load(SessionKey(agent, each))
            except StoreError as error:
                problems.append(str(error))
            else:
                sessions += [snapshot.metadata] if snapshot else []
        return Page(tuple(sessions), None, tuple(problems))

    @abstractmethod
    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        """The agent's sessions with messages that wait for an answer, and those in one of these states.

        Sessions that cannot be read are left out; `list` tells of them.
        """
        ...

    @abstractmethod
    async def owing(self, agent: str) -> tuple[Metadata, ...]:
        """The agent's sessions with messages that are owed to their channel, or could not be delivered.

        Sessions that cannot be read are left out; `list` tells of them.
        """
        ...

    @abstractmethod
    async def size(self, key: SessionKey) -> int:
        """Roughly how many bytes the session takes, archive and attachments included; 0 where there is none."""
        ...

    @abstractmethod
    async def checkpoint(self, key: SessionKey, snapshot: Snapshot) -> None:
        """Take note of a snapshot of what was appended; it is written in the background, or later, or never.

        What `checkpoints` gives is something else: places in the conversation.
        """
        ...

    async def backup(self, target: Path) -> int:
        """Save all sessions as they are at one moment to a new file; gives its size in bytes.

        Raises:
            StoreError: the file exists or cannot be written, nothing is left of it; or this store has no backups.
        """
        raise StoreError(f"{target} was not written: this store has no backups; export its sessions instead")

    @abstractmethod
    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:
        """Remove a session: its files, its archive, its attachments, and what the journal has of it.

        A writer that knew it is refused as stale from then on. Once begun it is not cancelled, and what a crash leaves
        of it is removed when the store is opened again.

        Args:
            key: the session.
            set_aside: remove also what was set aside of it as damaged, and what was of the journal, which may be of
                other sessions.

        Returns:
            Whether there was anything.

        Raises:
            StoreError: it could not be removed whole; nothing can be appended to it until it is.
        """
        ...


def check_write(
    key: SessionKey, *, epoch: int, expected: int, newest_epoch: int, sequence: int, records: Sequence[Record]
) -> None:
    """Fence a write off, as every store has to.

    Raises:
        StaleWriteError: `newest_epoch` has overtaken the writer's, or it does not continue `sequence`.
    """
    if epoch < newest_epoch:
        raise StaleWriteError(f"session {key} has a newer owner (epoch {newest_epoch}, not {epoch}); load it again")
    if expected != sequence:
        raise StaleWriteError(
            f"session {key} stands at record {sequence}, the writer expected {expected}; load it again"
        )
    check_order(key, expected, records)


def check_order(key: SessionKey, expected: int, records: Sequence[Record]) -> None:
    """Refuse records that leave a gap, or repeat what is there.

    Raises:
        StaleWriteError: their sequences do not follow `expected` one by one.
    """
    if [record.sequence for record in records] != [*range(expected + 1, expected + 1 + len(records))]:
        raise StaleWriteError(f"session {key}: the records do not follow record {expected} one by one")


def page_of(ordered: Sequence[str], cursor: str | None, limit: int) -> tuple[Sequence[str], str | None]:
    """The names of one page of those in order, and the cursor behind it."""
    begin = 0 if cursor is None else bisect.bisect_right(ordered, cursor)
    page = ordered[begin : begin + limit]
    return page, page[-1] if begin + limit < len(ordered) else None
