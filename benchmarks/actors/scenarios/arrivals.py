"""New sessions: `python -m benchmarks.actors.scenarios.arrivals SESSIONS PACE SECONDS [FOLDER]`.

With nothing wrong with them: what `crashes` is to be compared with. PACE is the seconds from one session to the next.
"""

import sys
from functools import partial

import anyio
import msgspec
from msgspec import Struct

from argentos import Supervisor
from benchmarks.actors.contestants.ours import count_one
from benchmarks.actors.scenarios.others import Others, Waits
from benchmarks.actors.scenarios.parts import store_in
from benchmarks.storage.instant import InstantModel

__all__ = ["Arrivals", "main"]


class Arrivals(Struct, frozen=True):
    """What others saw while so many sessions got their first message, in seconds."""

    calm: Waits
    others: Waits


async def _measure(sessions: int, pace: float, seconds: float, folder: str) -> Arrivals:
    async with Supervisor(store_in(folder), InstantModel(), count=count_one, count_inline=10**6) as supervisor:

        async def arrive() -> None:
            async with anyio.create_task_group() as group:
                for number in range(sessions):
                    group.start_soon(partial(supervisor.session(f"new-{number}").send, "Hello!"))
                    await anyio.sleep(pace)

        others = Others(supervisor)
        await others.calm(seconds / 10)
        calm = await others.calm(seconds)
        return Arrivals(calm, await others.during(arrive))


def main(sessions: str, pace: str, seconds: str, folder: str = "") -> None:
    """Let them come, and print what others saw."""
    result = anyio.run(_measure, int(sessions), float(pace), float(seconds), folder)
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
