"""The items of each layer: nodes, the bends of links that pass it, and labels, which have layers of their own.

The layers of nodes have odd numbers. Those of even numbers between them are for labels; the first and the last one are
the borders, with the points at which links cross them.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from argentos.machines.layout.graph import End, Link, Node, Region, is_sideways
from argentos.machines.layout.layers import Layering

__all__ = ["Chain", "Item", "Ranks", "Segment"]

_FAR: Final = 7  # layers that a link may pass between others, where there is much to draw
_BESIDE_NODES: Final = 36.0
_BESIDE_BENDS: Final = 12.0


@dataclass(eq=False, slots=True)
class Item:
    """Something that stands in a layer.

    Attributes:
        across: its size; `along` likewise.
        middle: how far its middle, where links meet, lies behind its beginning.
        margin: the room kept free beside it, half of that to the next one.
        is_bend: a link passes here.
        is_label: it does so with its label.
        at: where it begins, across the flow.
    """

    across: float = 0.0
    along: float = 0.0
    middle: float = 0.0
    margin: float = _BESIDE_BENDS
    node: Node | None = None
    is_bend: bool = False
    is_label: bool = False
    number: int = 0
    at: float = 0.0
    above: "list[Segment]" = field(default_factory=list["Segment"])
    below: "list[Segment]" = field(default_factory=list["Segment"])


@dataclass(eq=False, slots=True)
class Segment:
    """A part of a link from one layer to the next.

    Attributes:
        upper_at: how far behind the beginning of the upper item it begins; `lower_at` likewise, where it ends.
        is_upper_fixed: that is where it crosses the border of the node; `is_lower_fixed` likewise.
    """

    upper: Item
    lower: Item
    upper_at: float
    lower_at: float
    is_upper_fixed: bool = False
    is_lower_fixed: bool = False

    @property
    def upper_share(self) -> float:
        """Its beginning, as a share of the upper item."""
        return self.upper_at / self.upper.across if self.is_upper_fixed and self.upper.across else 0.5

    @property
    def lower_share(self) -> float:
        """Its end, likewise."""
        return self.lower_at / self.lower.across if self.is_lower_fixed and self.lower.across else 0.5


@dataclass(eq=False, slots=True)
class Chain:
    """A link through the layers, from the first to the last one.

    Attributes:
        numbers: of the layers.
        segments: between the items, one fewer; the one in the middle of a detour is none of them.
        is_detour: it passes most layers beside them all, between its second item and the last but one.
        track: where it does so, across the flow.
    """

    link: Link
    numbers: list[int]
    items: list[Item]
    segments: list[Segment]
    is_detour: bool = False
    track: float = 0.0


class Ranks:
    """The layers of a region.

    Args:
        region: the region.
        layering: the layers of its nodes.

    Attributes:
        ranks: the items of each layer.
        chains: the links, in the order in which they were added.
        has_detours: there is so much to draw that long links pass beside all layers.
    """

    def __init__(self, region: Region, layering: Layering) -> None:
        self._sideways = is_sideways(region.direction)
        self.ranks: list[list[Item]] = [[] for _ in range(2 * layering.last + 3)]
        self.chains: list[Chain] = []
        self.has_detours = False
        self._items: dict[Node, tuple[int, Item]] = {}
        for node, layer in zip(region.nodes, layering.layers, strict=True):
            across, along = node.before + node.across + node.after, max(node.along, node.beside)
            middle = node.before + node.across / 2
            item = Item(across, along, middle, _BESIDE_NODES, node)
            self._items[node] = (2 * layer + 1, item)
            self.ranks[2 * layer + 1].append(item)

    def join(self, link: Link, upper: tuple[Node, End], lower: tuple[Node, End]) -> None:
        """Add a link between two nodes, with its label."""
        self._chain(link, self._end(link, *upper), self._end(link, *lower), is_labelled=link.label is not None)

    def cross_first(self, link: Link, lower: tuple[Node, End], *, is_labelled: bool) -> None:
        """Add a link that crosses the first border."""
        self._chain(link, self._border(0), self._end(link, *lower), is_labelled=is_labelled)

    def cross_last(self, link: Link, upper: tuple[Node, End], *, is_labelled: bool) -> None:
        """Add a link that crosses the last border."""
        self._chain(link, self._end(link, *upper), self._border(len(self.ranks) - 1), is_labelled=is_labelled)

    def _border(self, number: int) -> tuple[int, Item, float | None]:
        item = Item(is_bend=True)
        self.ranks[number].append(item)
        return number, item, 0.0

    def _end(self, link: Link, node: Node, end: End) -> tuple[int, Item, float | None]:
        number, item = self._items[node]
        place = node.places.get((link, end))
        return number, item, None if place is None else node.before + place

    def _chain(
        self,
        link: Link,
        upper: tuple[int, Item, float | None],
        lower: tuple[int, Item, float | None],
        *,
        is_labelled: bool,
    ) -> None:
        between = list(range(upper[0] + 1, lower[0]))
        labels = [number for number in between if not number % 2]
        at = labels[len(labels) // 2] if is_labelled else None
        is_detour = self.has_detours and len(between) > _FAR
        if is_detour:
            between = [between[0], between[-1]]
            at = between[0] if is_labelled else None
        items = [upper[1], *(self._bend(link if number == at else None, number) for number in between), lower[1]]
        segments = [Segment(one, other, one.middle, other.middle) for one, other in pairwise(items)]
        for segment in segments[::2] if is_detour else segments:
            segment.upper.below.append(segment)
            segment.lower.above.append(segment)
        if upper[2] is not None:
            segments[0].upper_at, segments[0].is_upper_fixed = upper[2], True
        if lower[2] is not None:
            segments[-1].lower_at, segments[-1].is_lower_fixed = lower[2], True
        self.chains.append(Chain(link, [upper[0], *between, lower[0]], items, segments, is_detour))

    def _bend(self, labelled: Link | None, number: int) -> Item:
        item = Item(is_bend=True)
        if labelled is not None and labelled.label is not None:
            width, height = labelled.label
            item.across, item.along = (height, width) if self._sideways else (width, height)
            item.middle, item.is_label = item.across / 2, True
        self.ranks[number].append(item)
        return item
