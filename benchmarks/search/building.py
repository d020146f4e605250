"""The index of stored conversations is made: `python -m benchmarks.search.building STATE SECONDS`.

Beside it messages are sent, one after the other, first without an index for so many seconds, and then while it is made.
"""

import shutil
import sys
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Final

import anyio
import msgspec
from msgspec import Struct, structs

from argentos import FileStore, OfflineModel, Supervisor
from argentos.gateway.index import SearchQuery, SessionIndex
from benchmarks.figures import median

__all__ = ["Building", "main"]

_BEAT: Final = 0.001  # seconds
_KIB: Final = 1024
_LIVE: Final = 20  # sessions that get messages meanwhile
_TEXT: Final = "Here is what is new: the tide turns at six."


class Building(Struct, frozen=True, kw_only=True):
    """Seconds and bytes.

    Attributes:
        seconds: until it had all messages, with the pauses that it makes for others.
        listed: seconds until it had all sessions.
        size: of its file.
        memory: the most that the process held; `before` it was made.
        stall: the longest time for which it held up the event loop, as a part of what it computed.
        alone: the medians and the longest of the times that messages took to be durable; `beside` while it is made.
        purge: seconds until nothing was left of those sessions, which were deleted.
    """

    seconds: float
    listed: float
    size: int
    memory: int
    before: int
    stall: float
    alone: tuple[float, float, float]
    beside: tuple[float, float, float]
    purge: float


class _Beside:
    """Messages that are sent one after the other, and how long the event loop stands still."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.stall = 0.0
        self.is_over = False
        self._supervisor = supervisor
        self._took: list[float] = []

    async def send(self) -> None:
        while not self.is_over:
            begun = time.perf_counter()
            await self._supervisor.session(f"live-{len(self._took) % _LIVE}").say(_TEXT)
            self._took.append(time.perf_counter() - begun)
            await anyio.sleep(0.005)

    async def beat(self) -> None:
        while True:
            before, used = time.perf_counter(), time.process_time()
            await anyio.sleep(_BEAT)
            self.stall = max(self.stall, min(time.perf_counter() - before - _BEAT, time.process_time() - used))

    def taken(self) -> tuple[float, float, float]:
        took, self._took, self.stall = sorted(self._took), [], 0.0
        return median(took), took[len(took) * 99 // 100], took[-1]


async def _measure(state: Path, seconds: float) -> Building:
    shutil.rmtree(state / "search", ignore_errors=True)
    async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
        return await _beside_messages(supervisor, state, seconds)


async def _beside_messages(supervisor: Supervisor, state: Path, seconds: float) -> Building:
    beside, found = _Beside(supervisor), list[Building]()
    async with anyio.create_task_group() as group:
        group.start_soon(beside.send)
        group.start_soon(beside.beat)
        await anyio.sleep(seconds)
        alone, before = beside.taken(), _memory()
        built = await _build(supervisor, beside, state)
        found.append(structs.replace(built, alone=alone, before=before))
        group.cancel_scope.cancel()
    return found[0]


async def _build(supervisor: Supervisor, beside: _Beside, state: Path) -> Building:
    begun = time.perf_counter()
    async with SessionIndex(supervisor) as index:
        while (await index.page()).problems:  # noqa: ASYNC110 - as one asks who waits for it
            await anyio.sleep(0.05)
        listed = time.perf_counter() - begun
        while not (await index.search(SearchQuery(text="zzz"))).is_complete:  # noqa: ASYNC110 - likewise
            await anyio.sleep(0.2)
        seconds, stall = time.perf_counter() - begun, beside.stall
        found = beside.taken()
        beside.is_over = True
        await index.settle()
        begun = time.perf_counter()
        for number in range(_LIVE):
            await supervisor.session(f"live-{number}").delete()
        await index.settle()
        return Building(
            seconds=seconds,
            listed=listed,
            size=(state / "search" / "index.sqlite").stat().st_size,
            memory=_memory(),
            before=0,
            stall=stall,
            alone=(0, 0, 0),
            beside=found,
            purge=time.perf_counter() - begun,
        )


def _memory() -> int:
    return getrusage(RUSAGE_SELF).ru_maxrss * _KIB


def main(state: str, seconds: str) -> None:
    """Print what was measured."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure, Path(state), float(seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
