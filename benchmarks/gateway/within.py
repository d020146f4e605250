"""The load in the process of a supervisor: `python -m benchmarks.gateway.within DIRECTORY LOAD`, as JSON."""

import resource
import sys
import time
from pathlib import Path
from typing import Final

import anyio
import anyio.abc
import click
import msgspec

from argentos import Agent, FileStore, RecordAppended, Supervisor, TextDelta
from argentos.actors import Subscription
from benchmarks.gateway.load import TEXT, Begun, Load, Measured, Spoken

_BEHIND: Final = 2000  # events, as in a gateway
_KIB: Final = 1024
_PATIENCE: Final = 60  # seconds for listeners to hear of all


async def measure(directory: Path, load: Load) -> Measured:
    """Run the load."""
    begun: list[Begun] = []
    cpu = 0.0
    told: list[int] = [0] * load.listeners
    async with Supervisor(FileStore(directory), Agent(Spoken())) as supervisor:
        await supervisor.session("warm").ask("first")
        async with anyio.create_task_group() as listening:
            for number in range(load.listeners):
                await listening.start(_listen, supervisor, number, told)
            before = time.process_time()
            async with anyio.create_task_group() as turns:
                for number in range(load.turns):
                    turns.start_soon(_speak, supervisor, number, load, begun)
            await _all_told(told)
            cpu = time.process_time() - before
            listening.cancel_scope.cancel()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
    return Measured.of(begun, told[0], cpu, memory)


async def _all_told(told: list[int]) -> None:
    known: set[int] = set()
    for _ in range(_PATIENCE):
        await anyio.sleep(1)
        if len({*told}) == 1 and {*told} == known:
            return
        known = {*told}
    raise SystemExit("some listeners were not told of all events")


async def _listen(
    supervisor: Supervisor, number: int, told: list[int], *, task_status: anyio.abc.TaskStatus[None]
) -> None:
    async with supervisor.events(_BEHIND) as events:
        task_status.started()
        await _count(events, number, told)


async def _count(events: Subscription, number: int, told: list[int]) -> None:
    async for event in events:
        if not isinstance(event, RecordAppended):
            raise SystemExit(f"a listener was told of {event!r}")
        told[number] += 1


async def _speak(supervisor: Supervisor, number: int, load: Load, begun: list[Begun]) -> None:
    await anyio.sleep(number * load.spread / load.turns)
    asked, first, said = time.perf_counter(), 0.0, ""
    async for piece in await supervisor.session(f"s-{number}").send("Go on."):
        first = first or time.perf_counter() - asked
        said += piece.text if isinstance(piece, TextDelta) else ""
    if said != TEXT:
        raise SystemExit(f"a reply was {said!r}")
    begun.append(Begun(first, time.perf_counter() - asked))


if __name__ == "__main__":
    given = msgspec.json.decode(sys.argv[2], type=Load)
    click.echo(msgspec.json.encode(anyio.run(measure, Path(sys.argv[1]), given)))
