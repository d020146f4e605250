"""One run: `python -m benchmarks.storage.contestants NAME FOLDER SESSIONS SECONDS [SWITCH_INTERVAL]`, JSON out."""

import resource
import sqlite3
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import msgspec
from msgspec import structs

from benchmarks.storage.contestants.closed_loop import Sample, closed_loop


async def _run(contestant: Any, folder: Path, sessions: int, seconds: float) -> Sample:
    async with contestant.opened(folder, sessions) as append:
        return await closed_loop(append, sessions, seconds)


def _durability(folder: Path) -> str:
    """The pragmas of the database in the folder, as every connection finds them; empty where there is none."""
    levels = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
    for path in folder.glob("*.db"):
        with closing(sqlite3.connect(path)) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            (level,) = connection.execute("PRAGMA synchronous").fetchone()
            return f"{mode.upper()}, {levels[level]}"
    return ""


def main(name: str, path: str, sessions: str, seconds: str, switch_interval: str = "0.005") -> None:
    """Run the contestant, and print what came of it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # some peers open files for each append
    sys.setswitchinterval(float(switch_interval))
    contestant = import_module(f"benchmarks.storage.contestants.{name}")
    sample = anyio.run(_run, contestant, Path(path), int(sessions), float(seconds))
    sys.stdout.buffer.write(msgspec.json.encode(structs.replace(sample, durability=_durability(Path(path)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
