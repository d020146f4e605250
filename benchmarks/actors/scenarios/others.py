"""Those who have nothing to do with it: sessions that are asked something now and then."""

import random
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from time import perf_counter
from typing import Final

import anyio
from msgspec import Struct

from argentos import Session, Supervisor

__all__ = ["Others", "Waits"]

_SESSIONS: Final = 10
_PACE: Final = 0.02  # seconds between two asks, on average
_CLEARED: Final = 50  # asks


class Waits(Struct, frozen=True):
    """Seconds of so many asks."""

    asks: int
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, took: Sequence[float]) -> "Waits":
        """Of at least one."""
        ordered = sorted(took)
        p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99))
        return cls(len(ordered), p50, p99, ordered[-1])


class Others:
    """Sessions that go about their business, and how long their asks take."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.sessions = [supervisor.session(f"other-{number}") for number in range(_SESSIONS)]

    async def calm(self, seconds: float) -> Waits:
        """For this long, while nothing else goes on."""
        return await self.during(lambda: anyio.sleep(seconds))

    async def during(self, work: Callable[[], Awaitable[object]]) -> Waits:
        """While this is done; what was asked meanwhile is waited for."""
        took: list[float] = []
        done = anyio.Event()
        async with anyio.create_task_group() as group:
            for session in self.sessions:
                group.start_soon(_ask, session, took, done)
            await work()
            done.set()
        return Waits.of(took)

    async def forget(self) -> None:
        """Delete them."""
        for session in self.sessions:
            await session.delete()


async def _ask(session: Session, took: list[float], done: anyio.Event) -> None:
    """Once at least, now and then."""
    chance = random.Random(session.id)  # noqa: S311 - so that they do not all ask at once
    for asks in count(1):
        await anyio.sleep(2 * _PACE * chance.random())
        before = perf_counter()
        await session.ask("Is all well?")
        took.append(perf_counter() - before)
        if done.is_set():
            return
        if asks % _CLEARED == 0:
            await session.clear()
