"""Attaching: bytes become durable before the record that refers to them, and leave no trace where none comes.

Each file that is written is marked in `attaching/` first. A mark goes once a record that refers to the file is
durable; the files of marks that are left, as by a crash, are removed if nothing in their session names them.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import msgspec
from msgspec import Struct

from argentos.concurrency.threads import Runner
from argentos.errors import StoreError, StoreFullError
from argentos.storage.attachments import hashes_in, sha256_of
from argentos.storage.blocks import Content
from argentos.storage.disk import durable, reading
from argentos.storage.file_store.sessions import SessionTable
from argentos.storage.file_store.workspace import telling_of_the_disk
from argentos.storage.files import attachments, paths, session_files
from argentos.storage.messages import SessionKey
from argentos.storage.names import file_name
from argentos.storage.records import Forked, Record

__all__ = ["Attaching"]

_log: Final = logging.getLogger(__name__)
_FOLDER: Final = "attaching"


class _Mark(Struct, frozen=True):
    """An attachment that was begun to be written."""

    agent: str
    session: str
    sha256: str

    @property
    def key(self) -> SessionKey:
        return SessionKey(self.agent, self.session)

    @property
    def name(self) -> str:
        return sha256_of(f"{self.agent}\0{self.session}\0{self.sha256}".encode("utf-8", "surrogatepass"))


class Attaching:
    """Write attachments, and sweep those that no record refers to.

    Args:
        root: the state directory.
        sessions: those that the store remembers something of.
        run: where blocking calls run.
        check: refuses to write what is this store's no more.
    """

    def __init__(self, root: Path, sessions: SessionTable, run: Runner, check: Callable[[], None]) -> None:
        self._root = root
        self._sessions = sessions
        self._run = telling_of_the_disk(run, root)
        self._check = check
        self._awaiting: dict[SessionKey, set[str]] = {}  # a record that refers to them
        self._done: list[_Mark] = []
        self._unborn: set[SessionKey] = set()
        self._at_work: defaultdict[SessionKey, int] = defaultdict(int)
        self._rest = anyio.Event()

    async def add(self, key: SessionKey, data: bytes) -> str:
        """Make bytes durable; gives their hash.

        Raises:
            StoreFullError: there is no room; nothing was kept.
            StoreError: they cannot be written.
        """
        sha256 = sha256_of(data)
        write = partial(attachments.write, paths.session_folder(self._root, key), data)
        await self._keep(_Mark(key.agent, key.id, sha256), write, f"an attachment of {len(data)} bytes")
        return sha256

    async def link(self, source: SessionKey, key: SessionKey, sha256: str) -> None:
        """Have the bytes of another session in this one as well, durably; on disk they are there once.

        Raises:
            AttachmentNotFoundError: the other one has none of this hash.
            StoreFullError, StoreError: see `add`.
        """
        there, here = (paths.session_folder(self._root, each) for each in (source, key))
        link = partial(attachments.link, there, here, source, sha256)
        await self._keep(_Mark(key.agent, key.id, sha256), link, "a link to an attachment")

    async def _keep(self, mark: _Mark, write: Callable[[], object], what: str) -> None:
        done, self._done = self._done, []
        key, entry = mark.key, self._sessions.get(mark.key)
        with self._working(key):
            try:
                has_folder = await self._run(partial(self._write, mark, write, done))
            except StoreError as error:
                if isinstance(error.__cause__, OSError) and error.__cause__.errno in durable.FULL:
                    raise StoreFullError(
                        f"the disk of {self._root} has no room for {what}; nothing was accepted, so make room and send"
                        " it again"
                    ) from error
                raise
        if not has_folder and not (entry and entry.pending.sequence):
            self._unborn.add(key)
        self._awaiting.setdefault(key, set()).add(mark.sha256)

    def unborn(self, agent: str) -> set[str]:
        """The names of folders that there are for the attachments of first messages only."""
        return {file_name(key.id) for key in self._unborn if key.agent == agent}

    @contextmanager
    def _working(self, key: SessionKey) -> Generator[None]:
        self._at_work[key] += 1
        try:
            yield
        finally:
            self._at_work[key] -= 1
            if not self._at_work[key]:
                del self._at_work[key]
                self._rest.set()
                self._rest = anyio.Event()

    def _write(self, mark: _Mark, write: Callable[[], object], done: Iterable[_Mark]) -> bool:
        """Mark what is written then; tells whether the session had a folder."""
        self._check()
        self._unmark(each for each in done if each != mark)
        durable.make_folder(self._root / _FOLDER)
        durable.replace(self._root / _FOLDER / mark.name, msgspec.json.encode(mark))
        has_folder = reading.exists(paths.session_folder(self._root, mark.key))
        write()
        return has_folder

    def _unmark(self, marks: Iterable[_Mark]) -> None:
        with suppress(OSError):  # a mark that is left costs the next opening a look
            for mark in marks:
                (self._root / _FOLDER / mark.name).unlink(missing_ok=True)

    async def at_rest(self, key: SessionKey) -> None:
        """Wait until nothing is being written of a session of which nothing more may be begun."""
        while key in self._at_work:
            await self._rest.wait()

    def refer(self, key: SessionKey, records: Sequence[Record]) -> None:
        """Take note that records are durable, and what they refer to is to stay."""
        awaiting = self._awaiting.get(key)
        if not awaiting:
            return
        self._unborn.discard(key)
        for sha256 in awaiting.intersection(_hashes_in(records)):
            awaiting.discard(sha256)
            self._done.append(_Mark(key.agent, key.id, sha256))
        if not awaiting:
            del self._awaiting[key]

    def awaiting(self, key: SessionKey) -> frozenset[str]:
        """The hashes of what was attached, and no record refers to so far."""
        return frozenset(self._awaiting.get(key, ()))

    async def forget(self, key: SessionKey) -> None:
        """Leave no mark of a session that is gone, and its files with it."""
        self._unborn.discard(key)
        gone = [_Mark(key.agent, key.id, sha256) for sha256 in self._awaiting.pop(key, ())]
        gone += [mark for mark in self._done if mark.key == key]
        self._done = [mark for mark in self._done if mark.key != key]
        if gone:
            await self._run(partial(self._unmark, gone))

    async def close(self, patience: float, is_well: Callable[[], bool]) -> None:
        """Sweep at the end, within so many seconds; what cannot be swept is at the next start.

        After a failed write only that knows what is referred to.
        """
        if (self._awaiting or self._done) and is_well():
            with anyio.move_on_after(patience), suppress(StoreError):
                await self._run(self.sweep)

    def sweep(self) -> None:
        """Remove what no record came to refer to, when nobody attaches anything. This blocks."""
        self._check()
        self._awaiting.clear()
        self._unborn.clear()
        self._unmark(self._done)
        self._done = []
        folder = self._root / _FOLDER
        for name in reading.names(folder):
            try:
                self._settle(folder / name)
            except OSError as error:
                _log.warning("%s was not looked after, and is at the next start: %s", folder / name, error)
        with suppress(OSError):  # something is left in it
            folder.rmdir()

    def _settle(self, path: Path) -> None:
        try:
            mark = msgspec.json.decode(reading.read(path), type=_Mark)
        except (msgspec.MsgspecError, UnicodeDecodeError):  # a kill left it half-written, before anything else
            path.unlink()
            return
        if path.name == mark.name:
            self._remove_unless_named(mark)
        path.unlink()

    def _remove_unless_named(self, mark: _Mark) -> None:
        folder = paths.session_folder(self._root, mark.key)
        session_files.remove_half_written(self._root, mark.key)
        entry = self._sessions.get(mark.key)
        if entry and entry.unreadable:  # which may name it
            return
        records = msgspec.json.encode(entry.pending.records if entry else ())
        if not attachments.mentioned(folder, [mark.sha256], records):
            attachments.remove(folder, mark.sha256)


def _hashes_in(records: Iterable[Record]) -> set[str]:
    return {each for record in records for content in _contents_of(record) for each in hashes_in(content)}


def _contents_of(record: Record) -> Iterable[Content]:
    if isinstance(record, Forked):
        return (each.raw for each in record.messages)
    return (getattr(record, "content", ""),)
