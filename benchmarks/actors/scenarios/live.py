"""Many sessions in memory: `python -m benchmarks.actors.scenarios.live STATE_DIR SESSIONS ASKED`."""

import gc
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

import anyio
import msgspec
from msgspec import Struct

from argentos import Config, FileStore, Session, Supervisor
from benchmarks.actors.contestants.contestant import resident
from benchmarks.actors.contestants.ours import count_one
from benchmarks.actors.scenarios.others import Waits
from benchmarks.storage.instant import InstantModel

__all__ = ["Live", "main"]

_CLIENTS: Final = 64
_QUIET: Final = 2.0  # seconds
_YEARS: Final = 5 * 365 * 86400.0


class Live(Struct, frozen=True):
    """What it took to have them, and to ask some; seconds and bytes.

    Attributes:
        computed: of each second in which all are quiet.
        messages: of all of them, in their contexts.
    """

    live: int
    messages: int
    reviving: float
    empty: int
    quiet: int
    computed: float
    answered: int
    asking: float
    asks: Waits
    asked: int


async def _each(sessions: list[Session], do: Callable[[Session], Awaitable[object]]) -> list[float]:
    """Do it to all, some at once; how long each took."""
    took: list[float] = []

    async def work(left: Iterator[Session]) -> None:
        for session in left:
            before = perf_counter()
            await do(session)
            took.append(perf_counter() - before)

    left = iter(sessions)
    async with anyio.create_task_group() as group:
        for _ in range(_CLIENTS):
            group.start_soon(work, left)
    return took


async def _measure(folder: Path, many: int, asked: int) -> Live:
    config = Config(idle_after=_YEARS, passivate_after=_YEARS)  # nothing leaves memory, however old it is
    async with Supervisor(
        FileStore(folder), InstantModel(), config=config, count=count_one, count_inline=10**6
    ) as supervisor:
        infos = (await supervisor.list())[:many]
        messages = sum(info.messages for info in infos)
        sessions = [supervisor.session(info.id) for info in infos]
        gc.collect()
        empty = resident()
        before = perf_counter()
        await _each(sessions, Session.stop)  # revives it, and there is nothing to stop
        reviving = perf_counter() - before
        live, quiet = supervisor.live, resident()
        computed = time.process_time()
        await anyio.sleep(_QUIET)
        computed = (time.process_time() - computed) / _QUIET
        before = perf_counter()
        took = await _each(sessions[:: max(1, len(sessions) // asked)][:asked], lambda each: each.ask("Still there?"))
        asking = perf_counter() - before
        return Live(live, messages, reviving, empty, quiet, computed, len(took), asking, Waits.of(took), resident())


def main(folder: str, many: str, asked: str) -> None:
    """Revive them, ask some, and print what came of it."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure, Path(folder), int(many), int(asked))))


if __name__ == "__main__":
    main(*sys.argv[1:])
