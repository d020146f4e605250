"""The table of `decide`: for each state of the machine and each event the transitions, in the order of trial.

The machine's states are the combinations of innermost states that can be active together, with what histories
remember; in a machine without parallel regions, simply the innermost states. Each transition is a whole run to
completion: the routes that the event takes, and then those that need no event, until the machine rests.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from argentos.machines.bindings import COMPLETION, refuse
from argentos.machines.compiling.routes import Plan, Route
from argentos.machines.compiling.steps import Configuration, Step, Stepper
from argentos.machines.compiling.together import Assumed, Choice, Together, alternatives
from argentos.machines.conditions import Guard
from argentos.machines.decisions import Timer, Transition
from argentos.machines.diagram import Diagram
from argentos.machines.tree import END, SEPARATOR, Tree, lineage, parent

__all__ = ["BESIDE", "MAX_STATES", "MAX_STEPS", "MAX_WAYS", "REMEMBERED", "Row", "Table", "compile_table"]

MAX_STATES: Final = 4_096
"""States of one machine, the combinations of its parallel regions counted."""

MAX_WAYS: Final = 65_536
"""Transitions of one machine, those tried in vain counted."""

MAX_STEPS: Final = 100
"""Edges without events that may follow one event."""

BESIDE: Final = " & "
"""Between the innermost states of parallel regions."""

REMEMBERED: Final = " ~ "
"""Before what the histories remember."""

Row: TypeAlias = dict[str, tuple[tuple[tuple[Guard, ...], Transition], ...]]
"""For each event the transitions with their guards, in the order in which they are tried."""


class Table(NamedTuple):
    """The compiled machine.

    Attributes:
        rows: of each state.
        timers: for each state those that run in it.
        active: for each state the diagram's states that are active in it, from the top down.
        innermost: the innermost of these.
    """

    rows: dict[str, Row]
    timers: dict[str, tuple[Timer, ...]]
    active: dict[str, tuple[str, ...]]
    innermost: dict[str, tuple[str, ...]]


class _Trace(NamedTuple):
    """A run to completion, as far as it has come."""

    guards: tuple[Guard, ...]
    step: Step
    routes: tuple[tuple[Route, ...], ...]


def compile_table(diagram: Diagram, tree: Tree, plan: Plan) -> Table:
    """Compile the table of the states that can be reached, and of the others that something stored may lie in.

    Raises:
        DiagramError: the parallel regions have too many combinations, or the machine never rests.
    """
    return _Compiler(diagram, tree, plan).compile()


class _Compiler:
    def __init__(self, diagram: Diagram, tree: Tree, plan: Plan) -> None:
        self._diagram = diagram
        self._tree = tree
        self._stepper = Stepper(tree, plan)
        self._completing: dict[str, list[Route]] = {}  # by each source, completion edges before joins
        self._timed: dict[str, list[Timer]] = {}
        self._ways = 0
        known: dict[str, dict[str, list[Route]]] = {}
        for route in plan.routes:
            if route.event != COMPLETION:
                known.setdefault(route.source, {}).setdefault(route.event, []).append(route)
            for source in route.sources if route.event == COMPLETION else ():
                self._completing.setdefault(source, []).append(route)
            if route.timer is not None:
                timer = Timer(route.event, route.timer, tree.name(route.source))
                self._timed.setdefault(route.source, []).append(timer)
        self._together = Together(tree, known, self._count)
        self._names: dict[Configuration, str] = {}

    def compile(self) -> Table:
        rows: dict[Configuration, Row] = {}
        reached: set[str] = set()
        for path, children in self._tree.children.items():
            if not children and path not in reached:
                self._follow(Configuration(self._with_others(path)), rows)
                reached = {leaf for each in rows for leaf in each.leaves}
        order = self._tree.order
        ordered = sorted(rows, key=lambda each: ([order[leaf] for leaf in each.leaves], each.memory))
        named = {self._name(each): each for each in ordered}
        return Table(
            {name: rows[each] for name, each in named.items()},
            {name: tuple(dict.fromkeys(self._timers(each.leaves))) for name, each in named.items()},
            {name: self._shown(self._tree.active(each.leaves)) for name, each in named.items()},
            {name: self._shown(each.leaves) for name, each in named.items()},
        )

    def _with_others(self, leaf: str) -> tuple[str, ...]:
        """The leaf, and beside it what begins in the other regions."""
        if not self._tree.parallel:
            return (leaf,)
        leaves = [leaf]
        for path in filter(self._tree.is_region, lineage(leaf)):
            beside = [region for region in self._tree.children[parent(path)] if region != path]
            leaves += [each for region in beside for each in self._begun(region)]
        return self._tree.in_order(leaves)

    def _begun(self, region: str) -> Iterator[str]:
        """The innermost states that are active once a region or a state has begun."""
        if region in self._tree.parallel:
            for each in self._tree.children[region]:
                yield from self._begun(each)
        elif region in self._tree.begins:
            yield from self._begun(self._tree.begins[region])
        else:
            yield region

    def _follow(self, first: Configuration, rows: dict[Configuration, Row]) -> None:
        """Compile the row of a state, and those of all that can follow it."""
        waiting = [first]
        while waiting:
            before = waiting.pop()
            if before in rows:
                continue
            if len(rows) >= MAX_STATES:
                problem = (
                    f"the parallel regions have more than {MAX_STATES:,} combinations of states; split the diagram"
                )
                refuse(self._diagram, problem, self._diagram.end)
            row = rows[before] = {}
            for event, choices in self._together.of(before.leaves):
                traces = [trace for choice in choices for trace in self._run(before, choice)]
                row[event] = tuple((trace.guards, self._transition(before, event, trace)) for trace in traces)
                waiting += [trace.step.behind for trace in traces]

    # Running to completion ------------------------------------------------------------------------------------

    def _run(self, before: Configuration, choice: Choice) -> Iterator[_Trace]:
        """Everything that the choice may bring about, in the order of trial."""
        step = self._stepper.take(before, choice.routes)
        trace = _Trace(choice.guards, step, tuple((route,) for route in choice.routes))
        if not self._completing:
            self._count()
            yield trace
            return
        yield from self._completed(trace, self._due(step), frozenset(choice.guards), 0)

    def _completed(self, trace: _Trace, due: Sequence[str], assumed: Assumed, steps: int) -> Iterator[_Trace]:
        """The trace with all completion edges that follow; those of the states that are due are tried in order."""
        if steps > MAX_STEPS:
            edge = trace.routes[-1][-1].edges[-1]
            problem = f"{edge} is one of edges without events that follow each other without end; give one an event"
            refuse(self._diagram, problem, edge.place, str(edge))
        due = [path for path in due if self._is_ready(path, trace.step.behind)]
        if not due:
            self._count()
            yield trace
            return
        routes = [
            route
            for route in self._completing[due[0]]
            if all(self._is_ready(source, trace.step.behind) for source in route.sources)
        ]
        for route, known in alternatives(routes, assumed, lambda route: route.guards):
            if route is None:
                yield from self._completed(trace, due[1:], known, steps)
                continue
            step = self._stepper.take(trace.step.behind, (route,))
            guards = tuple(dict.fromkeys((*trace.guards, *route.guards)))
            longer = _Trace(guards, _followed(trace.step, step), (*trace.routes[:-1], (*trace.routes[-1], route)))
            yield from self._completed(longer, [*due[1:], *self._due(step)], known, steps + 1)

    def _due(self, step: Step) -> list[str]:
        """The states that have come to their end in this step, or that a join waits for, in order."""
        found: list[str] = []
        for path in step.entered:
            at_end = path.endswith(f"{SEPARATOR}{END}")
            source = self._tree.owner(parent(path)) if at_end else path
            if source in self._completing and self._is_ready(source, step.behind):
                found.append(source)
        return found

    def _is_ready(self, path: str, behind: Configuration) -> bool:
        """Tell whether the state is active, and nothing is left to do in it."""
        is_active = path in self._tree.lineages(behind.leaves)
        return is_active and self._stepper.is_complete(path, behind.leaves)

    def _count(self) -> None:
        self._ways += 1
        if self._ways > MAX_WAYS:
            problem = f"the machine has more than {MAX_WAYS:,} transitions; split the diagram, or let facts say more"
            refuse(self._diagram, problem, self._diagram.end)

    # Naming ---------------------------------------------------------------------------------------------------

    def _transition(self, before: Configuration, event: str, trace: _Trace) -> Transition:
        step = trace.step
        return Transition(
            source=self._name(before),
            target=self._name(step.behind),
            event=event,
            label=BESIDE.join(" → ".join(route.label for route in routes) for routes in trace.routes),
            effects=step.effects,
            edges=tuple(edge for routes in trace.routes for route in routes for edge in route.edges),
            left=self._shown(step.left),
            entered=self._shown(step.entered),
        )

    def _timers(self, leaves: Sequence[str]) -> Iterator[Timer]:
        for path in self._tree.active(leaves):
            yield from self._timed.get(path, ())

    def _name(self, configuration: Configuration) -> str:
        if configuration not in self._names:
            name = BESIDE.join(self._shown(configuration.leaves))
            memory = (f"{each}: {BESIDE.join(self._shown(known))}" for each, known in configuration.memory)
            self._names[configuration] = name + (REMEMBERED + ", ".join(memory) if configuration.memory else "")
        return self._names[configuration]

    def _shown(self, paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._tree.name(path) for path in paths)


def _followed(first: Step, second: Step) -> Step:
    return Step(
        second.behind,
        (*first.left, *second.left),
        (*first.entered, *second.entered),
        (*first.effects, *second.effects),
    )
