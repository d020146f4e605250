"""Reviving: `python -m benchmarks.actors.scenarios.revival FOLDER MESSAGES TIMES`.

A session with ten messages in its context, which are all it has, and one with so many messages before those.
"""

import sys
from pathlib import Path
from time import perf_counter
from typing import Final

import anyio
import msgspec
from msgspec import Struct

from argentos import Config, FileStore, Session, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from benchmarks.actors.contestants.contestant import ANSWER, QUESTION
from benchmarks.actors.contestants.ours import count_one
from benchmarks.actors.scenarios.others import Waits
from benchmarks.storage.instant import InstantModel

__all__ = ["Revival", "main"]

_CONTEXT: Final = 10


class Revival(Struct, frozen=True):
    """Seconds of a revival with few messages, and with many behind those."""

    few: Waits
    many: Waits


def _transcript(messages: int) -> Transcript:
    return Transcript(
        agent="main",
        session="made-up",
        messages=tuple(
            TranscriptMessage(
                role="assistant" if number % 2 else "user",
                text=ANSWER if number % 2 else QUESTION,
                archived=number < messages - _CONTEXT,
            )
            for number in range(messages)
        ),
    )


def _supervisor(folder: Path) -> Supervisor:
    """One in which a session leaves memory as soon as another comes."""
    year = 365 * 86400.0
    config = Config(max_live=1, idle_after=year, passivate_after=year)
    return Supervisor(FileStore(folder), InstantModel(), config=config, count=count_one, count_inline=10**6)


async def _revive(session: Session) -> float:
    before = perf_counter()
    await session.stop()  # there is nothing to stop
    return perf_counter() - before


async def _measure(folder: Path, messages: int, times: int) -> Revival:
    async with _supervisor(folder) as supervisor:
        await supervisor.session("few").adopt(_transcript(_CONTEXT))
        await supervisor.session("many").adopt(_transcript(messages))
    async with _supervisor(folder) as supervisor:
        took: dict[str, list[float]] = {"few": [], "many": []}
        for name in ("few", "many") * times:
            took[name].append(await _revive(supervisor.session(name)))
            if supervisor.live != 1:
                raise RuntimeError("a session was not revived: it had not left memory")
        return Revival(*map(Waits.of, took.values()))


def main(folder: str, messages: str, times: str) -> None:
    """Revive them in turns, and print how long it took."""
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(_measure, Path(folder), int(messages), int(times))))


if __name__ == "__main__":
    main(*sys.argv[1:])
