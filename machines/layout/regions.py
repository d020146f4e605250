"""One region, drawn: its nodes in layers, its links as runs through them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from argentos.machines.layout.borders import Passing, Route
from argentos.machines.layout.graph import End, Node, Point, Region, Run
from argentos.machines.layout.layers import Arc, Layering, layer
from argentos.machines.layout.ordering import order
from argentos.machines.layout.ports import spread
from argentos.machines.layout.positions import place
from argentos.machines.layout.ranks import Chain, Item, Ranks, Segment
from argentos.machines.layout.straight import straighten
from argentos.machines.layout.tracks import set_tracks

__all__ = ["DOWN", "draw_region", "turned"]

DOWN: Final = Point(0, 1)
_BETWEEN: Final = 20.0  # layers
_BORDER: Final = 12.0  # between a border that no link crosses and the layer next to it
_FLAT: Final = 5.0  # how far a link may run across for each further unit along
_MOST: Final = 36.0  # of them
_EMPTY: Final = 30.0
_MUCH: Final = 8000  # links times layers
_NEAR: Final = 0.05

DrawNode: TypeAlias = Callable[[Node, Region, Sequence[Passing]], None]


def draw_region(region: Region, routes: Sequence[Route], passing: Sequence[Passing], draw_node: DrawNode) -> None:
    """Draw a region, and what stands in it.

    Args:
        region: gets its size, and its nodes their places across and along.
        routes: of the links that are at home in it.
        passing: the links that cross its border.
        draw_node: draws what stands in a node, before its own place is sought.
    """
    crossing = [*passing, *_inner_borders(routes)]
    between = [route for route in routes if route.kind == "between"]
    layers = _layers(region, between, crossing)
    inside = _inside(between, crossing)
    for node in region.nodes:
        draw_node(node, region, inside.get(node, ()))
    ranks = Ranks(region, layers)
    _add(ranks, between, crossing)
    order(ranks.ranks)
    place(ranks.ranks)
    straighten(ranks.ranks, ranks.chains)
    set_tracks(ranks.ranks, ranks.chains)
    _begin_at_nought(ranks)
    for item in (item for rank in ranks.ranks for item in rank):
        spread(item, "above")
        spread(item, "below")
    tops = _tops(ranks.ranks)
    _size(region, ranks, tops)
    against = [*(route.link.is_flipped for route in between), *map(_is_against, crossing)]
    for chain, is_against in zip(ranks.chains, against, strict=True):
        runs = _needed(_runs(chain, ranks.ranks, tops))
        chain.link.pieces[region] = turned(runs) if is_against else runs


def _begin_at_nought(ranks: Ranks) -> None:
    items = [item for rank in ranks.ranks for item in rank]
    tracks = [chain.track for chain in ranks.chains if chain.is_detour]
    first = min((*tracks, *(item.at for item in items)), default=0.0)
    for item in items:
        item.at -= first
    for chain in ranks.chains:
        chain.track -= first


def turned(runs: Sequence[Run]) -> list[Run]:
    """The runs, passed in the other direction."""
    return [Run(run.end, run.start, Point(-run.heading.x, -run.heading.y), run.is_label) for run in reversed(runs)]


def _is_against(passing: Passing) -> bool:
    """Tell whether the link runs against the flow here."""
    return (passing.end == "source") == (passing.side == "first")


def _inner_borders(routes: Sequence[Route]) -> list[Passing]:
    """The links between a node and what stands in it, which begin or end at its border."""
    found: list[Passing] = []
    for route in routes:
        labelled = route.link.label is not None
        if route.kind == "into":
            found.append(Passing(route.link, "target", "first", route.targets, labelled))
        elif route.kind == "out of":
            found.append(Passing(route.link, "source", "last", route.sources, labelled))
    return found


def _layers(region: Region, between: Sequence[Route], crossing: Sequence[Passing]) -> Layering:
    numbers = {node: number for number, node in enumerate(region.nodes)}
    least, tail = [0] * len(numbers), [0] * len(numbers)
    for each in crossing:
        if each.is_labelled:
            (least if each.side == "first" else tail)[numbers[each.steps[0].node]] = 1
    arcs = [Arc(numbers[route.sources[0].node], numbers[route.targets[0].node]) for route in between]
    found = layer(len(numbers), arcs, least, tail)
    for route, flipped in zip(between, found.flipped, strict=True):
        route.link.is_flipped = flipped
    return found


def _inside(between: Sequence[Route], crossing: Sequence[Passing]) -> Mapping[Node, list[Passing]]:
    """The links that cross the border of each node."""
    found: dict[Node, list[Passing]] = {}
    for route in between:
        flipped = route.link.is_flipped
        ends = (
            Passing(route.link, "source", "first" if flipped else "last", route.sources),
            Passing(route.link, "target", "last" if flipped else "first", route.targets),
        )
        for each in ends:
            found.setdefault(each.steps[0].node, []).append(each)
    for each in crossing:
        found.setdefault(each.steps[0].node, []).append(each)
    return {node: [each.inside() for each in passing if len(each.steps) > 1] for node, passing in found.items()}


def _add(ranks: Ranks, between: Sequence[Route], crossing: Sequence[Passing]) -> None:
    ranks.has_detours = (len(between) + len(crossing)) * len(ranks.ranks) > _MUCH
    for route in between:
        ends: tuple[tuple[Node, End], ...] = ((route.sources[0].node, "source"), (route.targets[0].node, "target"))
        upper, lower = reversed(ends) if route.link.is_flipped else ends
        ranks.join(route.link, upper, lower)
    for each in crossing:
        add = ranks.cross_first if each.side == "first" else ranks.cross_last
        add(each.link, (each.steps[0].node, each.end), is_labelled=each.is_labelled)


def _tops(ranks: Sequence[Sequence[Item]]) -> list[float]:
    """The beginning of each layer along the flow; the last one is the border."""
    tops = [0.0]
    for rank in ranks[:-1]:
        steepest = max((_across(segment) for item in rank for segment in item.below), default=0.0)
        between = _BETWEEN + min(steepest / _FLAT, _MOST) if any(item.below for item in rank) else _BORDER
        tops.append(tops[-1] + max((item.along for item in rank), default=0.0) + between)
    return tops


def _across(segment: Segment) -> float:
    return abs(segment.upper.at + segment.upper_at - segment.lower.at - segment.lower_at)


def _size(region: Region, ranks: Ranks, tops: Sequence[float]) -> None:
    items = [item for rank in ranks.ranks for item in rank]
    tracks = [chain.track for chain in ranks.chains if chain.is_detour]
    region.across = max((*tracks, *(item.at + item.across for item in items)), default=_EMPTY)
    region.along = tops[-1] if items else _EMPTY
    for rank, top in zip(ranks.ranks, tops, strict=True):
        height = max((item.along for item in rank), default=0.0)
        for item in rank:
            if item.node is not None:
                item.node.at = Point(item.at + item.node.before, top + (height - item.node.along) / 2)


def _runs(chain: Chain, ranks: Sequence[Sequence[Item]], tops: Sequence[float]) -> list[Run]:
    """The runs of a link, from the first layer to the last one."""
    places = [(chain.items[0].at + chain.segments[0].upper_at)]
    places += [segment.lower.at + segment.lower_at for segment in chain.segments]
    runs: list[Run] = []
    for number, item, across in zip(chain.numbers, chain.items, places, strict=True):
        begin = tops[number]
        end = begin + max((each.along for each in ranks[number]), default=0.0)
        if item.node is not None and item is chain.items[0]:
            begin = item.node.at.y + item.node.along
        elif item.node is not None:
            end = item.node.at.y
        elif item.is_label:
            middle = (begin + end) / 2
            begin, end = middle - item.along / 2, middle + item.along / 2
        runs.append(Run(Point(across, begin), Point(across, end), DOWN, item.is_label))
    if chain.is_detour:
        begin, end = tops[chain.numbers[1] + 1], tops[chain.numbers[2]] - _BETWEEN
        runs.insert(2, Run(Point(chain.track, begin), Point(chain.track, end), DOWN))
    return runs


def _needed(runs: Sequence[Run]) -> list[Run]:
    """The runs without those in the middle that have no length, and only say where a bend may be."""
    return [runs[0], *(run for run in runs[1:-1] if run.is_label or run.end.y - run.start.y > _NEAR), runs[-1]]
