"""Elements of a state diagram: states and edges, as frozen data with their places in the text."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from argentos.machines.mermaid.labels import Label, read_label

__all__ = ["OUTSIDE", "Edge", "Kind", "Place", "State"]

OUTSIDE: Final = "[*]"
"""Both ends of a life, as mermaid writes them: an edge from it begins one, an edge to it ends one."""

Kind: TypeAlias = Literal["state", "choice", "fork", "join"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the text; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class State:
    """A state, at the place where it is named first.

    Attributes:
        description: what is shown instead of the name, a line for each description.
        kind: `state`, or the pseudo-state that `<<choice>>`, `<<fork>>` or `<<join>>` makes of it.
        within: the composite state that it stands in, as mermaid draws it: the last that mentions it, in an edge,
            a declaration or a note; empty at the top.
        region: the number of the parallel region within that state, from 0.
        regions: how many regions it has itself: 0 unless composite, 2 or more where they are parallel.
    """

    name: str
    description: str
    place: Place
    kind: Kind = "state"
    within: str = ""
    region: int = 0
    regions: int = 0

    @property
    def history(self) -> Literal["", "shallow", "deep"]:
        """The kind of history that its description, `[H]` or `[H*]`, makes of it; empty for all other states."""
        return "shallow" if self.description == "[H]" else "deep" if self.description == "[H*]" else ""


@dataclass(frozen=True, slots=True)
class Edge:
    """`source --> target: label`; the label may be empty, and source or target may be `[*]`.

    `within` and `region` tell where it stands, which says whose beginning or end a `[*]` is. The classes are
    those of the `:::` after source and target.
    """

    source: str
    target: str
    label: str
    place: Place
    label_place: Place
    source_class: str = ""
    target_class: str = ""
    within: str = ""
    region: int = 0

    def __str__(self) -> str:
        """The edge as mermaid writes it, without classes."""
        arrow = f"{self.source} --> {self.target}"
        return f"{arrow}: {self.label}" if self.label else arrow

    @property
    def parts(self) -> Label:
        """The label in UML's notation: event or delay, guard and effect."""
        return read_label(self.label)

    @property
    def guard_place(self) -> Place:
        """The place of the label's guard; the label's own where it has none."""
        return Place(self.label_place.line, self.label_place.column + self.parts.guard_at)
