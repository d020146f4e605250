"""State directories to damage, of which it is known whose bytes are where."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import anyio

from argentos.storage import Accepted, FileStore, Record, Replied, SessionKey, Snapshot, fold, inline
from argentos.storage.testing.story import Story, append
from argentos.storage.wal.frames import scan
from tests.campaigns.workload import Step, messages_of, take

SEGMENT_SIZE: Final = 2048
NO_JOURNAL: Final = ("agents/", "lock", "index.", "argent.json")


class Span(NamedTuple):
    """Bytes of a file of the journal, and whose they are: of one session, or at a border of one of two."""

    begin: int
    end: int
    keys: frozenset[SessionKey]


class Wreck:
    """A state directory as a kill leaves it, and as an orderly end does.

    Args:
        folder: for both.

    Attributes:
        spans: for each file of the journal whose bytes are where.
        states: for each file of the journal what it held after each append.
        prefixes: for each session what it was after 0, 1, … records.
        messages: of each session in the end, archived ones as well.
    """

    def __init__(self, folder: Path) -> None:
        self.killed = folder / "killed"
        self.closed = folder / "closed"
        for state in (self.killed, self.closed):
            shutil.rmtree(state, ignore_errors=True)
        self.stories = [Story(SessionKey("main", f"session-{letter}")) for letter in "abcd"]
        self.spans: dict[str, list[Span]] = {}
        self.states: dict[str, list[bytes]] = {}
        anyio.run(self._make, backend="asyncio")  # which runs tasks in the order in which they began, unlike trio
        self.prefixes: dict[SessionKey, list[Snapshot | None]] = {
            story.key: [None, *(fold(story.key, None, story.records[:end]).snapshot for end in _ends(story))]
            for story in self.stories
        }
        self.messages = {story.key: messages_of(story.key, story.records) for story in self.stories}

    async def _make(self) -> None:
        a, b, c, d = self.stories
        async with FileStore(self.closed, run=inline, segment_size=SEGMENT_SIZE) as store:
            await self._append(store, a.converse("first"))
            await self._append(store, b.converse("second", "third"))
            await self._check_in(store, a, b)
            await self._append(store, c.converse("fourth", "fifth").move("Active", "Compacted"))
            await self._append(store, c.summarise(3).move("Compacted", "Active"))
            await self._append(store, a.say("sixth").start())
            await self._check_in(store, c)
            await self._append(store, c.converse("seventh"), b.say("eighth"), d.converse("ninth", "tenth"))
            await self._append(store, a.reply("eleventh").end())
            await self._append(store, d.say("twelfth"))
            await self._append(store, b.start().reply("thirteenth").end(), c.say("fourteenth"))
            shutil.copytree(self.closed, self.killed)
            for name in self.spans:
                if (path := self.closed / name).suffix == ".journal" and path.exists():
                    self._extend(name, scan(path.read_bytes(), path).frames[-1].end)

    async def _append(self, store: FileStore, *stories: Story) -> None:
        """At the same time, so that they become durable together."""
        before = self._journal()
        texts = [(each, story.key) for story in stories for each in _texts(story.records)]
        async with anyio.create_task_group() as group:
            for story in stories:
                group.start_soon(append, store, story)
        for name, data in self._journal().items():
            self.states.setdefault(name, []).append(data)
            begin, end = _changed(before.get(name, b""), data)
            keys = frozenset(story.key for story in stories)
            if begin < end:
                self._extend(name, begin)
                self.spans.setdefault(name, []).extend(
                    _spans(data, begin, end, texts) if len(keys) > 1 else [Span(begin, end, keys)]
                )

    def _extend(self, name: str, end: int) -> None:
        """The last append went on up to here: where it ends in zeros, nothing had changed there."""
        spans = self.spans.get(name)
        if spans:
            spans[-1] = spans[-1]._replace(end=max(end, spans[-1].end))

    async def _check_in(self, store: FileStore, *stories: Story) -> None:
        for story in stories:
            await take(Step("", story.key, snapshot=story.snapshot), store)

    def _journal(self) -> dict[str, bytes]:
        return {name: (self.closed / name).read_bytes() for name in journal_names(self.closed)}


def journal_names(state: Path) -> list[str]:
    names = sorted(str(path.relative_to(state)) for path in state.rglob("*") if path.is_file())
    return [name for name in names if not name.startswith(NO_JOURNAL)]


def _ends(story: Story) -> range:
    return range(1, len(story.records) + 1)


def _texts(records: Sequence[Record]) -> list[bytes]:
    return [record.text.encode() for record in records if isinstance(record, Accepted | Replied)]


def _changed(old: bytes, new: bytes) -> tuple[int, int]:
    """Where the new bytes differ from the old, with zeros behind these."""
    old = old.ljust(len(new), b"\0")
    different = [at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]]
    return (different[0], different[-1] + 1) if different else (0, 0)


def _spans(data: bytes, begin: int, end: int, texts: Sequence[tuple[bytes, SessionKey]]) -> Iterator[Span]:
    """Whose the bytes of several are, by the texts in them; what stands between two texts belongs to either."""
    found = ((data.find(text, begin, end), text, key) for text, key in texts)
    marks = sorted((at, at + len(text), key) for at, text, key in found if at >= 0)
    if not marks:
        return
    yield Span(begin, marks[0][1], frozenset({marks[0][2]}))
    for before, behind in pairwise(marks):
        yield Span(before[1], behind[0], frozenset({before[2], behind[2]}))
        yield Span(behind[0], behind[1], frozenset({behind[2]}))
    yield Span(marks[-1][1], end, frozenset({marks[-1][2]}))
