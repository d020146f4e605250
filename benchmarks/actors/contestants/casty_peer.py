# pyright: basic, reportMissingImports=false
"""casty, which needs Python 3.12: an actor of one process, found by its key."""

from dataclasses import dataclass
from typing import Any, Self

from casty import ActorSystem, Askable, Context, actor

from benchmarks.actors.contestants.contestant import ANSWER, QUESTION, Contestant

__all__ = ["Casty"]


@dataclass(frozen=True)
class _Question(Askable[str]):
    text: str


@actor(initial=0)
async def _answering(ctx: Context[int, _Question]) -> None:
    async for question in ctx.inbox:
        question.reply_to.tell(ANSWER)


class _Actors(dict[int, Any]):
    def __init__(self, system: ActorSystem) -> None:
        super().__init__()
        self._system = system

    def __missing__(self, number: int) -> Any:
        ref = self[number] = self._system.ref(_answering, f"user-{number}")
        return ref


class Casty(Contestant):
    """`ask` of a reference."""

    def __init__(self) -> None:
        self._system = ActorSystem()
        self._actors = _Actors(self._system)

    async def __aenter__(self) -> Self:
        """See `Contestant`."""
        await self._system.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """See `Contestant`."""
        await self._system.__aexit__(None, None, None)

    async def ask(self, actor: int) -> object:
        """See `Contestant`."""
        return await self._actors[actor].ask(_Question(QUESTION))
