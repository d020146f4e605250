"""The life of an actor under its supervisor: `diagrams/supervision.mmd`, whose labels say everything.

A resting actor is not in memory. One that fails is restarted from its snapshot, unless it fails too often: then it is
parked, and takes nothing until an operator has looked.
"""

from typing import Final, Protocol

from argentos.machines.lifecycles.reading import diagram
from argentos.machines.machine import Machine

__all__ = ["SUPERVISION", "SupervisionFacts"]


class SupervisionFacts(Protocol):
    """Facts that the guards of an actor's life ask for."""

    @property
    def may_restart(self) -> bool:
        """The actor has not failed more often of late than it may."""
        ...


SUPERVISION: Final = Machine(diagram("supervision"), facts=SupervisionFacts)
"""The life of an actor, as `diagrams/supervision.mmd` draws it."""
