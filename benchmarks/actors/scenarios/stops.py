"""`stop` while a turn hangs: `python -m benchmarks.actors.scenarios.stops SESSIONS [FOLDER]`."""

import sys
from time import perf_counter
from typing import Final

import anyio
import msgspec

from argentos import Session, Supervisor
from benchmarks.actors.contestants.ours import count_one
from benchmarks.actors.scenarios.others import Others, Waits
from benchmarks.actors.scenarios.parts import HUNG, HangingModel, store_in

__all__ = ["main"]

_WAITING: Final = 5  # messages behind each turn


async def _stop(sessions: list[Session]) -> list[float]:
    took: list[float] = []
    for session in sessions:
        before = perf_counter()
        await session.stop()
        took.append(perf_counter() - before)
    return took


async def _measure(sessions: int, folder: str) -> Waits:
    supervisor = Supervisor(
        store_in(folder), HangingModel(), count=count_one, count_inline=10**6, max_turns=2 * sessions, grace=0
    )
    async with supervisor:
        hung = [supervisor.session(f"{HUNG}-{number}") for number in range(sessions)]
        for session in hung:
            for _ in range(1 + _WAITING):
                await session.send("Hello?")
        took: list[float] = []

        async def stop() -> None:
            took.extend(await _stop(hung))

        await Others(supervisor).during(stop)
        return Waits.of(took)


def main(sessions: str, folder: str = "") -> None:
    """Stop them one after the other, and print how long each took."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure, int(sessions), folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
