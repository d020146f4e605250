"""Crash loops: `python -m benchmarks.actors.scenarios.crashes SESSIONS PACE SECONDS [FOLDER]`.

The sessions crash until they are parked. PACE is the seconds from one session to the next.
"""

import logging
import os
import sys
from functools import partial
from time import perf_counter

import anyio
import msgspec
from msgspec import Struct

from argentos import Supervisor
from argentos.actors import SessionParked, SessionRestarted
from benchmarks.actors.contestants.ours import count_one
from benchmarks.actors.scenarios.others import Others, Waits
from benchmarks.actors.scenarios.parts import CRASHING, store_in
from benchmarks.storage.instant import InstantModel

__all__ = ["Crashes", "main"]


class Crashes(Struct, frozen=True):
    """What others saw while so many sessions failed so often, in seconds."""

    parked: int
    failures: int
    took: float
    calm: Waits
    others: Waits


class _Crashing:
    """The sessions, each of which crashes again and again by itself, once it has a message."""

    def __init__(self, supervisor: Supervisor, sessions: int, pace: float) -> None:
        self._supervisor = supervisor
        self._sessions = sessions
        self._pace = pace
        self.failures = self.parked = 0
        self.took = 0.0

    async def crash(self) -> None:
        """Until all are parked."""
        before = perf_counter()
        async with self._supervisor.events(limit=1_000_000) as events, anyio.create_task_group() as group:
            group.start_soon(self._begin)
            async for event in events:
                if isinstance(event, SessionRestarted | SessionParked):
                    self.failures += 1
                    self.parked += isinstance(event, SessionParked)
                    if self.parked == self._sessions:
                        break
        self.took = perf_counter() - before

    async def _begin(self) -> None:
        async with anyio.create_task_group() as group:
            for number in range(self._sessions):
                session = self._supervisor.session(f"{CRASHING}-{number}")
                group.start_soon(partial(session.send, "Hello!"))
                if self._pace:
                    await anyio.sleep(self._pace)


async def _measure(sessions: int, pace: float, seconds: float, folder: str) -> Crashes:
    async with Supervisor(store_in(folder), InstantModel(), count=count_one, count_inline=10**6) as supervisor:
        others = Others(supervisor)
        await others.calm(seconds / 10)
        calm = await others.calm(seconds)
        crashing = _Crashing(supervisor, sessions, pace)
        waits = await others.during(crashing.crash)
        return Crashes(crashing.parked, crashing.failures, crashing.took, calm, waits)


def main(sessions: str, pace: str, seconds: str, folder: str = "") -> None:
    """Let them crash, and print what came of it; what is logged is written, but to nowhere."""
    logging.basicConfig(filename=os.devnull)
    result = anyio.run(_measure, int(sessions), float(pace), float(seconds), folder)
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
