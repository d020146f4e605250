"""The states of a diagram within each other, each by its path.

A path is what `transitions` calls a nested state: the names from the top down, joined by `/`. A parallel region
has no name in a diagram; its number stands in the path instead, from 1. Diagrams name each state once, so what
users see of a path is its last name, except for the end of a composite state, which is shown as a whole.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from argentos.machines.bindings import refuse
from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import OUTSIDE, Edge, State

__all__ = ["END", "SEPARATOR", "START", "History", "Tree", "is_within", "lineage", "parent", "step_towards"]

START: Final = OUTSIDE
"""The state before the edge `[*] --> S`."""

END: Final = "[end]"
"""The state after an edge `S --> [*]`."""

SEPARATOR: Final = "/"


class History(NamedTuple):
    """A history: what was active in a region when that was left.

    Attributes:
        name: of the pseudo-state.
        region: the path of the region, or of the composite state that has only one.
        deep: all of it is remembered, not only the state right below the region.
    """

    name: str
    region: str
    deep: bool


class Tree:
    """The hierarchy of a diagram's states.

    Attributes:
        composite: whether any state holds others.
        children: of each path, `""` being the top, the paths right below it, in order.
        order: the number of each path, counted from the top down.
        begins: of each region, as a path, the path where it begins.
        beginnings: of each region the edge with which it begins.
        parallel: the paths whose children are regions, all active at once.
        histories: by name.

    Raises:
        DiagramError: a state cannot be entered, or cannot run.
    """

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self._named = {state.name: state for state in diagram.states}
        self._states = {state.name: state for state in diagram.states if state.kind == "state" and not state.history}
        self._paths: dict[str, str] = {}
        self.composite: bool = any(state.regions for state in diagram.states)
        self.parallel: frozenset[str] = frozenset(
            self.path(state.name) for state in self._states.values() if state.regions > 1
        )
        self.histories: dict[str, History] = {
            state.name: self._history(state) for state in diagram.states if state.history
        }
        self.children: dict[str, list[str]] = self._children()
        self.order: dict[str, int] = {path: number for number, path in enumerate(self._walk(""))}
        self.beginnings: dict[str, Edge] = self._beginnings()
        self.begins: dict[str, str] = {region: self.path(edge.target) for region, edge in self.beginnings.items()}
        self._refuse_without_beginning()

    def path(self, name: str) -> str:
        """The path of a state."""
        if name not in self._paths:
            state = self._named[name]
            self._paths[name] = self.inside(state.within, state.region, name)
        return self._paths[name]

    def inside(self, within: str, region: int, name: str) -> str:
        """The path of something that stands in a region of a state."""
        if not within:
            return name
        around = self.path(within)
        return SEPARATOR.join((around, str(region + 1), name) if self._named[within].regions > 1 else (around, name))

    def source(self, edge: Edge) -> str:
        """The path that an edge leaves."""
        return START if edge.source == OUTSIDE else self.path(edge.source)

    def target(self, edge: Edge) -> str:
        """The path that an edge leads to."""
        return self.inside(edge.within, edge.region, END) if edge.target == OUTSIDE else self.path(edge.target)

    def name(self, path: str) -> str:
        """The name that users see."""
        last = path.rpartition(SEPARATOR)[2]
        return path if last == END else last

    def is_region(self, path: str) -> bool:
        """Tell whether the path is that of a parallel region, which users do not see as a state."""
        return parent(path) in self.parallel

    def regions(self, path: str) -> list[str]:
        """The regions of a state: those that are parallel, the state itself where it has one; none of a plain state."""
        return self.children[path] if path in self.parallel else [path] * (path in self.begins)

    def owner(self, region: str) -> str:
        """The state that a region belongs to."""
        return parent(region) if self.is_region(region) else region

    def active(self, leaves: Sequence[str]) -> tuple[str, ...]:
        """The innermost states with everything around them, from the top down; no regions."""
        return tuple(path for path in self.lineages(leaves) if not self.is_region(path))

    def lineages(self, leaves: Sequence[str]) -> dict[str, None]:
        """The same, with the regions."""
        return dict.fromkeys(path for leaf in leaves for path in lineage(leaf))

    def in_order(self, leaves: Sequence[str]) -> tuple[str, ...]:
        """The same leaves, in the order of the diagram's regions."""
        return tuple(leaves) if len(leaves) == 1 else tuple(sorted(leaves, key=self.order.__getitem__))

    def _walk(self, path: str) -> Iterator[str]:
        for child in self.children[path]:
            yield child
            yield from self._walk(child)

    def _history(self, state: State) -> History:
        if not state.within:
            problem = f"{state.name} is a history, and stands in no composite state whose states it could remember"
            refuse(self._diagram, f"{problem}; move it into one", state.place, state.name)
        return History(state.name, parent(self.path(state.name)), state.history == "deep")

    def _children(self) -> dict[str, list[str]]:
        """Every path appears, below the one around it; ends and the start too, where edges lead there."""
        children: dict[str, list[str]] = {"": [START], START: []}
        for name, state in self._states.items():
            path = self.path(name)
            children.setdefault(path, [])
            if state.regions > 1:
                children[path] += [f"{path}{SEPARATOR}{number + 1}" for number in range(state.regions)]
                children |= {region: [] for region in children[path]}
        for name in self._states:
            children[parent(self.path(name))].append(self.path(name))
        for edge in self._diagram.edges:
            end = self.target(edge) if edge.target == OUTSIDE else None
            if end is not None and end not in children:
                children[end] = []
                children[parent(end)].append(end)
        return children

    def _beginnings(self) -> dict[str, Edge]:
        found: dict[str, Edge] = {}
        for edge in self._diagram.edges:
            if edge.source != OUTSIDE or not edge.within:
                continue
            region = parent(self.inside(edge.within, edge.region, START))
            if region in found:
                problem = f"{edge.within} has a second beginning in one region; keep one in each"
                refuse(self._diagram, problem, edge.place, str(edge))
            if edge.target not in self._states or parent(self.path(edge.target)) != region:
                problem = f"{edge.within} begins with a state that is not directly in it; let '[*]' lead to one that is"
                refuse(self._diagram, problem, edge.place, str(edge))
            found[region] = edge
        return found

    def _refuse_without_beginning(self) -> None:
        for state in self._states.values():
            path = self.path(state.name)
            for number, region in enumerate(self.children[path] if state.regions > 1 else [path] * state.regions):
                if region not in self.begins:
                    where = f"region {number + 1} of {state.name}" if state.regions > 1 else state.name
                    first = next(
                        (self.name(each) for each in self.children[region] if self.name(each) in self._states), "State"
                    )
                    problem = f"{where} does not say where it begins; add '[*] --> {first}' within it"
                    refuse(self._diagram, problem, state.place, state.name)


def parent(path: str) -> str:
    """The path around this one, `""` at the top."""
    return path.rpartition(SEPARATOR)[0]


def is_within(path: str, outer: str) -> bool:
    """Tell whether the path is the outer one or stands in it; `""` is around all."""
    return not outer or path == outer or path.startswith(outer + SEPARATOR)


def lineage(path: str) -> Iterator[str]:
    """The path and those around it, from the top down."""
    at = path.find(SEPARATOR)
    while at >= 0:
        yield path[:at]
        at = path.find(SEPARATOR, at + 1)
    yield path


def step_towards(path: str, outer: str) -> str:
    """The path right below the outer one that is the path, or around it."""
    start = len(outer) + 1 if outer else 0
    at = path.find(SEPARATOR, start)
    return path if at < 0 else path[:at]
