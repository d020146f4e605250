"""The borders that each link crosses on its way from node to node."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from argentos.machines.layout.graph import End, Link, Node, Region, Side

__all__ = ["Passing", "Route", "Step", "routes"]

Kind: TypeAlias = Literal["between", "into", "out of", "across"]


class Step(NamedTuple):
    """A node, and the region in which it stands."""

    region: Region
    node: Node


@dataclass(eq=False, slots=True)
class Route:
    """The way of a link.

    Attributes:
        kind: between two nodes of a region, or what stands in them; from a node into itself, or out of what stands in
            it to it; or across from one parallel region to another.
        home: the region in which it has its label; `None` where it is across regions.
        around: the node around the regions; `None` unless across.
        sources: the steps from there to the source, from the outside in; none where that is the node around.
    """

    link: Link
    kind: Kind
    home: Region | None
    around: Node | None
    sources: Sequence[Step]
    targets: Sequence[Step]


class Passing(NamedTuple):
    """A link that crosses a border.

    Attributes:
        end: the one that lies within.
        steps: from the border to that end, from the outside in.
        is_labelled: the label stands within.
    """

    link: Link
    end: End
    side: Side
    steps: Sequence[Step]
    is_labelled: bool = False

    def inside(self) -> "Passing":
        """The same link, where it crosses the border of the first node."""
        return Passing(self.link, self.end, self.side, self.steps[1:])


def routes(top: Region, links: Sequence[Link]) -> list[Route]:
    """The route of each link."""
    paths = dict(_paths(top, ()))
    return [_route(link, paths[link.source], paths[link.target]) for link in links]


def _paths(region: Region, around: tuple[Step, ...]) -> Iterator[tuple[Node, tuple[Step, ...]]]:
    for node in region.nodes:
        path = (*around, Step(region, node))
        yield node, path
        for inner in node.regions:
            yield from _paths(inner, path)


def _route(link: Link, sources: Sequence[Step], targets: Sequence[Step]) -> Route:
    shared = 0
    while shared < min(len(sources), len(targets)) and sources[shared].node is targets[shared].node:
        shared += 1
    sources, around, targets = sources[shared:], sources[shared - 1].node if shared else None, targets[shared:]
    if not sources:
        return Route(link, "into", targets[0].region, None, sources, targets)
    if not targets:
        return Route(link, "out of", sources[0].region, None, sources, targets)
    if sources[0].region is targets[0].region:
        return Route(link, "between", sources[0].region, None, sources, targets)
    return Route(link, "across", None, around, sources, targets)
