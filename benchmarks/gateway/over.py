"""The load over HTTP, for a gateway in a process of its own."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from argentos.gateway.access.tokens import Tokens
from benchmarks.gateway.clients import Gateway, Listener
from benchmarks.gateway.load import Begun, Load, Measured, raise_descriptors

__all__ = ["measure"]

_LIMITS: Final = {"requestsPerSecond": 1e6, "requestsBurst": 1e6, "newSessionsBurst": 1e6}
_TICKS: Final = 100  # of a second, in which the kernel counts
_KIB: Final = 1024
_PATIENCE: Final = 60  # seconds for listeners to hear of all


def measure(directory: Path, load: Load) -> Measured:
    """Run the load.

    Raises:
        SystemExit: something was lost.
    """
    raise_descriptors()
    with _serving(directory) as (process, gateway):
        return asyncio.run(_measure(process, gateway, load))


@contextmanager
def _serving(directory: Path) -> Generator[tuple[int, Gateway]]:
    directory.mkdir(mode=0o700)
    settings = {"agents": {"main": {"model": "benchmarks.gateway.load:Spoken"}}, "gateway": {"limits": _LIMITS}}
    (directory / "argent.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "argentos", "gateway", "--port", "0", "--json", "--state-dir", str(directory)]
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))  # noqa: S603 - our own
        stack.callback(process.kill)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        url = json.loads(process.stdout.readline())["url"]
        yield process.pid, Gateway(int(url.rpartition(":")[2]), Tokens(directory).new("load"))


async def _measure(process: int, gateway: Gateway, load: Load) -> Measured:
    await gateway.speak("warm")
    listeners = [Listener(gateway) for _ in range(load.listeners + load.deaf)]
    for each in listeners:
        await each.open()
    heard = listeners[: load.listeners]
    async with asyncio.TaskGroup() as group:
        listening = [group.create_task(each.listen()) for each in heard]
        before = _cpu(process)
        begun = await asyncio.gather(*(_speak(gateway, number, load) for number in range(load.turns)))
        await _all_told(heard)
        cpu = _cpu(process) - before
        for task in listening:
            task.cancel()
    return Measured.of(begun, heard[0].events, cpu, _memory(process))


async def _all_told(heard: list[Listener]) -> None:
    """Wait until all listeners were told of the same, and nothing more comes.

    Raises:
        SystemExit: they are not.
    """
    known: set[tuple[int, bytes]] = set()
    for _ in range(_PATIENCE):
        await asyncio.sleep(1)
        told = {(each.events, each.digest) for each in heard}
        if len(told) == 1 and told == known:
            return
        known = told
    raise SystemExit("some listeners were not told of all events")


async def _speak(gateway: Gateway, number: int, load: Load) -> Begun:
    await asyncio.sleep(number * load.spread / load.turns)
    return await gateway.speak(f"s-{number}")


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * _KIB for line in status.splitlines() if line.startswith("VmHWM"))
