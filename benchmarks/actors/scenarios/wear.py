"""Use that goes on: `python -m benchmarks.actors.scenarios.wear FOLDER MINUTES`."""

import asyncio
import gc
import random
import sys
from pathlib import Path
from time import perf_counter
from typing import Final

import anyio
import msgspec
from msgspec import Struct

from argentos import Config, FileStore, Session, Supervisor
from argentos.errors import SessionError
from benchmarks.actors.contestants.contestant import QUESTION, resident
from benchmarks.figures import median
from benchmarks.storage.instant import InstantModel

__all__ = ["Wear", "main"]

_CLIENTS: Final = 16
_SESSIONS: Final = 300
_EARLY: Final = 0.1  # of the time, after which the memory is looked at first: two minutes of twenty
_PART: Final = 0.1  # of the time, over which it is looked at
_BURST: Final = 300  # sessions at once, so that all workers there may be are there
_CONFIG: Final = Config(
    max_context_tokens=4000, keep_recent_tokens=1000, idle_after=1.0, passivate_after=1.0, max_live=100
)


class Look(Struct, frozen=True):
    """A look from outside; seconds since the beginning."""

    at: float
    memory: int
    descriptors: int
    tasks: int
    live: int


class Wear(Struct, frozen=True):
    """What was done, and what was left of it.

    Attributes:
        early: bytes in memory after the first part of the time, `late` at the end; medians.
        before: tasks and descriptors after a first burst of messages, `after` at rest after the last.
        closed: tasks and descriptors once the supervisor was closed, less those before it was made.
        leftovers: files in the folder that belong to nothing.
    """

    done: dict[str, int]
    looks: list[Look]
    early: float
    late: float
    before: tuple[int, int]
    after: tuple[int, int]
    closed: tuple[int, int]
    leftovers: list[str]


def _open() -> tuple[int, int]:
    """Tasks and descriptors."""
    return len(asyncio.all_tasks()), len([*Path("/proc/self/fd").iterdir()])


class _Client:
    """Somebody who does this and that with sessions."""

    def __init__(self, supervisor: Supervisor, number: int, done: dict[str, int]) -> None:
        self._supervisor = supervisor
        self._random = random.Random(number)  # noqa: S311 - made up, not secret
        self._done = done

    async def go_on(self) -> None:
        """Until cancelled."""
        actions = {"ask": 80, "stream": 8, "info": 4, "history": 2, "stop": 2, "clear": 1, "compact": 1, "delete": 2}
        while True:
            name = self._random.choices([*actions], [*actions.values()])[0]
            session = self._supervisor.session(f"user-{self._random.randrange(_SESSIONS)}")
            try:
                await self._do(name, session)
            except SessionError as error:
                name = f"{name}: {type(error).__name__}"
            self._done[name] = self._done.get(name, 0) + 1

    async def _do(self, name: str, session: Session) -> None:
        if name == "ask":
            await session.ask(QUESTION)
        elif name == "stream":
            turn = await session.send(QUESTION)
            async for _ in turn:
                pass
        else:
            await getattr(session, name)()


async def _look(supervisor: Supervisor, seconds: float, looks: list[Look]) -> None:
    """A look every second, or a hundred in all."""
    begin = perf_counter()
    while (at := perf_counter() - begin) < seconds:
        tasks, descriptors = _open()
        looks.append(Look(at, resident(), descriptors, tasks, supervisor.live))
        await anyio.sleep(min(1.0, seconds / 100))


async def _burst(supervisor: Supervisor) -> None:
    async with anyio.create_task_group() as group:
        for number in range(_BURST):
            group.start_soon(supervisor.session(f"user-{number}").ask, QUESTION)


def _memory(looks: list[Look], begin: float) -> float:
    """In the part of the time that begins there, as a part of it."""
    end = looks[-1].at
    return median(look.memory for look in looks if begin * end <= look.at <= (begin + _PART) * end)


def _leftovers(folder: Path) -> list[str]:
    """Files that were not put in their place."""
    return [str(path.relative_to(folder)) for path in folder.rglob(".*.new")]


async def _measure(folder: Path, seconds: float) -> Wear:
    outside = _open()
    done: dict[str, int] = {}
    looks: list[Look] = []
    async with Supervisor(FileStore(folder), InstantModel(), config=_CONFIG) as supervisor:
        await _burst(supervisor)
        before = _open()
        async with anyio.create_task_group() as group:
            for number in range(_CLIENTS):
                group.start_soon(_Client(supervisor, number, done).go_on)
            await _look(supervisor, seconds, looks)
            group.cancel_scope.cancel()
        await anyio.sleep(3 * _CONFIG.idle_after)
        after = _open()
    gc.collect()
    tasks, descriptors = _open()
    return Wear(
        done=done,
        looks=looks,
        early=_memory(looks, _EARLY),
        late=_memory(looks, 1 - _PART),
        before=before,
        after=after,
        closed=(tasks - outside[0], descriptors - outside[1]),
        leftovers=_leftovers(folder),
    )


def main(folder: str, minutes: str) -> None:
    """Use a supervisor for so long, and print what came of it."""
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_measure(Path(folder), float(minutes) * 60))))


if __name__ == "__main__":
    main(*sys.argv[1:])
