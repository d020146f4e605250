"""Everything is measured, each part in a process of its own, and told in tables."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from benchmarks.figures import Target, short, table
from benchmarks.process import run_module
from benchmarks.search.building import Building
from benchmarks.search.floor import Floor
from benchmarks.search.generate import MESSAGES
from benchmarks.search.questions import Asked, Question

__all__ = ["Searched", "measure"]

_MANY: Final = 10_000
_QUICK: Final = 200
_MS: Final = 1000
_MB: Final = 1e6
_LIMIT: Final = 0.1  # seconds for a list or a search
_STALL: Final = 0.05


class Searched(NamedTuple):
    """The cost of lists and searches, with so many sessions."""

    sessions: int
    building: Building
    question: Question
    floor: Floor

    def targets(self) -> Iterator[Target]:
        """The promises of the index."""
        of = f"{self.sessions:,} sessions of {MESSAGES} messages"
        for what, asked in (("list", self.question.lists), ("search", self.question.searches)):
            slowest = max(each.p99 for each in asked.values())
            yield Target(f"seconds for a {what}, {of}: the slowest kind's p99", slowest, _LIMIT, is_limit=True)
        yield Target(
            "seconds for which the event loop was held while it was made", self.building.stall, _STALL, is_limit=True
        )

    def tables(self) -> Iterator[str]:
        """Three tables."""
        made, floor = self.building, self.floor
        yield f"The index of {self.sessions:,} sessions of {MESSAGES} messages"
        yield table(
            ("", ""),
            (
                ("seconds until all sessions were listed", short(made.listed)),
                ("seconds until all messages were found, half of it in pauses", short(made.seconds)),
                ("seconds until nothing was left of twenty that were deleted, likewise", short(made.purge)),
                ("MB of its file", short(made.size / _MB)),
                (
                    "MB of plain SQLite: the texts alone, with all trigrams",
                    f"{short(floor.plain / _MB)}, {short(floor.full / _MB)}",
                ),
                ("seconds in which plain SQLite makes those, in one statement", short(floor.filling)),
                (
                    "MB of memory, before and while it was made",
                    f"{short(made.before / _MB)}, {short(made.memory / _MB)}",
                ),
                ("ms for a message without it: median, p99, longest", _three(made.alone)),
                ("ms for a message while it was made", _three(made.beside)),
                ("ms for which the event loop was held at most", short(_MS * made.stall)),
            ),
        )
        yield table(
            ("ms for a page of 100", "median", "p99", "longest"),
            (
                *(_row(name, each) for name, each in self.question.lists.items()),
                _row("plain SQLite: the rows of the first page", floor.page),
            ),
        )
        yield table(
            ("ms for the 50 latest messages", "median", "p99", "longest", "found", "FTS5 median", "LIKE median"),
            (
                (*_row(name, each), short(each.found), _median(floor.trigrams.get(name)), _median(floor.like.get(name)))
                for name, each in self.question.searches.items()
            ),
        )


def _three(seconds: tuple[float, float, float]) -> str:
    return ", ".join(short(_MS * each) for each in seconds)


def _row(name: str, asked: Asked) -> tuple[str, str, str, str]:
    return name, short(_MS * asked.median), short(_MS * asked.p99), short(_MS * asked.longest)


def _median(asked: Asked | None) -> str:
    return "–" if asked is None or not asked.found else short(_MS * asked.median)


def measure(folder: Path, *, quick: bool, progress: Callable[[str], None]) -> Searched:
    """Store conversations, if they are not there, and measure.

    Args:
        folder: on a disk; the conversations stay there.
        quick: little of each.
        progress: told what comes next.
    """
    sessions, times = (_QUICK, 5) if quick else (_MANY, 100)
    state, complete = folder / f"conversations-{sessions}", folder / f"conversations-{sessions}.complete"
    if not complete.exists():
        progress(f"storing {sessions:,} conversations in {state}")
        run_module("benchmarks.search.generate", state, sessions)
        complete.touch()
    progress("making the index, with messages sent beside it")
    building = msgspec.json.decode(
        run_module("benchmarks.search.building", state, 0.5 if quick else 10).output, type=Building
    )
    progress("lists and searches")
    question = msgspec.json.decode(run_module("benchmarks.search.questions", state, times).output, type=Question)
    progress("the same questions to plain SQLite")
    floor = msgspec.json.decode(run_module("benchmarks.search.floor", state, times).output, type=Floor)
    return Searched(sessions, building, question, floor)
