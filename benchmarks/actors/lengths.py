"""What the length of the context does to an ask: `python -m benchmarks.actors.lengths MESSAGES…`, JSON out."""

import sys
from time import perf_counter
from typing import Final

import anyio
import msgspec
from msgspec import Struct

from argentos import MemoryStore, Session, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from benchmarks.actors.contestants.contestant import ANSWER, QUESTION
from benchmarks.actors.contestants.ours import count_one
from benchmarks.figures import median
from benchmarks.storage.instant import InstantModel

__all__ = ["Length", "main"]

_ASKS: Final = 20
_SESSIONS: Final = 10


class Length(Struct, frozen=True):
    """Microseconds of an ask with so many messages before it, and the bytes of the structs of a pair of messages."""

    before: int
    microseconds: float
    messages: int


def _transcript(messages: int) -> Transcript:
    pair = (TranscriptMessage(role="user", text=QUESTION), TranscriptMessage(role="assistant", text=ANSWER))
    return Transcript(agent="main", session="made-up", messages=pair * (messages // 2))


async def _ask(session: Session) -> float:
    before = perf_counter()
    for _ in range(_ASKS):
        await session.ask(QUESTION)
    return (perf_counter() - before) / _ASKS * 1e6


async def _measure(lengths: list[int]) -> list[Length]:
    found: list[Length] = []
    async with Supervisor(MemoryStore(), InstantModel(), count=count_one, count_inline=10**6) as supervisor:
        for length in lengths:
            sessions = [supervisor.session(f"{length}-{number}") for number in range(_SESSIONS)]
            for session in sessions:
                await session.adopt(_transcript(length))
            took = [await _ask(session) for session in sessions]
            messages = sum(map(sys.getsizeof, (await sessions[0].history())[-2:]))
            found.append(Length(length, median(took), messages))
    return found


def main(*lengths: str) -> None:
    """Measure, and print it."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure, [int(each) for each in lengths])))


if __name__ == "__main__":
    main(*sys.argv[1:])
