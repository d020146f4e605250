"""What is asked of a contestant, and the measurements of it."""

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Final, Literal, Self, TypeAlias

from msgspec import Struct

__all__ = ["ANSWER", "QUESTION", "Contestant", "Sample", "Size", "asked", "held", "resident", "spawned"]

QUESTION: Final = "A message of 300 bytes, as people write them to each other all day long. ".ljust(300, ".")
ANSWER: Final = "An answer of 300 bytes, as models write them to people all day long. ".ljust(300, ".")

_EACH: Final = 10  # questions to an actor in a block
_BLOCKS: Final = 3  # at least

Memory: TypeAlias = Literal["resident", "traced"]


class Contestant:
    """A library with actors, numbered; they exist once they are asked."""

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""

    async def ask(self, actor: int) -> object:
        """Ask an actor, and wait for its answer."""
        raise NotImplementedError

    async def rest(self, actor: int) -> None:
        """Let an actor forget what it was asked, if it remembers; not timed."""


class Sample(Struct, frozen=True):
    """Microseconds for each question, of so many."""

    microseconds: float
    questions: int


class Size(Struct, frozen=True):
    """Bytes for each of so many actors."""

    bytes: float
    actors: int


async def asked(contestant: Contestant, actors: int, seconds: float) -> Sample:
    """All actors at once are asked ten times, one time after the other; so again for this long."""

    async def talk(actor: int) -> None:
        for _ in range(_EACH):
            await contestant.ask(actor)

    await _each(talk, actors)
    took: list[float] = []
    while sum(took) < seconds or len(took) < _BLOCKS:
        await _each(contestant.rest, actors)
        before = perf_counter()
        await _each(talk, actors)
        took.append(perf_counter() - before)
    questions = actors * _EACH
    return Sample(sorted(took)[len(took) // 2] / questions * 1e6, questions * len(took))


async def _each(work: Callable[[int], Awaitable[None]], actors: int) -> None:
    if actors == 1:
        await work(0)
        return
    async with asyncio.TaskGroup() as group:
        for actor in range(actors):
            group.create_task(_run(work, actor))


async def _run(work: Callable[[int], Awaitable[None]], actor: int) -> None:
    await work(actor)


async def spawned(contestant: Contestant, actors: int) -> Sample:
    """The first question to each actor, one after the other."""
    await contestant.ask(actors)  # what all share exists now
    before = perf_counter()
    for actor in range(actors):
        await contestant.ask(actor)
    return Sample((perf_counter() - before) / actors * 1e6, actors)


async def held(contestant: Contestant, actors: int, memory: Memory) -> Size:
    """Ask each actor once, then let all be quiet."""
    await contestant.ask(actors)
    if memory == "traced":
        tracemalloc.start()
    measure = resident if memory == "resident" else _traced
    gc.collect()
    before = measure()
    for actor in range(actors):
        await contestant.ask(actor)
    gc.collect()
    return Size((measure() - before) / actors, actors)


def resident() -> int:
    """Bytes of this process that are in memory."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def _traced() -> int:
    return tracemalloc.get_traced_memory()[0]
