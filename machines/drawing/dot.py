"""DOT, as Graphviz reads it: composite states are clusters, regions dashed ones within."""

from collections.abc import Iterator
from typing import Final

from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.drawing.plain import plain
from argentos.machines.mermaid.elements import OUTSIDE, Edge, State
from argentos.machines.tree import START

__all__ = ["to_dot"]

_HEAD: Final = (
    "compound=true",
    'fontname="Helvetica"',
    'node [fontname="Helvetica", shape=box, style="rounded,filled", fillcolor="#eeeeee"]',
    'edge [fontname="Helvetica", fontsize=11]',
)
_SHAPES: Final = {
    "choice": 'shape=diamond, style=filled, label="", width=0.35, height=0.35',
    "fork": 'shape=box, style=filled, fillcolor=black, label="", width=0.8, height=0.07',
    "join": 'shape=box, style=filled, fillcolor=black, label="", width=0.8, height=0.07',
}
_BEGINNING: Final = 'shape=circle, style=filled, fillcolor=black, label="", width=0.18'
_ENDING: Final = 'shape=doublecircle, style=filled, fillcolor=black, label="", width=0.13'
_HIDDEN: Final = 'shape=point, style=invis, label="", width=0'
_CURRENT: Final = 'fillcolor="#ffd866", color="#b58900", penwidth=3'
_AROUND: Final = 'color="#b58900", penwidth=3'


def to_dot(diagram: Diagram, annotations: Annotations) -> str:
    """A digraph; nothing in it depends on the order of anything but the diagram."""
    return "\n".join(_Dot(diagram, annotations).lines()) + "\n"


class _Dot:
    def __init__(self, diagram: Diagram, annotations: Annotations) -> None:
        self._diagram = diagram
        self._annotations = annotations
        self._states = {state.name: state for state in diagram.states}

    def lines(self) -> Iterator[str]:
        direction = self._diagram.direction or "TB"
        yield "digraph {"
        yield from (f"  {line};" for line in (f"rankdir={direction}", *_HEAD))
        yield from (f"  {line}" for line in self._region("", 0))
        yield from (f"  {self._edge(edge)};" for edge in self._diagram.edges)
        yield "}"

    def _region(self, within: str, region: int) -> Iterator[str]:
        """The lines of a region: its ends, and its states."""
        inside = [edge for edge in self._diagram.edges if (edge.within, edge.region) == (within, region)]
        if any(edge.source == OUTSIDE for edge in inside):
            mark = _mark(is_current=not within and START in self._annotations.current)
            yield f"{_quoted(_end('start', within, region))} [{_BEGINNING}{mark}];"
        if any(edge.target == OUTSIDE for edge in inside):
            mark = _mark(is_current=self._annotations.at_end(within, region))
            yield f"{_quoted(_end('end', within, region))} [{_ENDING}{mark}];"
        for state in self._diagram.states:
            if (state.within, state.region) == (within, region):
                yield from self._composite(state) if state.regions else (self._simple(state),)

    def _simple(self, state: State) -> str:
        shown = _SHAPES.get(state.kind, f"label={_quoted(*_title(state))}")
        return f"{_quoted(state.name)} [{shown}{_mark(is_current=state.name in self._annotations.current)}];"

    def _composite(self, state: State) -> Iterator[str]:
        yield f"subgraph {_quoted(_cluster(state.name))} {{"
        yield f'  label={_quoted(*_title(state))}; style=rounded; bgcolor="transparent";'
        if state.name in self._annotations.around + self._annotations.current:
            yield f"  {_AROUND.replace(', ', '; ')};"
        yield f"  {_quoted(_anchor(state.name))} [{_HIDDEN}];"
        for region in range(state.regions):
            inner = (f"  {line}" for line in self._region(state.name, region))
            yield from inner if state.regions == 1 else self._parallel(state.name, region, inner)
        yield "}"

    def _parallel(self, name: str, region: int, inner: Iterator[str]) -> Iterator[str]:
        yield f"  subgraph {_quoted(_cluster(name, region))} {{"
        yield '    label=""; style=dashed; color=black; penwidth=1;'
        yield from (f"  {line}" for line in inner)
        yield "  }"

    def _edge(self, edge: Edge) -> str:
        source, target = self._node(edge, edge.source, "start"), self._node(edge, edge.target, "end")
        shown = [f"label={_quoted(*plain(edge.label), *self._annotations.lines.get(edge, ()))}"]
        if self._is_composite(edge.source) and edge.source not in self._around(edge.target):
            shown.append(f"ltail={_quoted(_cluster(edge.source))}")
        if self._is_composite(edge.target) and edge.target not in self._around(edge.source):
            shown.append(f"lhead={_quoted(_cluster(edge.target))}")
        return f"{_quoted(source)} -> {_quoted(target)} [{', '.join(shown)}]"

    def _node(self, edge: Edge, name: str, end: str) -> str:
        if name == OUTSIDE:
            return _end(end, edge.within, edge.region)
        return _anchor(name) if self._is_composite(name) else name

    def _is_composite(self, name: str) -> bool:
        return name != OUTSIDE and self._states[name].regions > 0

    def _around(self, name: str) -> set[str]:
        """The state itself and those around it, whose borders an edge to it does not end at."""
        found = set[str]()
        while name and name != OUTSIDE:
            found.add(name)
            name = self._states[name].within
        return found


def _mark(*, is_current: bool) -> str:
    return f", {_CURRENT}" if is_current else ""


def _title(state: State) -> tuple[str, ...]:
    return plain(state.description) or (state.name,)


def _end(kind: str, within: str, region: int) -> str:
    return f"[{kind}] {within}/{region}"


def _anchor(name: str) -> str:
    return f"[{name}]"


def _cluster(name: str, region: int | None = None) -> str:
    return f"cluster {name}" if region is None else f"cluster {name}/{region}"


def _quoted(*lines: str) -> str:
    """Quote a string for DOT; Graphviz decodes entities, so `&` becomes one."""
    escaped = (line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
