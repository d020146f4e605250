"""The table of `decide`, compiled from the formal definition.

For each state of the machine and each event it lists the transitions with their guards, in the order in which
transitions would try them: the first whose guards hold is taken. The machine's states are the combinations of
innermost states that can be active together; in a machine without parallel regions, simply the innermost states.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from argentos.machines.bindings import refuse
from argentos.machines.decisions import Timer, Transition
from argentos.machines.definition import Definition
from argentos.machines.diagram import Diagram
from argentos.machines.routes import Route
from argentos.machines.tree import Tree, is_within, lineage, parent

__all__ = ["BESIDE", "MAX_STATES", "Guard", "Row", "Table", "compile_table"]

MAX_STATES: Final = 4_096
"""States of one machine, the combinations of its parallel regions counted."""

BESIDE: Final = " & "
"""Between the innermost states of parallel regions."""

_Leaves: TypeAlias = tuple[str, ...]


class Guard(NamedTuple):
    """A guard: the fact `name` has to be true or, where `wanted` is not, false."""

    name: str
    wanted: bool

    def __str__(self) -> str:
        """As bindings write it."""
        return self.name if self.wanted else f"not {self.name}"


Row: TypeAlias = dict[str, tuple[tuple[tuple[Guard, ...], Transition], ...]]
"""For each event the transitions with their guards, in the order in which they are tried."""


class Table(NamedTuple):
    """The compiled machine.

    Attributes:
        rows: of each state.
        timers: for each state those that run in it.
        active: for each state the diagram's states that are active in it, from the top down.
    """

    rows: dict[str, Row]
    timers: dict[str, tuple[Timer, ...]]
    active: dict[str, tuple[str, ...]]


class _Candidate(NamedTuple):
    """A candidate for an event: routes taken together, with the guards of all of them."""

    guards: tuple[Guard, ...]
    routes: tuple[Route, ...]


def compile_table(diagram: Diagram, tree: Tree, definition: Definition, routes: Sequence[Route]) -> Table:
    """Compile the table of the states that can be reached, and of the others that something stored may lie in.

    Raises:
        DiagramError: the parallel regions have too many combinations.
    """
    return _Compiler(diagram, tree, _by_event(definition, routes)).compile()


_ByEvent: TypeAlias = dict[str, dict[str, list[_Candidate]]]


def _by_event(definition: Definition, routes: Sequence[Route]) -> _ByEvent:
    """For each event and path the ways that leave there, in the definition's order."""
    named: dict[tuple[str, str, str], list[Route]] = {}
    for route in routes:
        named.setdefault((route.source, route.meaning.event, route.target), []).append(route)
    return {
        event.name: {
            str(source): [
                _Candidate(
                    tuple(Guard(str(each.func), bool(each.target)) for each in candidate.conditions),
                    (named[str(source), event.name, str(candidate.dest)].pop(0),),
                )
                for candidate in candidates
            ]
            for source, candidates in event.transitions.items()
        }
        for event in definition.events.values()
    }


class _Compiler:
    def __init__(self, diagram: Diagram, tree: Tree, events: _ByEvent) -> None:
        self._diagram = diagram
        self._tree = tree
        self._events = events
        self._known: dict[str, list[str]] = {}  # the events that each path knows
        for event, sources in events.items():
            for path in sources:
                self._known.setdefault(path, []).append(event)

    def compile(self) -> Table:
        rows: dict[_Leaves, Row] = {}
        for path, children in self._tree.children.items():
            if not children:
                self._follow(self._with_others(path), rows)
        ordered = sorted(rows, key=lambda leaves: [self._tree.order[leaf] for leaf in leaves])
        return Table(
            {self._name(leaves): rows[leaves] for leaves in ordered},
            {self._name(leaves): tuple(dict.fromkeys(self._timers(leaves))) for leaves in ordered},
            {self._name(leaves): self._names(self._tree.active(leaves)) for leaves in ordered},
        )

    def _with_others(self, leaf: str) -> _Leaves:
        """The leaf, and beside it what begins in the other regions."""
        leaves = [leaf]
        for path in filter(self._tree.is_region, lineage(leaf)):
            beside = [region for region in self._tree.children[parent(path)] if region != path]
            leaves += [each for region in beside for each in self._tree.enter(region)]
        return self._tree.in_order(leaves)

    def _follow(self, first: _Leaves, rows: dict[_Leaves, Row]) -> None:
        """Compile the row of a state, and those of all that can follow it."""
        waiting = [first]
        while waiting:
            leaves = waiting.pop()
            if leaves in rows:
                continue
            if len(rows) >= MAX_STATES:
                problem = (
                    f"the parallel regions have more than {MAX_STATES:,} combinations of states; split the diagram"
                )
                refuse(self._diagram, problem, self._diagram.end)
            known = dict.fromkeys(event for path in self._tree.active(leaves) for event in self._known.get(path, ()))
            taken = {
                event: [self._take(leaves, event, way) for way in self._ways("", leaves, event)] for event in known
            }
            rows[leaves] = {event: tuple((guards, made) for guards, made, _ in each) for event, each in taken.items()}
            waiting += [behind for each in taken.values() for _, _, behind in each]

    def _ways(self, path: str, leaves: _Leaves, event: str) -> list[_Candidate]:
        """The candidates for the event in an active state, the inner before the outer."""
        inside = [child for child in self._tree.children[path] if any(is_within(leaf, child) for leaf in leaves)]
        regions = [self._ways(child, leaves, event) for child in inside]
        if path in self._tree.parallel:
            together = itertools.product(*([*ways, _NOTHING] for ways in regions))
            inner = [_joined(ways) for ways in together if any(way.routes for way in ways)]
        else:
            inner = [way for ways in regions for way in ways]
        return inner + self._events[event].get(path, [])

    def _take(self, leaves: _Leaves, event: str, way: _Candidate) -> tuple[tuple[Guard, ...], Transition, _Leaves]:
        """The transition, and what is active after it."""
        behind, left = leaves, list[str]()
        for route in way.routes:
            scope = self._scope(route.target, behind)
            active = self._tree.active(behind)
            left += [path for path in reversed(active) if path != scope and is_within(path, scope)]
            kept = [leaf for leaf in behind if not is_within(leaf, scope)]
            behind = self._tree.in_order([*kept, *self._tree.enter(route.target)])
        transition = Transition(
            source=self._name(leaves),
            target=self._name(behind),
            event=event,
            label=BESIDE.join(route.label for route in way.routes),
            effects=tuple(effect for route in way.routes for effect in route.meaning.effects),
            edges=tuple(edge for route in way.routes for edge in route.edges),
            left=self._names(left),
        )
        return way.guards, transition, behind

    def _scope(self, target: str, leaves: _Leaves) -> str:
        """The innermost active state or region around the target: all that is active within it is left."""
        around = [path for path in lineage(target) if path != target and any(is_within(leaf, path) for leaf in leaves)]
        return around[-1] if around else ""

    def _timers(self, leaves: _Leaves) -> Iterator[Timer]:
        for path in self._tree.active(leaves):
            for event in self._known.get(path, ()):
                for way in self._events[event][path]:
                    duration = way.routes[0].meaning.timer
                    if duration is not None:
                        yield Timer(event, duration, self._tree.name(path))

    def _name(self, leaves: Sequence[str]) -> str:
        return BESIDE.join(self._names(leaves))

    def _names(self, paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._tree.name(path) for path in paths)


_NOTHING: Final = _Candidate((), ())


def _joined(ways: Sequence[_Candidate]) -> _Candidate:
    guards = dict.fromkeys(guard for way in ways for guard in way.guards)
    return _Candidate(tuple(guards), tuple(route for way in ways for route in way.routes))
