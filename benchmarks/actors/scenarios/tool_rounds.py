"""A turn with an instant tool, in memory: `python -m benchmarks.actors.scenarios.tool_rounds SECONDS`."""

import sys
from statistics import median
from time import perf_counter

import anyio
import msgspec
from msgspec import Struct

from argentos import Agent, Emit, MemoryStore, Reply, Request, Session, Supervisor, ToolUse, tool
from benchmarks.actors.contestants.ours import count_one

__all__ = ["ROUNDS", "ToolRounds", "main"]

ROUNDS = 20  # of a turn


class ToolRounds(Struct, frozen=True):
    """Microseconds of an ask without tools, and of one round of a turn with many."""

    ask: float
    round: float


@tool
async def instant(n: int) -> str:
    """Answer at once."""
    return str(n)


class _Calling:
    """Calls the tool so many times, and then replies."""

    name = "calling"

    def __init__(self) -> None:
        self.left = 0

    async def reply(self, request: Request, _emit: Emit, /) -> Reply:
        if not self.left:
            return Reply("done")
        self.left -= 1
        return Reply([ToolUse(id=f"c{self.left}", name="instant", input={"n": len(request.messages)})])


async def _took(session: Session) -> float:
    begun = perf_counter()
    await session.ask("go on")
    return perf_counter() - begun


async def _measure(seconds: float) -> ToolRounds:
    model, asks, rounds = _Calling(), list[float](), list[float]()
    end = perf_counter() + seconds
    async with Supervisor(MemoryStore(), Agent(model, tools=[instant]), count=count_one, count_inline=10**6) as owner:
        number = 0
        model.left = ROUNDS
        await owner.session("first").ask("warm up")
        while perf_counter() < end or not rounds:
            session, number = owner.session(f"s-{number}"), number + 1
            await session.ask("hello")
            asks += [await _took(session) for _ in range(ROUNDS)]
            session = owner.session(f"t-{number}")
            await session.ask("hello")
            model.left = ROUNDS
            rounds.append((await _took(session) - median(asks)) / ROUNDS)
    return ToolRounds(median(asks) * 1e6, median(rounds) * 1e6)


def main(seconds: str) -> None:
    """Print one JSON object."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure, float(seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
