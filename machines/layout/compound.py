"""All regions within each other: drawn from the inside out, then set in their places."""

from collections.abc import Sequence
from typing import Final

from argentos.machines.layout.borders import Passing, Route, routes
from argentos.machines.layout.graph import PADDING, Box, Direction, Link, Node, Point, Region, Run, is_sideways
from argentos.machines.layout.regions import DOWN, draw_region

__all__ = ["arrange"]

_BESIDE_REGIONS: Final = 2 * PADDING
_BESIDE_ROWS: Final = 8.0
_CORNER: Final = 10.0


def arrange(top: Region, links: Sequence[Link]) -> None:
    """Give each node and region its box, and each link its runs.

    Args:
        top: all nodes.
        links: between them; none from a node to itself.
    """
    _Arrangement(top, routes(top, links)).run()


class _Arrangement:
    def __init__(self, top: Region, found: Sequence[Route]) -> None:
        self._top = top
        self._routes = found
        self._at_home: dict[Region | Node | None, list[Route]] = {}
        for route in found:
            self._at_home.setdefault(route.home or route.around, []).append(route)

    def run(self) -> None:
        draw_region(self._top, self._at_home.get(self._top, ()), (), self._draw_node)
        _set(self._top, Point(0, 0))
        for route in self._routes:
            _finish(route)

    # Sizes, from the inside out -----------------------------------------------------------------------------------

    def _draw_node(self, node: Node, region: Region, passing: Sequence[Passing]) -> None:
        width, height = node.width, node.height
        if node.regions:
            width, height = self._draw_inside(node, passing)
        node.across, node.along = (height, width) if is_sideways(region.direction) else (width, height)

    def _draw_inside(self, node: Node, passing: Sequence[Passing]) -> tuple[float, float]:
        """Draw the regions of a node side by side; its width and height."""
        across = self._at_home.get(node, [])
        beneath = [
            each
            for route in across
            for each in (
                Passing(route.link, "source", "last", route.sources),
                Passing(route.link, "target", "last", route.targets),
            )
        ]
        for region in node.regions:
            inside = [each for each in (*passing, *beneath) if each.steps[0].region is region]
            draw_region(region, self._at_home.get(region, ()), inside, self._draw_node)
        direction = node.regions[0].direction
        size = _beside_each_other(node.regions)
        size = _with_rows(across, node.regions, size)
        return _frame(node, size, direction, passing)


def _beside_each_other(regions: Sequence[Region]) -> Point:
    """Set regions side by side, all as long as the longest; the size of them all, across and along."""
    at = 0.0
    for region in regions:
        region.at = Point(at, 0)
        at += region.across + _BESIDE_REGIONS
    longest = max(region.along for region in regions)
    for region in regions:
        region.along = longest
    return Point(at - _BESIDE_REGIONS, longest)


def _with_rows(across: Sequence[Route], regions: Sequence[Region], size: Point) -> Point:
    """Lead links from region to region, each in a row of its own behind them all; the size with these rows."""
    sideways = is_sideways(regions[0].direction)
    labels = [(route.link.label or (0.0, 0.0))[:: -1 if sideways else 1] for route in across]
    middles = [sum(_turns(route)) / 2 for route in across]
    before = max((wide / 2 - middle for middle, (wide, _) in zip(middles, labels, strict=True)), default=0.0)
    after = max((middle + wide / 2 for middle, (wide, _) in zip(middles, labels, strict=True)), default=0.0) - size.x
    for region in regions:
        region.at = Point(region.at.x + max(before, 0.0), 0)
    along = size.y
    for route, (wide, long) in zip(across, labels, strict=True):
        half = max(long / 2, _CORNER)
        _lead(route, wide, size.y, along + _BESIDE_ROWS + half)
        along += _BESIDE_ROWS + 2 * half
    return Point(size.x + max(before, 0.0) + max(after, 0.0), along)


def _turns(route: Route) -> tuple[float, float]:
    """The places at which a link leaves one region and enters the other, across the flow."""
    source, target = route.sources[0].region, route.targets[0].region
    begin, end = route.link.pieces[source][-1].end, route.link.pieces[target][0].start
    return source.at.x + begin.x, target.at.x + end.x


def _lead(route: Route, wide: float, along: float, row: float) -> None:
    """Lead a link from one region to the other, in a row behind them, its label in the middle."""
    begin, end = _turns(route)
    ahead, middle = (1.0 if end > begin else -1.0), (begin + end) / 2
    half = min(wide / 2, abs(end - begin) / 2 - _CORNER)
    turns = (begin + ahead * _CORNER, middle - ahead * half, middle + ahead * half, end - ahead * _CORNER)
    points = [Point(each, row) for each in turns]
    heading = Point(ahead, 0)
    route.link.pieces[_around(route)] = [
        Run(Point(begin, along), Point(begin, row - _CORNER), DOWN),
        Run(points[0], points[1], heading),
        Run(points[1], points[2], heading, is_label=route.link.label is not None),
        Run(points[2], points[3], heading),
        Run(Point(end, row - _CORNER), Point(end, along), Point(0, -1)),
    ]


def _frame(node: Node, size: Point, direction: Direction, passing: Sequence[Passing]) -> tuple[float, float]:
    """Put a frame with a head around the regions, note where links cross it, and give its width and height."""
    if is_sideways(direction):
        more = max(node.width - size.y - 2 * PADDING, 0.0)
        node.lead = Point(node.head, PADDING + more / 2)
        found = (size.y + 2 * PADDING + more, max(size.x + node.head + PADDING, node.height))
    else:
        more = max(node.width - size.x - 2 * PADDING, 0.0)
        node.lead = Point(PADDING + more / 2, node.head if direction == "TB" else PADDING)
        found = (size.x + 2 * PADDING + more, max(size.y + node.head + PADDING, node.height))
    for each in passing:
        region = each.steps[0].region
        pieces = each.link.pieces[region]
        at = pieces[0].start if each.end == "target" else pieces[-1].end
        node.places[each.link, each.end] = node.lead.x + region.at.x + at.x
    return found


# Places, from the outside in -------------------------------------------------------------------------------------


def _set(region: Region, corner: Point) -> None:
    """Set a region with its upper left corner at this point, and all that stands in it."""
    sideways = is_sideways(region.direction)
    size = (region.along, region.across) if sideways else (region.across, region.along)
    region.box = Box(*corner, *size)
    for node in region.nodes:
        node.box = _on_page(region.box, region.direction, Box(*node.at, node.across, node.along))
        for inner in node.regions:
            within = Box(node.lead.x + inner.at.x, node.lead.y, inner.across, inner.along)
            _set(inner, Point(*_on_page(node.box, inner.direction, within)[:2]))


def _on_page(around: Box, direction: Direction, box: Box) -> Box:
    """A box given across and along the flow of the one around it, on the page."""
    across, along, wide, long = box
    match direction:
        case "TB":
            return Box(around.x + across, around.y + along, wide, long)
        case "BT":
            return Box(around.x + across, around.y + around.height - along - long, wide, long)
        case "LR":
            return Box(around.x + along, around.y + across, long, wide)
        case "RL":
            return Box(around.x + around.width - along - long, around.y + across, long, wide)


# Links -----------------------------------------------------------------------------------------------------------


def _finish(route: Route) -> None:
    """Join the pieces of a link, on the page."""
    link = route.link
    for step in reversed(route.sources):
        if step.region is not route.home:
            link.runs += _runs(link, step.region)
    if route.home is None:
        link.runs += _runs_across(link, _around(route))
    else:
        link.runs += _runs(link, route.home)
    for step in route.targets:
        if step.region is not route.home:
            link.runs += _runs(link, step.region)
    if route.kind == "into":
        first = link.runs[0]
        link.runs.insert(0, Run(_border(first.start, first.heading, link.source.box), first.start, first.heading))
    elif route.kind == "out of":
        last = link.runs[-1]
        link.runs.append(Run(last.end, _border(last.end, last.heading, link.target.box), last.heading))


def _runs(link: Link, region: Region) -> list[Run]:
    return [_run_on_page(run, region.box, region.direction) for run in link.pieces[region]]


def _runs_across(link: Link, node: Node) -> list[Run]:
    """The runs of a link from one region to another, which lie between the frame of the node and its regions."""
    direction = node.regions[0].direction
    shift = [
        Run(
            Point(run.start.x + node.lead.x, run.start.y + node.lead.y),
            Point(run.end.x + node.lead.x, run.end.y + node.lead.y),
            run.heading,
            run.is_label,
        )
        for run in link.pieces[node]
    ]
    return [_run_on_page(run, node.box, direction) for run in shift]


def _run_on_page(run: Run, around: Box, direction: Direction) -> Run:
    start, end = (Point(*_on_page(around, direction, Box(*each, 0, 0))[:2]) for each in (run.start, run.end))
    across, along = run.heading
    forth = -along if direction in {"BT", "RL"} else along
    heading = Point(forth, across) if is_sideways(direction) else Point(across, forth)
    return Run(start, end, heading, run.is_label)


def _border(point: Point, heading: Point, box: Box) -> Point:
    """The place on the border of a box that is next to a point in it, along a heading."""
    if heading.x:
        return Point(min(box.x, box.x + box.width, key=lambda each: abs(each - point.x)), point.y)
    return Point(point.x, min(box.y, box.y + box.height, key=lambda each: abs(each - point.y)))


def _around(route: Route) -> Node:
    if route.around is None:
        raise AssertionError  # only links between regions of a node are led across
    return route.around
