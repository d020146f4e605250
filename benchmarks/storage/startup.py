"""Starting up: `python -m benchmarks.storage.startup FOLDER BEGIN`, JSON out.

A supervisor on a state directory, with the defaults of the product. BEGIN is the monotonic time at which the process
was started, so that imports count.
"""

import sys
import time
from pathlib import Path
from typing import Final

import anyio
import msgspec
from msgspec import Struct

from argentos import FileStore, OfflineModel, Supervisor

__all__ = ["Startup", "main"]

_LOOK: Final = 0.05  # seconds between two looks
_CALM: Final = 0.5  # seconds without work, after which the start is over
_WORK: Final = 0.1  # of a core


class Startup(Struct, frozen=True):
    """Seconds since the process began.

    Attributes:
        entered: the supervisor is open.
        accepted: a message has been acknowledged.
        settled: nothing is being computed any more.
    """

    entered: float
    accepted: float
    settled: float


async def _settled() -> float:
    """The time when the process last computed."""
    last = time.monotonic()
    computed = time.process_time()
    while time.monotonic() - last < _CALM:
        await anyio.sleep(_LOOK)
        before, computed = computed, time.process_time()
        if computed - before > _WORK * _LOOK:
            last = time.monotonic()
    return last


async def _start(folder: Path, begin: float) -> Startup:
    async with Supervisor(FileStore(folder), OfflineModel()) as supervisor:
        entered = time.monotonic()
        await supervisor.session("benchmark").send("Is anybody there?")
        accepted = time.monotonic()
        return Startup(entered - begin, accepted - begin, await _settled() - begin)


def main(folder: str, begin: str) -> None:
    """Start, and print how long it took."""
    result = anyio.run(_start, Path(folder), float(begin))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
