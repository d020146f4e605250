"""Group commit: appends that come while the disk is busy are written together, as soon as it is free."""

import errno
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from argentos.concurrency.foreign_code import described, passes
from argentos.concurrency.threads import Runner
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import StoreError, StoreFailedError, StoreFullError
from argentos.storage.disk.lock import DirectoryLostError
from argentos.storage.messages import SessionKey
from argentos.storage.records import Record
from argentos.storage.wal.frames import encode_body
from argentos.storage.wal.journal import Journal, NoSegmentError
from argentos.storage.wal.pending import PendingRecords

__all__ = ["Batch", "Committer"]

_log: Final = logging.getLogger(__name__)
_PROBE: Final = 1.0  # seconds between two looks at a full disk that nobody writes to


class Batch:
    """Appends that become durable together."""

    __slots__ = ("_appends", "_error", "_is_done", "_waiting", "bodies")

    def __init__(self) -> None:
        self.bodies: list[tuple[SessionKey, int, bytes]] = []
        self._appends: list[tuple[PendingRecords, Sequence[Record], int]] = []
        self._is_done = False
        self._waiting: list[Waiter] = []
        self._error: StoreError | None = None

    def add(self, key: SessionKey, pending: PendingRecords, records: Sequence[Record], body: bytes) -> None:
        """Let an append take part; whoever comes behind it has to follow it."""
        pending.reserve(records)
        self.bodies.append((key, records[-1].sequence, body))
        self._appends.append((pending, records, len(body)))

    def add_end(self, key: SessionKey) -> None:
        """Let the end of a session take part."""
        self.bodies.append((key, 0, encode_body(key, ())))

    def succeed(self) -> None:
        """Acknowledge all of it, which is durable."""
        for pending, records, size in self._appends:
            pending.extend(records, size)
        self._end()

    def fail(self, error: StoreError) -> None:
        """Refuse all of it, unless it has been acknowledged."""
        if self._is_done:
            return
        self._error = error
        for pending, _, _ in self._appends:
            pending.give_up()
        self._end()

    def _end(self) -> None:
        self._is_done = True
        for waiter in self._waiting:
            waiter.set()

    async def durable(self) -> None:
        """Wait until it is.

        Raises:
            StoreError: it will not be.
        """
        if not self._is_done:
            waiter = new_waiter()
            self._waiting.append(waiter)
            await waiter.wait()
        if self._error is not None:
            raise self._error.copy()


class Committer:
    """The one writer of a journal.

    Args:
        journal: is written to by nobody else.
        run: where its blocking calls run: in a thread that nothing else can keep busy, or in a simulation.
        path: of the state directory, for the sentences of errors.
        on_durable: is told of each session of which something has become durable.
    """

    def __init__(self, journal: Journal, run: Runner, path: Path, on_durable: Callable[[SessionKey], None]) -> None:
        self._journal = journal
        self._run = run
        self._path = path
        self._on_durable = on_durable
        self._now = Batch()
        self._next = Batch()
        self._work: Waiter | None = None  # made by the one writer, where there is nothing to do
        self._failure: OSError | None = None
        self._full: StoreFullError | None = None
        self._writing_since: float | None = None
        self._closing = False

    @property
    def failure(self) -> StoreFailedError | StoreFullError | None:
        """The error that refuses appends; None while none does."""
        return self._full if self._failure is None else self._failed(self._failure)

    def stalled(self, patience: float) -> StoreError | None:
        """The error that tells of a write which has gone on for longer than so many seconds; None where none has."""
        since = self._writing_since
        seconds = 0.0 if since is None else time.monotonic() - since
        if seconds <= patience:
            return None
        return StoreError(
            f"the disk of {self._path} has not answered for {seconds:.0f} s; what was sent waits, unacknowledged"
        )

    def submit(self, key: SessionKey, pending: PendingRecords, records: Sequence[Record], body: bytes) -> Batch:
        """Have an append written; gives the batch that it is part of.

        Raises:
            StoreFailedError: a write failed before; only opening the store again tells what the disk holds.
        """
        batch = self._open_batch()
        batch.add(key, pending, records, body)
        return batch

    def submit_end(self, key: SessionKey) -> Batch:
        """Have it written that a session is deleted; gives the batch that this is part of.

        Raises:
            StoreFailedError: see `submit`.
        """
        batch = self._open_batch()
        batch.add_end(key)
        return batch

    def _open_batch(self) -> Batch:
        if self._failure is not None:
            raise self._failed(self._failure)
        if not self._next.bodies:
            self._go_on()
        return self._next

    def _go_on(self) -> None:
        if self._work is not None:
            self._work.set()

    async def flushed(self) -> None:
        """Wait until what has been submitted so far is durable, or refused."""
        batch = self._next
        if batch.bodies:
            with suppress(StoreError):
                await batch.durable()

    def close(self) -> None:
        """Let `run` end once everything submitted is written."""
        self._closing = True
        self._go_on()

    async def run(self) -> None:
        """Write until closed; cancelled from elsewhere, it leaves nobody waiting."""
        try:
            while self._next.bodies or not self._closing:
                try:
                    await (self._commit() if self._next.bodies else self._rest())
                except BaseException as error:
                    if passes(error):
                        raise
                    self._give_up(error)
        except BaseException:  # cancelled by the host: nobody waits for what is not written any more
            self._failure = OSError(errno.ECANCELED, "it was cut off")
            self._refuse(self._now, self._failed(self._failure))
            raise

    def _give_up(self, error: BaseException) -> None:
        """Fail for what nobody expected, as a lack of memory: nobody knows what it left of the journal."""
        failure = OSError(errno.EIO, described(error))
        failure.__cause__ = error
        self._fail(failure)
        self._refuse(self._now, self._failed(failure))

    async def _rest(self) -> None:
        """Wait for something to write. A disk that was full is looked at meanwhile: whoever asks first may send."""
        work = self._work = new_waiter()
        if self._full is None:
            await work.wait()
            return
        with anyio.move_on_after(_PROBE) as waiting:
            await work.wait()
        if waiting.cancelled_caught:
            await self._look_for_room()

    async def _look_for_room(self) -> None:
        try:
            await self._run(self._journal.find_room)
        except NoSegmentError:
            pass
        except OSError as error:
            self._fail(error)
        else:
            self._full = None

    async def _commit(self) -> None:
        batch, self._next = self._next, Batch()
        self._now = batch
        self._writing_since = time.monotonic()
        try:
            await self._run(partial(self._journal.write, batch.bodies))
        except NoSegmentError as error:
            self._full = self._no_room(error)
            self._refuse(batch, self._no_room(error))
        except OSError as error:
            self._fail(error)
            self._refuse(batch, self._failed(error))
        else:
            self._full = None
            batch.succeed()
            for key, sequence, _ in batch.bodies:
                if sequence:
                    self._on_durable(key)
        finally:
            self._writing_since = None

    def _fail(self, error: OSError) -> None:
        self._failure = error
        if not isinstance(error, DirectoryLostError):  # which is told of where it is found
            _log.critical("the journal in %s failed: %s; nothing more is accepted", self._path, error)

    def _refuse(self, batch: Batch, error: StoreError) -> None:
        """Refuse a batch, and what came meanwhile, which may follow it."""
        behind, self._next = self._next, Batch()
        behind.fail(error)
        batch.fail(error)

    def _failed(self, error: OSError) -> StoreFailedError:
        failure = StoreFailedError(
            str(error.strerror)
            if isinstance(error, DirectoryLostError)
            else f"writing to {self._path} failed ({error.strerror or error}); nothing more is accepted until it is"
            " opened again"
        )
        failure.__cause__ = error
        return failure

    def _no_room(self, error: NoSegmentError) -> StoreFullError:
        return StoreFullError(f"the journal cannot grow: {error}; nothing was accepted: make room, and send again")
