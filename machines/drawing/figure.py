"""Figures: a drawn machine as places and paths, for a host that draws it itself, as in a page that follows it live.

The layout is that of the SVG.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.drawing.picture.beside import loops_of
from argentos.machines.drawing.picture.scene import Scene, scene
from argentos.machines.layout import Box, label_box, path_of
from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import Edge

__all__ = ["Figure", "FigureEdge", "FigureState", "figure"]

_NOWHERE = Box(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class FigureState:
    """A state where it stands.

    Attributes:
        name: of the state; of a beginning or an end, that of the composite state that it is in.
        x: of the left edge; `y`, of the upper one.
    """

    name: str
    kind: Literal["state", "composite", "choice", "fork", "join", "start", "end"]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class FigureEdge:
    """An edge as it runs.

    Attributes:
        edge: as mermaid writes it.
        path: in the language of SVG's paths.
        x: of the middle of the label; `y` likewise. All four are 0 where it has none.
        width: of the room for the label.
    """

    edge: str
    source: str
    target: str
    label: str
    path: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn machine.

    Attributes:
        x: of the left edge; `y`, of the upper one.
        states: composite ones before those in them.
    """

    x: float
    y: float
    width: float
    height: float
    states: tuple[FigureState, ...]
    edges: tuple[FigureEdge, ...]


def figure(machine: Machine | Diagram, *, room: str = "") -> Figure:
    """Lay a machine out.

    Args:
        machine: the machine; or a diagram, which need not be able to run.
        room: a text for which there is room beneath each label.
    """
    diagram = machine if isinstance(machine, Diagram) else machine.diagram
    annotations = Annotations({edge: (room,) for edge in diagram.edges if edge.label} if room else {})
    drawn = scene(diagram, annotations)
    edges = dict(_edges(drawn, diagram.edges))
    return Figure(*drawn.top.box, tuple(_states(drawn)), tuple(edges[number] for number in sorted(edges)))


def _states(drawn: Scene) -> Iterator[FigureState]:
    for each in sorted(drawn.drawn, key=lambda each: each.kind != "composite"):
        if each.kind != "note":
            yield FigureState(each.name, each.kind, *each.node.box)


def _edges(drawn: Scene, edges: tuple[Edge, ...]) -> Iterator[tuple[int, FigureEdge]]:
    for number, (link, label) in drawn.links.items():
        box = label_box(link) if label.lines else None
        yield number, _edge(edges[number], path_of(link, gap=False).data, box or _NOWHERE)
    for loop in (loop for each in drawn.drawn for loop in loops_of(each, 0)):
        yield loop.loop.number, _edge(loop.loop.edge, loop.path.data, loop.label if loop.loop.label.lines else _NOWHERE)


def _edge(edge: Edge, path: str, label: Box) -> FigureEdge:
    middle = label.x + label.width / 2, label.y + label.height / 2
    return FigureEdge(str(edge), edge.source, edge.target, edge.label, path, *middle, label.width, label.height)
