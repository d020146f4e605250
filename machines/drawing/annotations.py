"""Annotations of a picture beside the diagram's own labels: guards, timers, and past transitions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from argentos.errors import UnknownStateError
from argentos.machines.bindings import Meaning
from argentos.machines.compiling.table import BESIDE, REMEMBERED
from argentos.machines.conditions import Guard, read_guard
from argentos.machines.diagram import Diagram
from argentos.machines.drawing.live import Live, Traversals
from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import OUTSIDE, Edge
from argentos.machines.notation import Misread
from argentos.machines.tree import END, START

__all__ = ["Annotations", "annotate"]

_THEN: Final = " → "


@dataclass(frozen=True, slots=True)
class Annotations:
    """Annotations of a diagram.

    Attributes:
        lines: for an edge, what stands beneath its label; edges without any are missing.
        current: the states that something is in, parallel ones side by side.
        around: the composite states around them.
    """

    lines: Mapping[Edge, tuple[str, ...]] = field(default_factory=dict[Edge, tuple[str, ...]])
    current: tuple[str, ...] = ()
    around: tuple[str, ...] = ()

    def at_end(self, within: str, region: int) -> bool:
        """Tell whether the region has come to its end, `[*]`; that of a composite state is named by its whole path."""
        paths = [f"/{name.removesuffix(END)}" for name in self.current if name.endswith(END)]
        if not within:
            return "/" in paths
        return any(path.endswith((f"/{within}/", f"/{within}/{region + 1}/")) for path in paths)


def annotate(machine: Machine | Diagram, live: Live | None, *, guards: bool, timers: bool) -> Annotations:
    """Annotate as asked for; the labels of a diagram alone show guards and delays themselves.

    Raises:
        UnknownStateError: `live` is about a state that the machine does not have.
    """
    found = [_timers(machine) if timers else {}, _guards(machine) if guards else {}]
    lines: dict[Edge, tuple[str, ...]] = {
        edge: (" ".join(each[edge] for each in found if edge in each),) for edge in {**found[0], **found[1]}
    }
    if live is None:
        return Annotations(lines)
    for edge, taken in _taken(machine, live).items():
        lines[edge] = (*lines.get(edge, ()), _shown(taken))
    around = _active(machine, live.state)
    current = _innermost(machine, live.state)
    return Annotations(lines, current, tuple(name for name in around if name not in current))


# The definition ------------------------------------------------------------------------------------------------


def _timers(machine: Machine | Diagram) -> dict[Edge, str]:
    """`after …` for each edge that a timer takes, unless its label says so itself."""
    if isinstance(machine, Diagram):
        return {}
    return {
        edge: f"after {timer.duration}"
        for state in machine.states
        for timer in machine.timers(state)
        for _, transition in machine.ways(state, timer.event)
        for edge in transition.edges
        if edge.source == timer.state and edge.parts.delay != timer.duration
    }


def _guards(machine: Machine | Diagram) -> dict[Edge, str]:
    """`[…]` with the guards of each edge that its label does not show."""
    if isinstance(machine, Diagram):
        return {}
    shown: dict[Edge, str] = {}
    for edge, meanings in machine.meanings.items():
        known = set(_in_label(edge))
        texts = dict.fromkeys(text for meaning in meanings if (text := _unshown(meaning, known)))
        if texts:
            shown[edge] = f"[{' or '.join(texts)}]"
    return shown


def _unshown(meaning: Meaning, known: set[Guard]) -> str:
    """The guard without what the label shows; one with alternatives is shown as a whole."""
    if len(meaning.terms) > 1:
        return "" if known.issuperset(guard for term in meaning.terms for guard in term) else meaning.guard
    return " and ".join(str(guard) for term in meaning.terms for guard in term if guard not in known)


def _in_label(edge: Edge) -> Iterator[Guard]:
    """The guards that the label shows; where a choice is left, its text may be nothing else."""
    for text in filter(None, (edge.parts.guard, edge.parts.event)):
        try:
            yield from (guard for term in read_guard(text) for guard in term)
        except Misread:
            continue


# Past transitions ----------------------------------------------------------------------------------------------


def _taken(machine: Machine | Diagram, live: Live) -> dict[Edge, Traversals]:
    """The traversals of each edge that was taken."""
    labels: dict[Edge, dict[str, None]] = {}
    for label, edge in _labelled(machine, live):
        if label in live.taken:
            labels.setdefault(edge, {})[label] = None
    return {edge: _sum([live.taken[label] for label in found]) for edge, found in labels.items()}


def _labelled(machine: Machine | Diagram, live: Live) -> Iterator[tuple[str, Edge]]:
    """Every label under which an edge may be counted, with the edge."""
    if isinstance(machine, Machine):
        for transition in machine.transitions:
            for edge in transition.edges:
                yield transition.label, edge
                yield str(transition), edge
        return
    for label in live.taken:
        parts = {part for way in label.split(BESIDE) for part in way.split(_THEN)}
        yield from ((label, edge) for edge in machine.edges if {edge.label or "else", str(edge)} & {*parts, label})


def _sum(found: Sequence[Traversals]) -> Traversals:
    times = [taken.last for taken in found if taken.last is not None]
    return Traversals(sum(taken.count for taken in found), max(times, key=datetime.timestamp, default=None))


def _shown(taken: Traversals) -> str:
    if taken.last is None:
        return f"{taken.count}×"
    return f"{taken.count}× · {taken.last.isoformat(sep=' ', timespec='seconds').replace('+00:00', 'Z')}"


def _innermost(machine: Machine | Diagram, state: str) -> tuple[str, ...]:
    if isinstance(machine, Machine):
        return machine.innermost(state)
    return tuple(state.split(REMEMBERED, maxsplit=1)[0].split(BESIDE))


def _active(machine: Machine | Diagram, state: str) -> tuple[str, ...]:
    """The states that are active, those around them too."""
    if isinstance(machine, Machine):
        return machine.active(state)
    within = {each.name: each.within for each in machine.states} | {START: "", END: "", OUTSIDE: ""}
    found: dict[str, None] = {}
    for name in _innermost(machine, state):
        if name not in within:
            raise UnknownStateError(f"{machine.file} has no state {name!r}; was it removed from the diagram?")
        inner: str = name
        while inner:
            found[inner] = None
            inner = within[inner]
    return tuple(found)
