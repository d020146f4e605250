"""A flood into one session: `python -m benchmarks.actors.scenarios.flood CLIENTS MESSAGES SECONDS [FOLDER]`."""

import sys
from time import perf_counter

import anyio
import anyio.lowlevel
import msgspec
from msgspec import Struct

from argentos import Session, Supervisor
from argentos.errors import MailboxFullError, NoReplyError
from benchmarks.actors.contestants.ours import count_one
from benchmarks.actors.scenarios.others import Others, Waits
from benchmarks.actors.scenarios.parts import HUNG, HangingModel, store_in

__all__ = ["Flood", "main"]


class Flood(Struct, frozen=True):
    """What became of the last flood, and what others saw of all.

    Attributes:
        took: seconds of a flood.
        stopped: seconds of `stop` with a full mailbox.
    """

    accepted: int
    refused: int
    took: float
    stopped: float
    calm: Waits
    others: Waits


class _Flooded:
    """A session whose turn hangs; clients send it more than it takes, each as fast as it can."""

    def __init__(self, session: Session, clients: int, messages: int) -> None:
        self._session = session
        self._clients = clients
        self._each = messages // clients
        self.accepted = self.refused = 0
        self.took = self.stopped = 0.0

    async def last(self, seconds: float) -> None:
        """One flood after the other."""
        deadline = perf_counter() + seconds
        while perf_counter() < deadline:
            await self._flood()

    async def _flood(self) -> None:
        self.accepted = self.refused = 0
        before = perf_counter()
        async with anyio.create_task_group() as group:
            for _ in range(self._clients):
                group.start_soon(self._send)
        self.took = perf_counter() - before
        before = perf_counter()
        await self._session.stop()
        self.stopped = perf_counter() - before
        await self._session.clear()

    async def _send(self) -> None:
        for _ in range(self._each):
            try:
                await self._session.send("More!")
            except MailboxFullError:
                self.refused += 1
            except NoReplyError:
                pass
            else:
                self.accepted += 1
            await anyio.lowlevel.checkpoint()  # as who reads messages from somewhere does


async def _measure(clients: int, messages: int, seconds: float, folder: str) -> Flood:
    async with Supervisor(store_in(folder), HangingModel(), count=count_one, count_inline=10**6, grace=0) as supervisor:
        others = Others(supervisor)
        await others.calm(seconds / 10)
        calm = await others.calm(seconds)
        flooded = _Flooded(supervisor.session(HUNG), clients, messages)
        waits = await others.during(lambda: flooded.last(seconds))
        return Flood(flooded.accepted, flooded.refused, flooded.took, flooded.stopped, calm, waits)


def main(clients: str, messages: str, seconds: str, folder: str = "") -> None:
    """Flood, and print what came of it."""
    result = anyio.run(_measure, int(clients), int(messages), float(seconds), folder)
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
