"""The floor: a task and an `asyncio.Queue` for each actor, and a future for the answer."""

import asyncio
from typing import TypeAlias

from benchmarks.actors.contestants.contestant import ANSWER, QUESTION, Contestant

__all__ = ["Floor"]

_Mailbox: TypeAlias = "asyncio.Queue[tuple[str, asyncio.Future[str]]]"


class _Actors(dict[int, _Mailbox]):
    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[asyncio.Task[None]] = []

    def __missing__(self, actor: int) -> _Mailbox:
        mailbox: _Mailbox = asyncio.Queue()
        self.tasks.append(asyncio.create_task(_run(mailbox)))
        self[actor] = mailbox
        return mailbox


async def _run(mailbox: _Mailbox) -> None:
    while True:
        _, answer = await mailbox.get()
        answer.set_result(ANSWER)


class Floor(Contestant):
    """What asyncio gives without any library."""

    def __init__(self) -> None:
        self._actors = _Actors()

    async def __aexit__(self, *_: object) -> None:
        """See `Contestant`."""
        for task in self._actors.tasks:
            task.cancel()

    async def ask(self, actor: int) -> object:
        """See `Contestant`."""
        answer = asyncio.get_running_loop().create_future()
        self._actors[actor].put_nowait((QUESTION, answer))
        return await answer
