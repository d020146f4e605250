"""The journal of a life: decide → save → apply, one step at a time; what is seen of a life is durable."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, TypeAlias

import anyio

from argentos.concurrency.clock import Clock
from argentos.concurrency.foreign_code import in_log
from argentos.concurrency.threads import shielded
from argentos.errors import RunnerStoppedError, StoreError
from argentos.machines.decisions import Refused, Transition
from argentos.machines.machine import Machine
from argentos.machines.position import step
from argentos.machines.running.keeping import Keeper
from argentos.machines.running.life import Life
from argentos.machines.running.snapshot import MachineSnapshot

__all__ = ["Journal", "Taken"]

_log: Final = logging.getLogger(__name__)


class Taken(NamedTuple):
    """A life as it is next, and what leads there; no transition where only effects were done."""

    life: Life
    transition: Transition | None = None
    data: object = None


_Tell: TypeAlias = Callable[[Transition | None, object], None]


class Journal:
    """The life of a machine.

    Args:
        machine: the machine.
        facts: what its guards see.
        clock: measures how long states have been active.
        keeper: of the snapshots; None keeps nothing.
        life_id: of a life that is new.
        tell: is called when the life has changed.
        patience: seconds that a save has once its caller is cancelled.

    Attributes:
        life: as it is.
        id: of the life.
        is_kept: there is a store.
    """

    def __init__(
        self,
        machine: Machine,
        facts: object,
        *,
        clock: Clock,
        keeper: Keeper | None,
        life_id: str,
        tell: _Tell,
        patience: float,
    ) -> None:
        self.life: Life = Life()
        self.id: str = life_id
        self.is_kept: bool = keeper is not None
        self._machine = machine
        self._facts = facts
        self._clock = clock
        self._keeper = keeper
        self._tell = tell
        self._patience = patience
        self._diagram = machine.diagram.digest
        self._lock = anyio.Lock()
        self._is_closed = False
        self._tried: Taken | None = None  # of which it is not known whether it is stored

    async def open(self, understand: Callable[[MachineSnapshot], MachineSnapshot]) -> None:
        """Go on with the life that is stored, if there is one.

        Args:
            understand: gives the snapshot as this version of the machine understands it.
        """
        snapshot = await self._keeper.load() if self._keeper else None
        if snapshot is not None:
            understood = understand(snapshot)
            self.id, self.life = snapshot.id, Life.of(understood, self._clock)
            if understood is not snapshot and self._keeper:
                await self._keeper.save(understood)

    def follow(self, life: Life, event: str, data: object) -> Taken:
        """The life after an event that comes to it, or as it is where that is refused."""
        found = step(self._machine, life.position, event, self._facts, data=data, at=self._clock.monotonic())
        if isinstance(found, Refused):
            _log.error("the event for an effect that failed is refused: %s", found)
            return Taken(life)
        return Taken(life.after(found, data), found.transition, data)

    async def take(self, event: str, data: object) -> Transition | Refused:
        """Take the step of an event, and return when it is durable."""
        async with self._turn():
            return await self._take(event, data, self._clock.monotonic())

    async def take_if(self, wanted: Callable[[Life], bool], event: str, at: float) -> Transition | Refused | None:
        """Take the step of an event that was due at a time; None where it is not wanted when its turn comes."""
        async with self._turn():
            return await self._take(event, None, at) if wanted(self.life) else None

    async def _take(self, event: str, data: object, at: float) -> Transition | Refused:
        found = step(self._machine, self.life.position, event, self._facts, data=data, at=at)
        if isinstance(found, Refused):
            return found
        taken = Taken(self.life.after(found, data), found.transition, data)
        if self._keeper is None:
            self.apply(*taken)
        else:
            async with shielded(self._patience):
                await self._save(taken, self._keeper)
                self.apply(*taken)
        return found.transition

    async def end_effect(self, after: Callable[[], Taken]) -> None:
        """Note how an attempt at the first effect has ended; what cannot be stored is run again after a restart."""
        async with self._turn():
            found = after()
            if self._keeper is not None:
                async with shielded(self._patience):
                    found = await self._save_end(found, self._keeper)
            self.apply(*found)

    async def _save_end(self, found: Taken, keeper: Keeper) -> Taken:
        try:
            await self._save(found, keeper)
        except StoreError as error:
            if found.transition is not None:
                raise
            self._tried = None
            _log.warning("that an effect was done is not stored, so it may be run again: %s", in_log(error))
        return found

    async def close(self) -> None:
        """Take nothing more, once what is being saved has been."""
        with anyio.move_on_after(self._patience, shield=True):
            async with self._lock:
                self._is_closed = True

    def apply(self, life: Life, transition: Transition | None = None, data: object = None) -> None:
        """Let a life be seen."""
        self.life = life
        self._tell(transition, data)

    async def _save(self, found: Taken, keeper: Keeper) -> None:
        snapshot = found.life.snapshot(self.id, self._diagram, self._clock)
        self._tried = found
        await keeper.save(snapshot)
        self._tried = None

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        async with self._lock:
            if self._is_closed:
                raise RunnerStoppedError(f"the runner of {self._machine.diagram.file} has ended")
            if self._tried is not None and self._keeper is not None:
                stored = await self._keeper.load()
                tried, self._tried = self._tried, None
                if stored is not None and stored.sequence == tried.life.sequence > self.life.sequence:
                    self.apply(*tried)
            yield
