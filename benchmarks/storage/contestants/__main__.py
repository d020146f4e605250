"""One run: `python -m benchmarks.storage.contestants NAME FOLDER SESSIONS SECONDS [SWITCH_INTERVAL]`, JSON out."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import msgspec
from msgspec import structs

from benchmarks.storage.contestants.closed_loop import Sample, closed_loop, durability, raise_file_limit


async def _run(contestant: Any, folder: Path, sessions: int, seconds: float) -> Sample:
    async with contestant.opened(folder, sessions) as append:
        return await closed_loop(append, sessions, seconds)


def main(name: str, path: str, sessions: str, seconds: str, switch_interval: str = "0.005") -> None:
    """Run the contestant, and print what came of it."""
    raise_file_limit()
    sys.setswitchinterval(float(switch_interval))
    contestant = import_module(f"benchmarks.storage.contestants.{name}")
    sample = anyio.run(_run, contestant, Path(path), int(sessions), float(seconds))
    sys.stdout.buffer.write(msgspec.json.encode(structs.replace(sample, durability=durability(Path(path)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
