"""What is written for each byte of a message, file by file, and how far `history.json` lags behind."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from benchmarks.figures import Target, median, short, table
from benchmarks.process import run_module
from benchmarks.storage.contestants.closed_loop import TEXT
from benchmarks.storage.conversation import Conversation
from benchmarks.storage.watch import Note, Watch

__all__ = ["Written", "measure"]

_SIZES: Final = (10, 1000, 10_000, 100_000)
_QUICK: Final = (10, 1000)
_KINDS: Final = {  # by a part of the path; the first that fits
    "journal/": "journal",
    "archive": "archive",
    "history.json": "history.json",
    "metadata.json": "metadata.json",
    "index.sqlite": "index",
}
_ZEROS: Final = "journal, zeros ahead"
_JOURNAL: Final = ("journal", _ZEROS)
_COLUMNS: Final = (*_JOURNAL, "history.json", "metadata.json", "archive", "index", "other")


def _kind(note: Note) -> str:
    kind = next((kind for part, kind in _KINDS.items() if part in note.path), "other")
    return _ZEROS if (kind, note.kind) == ("journal", "z") else kind


def _sums(notes: Iterable[Note]) -> dict[str, int]:
    sums = Counter[str]()
    for note in notes:
        sums[_kind(note)] += note.bytes
    return dict(sums)


def _split(notes: Sequence[Note], opened: float) -> tuple[dict[str, int], dict[str, int]]:
    """What opening wrote, and what the messages did; the journal's first file may be made with the first message."""
    first = next((note.path for note in notes if _kind(note) == _ZEROS), "")
    by_opening = [note.at <= opened or (_kind(note) == _ZEROS and note.path == first) for note in notes]
    opening = _sums(note for note, is_first in zip(notes, by_opening, strict=True) if is_first)
    return opening, _sums(note for note, is_first in zip(notes, by_opening, strict=True) if not is_first)


class Run(Struct, frozen=True):
    """One conversation.

    Attributes:
        opening: bytes by kind of file while the store was opened, and of the zeros of the journal's first file.
        flowing: the others, until the store was closed.
    """

    messages: int
    conversation: Conversation
    opening: dict[str, int]
    flowing: dict[str, int]

    @property
    def said(self) -> int:
        """The bytes of all messages."""
        return self.messages * len(TEXT)

    def times(self, *kinds: str) -> float:
        """How often the bytes of the messages were written to these kinds of file."""
        return sum(self.flowing.get(kind, 0) for kind in kinds) / self.said

    @property
    def unseen(self) -> float:
        """The part of the kernel's count that the files do not account for."""
        counted = self.conversation.closed.wchar - self.conversation.begin.wchar
        return 1 - (sum(self.opening.values()) + sum(self.flowing.values())) / counted


class Written(NamedTuple):
    """Conversations of several lengths."""

    runs: list[Run]

    def targets(self) -> Iterator[Target]:
        """The promises of the journal and the files."""
        for run in self.runs:
            length = f"{run.messages:,} messages"
            yield Target(f"journal bytes × the message, {length}", run.times(*_JOURNAL), 2, is_limit=True)
            yield Target(f"bytes of all files × the message, {length}", run.times(*run.flowing), 20, is_limit=True)

    def tables(self) -> Iterator[str]:
        """What was written, what opening cost, and the lag."""
        yield "Bytes written for each byte of a message, opening apart"
        yield table(
            ("messages", *_COLUMNS, "all", "to the disk", "not accounted for", "compactions"),
            (_row(run) for run in self.runs),
        )
        yield "Bytes written by opening the state directory"
        yield table(
            ("messages", *_COLUMNS),
            ((f"{run.messages:,}", *(f"{run.opening.get(kind, 0):,}" for kind in _COLUMNS)) for run in self.runs),
        )
        yield "What history.json lacks when a message is acknowledged"
        yield table(
            ("messages", "lag p50", "max", "KiB p50", "max"),
            (_lag(run.messages, run.conversation.lags) for run in self.runs),
        )


def _row(run: Run) -> tuple[str, ...]:
    begin, end = run.conversation.opened, run.conversation.closed
    return (
        f"{run.messages:,}",
        *(short(run.times(kind)) for kind in _COLUMNS),
        short(run.times(*run.flowing)),
        short((end.write_bytes - begin.write_bytes) / run.said),
        f"{run.unseen:.2%}",
        str(run.conversation.compactions),
    )


def _lag(messages: int, lags: list[int]) -> tuple[str, ...]:
    figures = (median(lags), max(lags))
    return (f"{messages:,}", *(short(lag) for lag in figures), *(short(lag * len(TEXT) / 1024) for lag in figures))


def measure(folder: Path, *, quick: bool, progress: Callable[[str], None]) -> Written:
    """Hold conversations of each length.

    Args:
        folder: on the disk to be measured.
        quick: leave the long ones out.
        progress: told what comes next.
    """
    watch = Watch(folder)
    runs: list[Run] = []
    for messages in _QUICK if quick else _SIZES:
        progress(f"a conversation of {messages:,} messages")
        with tempfile.TemporaryDirectory(dir=folder) as state:
            done = run_module("benchmarks.storage.conversation", state, messages, environment=watch.environment)
        held = msgspec.json.decode(done.output, type=Conversation)
        opening, flowing = _split([*watch.notes(held.begin.at, held.closed.at)], held.opened.at)
        runs.append(Run(messages, held, opening, flowing))
    return Written(runs)
