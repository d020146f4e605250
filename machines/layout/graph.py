"""The parts of a drawing, and where they have come to lie.

Along is the direction of the flow, across the other one: in a region that runs from top to bottom `across` is x and
`along` is y. So one method serves all four directions.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = ["PADDING", "Box", "Direction", "End", "Link", "Node", "Point", "Region", "Run", "Side", "is_sideways"]

Direction: TypeAlias = Literal["TB", "BT", "LR", "RL"]
Side: TypeAlias = Literal["first", "last"]
"""The border that the flow crosses first, or last: in `TB` the upper one, or the lower one."""

End: TypeAlias = Literal["source", "target"]

PADDING: Final = 16.0
"""Between the border of a box and what stands in it."""


class Point(NamedTuple):
    """A place."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle, by its upper left corner."""

    x: float
    y: float
    width: float
    height: float


_NOWHERE: Final = Point(0, 0)
_NO_BOX: Final = Box(0, 0, 0, 0)


class Run(NamedTuple):
    """A straight part of a link, which goes on to the next one by a curve.

    Attributes:
        heading: the direction in which it runs, as a unit.
        is_label: the label stands here instead of a line.
    """

    start: Point
    end: Point
    heading: Point
    is_label: bool = False


@dataclass(eq=False, slots=True)
class Region:
    """Nodes that are drawn together, as those of a parallel region.

    Attributes:
        direction: in which its links run.
        across: its size, once drawn; `along` likewise.
        at: where it begins, across and along the flow of the node around it.
    """

    nodes: "list[Node]" = field(default_factory=list["Node"])
    direction: Direction = "TB"
    across: float = 0.0
    along: float = 0.0
    at: Point = _NOWHERE
    box: Box = _NO_BOX


@dataclass(eq=False, slots=True)
class Node:
    """A box, a point or a diamond; with regions a box around them.

    Attributes:
        width: of the box; with regions, the least. `height` likewise, and of the head above the regions.
        before: the room beside it that is kept free, across the flow: at the left, or above; `after`, behind it.
        beside: the room along the flow that what stands there needs.
        is_point: links end in the middle of a side, as at a circle.
        head: the height of what stands above the regions.
        regions: side by side across the flow, in this order.
        places: once drawn, how far from its beginning across the flow a link crosses its border.
        across: its size, once drawn, without the room beside it; `along` likewise.
        at: where it begins in its region, across and along the flow.
        lead: how far the regions lie behind its own beginning, across and along their flow.
        box: where it lies in the end.
    """

    width: float
    height: float
    before: float = 0.0
    after: float = 0.0
    beside: float = 0.0
    is_point: bool = False
    head: float = 0.0
    regions: list[Region] = field(default_factory=list[Region])
    places: "dict[tuple[Link, End], float]" = field(default_factory=dict["tuple[Link, End]", float])
    across: float = 0.0
    along: float = 0.0
    at: Point = _NOWHERE
    lead: Point = _NOWHERE
    box: Box = _NO_BOX


@dataclass(eq=False, slots=True)
class Link:
    """An edge from node to node; not to the same one.

    Attributes:
        label: width and height of its label; None where it has none.
        is_flipped: it runs against the flow.
        pieces: for each region that it passes, its runs there, from source to target, across and along the flow; for
            the node around it likewise, if it leads from region to region.
        runs: where it lies in the end, from source to target.
    """

    source: Node
    target: Node
    label: tuple[float, float] | None = None
    is_flipped: bool = False
    pieces: "dict[Region | Node, list[Run]]" = field(default_factory=dict["Region | Node", list[Run]])
    runs: list[Run] = field(default_factory=list[Run])


def is_sideways(direction: Direction) -> bool:
    """Tell whether the flow runs to the left or to the right."""
    return direction in {"LR", "RL"}
