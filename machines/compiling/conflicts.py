"""Refusing routes that could never be taken, or not together."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple, NoReturn

from argentos.machines.bindings import COMPLETION, refuse
from argentos.machines.compiling.branches import regions_for
from argentos.machines.compiling.routes import Route
from argentos.machines.conditions import Guard
from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import Edge
from argentos.machines.tree import Tree, is_within, lineage, parent

__all__ = ["refuse_conflicts"]


def refuse_conflicts(diagram: Diagram, tree: Tree, found: Sequence[Route]) -> None:
    """Refuse what the routes of a machine cannot do.

    Raises:
        DiagramError: an edge is never taken, two timers are mixed up, or parallel regions get in each other's way.
    """
    _refuse_rivals(diagram, found)
    _refuse_shared_timers(diagram, tree, found)
    _refuse_idle_timers(diagram, tree, found)
    _refuse_regions(diagram, tree, found)
    if tree.parallel:
        _refuse_crossings(diagram, tree, found)


class _Rival(NamedTuple):
    """A way that an event may take, with the edges of its route."""

    guards: frozenset[Guard]
    edges: tuple[Edge, ...]


def _refuse_rivals(diagram: Diagram, found: Sequence[Route]) -> None:
    """Refuse edges that earlier ones of the same state and event always forestall."""
    above: dict[tuple[tuple[str, ...], str], list[_Rival]] = {}
    for edges, routes in _alternatives(found):
        rivals = above.setdefault((routes[0].sources, routes[0].event), [])
        ways = [frozenset(route.guards) for route in routes]
        first = [next((rival for rival in rivals if rival.guards <= way), None) for way in ways]
        if first[0] is not None and all(first):
            edge, other, event = edges[-1], first[0].edges[-1], routes[0].event
            what = f"has the event {event!r}, and" if event else "leads out of the same state, and has"
            problem = f"{edge} is never taken: {other} {what} no guard that this edge lacks"
            refuse(diagram, problem, edge.place, str(edge))
        rivals += [_Rival(way, edges) for way in dict.fromkeys(ways)]


def _alternatives(found: Sequence[Route]) -> Iterator[tuple[tuple[Edge, ...], list[Route]]]:
    """The routes of each edge and event together: those that alternatives of its guard make."""
    grouped: dict[tuple[tuple[Edge, ...], str], list[Route]] = {}
    for route in found:
        grouped.setdefault((route.edges, route.event), []).append(route)
    return ((edges, routes) for (edges, _), routes in grouped.items())


def _refuse_shared_timers(diagram: Diagram, tree: Tree, found: Sequence[Route]) -> None:
    """Refuse a timer whose event another one raises while it runs: what is due would take the other's edge."""
    above: dict[str, dict[tuple[str, str], Route]] = {}
    for route in found:
        if route.timer is None:
            continue
        rivals = above.setdefault(route.event, {})
        for first in rivals.values():
            if _run_at_once(tree, first, route):
                edge, other = route.edges[0], first.edges[0]
                problem = f"the timers of {edge} and {other} run at once, and both raise {route.event!r}"
                refuse(diagram, f"{problem}; bind one of them to another event", edge.place, str(edge))
        rivals.setdefault((route.source, route.timer), route)


def _refuse_idle_timers(diagram: Diagram, tree: Tree, found: Sequence[Route]) -> None:
    """Refuse a timer whose edge does not leave its state: it would stay due, and raise its event for ever."""
    for route in found:
        if route.timer is not None and not any(_leaves(tree, route.source, target) for target in route.targets):
            edge = route.edges[0]
            problem = f"the timer of {edge} would be due for ever, for its state is not left"
            refuse(diagram, f"{problem}; lead out of {edge.source}, or to {edge.source} itself", edge.place, str(edge))


def _leaves(tree: Tree, source: str, target: str) -> bool:
    history = tree.histories.get(target)
    return not is_within(history.region if history else parent(target), source)


def _run_at_once(tree: Tree, one: Route, other: Route) -> bool:
    """Tell whether these are two timers whose states can be active together."""
    if one.source == other.source:
        return one.timer != other.timer
    if is_within(one.source, other.source) or is_within(other.source, one.source):
        return True
    return _are_beside(tree, one.source, other.source)


def _are_beside(tree: Tree, one: str, other: str) -> bool:
    """Tell whether the paths stand in different regions of one state."""
    shared = [path for path in lineage(one) if is_within(other, path)]
    return bool(shared) and shared[-1] in tree.parallel and shared[-1] not in (one, other)


def _refuse_regions(diagram: Diagram, tree: Tree, found: Sequence[Route]) -> None:
    """Refuse edges from one region into another, and forks and joins that are not about regions."""
    for route in found:
        targets = [tree.histories[each].region if each in tree.histories else each for each in route.targets]
        for source in route.sources:
            for target in targets:
                if _are_beside(tree, source, target):
                    whole = tree.name(_shared(source, target))
                    edge = route.edges[-1]
                    problem = f"{edge} leads from one region of {whole} into another; lead to {whole}, or out of it"
                    refuse(diagram, problem, edge.place, str(edge))
        for ends, what, which in ((targets, "fork", -1), (route.sources, "join", 0)):
            for one, other in combinations(ends, 2):
                if not _are_beside(tree, one, other):
                    _refuse_pair(diagram, tree, route.edges[which], what, (one, other))


def _refuse_pair(diagram: Diagram, tree: Tree, edge: Edge, what: str, ends: tuple[str, str]) -> NoReturn:
    one, other = map(tree.name, ends)
    name = edge.source if what == "fork" else edge.target
    problem = f"the {what} {name} has edges of {one} and {other}, which are in no two regions of one state"
    advice = "put them into 'state Name { … }', with '--' between them"
    if what == "fork" and not any(parent(end) for end in ends):
        advice = f"add below all else\n{regions_for(diagram, name)}"
    refuse(diagram, f"{problem}; {advice}", edge.place, str(edge))


def _shared(one: str, other: str) -> str:
    return [path for path in lineage(one) if is_within(other, path)][-1]


def _refuse_crossings(diagram: Diagram, tree: Tree, found: Sequence[Route]) -> None:
    """Refuse an event that leaves all regions by one of them, and moves another."""
    same: dict[str, list[Route]] = {}
    for route in found:
        if route.event != COMPLETION:
            same.setdefault(route.event, []).append(route)
    for route in found:
        if not route.targets or route.event == COMPLETION:
            continue
        edge = route.edges[-1]
        ends = route.targets
        target = tree.histories[ends[0]].region if ends[0] in tree.histories else ends[0]
        kept = set(lineage(target))
        for region in filter(tree.is_region, lineage(route.source)):
            if region in kept:
                continue
            rival = next((other for other in same[route.event] if _is_beside(other, region)), None)
            if rival:
                problem = (
                    f"{edge} leaves {tree.name(parent(region))} by {route.event!r}, which {rival.edges[0]}"
                    " takes in a region beside it; give one of them another event"
                )
                refuse(diagram, problem, edge.place, str(edge))


def _is_beside(route: Route, region: str) -> bool:
    """Tell whether the route leaves a state in another region of the same parallel state."""
    whole = parent(region)
    return route.source != whole and is_within(route.source, whole) and not is_within(route.source, region)
