"""Lists and searches, each kind many times: `python -m benchmarks.search.questions STATE TIMES`.

The index is there, and whole. Words are drawn from all that there are, so that hardly a question comes twice.
"""

import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import anyio
import msgspec
from msgspec import Struct, structs

from argentos import FileStore, OfflineModel, Supervisor
from argentos.gateway.index import SearchQuery, SessionIndex, SessionQuery
from benchmarks.search.generate import OWNERS
from benchmarks.search.texts import characters, words

__all__ = ["SEARCHES", "Asked", "Question", "main"]

_SPREAD: Final = 1000  # words among which one is drawn, as frequent as each other, more or less

SEARCHES: Final[dict[str, Callable[[random.Random], str]]] = {
    "one of the ten commonest words": lambda chance: chance.choice(words()[:10]),
    "a common word": lambda chance: chance.choice(words()[10:_SPREAD]),
    "a rare word": lambda chance: chance.choice(words()[-_SPREAD:]),
    "two common words": lambda chance: " ".join(chance.sample(words()[10:_SPREAD], 2)),
    "two common words, side by side": lambda chance: '"{}"'.format(" ".join(chance.sample(words()[10:_SPREAD], 2))),
    "a word that is nowhere": lambda chance: chance.choice(words())[:3] + "xqj",
    "a word of syllables that are everywhere": lambda chance: "".join(chance.sample(words()[:30], 3)),
    "two Latin letters": lambda chance: chance.choice("bcdfghkl") + chance.choice("aeiou"),
    "two Chinese characters": lambda chance: "".join(chance.sample(characters()[:300], 2)),
    "three Chinese characters": lambda chance: "".join(chance.sample(characters()[:300], 3)),
    "one Chinese character": lambda chance: chance.choice(characters()),
}
"""Kinds of words that are searched for."""


class Asked(Struct, frozen=True):
    """Seconds: the median, of a hundred the longest but one, and the longest; and how many were found on average."""

    median: float
    p99: float
    longest: float
    found: float

    @classmethod
    def of(cls, took: Sequence[float], found: int) -> "Asked":
        """The figures of some questions."""
        ordered = sorted(took)
        return cls(ordered[len(took) // 2], ordered[len(took) * 99 // 100], ordered[-1], found / len(took))


class Question(Struct, frozen=True):
    """The questions to the index, and what each took."""

    lists: dict[str, Asked]
    searches: dict[str, Asked]


_LISTS: Final[dict[str, Callable[[random.Random], SessionQuery]]] = {
    "the first page": lambda _: SessionQuery(agent="main", archived=False),
    "in a state": lambda _: SessionQuery(agent="main", state="Idle"),
    "of an owner": lambda chance: SessionQuery(owner=f"o-{chance.randrange(OWNERS)}"),
    "with a tag": lambda chance: SessionQuery(tag=chance.choice(("travel", "work", "home"))),
    "with words in the title": lambda chance: SessionQuery(text=chance.choice(words()[:_SPREAD])),
}


async def _measure(state: Path, times: int) -> Question:
    chance = random.Random(7)  # noqa: S311 - made up, not secret
    _ = words(), characters()  # once, and not while something is measured
    async with (
        Supervisor(FileStore(state), OfflineModel(), resume=False) as supervisor,
        SessionIndex(supervisor) as index,
    ):
        await index.settle()
        lists = {name: await _asked(times, _pages(index, make, chance)) for name, make in _LISTS.items()}
        lists["the fiftieth page"] = await _asked(times, _later_pages(index, await _cursor(index, 49)))
        searches: dict[str, Asked] = {}
        for name, make in SEARCHES.items():
            searches[name] = await _asked(times, _searches(index, make, chance, SearchQuery(text="")))
        common = SEARCHES["a common word"]
        for name, scope in (
            ("a common word, of a session", SearchQuery(text="", session="user-000007")),
            ("a common word, of an owner", SearchQuery(text="", owner="o-7")),
        ):
            searches[name] = await _asked(times, _searches(index, common, chance, scope))
        return Question(lists, searches)


Questions = Iterator[Callable[[], Awaitable[int]]]


def _pages(index: SessionIndex, make: Callable[[random.Random], SessionQuery], chance: random.Random) -> Questions:
    async def ask() -> int:
        return len((await index.page(make(chance))).sessions)

    while True:
        yield ask


def _later_pages(index: SessionIndex, cursor: str | None) -> Questions:
    async def ask() -> int:
        return len((await index.page(SessionQuery(after=cursor))).sessions)

    while True:
        yield ask


async def _cursor(index: SessionIndex, pages: int) -> str | None:
    cursor: str | None = None
    for _ in range(pages):
        cursor = (await index.page(SessionQuery(after=cursor))).next or cursor
    return cursor


def _searches(
    index: SessionIndex, make: Callable[[random.Random], str], chance: random.Random, scope: SearchQuery
) -> Questions:
    async def ask() -> int:
        return len((await index.search(structs.replace(scope, text=make(chance)))).hits)

    while True:
        yield ask


async def _asked(times: int, questions: Questions) -> Asked:
    took: list[float] = []
    found = 0
    for ask, _ in zip(questions, range(times), strict=False):
        begun = time.perf_counter()
        found += await ask()
        took.append(time.perf_counter() - begun)
    return Asked.of(took, found)


def main(state: str, times: str) -> None:
    """Print what was measured."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure, Path(state), int(times))))


if __name__ == "__main__":
    main(*sys.argv[1:])
