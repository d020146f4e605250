"""What happened to one thing that a machine runs, as far as a picture shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Live", "Traversals"]


@dataclass(frozen=True, slots=True)
class Traversals:
    """How often an edge was taken, and when last; `last` is None where that is not known."""

    count: int
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """What a picture shows beside the definition.

    Attributes:
        state: of the machine, as `Machine.states` names it; it and those around it are marked.
        taken: by the label of a transition, as `Transition.label` gives it; labels that the machine does not have
            are left out, for they may be those of an older version.
    """

    state: str
    taken: Mapping[str, Traversals] = field(default_factory=dict[str, Traversals])
