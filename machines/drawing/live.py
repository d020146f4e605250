"""The life of one thing that a machine runs, as far as a picture shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Live", "Traversals"]


@dataclass(frozen=True, slots=True)
class Traversals:
    """The number of times that an edge was taken, and the latest; `last` is None where that is not known."""

    count: int
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """The current state of one thing, and the edges that it took.

    Attributes:
        state: of the machine, as `Machine.states` names it; it and those around it are marked.
        taken: by the label of a transition, as `Transition.label` gives it; labels that the machine does not have
            are left out, for they may be those of an older version.
    """

    state: str
    taken: Mapping[str, Traversals] = field(default_factory=dict[str, Traversals])
