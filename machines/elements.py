"""What a state diagram is made of, as frozen data with the places in the text."""

from dataclasses import dataclass
from typing import Final

__all__ = ["OUTSIDE", "Edge", "Place", "State"]

OUTSIDE: Final = "[*]"
"""What mermaid writes for both ends of a life: an edge from it begins one, an edge to it ends one."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in the text; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class State:
    """A state, at the place where it is named first."""

    name: str
    description: str
    place: Place


@dataclass(frozen=True, slots=True)
class Edge:
    """`source --> target: label`; the label may be empty, and source or target may be `[*]`."""

    source: str
    target: str
    label: str
    place: Place
    label_place: Place

    def __str__(self) -> str:
        """The edge as mermaid writes it."""
        arrow = f"{self.source} --> {self.target}"
        return f"{arrow}: {self.label}" if self.label else arrow
