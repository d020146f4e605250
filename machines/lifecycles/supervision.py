"""The life of an actor under its supervisor: `diagrams/supervision.mmd`, whose labels say everything.

A resting actor is not in memory. One that fails is restarted from its snapshot, unless it fails too often: then it is
parked, and takes nothing until an operator has looked.
"""

from typing import Final, Protocol

from argentos.machines.lifecycles.reading import diagram
from argentos.machines.machine import Machine

__all__ = [
    "FAILED",
    "LIVE",
    "NOTHING_LEFT_TO_DO",
    "PARKED",
    "RESTING",
    "SOMETHING_CAME_IN",
    "SUPERVISION",
    "UNPARKED",
    "SupervisionFacts",
]


class SupervisionFacts(Protocol):
    """Facts that the guards of an actor's life ask for."""

    @property
    def is_quiet(self) -> bool:
        """Nothing is going on in the actor, and it may leave memory."""
        ...

    @property
    def may_restart(self) -> bool:
        """The actor has not failed more often of late than it may."""
        ...


SUPERVISION: Final = Machine(diagram("supervision"), facts=SupervisionFacts)
"""The life of an actor, as `diagrams/supervision.mmd` draws it."""

RESTING: Final = SUPERVISION.state("Resting")
LIVE: Final = SUPERVISION.state("Live")
PARKED: Final = SUPERVISION.state("Parked")

SOMETHING_CAME_IN: Final = SUPERVISION.event("something_came_in")
NOTHING_LEFT_TO_DO: Final = SUPERVISION.event("nothing_left_to_do")
FAILED: Final = SUPERVISION.event("failed")
UNPARKED: Final = SUPERVISION.event("unparked")
