"""The states of a diagram within each other, each by its path.

A path is what `transitions` calls a nested state: the names from the top down, joined by `/`. A parallel region
has no name in a diagram; its number stands in the path instead, from 1. Diagrams name each state once, so what
users see of a path is its last name, except for the end of a composite state, which is shown as a whole.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from argentos.machines.bindings import refuse
from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import OUTSIDE, Edge
from argentos.machines.mermaid.labels import BREAK
from argentos.machines.mermaid.statements import Declaration, walk

__all__ = ["END", "SEPARATOR", "START", "Tree", "is_within", "lineage", "parent"]

START: Final = OUTSIDE
"""The state before the edge `[*] --> S`."""

END: Final = "[end]"
"""The state after an edge `S --> [*]`."""

SEPARATOR: Final = "/"

_ACTION: Final = re.compile(r"(?:on\s*)?(?:entry|enter|exit|do)\s*(?:/|:)", re.IGNORECASE)


class Tree:
    """The hierarchy of a diagram's states.

    Attributes:
        composite: whether any state holds others.
        children: of each path, `""` being the top, the paths right below it, in order.
        order: the number of each path, counted from the top down.
        begins: of each region, as a path, the path where it begins.
        parallel: the paths whose children are regions, all active at once.

    Raises:
        DiagramError: a state cannot be entered, or cannot run.
    """

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self._states = {state.name: state for state in diagram.states if state.kind == "state"}
        self.composite: bool = any(state.regions for state in diagram.states)
        self._refuse_unfit()
        self.parallel: frozenset[str] = frozenset(
            self.path(state.name) for state in self._states.values() if state.regions > 1
        )
        self.children: dict[str, list[str]] = self._children()
        self.order: dict[str, int] = {path: number for number, path in enumerate(self._walk(""))}
        self.begins: dict[str, str] = self._begins()

    def path(self, name: str) -> str:
        """The path of a state."""
        state = self._states[name]
        return self.inside(state.within, state.region, name)

    def inside(self, within: str, region: int, name: str) -> str:
        """The path of something that stands in a region of a state."""
        if not within:
            return name
        steps = [self.path(within), name]
        if self._states[within].regions > 1:
            steps.insert(1, str(region + 1))
        return SEPARATOR.join(steps)

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
        """Whether the path is that of a parallel region, which users do not see as a state."""
        return parent(path) in self.parallel

    def enter(self, path: str) -> tuple[str, ...]:
        """The innermost states that are active once this is entered."""
        if path in self.parallel:
            return tuple(leaf for region in self.children[path] for leaf in self.enter(region))
        return self.enter(self.begins[path]) if path in self.begins else (path,)

    def active(self, leaves: Sequence[str]) -> tuple[str, ...]:
        """The innermost states with everything around them, from the top down; no regions."""
        found = dict.fromkeys(path for leaf in leaves for path in lineage(leaf))
        return tuple(path for path in found if not self.is_region(path))

    def in_order(self, leaves: Sequence[str]) -> tuple[str, ...]:
        """The same leaves, in the order of the diagram's regions."""
        return tuple(sorted(leaves, key=self.order.__getitem__))

    def _walk(self, path: str) -> Iterator[str]:
        for child in self.children[path]:
            yield child
            yield from self._walk(child)

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

    def _begins(self) -> dict[str, str]:
        begins: dict[str, str] = {}
        for edge in self._diagram.edges:
            if edge.source != OUTSIDE or not edge.within:
                continue
            if edge.label:
                problem = f"the edge with which {edge.within} begins is always taken, so it has no guard or effect"
                refuse(self._diagram, f"{problem}; remove the label", edge.label_place, edge.label)
            region = parent(self.inside(edge.within, edge.region, START))
            if region in begins:
                problem = f"{edge.within} has a second beginning in one region; keep one in each"
                refuse(self._diagram, problem, edge.place, str(edge))
            if edge.target not in self._states or parent(self.path(edge.target)) != region:
                problem = f"{edge.within} begins with a state that is not directly in it; let '[*]' lead to one that is"
                refuse(self._diagram, problem, edge.place, str(edge))
            begins[region] = self.path(edge.target)
        for state in self._states.values():
            path = self.path(state.name)
            for number, region in enumerate(self.children[path] if state.regions > 1 else [path] * state.regions):
                if region not in begins:
                    where = f"region {number + 1} of {state.name}" if state.regions > 1 else state.name
                    problem = f"{where} does not say where it begins; add '[*] --> State' within it"
                    refuse(self._diagram, problem, state.place, state.name)
        return begins

    def _refuse_unfit(self) -> None:
        for state in self._diagram.states:
            if state.kind in ("fork", "join"):
                problem = f"{state.name} is a {state.kind}, which machines do not run; write parallel regions with '--'"
                refuse(self._diagram, problem, state.place, state.name)
        for statement in walk(self._diagram.document.body):
            if isinstance(statement, Declaration):
                self._refuse_actions(statement)

    def _refuse_actions(self, declared: Declaration) -> None:
        """Refuse what reads like an action of a state, and would be shown, but never done."""
        for line in (line.strip() for text in (declared.title, declared.text) for line in BREAK.split(text)):
            if _ACTION.match(line):
                problem = f"{line!r} of {declared.name} would be shown, but not done: states have no actions yet"
                mend = "write the effect at the edges, as in 'A --> B: event / effect', or other words here"
                refuse(self._diagram, f"{problem}; {mend}", declared.place, line)


def parent(path: str) -> str:
    """The path around this one, `""` at the top."""
    return path.rpartition(SEPARATOR)[0]


def is_within(path: str, outer: str) -> bool:
    """Whether the path is the outer one or stands in it; `""` is around all."""
    return not outer or path == outer or path.startswith(outer + SEPARATOR)


def lineage(path: str) -> Iterator[str]:
    """The path and those around it, from the top down."""
    parts = path.split(SEPARATOR)
    return (SEPARATOR.join(parts[: number + 1]) for number in range(len(parts)))
