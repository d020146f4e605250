"""Lists of sessions: what the index says, corrected by the files and by what they lack."""

import os
import time
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import anyio.lowlevel

from argentos.errors import StoreError
from argentos.storage import layout
from argentos.storage.file_writer import Held
from argentos.storage.index import Index
from argentos.storage.names import file_name
from argentos.storage.pace import in_steps
from argentos.storage.records import Record, SessionKey
from argentos.storage.runner import Runner
from argentos.storage.snapshot import Metadata, fold_metadata
from argentos.storage.store import Page, page_of

__all__ = ["Listing"]

_TICK: Final = 50_000_000  # nanoseconds between two times that a file system tells apart, and some more


class _Lacking(NamedTuple):
    """What the files of a session lack."""

    key: SessionKey
    records: tuple[Record, ...]


class _Names(NamedTuple):
    """The folders of an agent, in order; when that last changed, and when it was read, in nanoseconds."""

    changed: int
    read: int
    names: list[str]


class Listing:
    """Reads what is known of sessions without loading them.

    Args:
        root: the state directory.
        held: the sessions of which the files may lack something, shared with the store.
        index: knows what most files say.
        run: where blocking calls run.
        trusts_index: what it says of sessions in the journal is not older than their files.
    """

    def __init__(
        self, root: Path, held: Mapping[SessionKey, Held], index: Index, run: Runner, *, trusts_index: bool
    ) -> None:
        self._root = root
        self._held = held
        self._index = index
        self._run = run
        self._trusts_index = trusts_index
        self._made: dict[str, _Names] = {}

    async def page(self, agent: str, cursor: str | None, limit: int) -> Page:
        """See `Store.list`."""
        tails = await self._tails(agent)
        names, following = page_of(await self._names(agent, tails), cursor, limit)
        sessions: list[Metadata] = []
        problems: list[str] = []
        for step in in_steps(names):
            known = await self._run(partial(self._index.page, agent, step[0], step[-1]))
            found, wrong = await self._listed(agent, step, known, tails)
            sessions += found
            problems += wrong
        return Page(tuple(sessions), following, tuple(problems))

    async def unfinished(self, agent: str, states: Collection[str]) -> tuple[Metadata, ...]:
        """See `Store.unfinished`."""
        tails = await self._tails(agent)
        names = set(await self._names(agent, tails))
        known = await self._run(partial(self._index.unfinished, agent, states))
        unknown = names - await self._run(partial(self._index.names, agent))
        sessions: list[Metadata] = []
        for step in in_steps(sorted(names & {*known, *unknown, *tails})):
            found, _ = await self._listed(agent, step, known, tails)
            sessions += [each for each in found if not each.is_settled or each.state in states]
            await anyio.lowlevel.checkpoint()
        return tuple(sessions)

    async def _tails(self, agent: str) -> dict[str, _Lacking]:
        """What the files lack of the agent's sessions, by the names of their folders."""
        tails: dict[str, _Lacking] = {}
        for step in in_steps([*self._held.items()]):
            for key, held in step:
                if held.tail.records and key.agent == agent:
                    tails[file_name(key.id)] = _Lacking(key, tuple(held.tail.records))
            await anyio.lowlevel.checkpoint()
        return tails

    async def _names(self, agent: str, tails: Mapping[str, _Lacking]) -> Sequence[str]:
        """The names of all folders in order, and of the sessions that have none yet."""
        names = await self._run(partial(self._folders, agent))
        gone = {file_name(key.id) for key, held in self._held.items() if held.is_deleted and key.agent == agent}
        if gone:
            names = [name for name in names if name not in gone]
        new = [name for name in tails if name not in names[(at := bisect_left(names, name)) : at + 1]]
        return sorted([*names, *new]) if new else names

    def _folders(self, agent: str) -> list[str]:
        """Read again only where something came or went since: a folder's time says so, but not within its tick."""
        folder = layout.agent_folder(self._root, agent)
        try:
            changed = folder.stat().st_mtime_ns
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
        self, agent: str, names: Sequence[str], known: Mapping[str, Metadata | None], tails: Mapping[str, _Lacking]
    ) -> tuple[list[Metadata], list[str]]:
        """The metadata of these sessions, and a sentence for each that cannot be read."""
        lagging = [name for name in names if self._lags(known.get(name), tails.get(name))]
        read = await self._run(partial(self._read_metadata, agent, lagging)) if lagging else {}
        sessions: list[Metadata] = []
        problems: list[str] = []
        for name in names:
            metadata = read[name] if name in read else known[name]
            tail = tails.get(name)
            if isinstance(metadata, StoreError):
                problems.append(str(metadata))
            elif _has_gap(metadata, tail):
                problems.append(f"session {tail.key if tail else name}: records are missing; see `argent doctor`")
            elif tail:
                covered = metadata.sequence if metadata else 0
                lacking = [record for record in tail.records if record.sequence > covered]
                sessions.append(fold_metadata(tail.key, metadata, lacking))
            elif metadata:
                sessions.append(metadata)
        return sessions, problems

    def _lags(self, known: Metadata | None, tail: _Lacking | None) -> bool:
        """Whether the file has to be asked."""
        return known is None or (tail is not None and (not self._trusts_index or _has_gap(known, tail)))

    def _read_metadata(self, agent: str, names: Iterable[str]) -> dict[str, Metadata | StoreError | None]:
        """What the files themselves say; the index takes note."""
        folder = layout.agent_folder(self._root, agent)
        found: dict[str, Metadata | StoreError | None] = {}
        age = self._index.age
        for name in names:
            try:
                found[name] = metadata = layout.read_metadata(folder / name)
            except StoreError as error:
                found[name] = error
            else:
                if metadata is not None:
                    self._index.add(metadata, age)
        return found


def _has_gap(metadata: Metadata | None, tail: _Lacking | None) -> bool:
    """Whether records are missing in between: then what the index says lags behind the file."""
    return tail is not None and tail.records[0].sequence > (metadata.sequence if metadata else 0) + 1
