"""Routes: the edges that are taken together as one, seen through the pseudo-states between them.

A choice is no state: nothing rests there. So an edge into a choice, with each edge out of it, is one route; its
guards are those of both. What a choice leaves over (`else`, or no guard) comes last. An edge into a fork is one route
with all edges out of it, and one into a join is a part of the route that leads out of it. Where several events take an
edge, or a guard has alternatives, each makes a route of its own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, NoReturn

from argentos.machines.bindings import BEGINNING, Binding, Bindings, Meaning, refuse
from argentos.machines.compiling.actions import Actions
from argentos.machines.conditions import Guard
from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import OUTSIDE, Edge, State
from argentos.machines.tree import Tree, is_within, parent

__all__ = ["MAX_CHAIN", "MAX_ROUTES", "Default", "Plan", "Route", "plan"]

MAX_ROUTES: Final = 1_024
"""Ways through choices that one edge may begin."""

MAX_CHAIN: Final = 100
"""Pseudo-states that may follow each other on one way."""

_REGIONS: Final = 2  # at least, that a fork or a join is about


class Route(NamedTuple):
    """A way from the path of one state to others, all at once.

    Attributes:
        sources: one, or those that a join waits for.
        targets: paths of states or, as in the diagram, names of histories; one, or those of a fork, or none of an edge
            that stays inside its state.
        event: what takes it; `COMPLETION` where nothing has to.
        guards: all must hold.
        label: of the edges, joined by `→`.
        edges: in the order in which they are passed.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    event: str
    timer: str | None
    guards: tuple[Guard, ...]
    effects: tuple[str, ...]
    label: str
    edges: tuple[Edge, ...]

    @property
    def source(self) -> str:
        """The path of the state that it leaves, or of the first of those."""
        return self.sources[0]


class Default(NamedTuple):
    """The default of a history that remembers nothing yet: a path, with the edge to it and its effects."""

    target: str
    edge: Edge
    effects: tuple[str, ...]


class Plan(NamedTuple):
    """All that a machine is compiled from.

    Attributes:
        routes: in the order of the diagram's edges.
        beginnings: by region, the effects that follow when it begins.
        defaults: by the names of histories.
        entry: by path, the effects that follow when it is entered.
        exit: those that follow when it is left.
        meanings: of each edge, one for each event that takes it.
    """

    routes: tuple[Route, ...]
    beginnings: dict[str, tuple[str, ...]]
    defaults: dict[str, Default]
    entry: dict[str, tuple[str, ...]]
    exit: dict[str, tuple[str, ...]]
    meanings: dict[Edge, tuple[Meaning, ...]]


def plan(
    diagram: Diagram,
    tree: Tree,
    actions: Actions,
    bound: Mapping[str, Binding | str] | None,
    facts: type[object] | None,
) -> Plan:
    """Find all routes, and what happens on the way.

    Raises:
        DiagramError: an edge could not be taken as it stands.
    """
    finder = _Finder(diagram, tree, Bindings(diagram, bound, facts, actions.internal))
    found = tuple(finder.find(actions.internal))
    entry, on_exit = (
        {tree.path(name): effects for name, effects in each.items()} for each in (actions.entry, actions.exit)
    )
    meanings = {edge: finder.bindings.meanings[edge] for edge in (*diagram.edges, *actions.internal)}
    return Plan(found, finder.beginnings, finder.defaults, entry, on_exit, meanings)


class _Finder:
    def __init__(self, diagram: Diagram, tree: Tree, bindings: Bindings) -> None:
        self.bindings = bindings
        self.beginnings: dict[str, tuple[str, ...]] = {}
        self.defaults: dict[str, Default] = {}
        self._diagram = diagram
        self._tree = tree
        self._states: dict[str, State] = {state.name: state for state in diagram.states}
        self._branches: dict[str, list[tuple[Edge, Meaning]]] = {}
        self._legs: dict[str, list[tuple[Edge, tuple[str, ...]]]] = {}  # out of forks
        self._waits: dict[str, list[tuple[Edge, tuple[str, ...]]]] = {}  # into joins
        self._exits: dict[str, list[tuple[Edge, tuple[Meaning, ...]]]] = {}  # out of joins
        self._meant: list[tuple[Edge, tuple[Meaning, ...]]] = []
        self._counted: Counter[Edge] = Counter()

    def find(self, internal: Sequence[Edge]) -> Iterator[Route]:
        self._refuse_beginnings()
        for edge in self._diagram.edges:
            self._read(edge)
        meant = [*self._meant, *((edge, self.bindings.event_edge(edge)) for edge in internal)]
        self.bindings.check_used()
        self._refuse_loose()
        for edge, meanings in sorted(meant, key=lambda each: each[0].place):
            for meaning in meanings:
                yield from self._begin((self._tree.source(edge),), (edge,), meaning)
        for name, exits in self._exits.items():
            waits = self._waits[name]
            sources = tuple(self._tree.source(edge) for edge, _ in waits)
            effects = tuple(effect for _, each in waits for effect in each)
            for edge, meanings in exits:
                for meaning in meanings:
                    joined = meaning._replace(effects=(*effects, *meaning.effects))
                    yield from self._begin(sources, (*(wait for wait, _ in waits), edge), joined)

    # Reading edges --------------------------------------------------------------------------------------------

    def _read(self, edge: Edge) -> None:
        source, target = self._kind(edge.source), self._kind(edge.target)
        if edge.source == OUTSIDE and edge.within:
            what = f"the edge with which {edge.within} begins is always taken"
            region = parent(self._tree.inside(edge.within, edge.region, OUTSIDE))
            self.beginnings[region] = self.bindings.segment(edge, what)
        elif source == "choice":
            self._branches.setdefault(edge.source, []).append((edge, self.bindings.branch(edge)))
        elif source == "fork":
            effects = self.bindings.segment(edge, f"{edge} is taken with all that leave the fork {edge.source}")
            self._legs.setdefault(edge.source, []).append((edge, effects))
        elif source == "join":
            self._exits.setdefault(edge.source, []).append((edge, self._without_event(edge)))
        elif source == "history":
            self._default(edge)
        elif target == "join":
            what = f"{edge} is taken once all that lead into the join {edge.target} can be"
            self._waits.setdefault(edge.target, []).append((edge, self.bindings.segment(edge, what)))
        else:
            completes = edge.source in self._states and self._states[edge.source].regions > 0
            self._meant.append((edge, self.bindings.event_edge(edge, completes=completes)))

    def _kind(self, name: str) -> str:
        state = self._states.get(name)
        return "state" if state is None else "history" if state.history else state.kind

    def _without_event(self, edge: Edge) -> tuple[Meaning, ...]:
        found = self.bindings.event_edge(edge, completes=True)
        if any(meaning.event for meaning in found):
            problem = f"{edge} is taken once all is there that the join waits for; remove the event, or add a state"
            refuse(self._diagram, problem, edge.label_place, edge.label)
        return found

    def _default(self, edge: Edge) -> None:
        history = self._tree.histories[edge.source]
        effects = self.bindings.segment(edge, f"{edge} is taken while the history remembers nothing")
        if edge.source in self.defaults:
            self._refuse(edge, f"the history {edge.source} has a second default; keep one")
        if (
            self._kind(edge.target) != "state"
            or edge.target == OUTSIDE
            or not is_within(self._tree.path(edge.target), history.region)
        ):
            self._refuse(edge, f"the default of the history {edge.source} is a state beside it; lead to one")
        self.defaults[edge.source] = Default(self._tree.path(edge.target), edge, effects)

    # Seeing through pseudo-states -----------------------------------------------------------------------------

    def _begin(self, sources: tuple[str, ...], edges: tuple[Edge, ...], meaning: Meaning) -> Iterator[Route]:
        """The routes that begin with these edges."""
        if meaning.internal:
            self._refuse_leaving(edges[-1])
            yield from self._routes(sources, (), meaning, edges)
            return
        for term in meaning.terms:
            yield from self._through(sources, edges, meaning._replace(terms=(term,)), len(edges))

    def _through(
        self, sources: tuple[str, ...], edges: tuple[Edge, ...], meaning: Meaning, first: int
    ) -> Iterator[Route]:
        last = edges[-1]
        kind = self._kind(last.target)
        if len(edges) - first > MAX_CHAIN:
            self._refuse(edges[first - 1], f"more than {MAX_CHAIN} choices follow each other; put states between them")
        if kind == "choice":
            for edge, branch in self._branched(edges):
                effects = (*meaning.effects, *branch.effects)
                for term in branch.terms:
                    guards = tuple(dict.fromkeys((*meaning.terms[0], *term)))
                    if not any(Guard(guard.name, not guard.wanted) in guards for guard in term):
                        behind = meaning._replace(terms=(guards,), effects=effects)
                        yield from self._through(sources, (*edges, edge), behind, first)
        elif kind == "fork":
            legs = self._legs[last.target]
            effects = (*meaning.effects, *(effect for _, each in legs for effect in each))
            targets = tuple(self._target(edge) for edge, _ in legs)
            yield from self._routes(
                sources, targets, meaning._replace(effects=effects), (*edges, *(edge for edge, _ in legs))
            )
        elif kind == "join":
            self._refuse(last, f"{last} leads into a join from no state; lead there from one in each region")
        else:
            yield from self._routes(sources, (self._target(last),), meaning, edges)

    def _branched(self, edges: tuple[Edge, ...]) -> list[tuple[Edge, Meaning]]:
        """The edges out of the choice at which these end, those without guards last."""
        last = edges[-1]
        branches = self._branches.get(last.target)
        if not branches:
            self._refuse(last, f"the choice {last.target} leads nowhere; add '{last.target} --> State: [guard]'")
        if any(edge.source == last.target for edge in edges):
            self._refuse(last, f"the choice {last.target} leads back to itself; let it lead to a state")
        return sorted(branches, key=lambda each: not each[1].guard)

    def _routes(
        self, sources: tuple[str, ...], targets: tuple[str, ...], meaning: Meaning, edges: tuple[Edge, ...]
    ) -> Iterator[Route]:
        self._counted[edges[0]] += 1
        if self._counted[edges[0]] > MAX_ROUTES:
            problem = f"{edges[0]} begins more than {MAX_ROUTES:,} ways through choices and guards"
            self._refuse(edges[0], f"{problem}; put states between them, or let facts say more")
        for term in meaning.terms:
            label = self._label(edges)
            yield Route(sources, targets, meaning.event, meaning.timer, term, meaning.effects, label, edges)

    def _label(self, edges: tuple[Edge, ...]) -> str:
        shown: list[str] = []
        for edge in edges:
            if edge.label:
                shown.append(edge.label)
            elif self._kind(edge.source) == "choice":
                shown.append("else")
            elif edge.source == OUTSIDE:
                shown.append(BEGINNING)
        return " → ".join(shown) or "done"

    def _target(self, edge: Edge) -> str:
        kind = self._kind(edge.target)
        if kind == "history":
            return edge.target
        if kind != "state":
            self._refuse(edge, f"{edge} leads from a fork into a {kind}; lead to a state")
        return self._tree.target(edge)

    # Refusing -------------------------------------------------------------------------------------------------

    def _refuse_beginnings(self) -> None:
        starts = [edge for edge in self._diagram.edges if edge.source == OUTSIDE and not edge.within]
        if not starts:
            refuse(self._diagram, "the diagram has no beginning; add an edge '[*] --> State'", self._diagram.end)
        if len(starts) > 1:
            problem = f"the diagram has a second beginning; {starts[0]} stands above"
            choice = "'state first <<choice>>', '[*] --> first: event', and a branch of it to each"
            self._refuse(starts[1], f"{problem}; keep one, or let guards decide: {choice}")

    def _refuse_loose(self) -> None:
        """Refuse forks and joins that do not do what they are for."""
        for state in self._states.values():
            name = state.name
            if state.kind == "fork" and len(self._legs.get(name, ())) < _REGIONS:
                problem = f"the fork {name} needs an edge into two regions at least"
                refuse(self._diagram, f"{problem}; add '{name} --> State'", state.place, name)
            if state.kind == "join" and (len(self._waits.get(name, ())) < _REGIONS or name not in self._exits):
                problem = f"the join {name} needs edges from two regions at least, and one that leads on"
                refuse(self._diagram, f"{problem}; add 'State --> {name}' or '{name} --> State'", state.place, name)

    def _refuse_leaving(self, edge: Edge) -> None:
        if edge.source != edge.target:
            self._refuse(edge, f"{edge} is bound as internal, but leads elsewhere; lead back to {edge.source}")

    def _refuse(self, edge: Edge, problem: str) -> NoReturn:
        refuse(self._diagram, problem, edge.place, str(edge))
