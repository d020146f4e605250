"""The store on disk: a journal that makes appends durable, and files that follow it.

    argent.json                                  the configuration, which the store leaves alone
    lock                                         held by the one owner
    index.sqlite                                 a copy of all metadata, for lists
    journal/00000001.journal                     what the files do not cover yet
    agents/<agent>/sessions/<id>/metadata.json   what is known of a session
    agents/<agent>/sessions/<id>/history.json    its context: summary and messages
    agents/<agent>/sessions/<id>/archive/        the messages that a summary or a clear replaced
    agents/<agent>/damaged/                      what could not be read, under dated names

An append goes to the journal and, once durable, to the session's tail in memory. A checkpoint brings the files
up to a snapshot, in the background, and shortens the tail. Loading folds the tail onto the files.
"""

import errno
import logging
import os
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from argentos.concurrency.exclusive_use import Entrance
from argentos.concurrency.foreign_code import tolerated
from argentos.concurrency.threads import Runner, Threads, shielded, threads
from argentos.errors import StoreDamagedError, StoreError, StoreFailedError, StoreFullError
from argentos.inputs import as_flag, as_number, as_whole_number
from argentos.storage import backup
from argentos.storage.disk import durable, reading
from argentos.storage.disk.lock import Lock
from argentos.storage.disk.permissions import make_private
from argentos.storage.disk.symlinks import check_way, follow_none_below
from argentos.storage.files import archive, joining, json_files, paths, session_files
from argentos.storage.files.index import Index
from argentos.storage.files.listing import Listing
from argentos.storage.files.schedule import Lag, LoopClock, WaitingClock
from argentos.storage.files.writer import FileWriter, Held
from argentos.storage.names import expand_home
from argentos.storage.records import Message, Record, SessionKey
from argentos.storage.snapshot import Folded, Metadata, Snapshot
from argentos.storage.store import Page, Store, check_write
from argentos.storage.wal.committer import Committer
from argentos.storage.wal.frames import encode_body
from argentos.storage.wal.journal import Journal
from argentos.storage.wal.recovery import Recovered, recover

__all__ = ["FileStore"]

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)
_MUCH: Final = 64 * 1024
_MEBIBYTE: Final = 1024 * 1024
_MANY: Final = 1000  # records
_LARGEST_JOURNAL: Final = 2**50  # bytes
_HELD: Final = 65_536  # sessions of which something is remembered though their files have everything


class FileStore(Store):
    """Sessions in a state directory.

    Args:
        path: the state directory; `~` is the home. It is made where it does not exist. A relative one is of the
            folder that the process is in now.
        read_only: look without owning: appends are refused, and another process may own the directory.
        run: where blocking calls run.
        segment_size: bytes of a file of the journal.
        journal_limit: bytes of journal at which appends are refused; from half of that they are slowed down.
        patience: seconds that a disk which does not answer is waited for, when the store is closed or a caller
            cancelled; after as many, `failure` tells of it. The directory stays locked until the disk answers or the
            process ends.
        clock: time, by which the files follow the journal; that of the event loop by default.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        read_only: bool = False,
        run: Runner | None = None,
        segment_size: int = 16 * _MEBIBYTE,
        journal_limit: int = 256 * _MEBIBYTE,
        patience: float = 10.0,
        clock: WaitingClock | None = None,
    ) -> None:
        self.path = expand_home(path)
        follow_none_below(self.path)
        self._entrance = Entrance(f"the store of the state directory {self.path}")
        self._lock: Lock | None = None
        self._read_only = as_flag(read_only, "read_only")
        self._patience = patience = as_number(patience, "the patience")
        segment_size = as_whole_number(segment_size, "segment_size", 1, _LARGEST_JOURNAL)
        journal_limit = as_whole_number(journal_limit, "journal_limit", 4, _LARGEST_JOURNAL)
        self._threads = Threads(patience)
        self._run = run or self._threads.runner()
        self._run_commits = run or self._threads.runner(1)
        self._run_backup = run or threads(1)  # slow, and never to be left alone while files change again
        self._standing: list[anyio.CancelScope] = []
        self._limit = journal_limit
        self._journal = Journal(self.path / "journal", min(segment_size, journal_limit // 4), self._check_owner)
        self._index = Index(self.path / "index.sqlite", read_only=read_only, check=self._check_owner)
        self._clock = clock or LoopClock()
        self._lag = Lag(self._clock)
        self._committer = self._new_committer()
        self._held: dict[SessionKey, Held] = {}
        self._listing = Listing(self.path, self._held, self._index, self._blocking, trusts_index=not read_only)
        self._crowd = _HELD
        self._is_open = False

    @property
    def owned_directory(self) -> Path | None:
        """See `Store.owned_directory`."""
        return None if self._read_only else self.path

    @property
    def failure(self) -> StoreError | None:
        """See `Store.failure`."""
        return (
            self._lost() or self._committer.failure or self._committer.stalled(self._patience) or self._lack_of_room()
        )

    async def __aenter__(self) -> Self:
        """See `Store.__aenter__`."""
        self._entrance.enter()
        async with AsyncExitStack() as stack:
            stack.callback(self._entrance.leave)
            self._held.clear()
            if self._read_only:
                recovery = await self._blocking(partial(recover, self.path / "journal", self._recovered))
                for finding in recovery.findings:
                    if not finding.is_torn:  # as what an owner is just writing may look
                        _log.warning("%s", finding)
                await self._open_index(stack)
            else:
                await self._open(stack)
            self._stack = stack.pop_all()
        self._is_open = True
        return self

    async def _open(self, stack: AsyncExitStack) -> None:
        """Take the directory over."""
        stack.callback(self._release_lock)  # before it is taken, for this may be cancelled when it just has been
        lock = await self._blocking(self._take_lock)
        await self._blocking(self._make_durable)
        findings = await self._blocking(partial(self._journal.open, self._recovered))
        stack.callback(self._threads.at_rest, self._journal.close)
        for finding in findings:
            _log.warning("%s", finding)
        await self._blocking(self._sweep)
        await self._open_index(stack)
        await self._blocking(self._distrust_index)
        self._lag = Lag(self._clock)
        self._committer = self._new_committer()
        self._writer = FileWriter(
            self.path,
            self._held,
            lock=lock,
            journal=self._journal,
            committer=self._committer,
            index=self._index,
            run=self._watched(self._run),
            much=self._limit // 4,
            lag=self._lag,
            patience=self._patience,
        )
        for key in [key for key, held in self._held.items() if held.is_deleted]:
            try:
                await self._finish_deletion(key)
            except StoreError as error:
                _log.error("%s", error)
        for key, held in [*self._held.items()]:
            if findings or held.tail.has_gap or held.unread:
                with suppress(StoreError):  # it was logged, and is raised again where the session is loaded
                    await self._set_aside(key)
        for key in [key for key, held in self._held.items() if held.tail.records]:
            self._lag.appended(key)
        group = await stack.enter_async_context(anyio.create_task_group())
        self._start(group)

    def _new_committer(self) -> Committer:
        return Committer(self._journal, self._watched(self._run_commits), self.path, self._lag)

    async def _open_index(self, stack: AsyncExitStack) -> None:
        stack.callback(self._threads.at_rest, self._index.close)
        await self._blocking(self._index.open)

    def _distrust_index(self) -> None:
        """What the index says of sessions in the journal may be older than their files."""
        for key in self._held:
            self._index.remove(key)

    def _start(self, group: TaskGroup) -> None:
        """The standing tasks: shielded, for they end what they began; only `__aexit__` ends them."""
        self._standing = [anyio.CancelScope(shield=True), anyio.CancelScope(shield=True)]
        commits, writes = self._standing

        async def commit() -> None:
            try:
                with commits:
                    await self._committer.run()
            finally:
                self._writer.close()

        async def write() -> None:
            with writes:
                await self._writer.run()
                with tolerated(f"closing the store in {self.path}"):  # what is not in files is in the journal
                    await self._writer.finish()
            if writes.cancelled_caught:
                _log.critical(
                    "%s was closed though the disk does not answer; what was acknowledged is in the journal, and the"
                    " files follow when it is opened again",
                    self.path,
                )

        group.start_soon(commit, name="argentos journal")
        group.start_soon(write, name="argentos files")

    def _watched(self, run: Runner) -> Runner:
        """Calls that show, when they end, that the disk answers."""

        async def watched(function: Callable[[], T], /) -> T:
            try:
                return await run(function)
            finally:
                if not self._is_open:
                    self._give_time()

        return watched

    def _give_time(self) -> None:
        """The standing tasks may wait so long for the disk, once the store is being closed."""
        for scope in self._standing:
            scope.deadline = anyio.current_time() + self._patience

    async def __aexit__(self, *_: object) -> None:
        """Write all files, then close. What cannot be written in time stays in the journal."""
        self._is_open = False
        if not self._read_only:
            self._committer.close()
            self._give_time()
        await self._stack.aclose()

    def _take_lock(self) -> Lock:
        durable.make_root(self.path)
        for name in ("agents", "journal"):
            check_way(self.path / name, with_itself=True)
        self._lock = Lock(self.path / "lock")
        make_private(self.path)
        return self._lock

    def _make_durable(self) -> None:
        """Flush what was read: a killed writer may have left it off the disk, and nothing counts on it before."""
        if self._journal.is_left:
            durable.sync_all(*(self.path / each for each in ("", "agents", "journal")))

    def _sweep(self) -> None:
        """Files are written of sessions in the journal only: so whatever a kill left half-written is of one of them."""
        for key in self._held:
            session_files.remove_half_written(self.path, key)

    def _release_lock(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            self._threads.at_rest(lock.release)

    def _check_owner(self) -> None:
        """Refuse to change what is this store's no more."""
        if self._lock is not None:
            self._lock.check()

    def _lost(self) -> StoreFailedError | None:
        loss = self._lock.loss if self._lock is not None else ""
        return StoreFailedError(loss) if loss else None

    def _check_usable(self) -> None:
        """Refuse a forked child, and everybody where the directory was lost."""
        self._entrance.check()
        if (lost := self._lost()) is not None:
            raise lost

    def _recovered(self, append: Recovered) -> None:
        held = self._held.get(append.key) or Held()
        is_end = append.is_readable and not append.records
        if is_end or held.is_deleted:
            held = Held()
        self._held[append.key] = held
        if not append.is_readable:
            held.unread += append.records
        elif append.records:
            held.tail.recover(append.records, append.size)
        else:
            held.is_deleted = True

    async def _blocking(self, function: Callable[[], T], run: Runner | None = None) -> T:
        try:
            return await (run or self._run)(function)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise StoreError(str(error.strerror)) from error
            where = error.filename or self.path
            raise StoreError(f"{where} cannot be used: {error.strerror}") from error

    # Appending ---------------------------------------------------------------------------------------------

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        """See `Store.append`."""
        self._check_usable()
        if self._read_only:
            raise StoreError(f"the state directory {self.path} was opened for reading only")
        encode = partial(_encode, key, records)
        body = encode() if len(records) <= _MANY else await self._blocking(encode)
        if self._journal.size > self._limit // 4:
            await self._make_room()
        while not (held := self._hold(key)).is_loaded:  # the journal alone may know only what files have overtaken
            await self.load(key)
        self._check_open(key, held)
        tail = held.tail
        check_write(
            key,
            epoch=epoch,
            expected=expected_sequence,
            newest_epoch=tail.epoch,
            sequence=tail.sequence,
            records=records,
        )
        batch = self._committer.submit(key, tail, records, body)
        await batch.durable()
        return tail.size > max(_MUCH, held.written)

    def _check_open(self, key: SessionKey, held: Held) -> None:
        if not self._is_open:
            raise StoreError(f"the store in {self.path} is closed; enter it again")
        if held.is_deleted:
            raise StoreError(f"session {key} is being deleted; try again, or see `argent doctor` if that fails")

    async def _make_room(self) -> None:
        """Slow down, the more the nearer the limit is; at the limit nothing is accepted."""
        half = self._limit // 2
        self._writer.wake()
        if self._journal.size > half:
            with anyio.move_on_after((self._journal.size - half) / half):
                await self._writer.progress()
        if (full := self._lack_of_room()) is not None:
            raise full

    def _lack_of_room(self) -> StoreFullError | None:
        if not self._is_open or self._journal.size < self._limit:
            return None
        return StoreFullError(
            f"the journal in {self.path} has reached {self._limit >> 20} MiB, for the files cannot follow; nothing"
            " was accepted: send again later"
        )

    def _hold(self, key: SessionKey) -> Held:
        held = self._held.get(key)
        if held is None:
            if len(self._held) >= self._crowd:
                self._let_go()
            held = self._held[key] = Held()
        return held

    def _let_go(self) -> None:
        """Forget sessions of which the files have everything."""
        idle = [key for key, held in self._held.items() if held.tail.is_clean and not held.is_deleted]
        for key in idle[: _HELD // 2]:
            del self._held[key]
        self._crowd = max(_HELD, 2 * len(self._held))  # where few could go, looking again soon would be in vain

    # Reading -----------------------------------------------------------------------------------------------

    async def load(self, key: SessionKey) -> Snapshot | None:
        """See `Store.load`. What is damaged is set aside under a dated name."""
        self._check_usable()
        held = self._hold(key)
        if not self._read_only:
            self._check_open(key, held)
        try:
            folded, is_edited = await self._folded(key, held)
        except (json_files.CorruptError, joining.GapError):
            if self._read_only:
                raise
            await self._set_aside(key)
            held = self._hold(key)
            folded, is_edited = await self._folded(key, held)
        held.is_loaded = True
        if (is_edited or held.is_edited) and not self._read_only:
            await self._writer.take_edits(key)
        if folded is None:
            return None
        held.tail.overtake(folded.snapshot.metadata.sequence, folded.snapshot.metadata.epoch)
        return folded.snapshot

    async def _set_aside(self, key: SessionKey) -> None:
        """Put the damage where it harms nobody; what is whole goes on, a history that is not begins anew."""
        found = None
        async with shielded(self._patience):
            try:
                found = await self._writer.set_aside(key)
            except OSError as failure:
                raise StoreDamagedError(f"session {key} is damaged and could not be set aside: {failure}") from failure
        if found is None:
            return
        error, aside = found
        why = str(error).removesuffix("; it was left as it is")
        _log.error("session %s: %s; what cannot be used was set aside in %s", key, why, aside)
        if isinstance(error, json_files.CorruptError):
            raise StoreDamagedError(
                f"{error}; it was set aside in {aside}, and the session begins anew with its next message"
            ) from error

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        """See `Store.read`."""
        self._check_usable()
        held = self._held.get(key)
        folded, _ = await self._folded(key, held)
        if folded is None:
            return ()
        # The archive last: a message that left the history meanwhile is there.
        folder = paths.session_folder(self.path, key)
        messages, edited = await self._blocking(partial(_read_all, folder, folded, start, stop))
        if edited and not self._read_only:
            await self._writer.take_edited_archive(key, edited)
        return messages

    async def _folded(self, key: SessionKey, held: Held | None) -> tuple[Folded | None, bool]:
        """Files and tail together, and whether somebody has edited or spoilt the files.

        The tail first: files only ever gain on it while they are being read.
        """
        if held and held.is_deleted:
            return None, False
        records = tuple(held.tail.records) if held else ()
        folder = paths.session_folder(self.path, key)
        stored = await self._blocking(partial(session_files.read_stored, folder, key))
        if held and stored.snapshot and not held.is_loaded and not self._read_only:  # later ones may be in memory only
            held.tail.covered(min(stored.snapshot.metadata.sequence, stored.reaches))
        is_edited = bool(stored.edited or stored.unfit)
        join = partial(joining.join, key, folder, stored, records)
        try:
            return join() if len(records) <= _MANY else await self._blocking(join), is_edited
        except joining.GapError as error:
            if not self._read_only:
                raise
            _log.warning("%s; what is behind that is not shown", error)
            return joining.join(key, folder, stored, joining.split(stored, records).whole), is_edited

    async def size(self, key: SessionKey) -> int:
        """See `Store.size`."""
        self._check_usable()
        held = self._held.get(key)
        stored = await self._blocking(partial(reading.size_of_folder, paths.session_folder(self.path, key)))
        return stored + (held.tail.size if held else 0)

    async def list(self, agent: str, cursor: str | None = None, limit: int = 1000) -> Page:
        """See `Store.list`."""
        self._check_usable()
        return await self._listing.page(agent, cursor, limit)

    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        """See `Store.unfinished`."""
        self._check_usable()
        return await self._listing.unfinished(agent, states)

    async def owing(self, agent: str) -> tuple[Metadata, ...]:
        """See `Store.owing`."""
        self._check_usable()
        return await self._listing.owing(agent)

    # Files -------------------------------------------------------------------------------------------------

    async def checkpoint(self, key: SessionKey, snapshot: Snapshot) -> None:
        """See `Store.checkpoint`."""
        if not self._read_only:
            self._writer.ask(key, snapshot)

    async def delete(self, key: SessionKey, *, set_aside: bool = False) -> bool:
        """See `Store.delete`."""
        self._check_usable()
        if self._read_only:
            raise StoreError(f"the state directory {self.path} was opened for reading only")
        held, is_ended = self._hold(key), True
        async with shielded(self._patience):
            was_set_aside = set_aside and await self._remove_set_aside(key)
            if not held.is_deleted:
                self._check_open(key, held)
                folder = paths.session_folder(self.path, key)
                if not held.tail.sequence and not await self._blocking(partial(reading.exists, folder)):
                    return was_set_aside
                is_ended = await self._end(key, held)
            return await self._finish_deletion(key, is_ended=is_ended) or was_set_aside
        await anyio.lowlevel.checkpoint_if_cancelled()
        raise StoreError(f"session {key} was not deleted, for the disk does not answer; try again later")

    async def _remove_set_aside(self, key: SessionKey) -> bool:
        try:
            return await self._writer.remove_set_aside(key)
        except OSError as error:
            raise StoreError(
                f"{error.filename or 'what was set aside'} could not be removed ({error.strerror}); nothing of session"
                f" {key} itself was deleted"
            ) from error

    async def _end(self, key: SessionKey, held: Held) -> bool:
        """Make it durable that the session is deleted; where there is no room for that, its files make some.

        Returns:
            Whether it is: somebody may have taken the room.
        """
        held.is_deleted = True
        try:
            try:
                await self._committer.submit_end(key).durable()
            except StoreFullError:
                if not await self._writer.make_room(key):
                    raise
                with suppress(StoreFullError):
                    await self._committer.submit_end(key).durable()
                    return True
                return False
        except StoreError:
            held.is_deleted = False
            raise
        return True

    async def backup(self, target: Path) -> int:
        """Write all sessions as they are at one moment to a file; gives its size in bytes.

        Appends go on meanwhile, the files of sessions wait. `argentos.storage.backup` says what is in it.

        Raises:
            StoreError: it cannot be written, or exists; nothing is left of it.
        """
        self._check_usable()
        if self._read_only or not self._is_open:
            raise StoreError(f"{target} was not written: the store in {self.path} is not open, or for reading only")
        async with self._writer.paused():
            moment = await self._blocking(self._journal.end_segment)
            return await self._blocking(partial(backup.write, self.path, target, moment), self._run_backup)

    async def _finish_deletion(self, key: SessionKey, *, is_ended: bool = True) -> bool:
        try:
            return await self._writer.remove(key, is_ended=is_ended)
        except OSError as error:
            raise StoreError(
                f"session {key} was deleted, but {error.filename or self.path} could not be removed ({error.strerror});"
                " that is tried again when the state directory is opened"
            ) from error


def _encode(key: SessionKey, records: Sequence[Record]) -> bytes:
    try:
        return encode_body(key, records)
    except UnicodeEncodeError as error:
        raise StoreError(f"session {key}: a text holds half a surrogate pair and cannot be stored") from error


def _read_all(folder: Path, folded: Folded, start: int, stop: int) -> tuple[tuple[Message, ...], Sequence[Path]]:
    """The messages with these numbers, and the files of the archive that somebody else has written."""
    messages, edited = archive.read_archive(folder, start, stop)
    context = folded.snapshot.context
    for message in (*folded.archived, *context.messages, *context.waiting):
        messages[message.number] = message
    return tuple(messages[number] for number in sorted(messages) if start <= number < stop), edited
