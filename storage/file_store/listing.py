"""Lists of sessions, from the index, corrected by the files and by what they lack."""

import os
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import anyio.lowlevel

from argentos.concurrency.chunks import in_chunks
from argentos.concurrency.threads import Runner
from argentos.errors import StoreDamagedError, StoreError
from argentos.storage.disk.symlinks import SymbolicLinkError, check_way
from argentos.storage.file_store.attaching import Attaching
from argentos.storage.file_store.sessions import SessionEntry
from argentos.storage.files import paths, session_files
from argentos.storage.files.index import Index, Matches
from argentos.storage.fold import fold_metadata
from argentos.storage.messages import SessionKey
from argentos.storage.names import file_name
from argentos.storage.records import Record
from argentos.storage.snapshot import Metadata
from argentos.storage.store import Page
from argentos.storage.wal.encoding import LONG
from argentos.storage.wal.recovery import Recovered, recover

__all__ = ["Listing"]

_TICK: Final = 50_000_000  # nanoseconds between two times that a file system tells apart, and some more
_AT_ONCE: Final = 5000  # sessions looked at together when all are: few enough to take no memory worth speaking of


class _Unwritten(NamedTuple):
    """Records of a session that stand in the journal only."""

    key: SessionKey
    entry: SessionEntry
    records: tuple[Record, ...]


class _Names(NamedTuple):
    """The folders of an agent, in order; when that last changed, and when it was read, in nanoseconds."""

    changed: int
    read: int
    names: list[str]


class Listing:
    """Read the metadata of sessions without loading them.

    Args:
        root: the state directory.
        sessions: the sessions of which the files may lack something, shared with the store.
        index: knows what most files say.
        run: where blocking calls run.
        attaching: knows the folders in which there is no session yet.
        trusts_index: what it says of sessions in the journal is not older than their files.
    """

    def __init__(
        self,
        root: Path,
        sessions: Mapping[SessionKey, SessionEntry],
        index: Index,
        run: Runner,
        attaching: Attaching,
        *,
        trusts_index: bool,
    ) -> None:
        self._root = root
        self._sessions = sessions
        self._index = index
        self._run = run
        self._attaching = attaching
        self._trusts_index = trusts_index
        self._made: dict[str, _Names] = {}

    async def page(self, agent: str, cursor: str | None, limit: int) -> Page:
        """See `Store.list`."""
        unwritten = await self._all_unwritten(agent)
        try:
            folders = await self._folders(agent)
        except StoreDamagedError as error:
            return Page((), None, (str(error),))
        names, following = _page(folders, unwritten, self._gone(agent), cursor, limit)
        sessions: list[Metadata] = []
        problems: list[str] = []
        for chunk in in_chunks(names):
            known = await self._run(partial(self._index.page, agent, chunk[0], chunk[-1]))
            found, wrong = await self._listed(agent, chunk, known, unwritten)
            sessions += found
            problems += wrong
        return Page(tuple(sessions), following, tuple(problems))

    async def find(self, agent: str, ids: Collection[str]) -> Page:
        """See `Store.find`."""
        unwritten: dict[str, _Unwritten] = {}
        names: list[str] = []
        for key in (SessionKey(agent, each) for each in ids):
            entry, name = self._sessions.get(key), file_name(key.id)
            if entry is None or not entry.is_deleted:
                names.append(name)
            if entry and entry.pending.records:
                unwritten[name] = _Unwritten(key, entry, tuple(entry.pending.records))
        sessions: list[Metadata] = []
        problems: list[str] = []
        for chunk in in_chunks(names):
            known = await self._run(partial(self._index.find, agent, chunk))
            found, wrong = await self._listed(agent, chunk, known, unwritten)
            sessions += found
            problems += wrong
        return Page(tuple(sessions), None, tuple(problems))

    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        """See `Store.unfinished`."""
        look_up = partial(self._index.unfinished, agent, states)
        return await self._sought(agent, look_up, lambda each: not each.is_settled or each.state in states)

    async def owing(self, agent: str) -> tuple[Metadata, ...]:
        """See `Store.owing`."""
        return await self._sought(agent, partial(self._index.owing, agent), lambda each: each.is_owing)

    async def _sought(
        self, agent: str, look_up: Callable[[str, str], Matches], is_sought: Callable[[Metadata], bool]
    ) -> tuple[Metadata, ...]:
        """Find what the index finds, and what it does not know the latest of."""
        unwritten = await self._all_unwritten(agent)
        try:
            folders = await self._folders(agent)
        except StoreDamagedError:  # of which a list tells
            return ()
        gone = self._gone(agent)
        sought: list[Metadata] = []
        for names in _pages(folders, unwritten, gone):
            known = await self._run(partial(look_up, names[0], names[-1]))
            named = [name for name in names if name not in known.others or name in unwritten]
            for chunk in in_chunks(named):
                found, _ = await self._listed(agent, chunk, known.found, unwritten)
                sought += filter(is_sought, found)
                await anyio.lowlevel.checkpoint()
        return tuple(sought)

    async def _all_unwritten(self, agent: str) -> dict[str, _Unwritten]:
        """Collect what the files of the agent's sessions lack, by the names of their folders."""
        unwritten: dict[str, _Unwritten] = {}
        for chunk in in_chunks([*self._sessions.items()]):
            for key, entry in chunk:
                if entry.pending.records and key.agent == agent:
                    unwritten[file_name(key.id)] = _Unwritten(key, entry, tuple(entry.pending.records))
            await anyio.lowlevel.checkpoint()
        return unwritten

    def _gone(self, agent: str) -> set[str]:
        """The names of the folders that are being removed, or have no session yet."""
        gone = {file_name(key.id) for key, entry in self._sessions.items() if entry.is_deleted and key.agent == agent}
        return gone | self._attaching.unborn(agent)

    async def _folders(self, agent: str) -> Sequence[str]:
        """The names of all folders in order."""
        return await self._run(partial(self._read_folders, agent))

    def _read_folders(self, agent: str) -> Sequence[str]:
        """Read again only where something came or went since: a folder's time says so, but not within its tick."""
        folder = paths.agent_folder(self._root, agent)
        try:
            check_way(folder, with_itself=True)
            changed = folder.stat().st_mtime_ns
        except SymbolicLinkError as error:
            raise StoreDamagedError(str(error.strerror)) from error
        except OSError:
            return []
        known = self._made.get(agent)
        if known is not None and known.changed == changed and known.read - changed > _TICK:
            return known.names
        read = time.time_ns()
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
        self._made[agent] = _Names(changed, read, names)
        return names

    async def _listed(
        self,
        agent: str,
        names: Sequence[str],
        known: Mapping[str, Metadata | None],
        unwritten: Mapping[str, _Unwritten],
    ) -> tuple[list[Metadata], list[str]]:
        """The metadata of these sessions, and a sentence for each that cannot be read."""
        lagging = [name for name in names if self._lags(known.get(name), unwritten.get(name))]
        read = await self._run(partial(self._read_metadata, agent, lagging)) if lagging else {}
        sessions: list[Metadata] = []
        problems: list[str] = []
        gone = await self._deleted_meanwhile(
            [unwritten[name] for name in names if name in unwritten and name in read], read
        )
        for name in names:
            metadata = read[name] if name in read else known[name]
            lacking = unwritten.get(name)
            if lacking and lacking.key in gone:
                continue
            if isinstance(metadata, StoreError):
                problems.append(str(metadata))
            elif _has_gap(metadata, lacking):
                whose = lacking.key if lacking else name
                problems.append(f"session {whose}: records are missing; see `argent doctor`")
            elif lacking:
                sessions.append(await self._latest(lacking, metadata))
            elif metadata:
                sessions.append(metadata)
        return sessions, problems

    async def _latest(self, lacking: _Unwritten, metadata: Metadata | None) -> Metadata:
        """Fold onto the metadata in the files what they lack."""
        fold = partial(_fold_onto, metadata, lacking)
        return fold() if len(lacking.records) <= LONG else await self._run(fold)

    async def _deleted_meanwhile(
        self, unwritten: Iterable[_Unwritten], read: Mapping[str, Metadata | StoreError | None]
    ) -> set[SessionKey]:
        """The sessions among these that have no files any more, for they were deleted meanwhile."""
        gaps = [each for each in unwritten if read[file_name(each.key.id)] is None and _has_gap(None, each)]
        if not gaps:
            return set()
        if self._trusts_index:
            return {
                lacking.key
                for lacking in gaps
                if lacking.entry.is_deleted or self._sessions.get(lacking.key) is not lacking.entry
            }
        left = await self._run(partial(_keys_in_journal, self._root))  # of the owner, if there is one
        return {lacking.key for lacking in gaps} - left

    def _lags(self, known: Metadata | None, lacking: _Unwritten | None) -> bool:
        """Tell whether the file has to be asked."""
        return known is None or (lacking is not None and (not self._trusts_index or _has_gap(known, lacking)))

    def _read_metadata(self, agent: str, names: Iterable[str]) -> dict[str, Metadata | StoreError | None]:
        """Read the metadata in the files; the index takes note."""
        folder = paths.agent_folder(self._root, agent)
        found: dict[str, Metadata | StoreError | None] = {}
        age = self._index.age
        for name in names:
            try:
                found[name] = metadata = session_files.read_metadata(folder / name)
            except StoreError as error:
                found[name] = error
            else:
                if metadata is not None:
                    self._index.add(metadata, age)
        self._index.commit()
        return found


def _fold_onto(metadata: Metadata | None, lacking: _Unwritten) -> Metadata:
    covered = metadata.sequence if metadata else 0
    return fold_metadata(lacking.key, metadata, [each for each in lacking.records if each.sequence > covered])


def _keys_in_journal(root: Path) -> set[SessionKey]:
    """The sessions of which the journal has records now."""
    found: set[SessionKey] = set()

    def take(append: Recovered) -> None:
        (found.add if append.records else found.discard)(append.key)

    recover(root / "journal", take)
    return found


def _pages(folders: Sequence[str], new: Collection[str], gone: Collection[str]) -> Iterator[Sequence[str]]:
    """All names, some at a time."""
    cursor: str | None = None
    while True:
        names, cursor = _page(folders, new, gone, cursor, _AT_ONCE)
        if names:
            yield names
        if cursor is None:
            return


def _page(
    folders: Sequence[str], new: Collection[str], gone: Collection[str], cursor: str | None, limit: int
) -> tuple[Sequence[str], str | None]:
    """The names behind the cursor, and the cursor behind those.

    Args:
        folders: names in order.
        new: names that may not be among them yet.
        gone: names that are none any more.
        cursor: the last name of the page before, None for the first page.
        limit: names on a page.
    """
    begin = 0 if cursor is None else bisect_right(folders, cursor)
    made = (name for name in folders[begin : begin + limit + len(gone) + 1] if name not in gone)
    more = sorted(name for name in new if (cursor is None or name > cursor) and not _has(folders, name))
    names = list(islice(merge(made, more), limit + 1))
    return names[:limit], names[limit - 1] if len(names) > limit else None


def _has(ordered: Sequence[str], name: str) -> bool:
    return name in ordered[(at := bisect_left(ordered, name)) : at + 1]


def _has_gap(metadata: Metadata | None, lacking: _Unwritten | None) -> bool:
    """Tell whether records are missing in between: then the index lags behind the file, or they are gone."""
    covered = metadata.sequence if metadata else 0
    sequences = [record.sequence for record in lacking.records if record.sequence > covered] if lacking else []
    return bool(sequences) and sequences[-1] - covered != len(sequences)
