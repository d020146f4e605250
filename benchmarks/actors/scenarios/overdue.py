"""A restart with overdue sessions: `python -m benchmarks.actors.scenarios.overdue STATE_DIR SECONDS`."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import anyio
import msgspec
from msgspec import Struct

from argentos import FileStore, SessionInfo, Supervisor
from benchmarks.actors.contestants.ours import count_one
from benchmarks.actors.scenarios.others import Others, Waits
from benchmarks.storage.instant import InstantModel

__all__ = ["Overdue", "main"]


class Overdue(Struct, frozen=True):
    """What was listed at once, in seconds since the start, and what others saw at the start, listing, and later."""

    overdue: int
    idle: int
    opened: float
    listed: float
    starting: Waits
    listing: Waits
    calm: Waits


def _overdue(infos: list[SessionInfo]) -> list[SessionInfo]:
    """Those in which nothing has happened for longer than `idle_after`, the others of this run left out."""
    latest = datetime.now(UTC) - timedelta(minutes=30)
    return [info for info in infos if info.last_activity < latest and not info.waiting]


async def _measure(folder: Path, seconds: float) -> Overdue:
    begin = perf_counter()
    async with Supervisor(FileStore(folder), InstantModel(), count=count_one, count_inline=10**6) as supervisor:
        opened = perf_counter() - begin
        infos = _overdue(await supervisor.list())
        listed = perf_counter() - begin
        idle = sum(info.state == "Idle" for info in infos)
        others = Others(supervisor)
        starting = await others.calm(seconds)

        async def list_them() -> None:
            deadline = perf_counter() + seconds
            while perf_counter() < deadline:
                await supervisor.list()

        listing = await others.during(list_them)
        result = Overdue(len(infos), idle, opened, listed, starting, listing, await others.calm(seconds))
        await others.forget()
        return result


def main(folder: str, seconds: str) -> None:
    """Open the directory, and print what was found."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure, Path(folder), float(seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
