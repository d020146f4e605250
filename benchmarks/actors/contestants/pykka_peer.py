# pyright: basic, reportMissingImports=false
"""pykka: a thread for each actor."""

from typing import Any

import pykka

from benchmarks.actors.contestants.contestant import ANSWER, QUESTION, Contestant

__all__ = ["Awaited", "Blocking"]


class _Actor(pykka.ThreadingActor):
    def on_receive(self, message: Any) -> Any:  # noqa: ARG002 - all get the same
        return ANSWER


class _Actors(dict[int, Any]):
    def __missing__(self, actor: int) -> Any:
        ref = self[actor] = _Actor.start()
        return ref


class Awaited(Contestant):
    """`ActorRef.ask(…, block=False)`: the future is awaited, as pykka has it for asyncio."""

    def __init__(self) -> None:
        self.actors = _Actors()

    async def __aexit__(self, *_: object) -> None:
        """See `Contestant`."""
        pykka.ActorRegistry.stop_all()

    async def ask(self, actor: int) -> object:
        """See `Contestant`."""
        return await self.actors[actor].ask(QUESTION, block=False)


class Blocking(Awaited):
    """`ActorRef.ask`, as it is without asyncio: nothing else can be done meanwhile."""

    async def ask(self, actor: int) -> object:
        """See `Contestant`."""
        return self.actors[actor].ask(QUESTION)
