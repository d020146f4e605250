# pyright: basic, reportMissingImports=false
"""xoscar: actors in the pool of this very process."""

from typing import Any, Self

import xoscar

from benchmarks.actors.contestants.contestant import ANSWER, QUESTION, Contestant

__all__ = ["Xoscar"]


class _Actor(xoscar.Actor):
    async def answer(self, question: str) -> str:  # noqa: ARG002 - all get the same
        return ANSWER


class Xoscar(Contestant):
    """A method of an actor, called through its reference."""

    def __init__(self) -> None:
        self._actors: dict[int, Any] = {}

    async def __aenter__(self) -> Self:
        """See `Contestant`."""
        self._pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """See `Contestant`."""
        await self._pool.stop()

    async def ask(self, actor: int) -> object:
        """See `Contestant`."""
        ref = self._actors.get(actor)
        if ref is None:
            ref = self._actors[actor] = await xoscar.create_actor(_Actor, address=self._pool.external_address)
        return await ref.answer(QUESTION)
