# pyright: basic, reportMissingImports=false
"""thespian: the simple system base, which runs actors inside the call; nothing is concurrent."""

from typing import Any

from thespian.actors import Actor, ActorSystem

from benchmarks.actors.contestants.contestant import ANSWER, QUESTION, Contestant

__all__ = ["Thespian"]


class _Actor(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - the name is thespian's
        if message == QUESTION:
            self.send(sender, ANSWER)


class _Actors(dict[int, Any]):
    def __init__(self, system: ActorSystem) -> None:
        super().__init__()
        self._system = system

    def __missing__(self, actor: int) -> Any:
        address = self[actor] = self._system.createActor(_Actor)
        return address


class Thespian(Contestant):
    """`ActorSystem.ask`."""

    def __init__(self) -> None:
        self._system = ActorSystem("simpleSystemBase")
        self._actors = _Actors(self._system)

    async def __aexit__(self, *_: object) -> None:
        """See `Contestant`."""
        self._system.shutdown()

    async def ask(self, actor: int) -> object:
        """See `Contestant`."""
        return self._system.ask(self._actors[actor], QUESTION)
