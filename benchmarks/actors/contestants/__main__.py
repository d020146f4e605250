"""One run: `python -m benchmarks.actors.contestants MODULE.CLASS asked|spawned|held ACTORS [HOW]`, JSON out.

HOW is for `asked` the seconds that it takes, for `held` either `resident` or `traced`.
"""

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module
from typing import cast

import msgspec

from benchmarks.actors.contestants.contestant import Contestant, Memory, Sample, Size, asked, held, spawned


async def _measured(make: Callable[[], Contestant], what: str, actors: int, how: str) -> Sample | Size:
    async with make() as contestant:
        if what == "asked":
            return await asked(contestant, actors, float(how))
        if what == "held":
            return await held(contestant, actors, cast("Memory", how))
        return await spawned(contestant, actors)


def main(name: str, what: str, actors: str, how: str = "") -> None:
    """Measure the contestant, and print what came of it."""
    module, _, kind = name.partition(".")
    make = getattr(import_module(f"benchmarks.actors.contestants.{module}"), kind)
    result = asyncio.run(_measured(make, what, int(actors), how))
    sys.stdout.buffer.write(msgspec.json.encode(result))
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
