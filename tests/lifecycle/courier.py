"""Who reads the outbox, and says what was delivered."""

import asyncio
from asyncio import Task
from collections.abc import Coroutine, Sequence
from typing import Any, Literal

import anyio

from argentos import Supervisor
from argentos.actors import Delivery
from argentos.errors import SupervisorStoppedError
from tests.lifecycle.account import Account
from tests.lifecycle.calls import Read
from tests.lifecycle.ledger import OUTBOX
from tests.lifecycle.virtual_loop import VirtualLoop

__all__ = ["Courier"]


class Courier:
    """Reads an outbox, with one reader after the other, and holds each delivery until told that it is done."""

    def __init__(self, account: Account, loop: VirtualLoop) -> None:
        self._account = account
        self._loop = loop
        self._reading: Task[None] | None = None
        self._tasks: list[Task[None]] = []
        self._state: Literal["waits", "holds", "finishes"] = "waits"
        self._last: Delivery | None = None  # of those that were given
        self._told = anyio.Event()

    def do(self, command: Read, supervisor: Supervisor) -> None:
        """Read, say that it was delivered, or leave; what cannot be done at the moment is not done."""
        match command.step:
            case "open" if self._reading is None:
                self._reading = self._begin(self._read(supervisor, [*self._tasks]))
            case "leave" if self._reading is not None:
                self._reading.cancel()
                self._reading, self._state = None, "waits"
            case "done" if self._state == "holds":
                self._told.set()
            case "done" if self._last is not None and (self._reading is None or self._is_delivered(self._last)):
                self._begin(self._finish(self._last))
            case _:
                pass

    def _begin(self, work: Coroutine[Any, Any, None]) -> Task[None]:
        task = self._loop.begin(work)
        task.add_done_callback(_look)
        self._tasks = [*(each for each in self._tasks if not each.done()), task]
        return task

    async def _read(self, supervisor: Supervisor, before: Sequence[Task[None]]) -> None:
        if before:
            await asyncio.wait(before)  # a channel has one reader at a time
        self._state = "waits"
        async with supervisor.outbox(OUTBOX) as deliveries:
            async for delivery in deliveries:
                self._account.give(delivery)
                self._last, self._state, self._told = delivery, "holds", anyio.Event()
                await self._told.wait()
                self._state = "finishes"
                await self._finish(delivery)
                self._state = "waits"

    async def _finish(self, delivery: Delivery) -> None:
        number = delivery.message.number
        self._account.done.add(number)
        await delivery.done()
        self._account.require("done is durable", that=self._is_delivered(delivery), problem=delivery.id)

    def _is_delivered(self, delivery: Delivery) -> bool:
        return delivery.message.number not in self._account.undelivered

    @property
    def waiting(self) -> list[Task[None]]:
        """What waits for the supervisor."""
        return [task for task in self._tasks if task is not self._reading or self._state != "holds"]

    def check_rest(self) -> None:
        """Whoever reads holds what is owed, and whoever said that it was delivered has been heard."""
        require = self._account.require
        ended = [task for task in self._tasks if task.done()]
        finishing = [task for task in self._tasks if task not in [self._reading, *ended]]
        failed = [task for task in ended if not task.cancelled() and task.exception()]
        require("no delivery fails", that=not failed, problem=failed)
        require("every command is answered", that=not finishing and self._state != "finishes", problem=finishing)
        if self._reading is not None:
            owed = self._account.undelivered
            require("a reader goes on", that=self._reading not in ended, problem=self._reading)
            require("what is owed is given", that=self._state == "holds" or not owed, problem=owed)

    def check_end(self) -> None:
        """The supervisor has ended; who still holds something lets it go."""
        for task in self._tasks:
            if not task.done():
                task.cancel()
            elif not task.cancelled():
                is_told = isinstance(task.exception(), SupervisorStoppedError | None)
                self._account.require("whoever waits is told of the end", that=is_told, problem=task)


def _look(task: Task[None]) -> None:
    """Have asyncio not complain of an error where the life is over before it is checked."""
    if not task.cancelled():
        task.exception()
