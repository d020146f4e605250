"""Routes from state to state: edges, joined where a choice stands between them.

A choice is no state: nothing rests there. So an edge into a choice, with each edge out of it, is one route; its
guards are those of both. What a choice leaves over (`else`, or no guard) comes last.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from argentos.machines.bindings import Binding, Bindings, Meaning, refuse
from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import OUTSIDE, Edge
from argentos.machines.tree import Tree, is_within, lineage, parent

__all__ = ["Route", "routes"]


class Route(NamedTuple):
    """A route from the path of one state to that of another.

    Attributes:
        label: of the edges, joined by `→`.
        edges: one, or several with choices between them.
    """

    source: str
    target: str
    meaning: Meaning
    label: str
    edges: tuple[Edge, ...]


def routes(
    diagram: Diagram, tree: Tree, bound: Mapping[str, Binding | str] | None, facts: type[object] | None
) -> list[Route]:
    """All routes, in the order of the diagram's edges.

    Raises:
        DiagramError: an edge could not be taken as it stands.
    """
    found = list(_Finder(diagram, tree, Bindings(diagram, bound, facts)).find())
    _refuse_rivals(diagram, found)
    _refuse_shared_timers(diagram, tree, found)
    _refuse_crossings(diagram, tree, found)
    return found


class _Finder:
    def __init__(self, diagram: Diagram, tree: Tree, bindings: Bindings) -> None:
        self._diagram = diagram
        self._tree = tree
        self._bindings = bindings
        self._choices = {state.name: state for state in diagram.states if state.kind == "choice"}
        self._branches: dict[str, list[tuple[Edge, Meaning]]] = {name: [] for name in self._choices}

    def find(self) -> Iterator[Route]:
        self._refuse_beginnings()
        meant: list[tuple[Edge, Meaning]] = []
        for edge in self._diagram.edges:
            if edge.source in self._choices:
                self._branches[edge.source].append((edge, self._bindings.branch(edge)))
            elif edge.source != OUTSIDE or not edge.within:
                meant.append((edge, self._bindings.event_edge(edge)))
        self._bindings.check_used()
        for edge, meaning in meant:
            yield from self._through((edge,), meaning)

    def _through(self, edges: tuple[Edge, ...], meaning: Meaning) -> Iterator[Route]:
        """The routes that begin with these edges."""
        last = edges[-1]
        if last.target not in self._choices:
            label = " → ".join(edge.label or "else" for edge in edges)
            yield Route(self._tree.source(edges[0]), self._tree.target(last), meaning, label, edges)
            return
        branches = self._branches[last.target]
        if not branches:
            self._refuse(last, f"the choice {last.target} leads nowhere; add '{last.target} --> State: [guard]'")
        if any(edge.source == last.target for edge in edges):
            self._refuse(last, f"the choice {last.target} leads back to itself; let it lead to a state")
        for edge, branch in sorted(branches, key=lambda each: not each[1].guards):
            guards = tuple(dict.fromkeys((*meaning.guards, *branch.guards)))
            effects = (*meaning.effects, *branch.effects)
            yield from self._through((*edges, edge), meaning._replace(guards=guards, effects=effects))

    def _refuse_beginnings(self) -> None:
        starts = [edge for edge in self._diagram.edges if edge.source == OUTSIDE and not edge.within]
        if not starts:
            refuse(self._diagram, "the diagram has no beginning; add an edge '[*] --> State: label'", self._diagram.end)
        if len(starts) > 1:
            self._refuse(starts[1], f"the diagram has a second beginning; {starts[0]} stands above; keep one")

    def _refuse(self, edge: Edge, problem: str) -> None:
        refuse(self._diagram, problem, edge.place, str(edge))


def _refuse_rivals(diagram: Diagram, found: Sequence[Route]) -> None:
    """Refuse a route that an earlier one of the same state and event always forestalls."""
    above: dict[tuple[str, str], list[Route]] = {}
    for route in found:
        event = route.meaning.event
        rivals = above.setdefault((route.source, event), [])
        for first in rivals:
            if set(first.meaning.guards) <= set(route.meaning.guards):
                edge, other = route.edges[-1], first.edges[-1]
                problem = f"{edge} is never taken: {other} has the event {event!r}, and no guard that this edge lacks"
                refuse(diagram, problem, edge.place, str(edge))
        rivals.append(route)


def _refuse_shared_timers(diagram: Diagram, tree: Tree, found: Sequence[Route]) -> None:
    """Refuse a timer whose event another one raises while it runs: what is due would take the other's edge."""
    above: dict[str, list[Route]] = {}
    for route in found:
        if route.meaning.timer is None:
            continue
        rivals = above.setdefault(route.meaning.event, [])
        for first in rivals:
            if _run_at_once(tree, first, route):
                edge, other = route.edges[0], first.edges[0]
                problem = f"the timers of {edge} and {other} run at once, and both raise {route.meaning.event!r}"
                refuse(diagram, f"{problem}; bind one of them to another event", edge.place, str(edge))
        rivals.append(route)


def _run_at_once(tree: Tree, one: Route, other: Route) -> bool:
    """Whether these are two timers whose states can be active together."""
    if one.source == other.source:
        return one.meaning.timer != other.meaning.timer
    if is_within(one.source, other.source) or is_within(other.source, one.source):
        return True
    shared = [path for path in lineage(one.source) if is_within(other.source, path)]
    return bool(shared) and shared[-1] in tree.parallel


def _refuse_crossings(diagram: Diagram, tree: Tree, found: Sequence[Route]) -> None:
    """Refuse what parallel regions cannot do together."""
    for route in found:
        edge = route.edges[-1]
        source, target = (set(filter(tree.is_region, lineage(end))) for end in (route.source, route.target))
        if target - source:
            inside = tree.name(parent(min(target - source)))
            problem = f"{edge} enters a region of {inside} from outside it; lead to {inside}, where all regions begin"
            refuse(diagram, problem, edge.place, str(edge))
        for region in source - target:
            rival = next((other for other in found if _is_beside(other, region) and _same_event(other, route)), None)
            if rival:
                problem = (
                    f"{edge} leaves {tree.name(parent(region))} by {route.meaning.event!r}, which {rival.edges[0]}"
                    " takes in a region beside it; give one of them another event"
                )
                refuse(diagram, problem, edge.place, str(edge))


def _is_beside(route: Route, region: str) -> bool:
    """Whether the route leaves a state in another region of the same parallel state."""
    whole = parent(region)
    return route.source != whole and is_within(route.source, whole) and not is_within(route.source, region)


def _same_event(one: Route, other: Route) -> bool:
    return one.meaning.event == other.meaning.event
