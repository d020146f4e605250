"""Figures: a drawn machine as places and paths, for a host that draws it itself, as in a page that follows it live.

The layout is that of the SVG, read off the renderer's own document.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from xml.etree import ElementTree as ET

from argentos.errors import DiagramError
from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.drawing.svg import to_svg
from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import Edge

__all__ = ["Figure", "FigureEdge", "FigureState", "figure"]

_NUMBER: Final = r"(-?[\d.]+)"
_PLACE: Final = re.compile(rf"translate\({_NUMBER}, {_NUMBER}\)")
_NODE: Final = re.compile(r"merman-state-(.+)-\d+")
_ENDS: Final[Mapping[str, Literal["start", "end"]]] = {"_start": "start", "_end": "end"}
_POINT: Final = 14.0  # the width of a beginning or an end


@dataclass(frozen=True, slots=True)
class FigureState:
    """A state where it stands.

    Attributes:
        name: of the state; of a beginning or an end, that of the composite state that it is in.
        x: of the left edge; `y`, of the upper one.
    """

    name: str
    kind: Literal["state", "composite", "start", "end"]
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

    Raises:
        MissingExtraError: the renderer is not installed.
        DiagramError: the renderer refuses the diagram, or draws what no figure can have.
    """
    diagram = machine if isinstance(machine, Diagram) else machine.diagram
    annotations = Annotations({edge: (room,) for edge in diagram.edges if edge.label} if room else {})
    return _Reader(diagram, ET.fromstring(to_svg(diagram, annotations))).figure()  # noqa: S314 - our own document


class _Reader:
    """Reads the renderer's document."""

    def __init__(self, diagram: Diagram, document: Any) -> None:
        self._diagram = diagram
        self._document = document

    def figure(self) -> Figure:
        x, y, width, height = map(float, self._document.get("viewBox").split())
        return Figure(x, y, width, height, (*self._composites(), *self._states()), tuple(self._edges()))

    def _all(self, tag: str, **attributes: str) -> Iterator[Any]:
        """The elements of a tag, by the words that their attributes begin with."""
        for each in self._document.iter(f"{{http://www.w3.org/2000/svg}}{tag}"):
            found = all((each.get(name.replace("_", "-")) or "").startswith(word) for name, word in attributes.items())
            if found:
                yield each

    def _composites(self) -> Iterator[FigureState]:
        for group in self._all("g", data_id="", **{"class": "statediagram-state statediagram-cluster"}):
            outer = next(each for each in group.iter() if each.get("class") == "outer")
            x, y, width, height = (float(outer.get(name)) for name in ("x", "y", "width", "height"))
            yield FigureState(group.get("data-id"), "composite", x, y, width, height)

    def _states(self) -> Iterator[FigureState]:
        names = {state.name for state in self._diagram.states}
        for group in self._all("g", id="merman-state-", **{"class": "node"}):
            x, y = _place(group)
            name = self._named(group.get("id"))
            box = next((each for each in group.iter() if each.get("class", "").startswith("basic")), None)
            if name in names and box is not None:
                width, height = float(box.get("width")), float(box.get("height"))
                yield FigureState(name, "state", x - width / 2, y - height / 2, width, height)
                continue
            suffix = next((each for each in _ENDS if name.endswith(each)), None)
            if suffix is None:
                raise self._refused(f"the state {name!r}")
            within = name.removesuffix(suffix).removeprefix("root")
            yield FigureState(within, _ENDS[suffix], x - _POINT / 2, y - _POINT / 2, _POINT, _POINT)

    def _named(self, drawn: str) -> str:
        found = _NODE.fullmatch(drawn)
        if found is None:
            raise self._refused(f"the node {drawn!r}")
        return found[1]

    def _edges(self) -> Iterator[FigureEdge]:
        paths = {each.get("data-id"): each.get("d") for each in self._all("path", data_et="edge")}
        labels = dict(self._labels())
        if len(paths) != len(self._diagram.edges):
            raise self._refused("its edges")
        for number, edge in enumerate(self._diagram.edges):
            at = f"edge{number}"
            yield _edge(edge, paths[at], labels.get(at, (0.0, 0.0, 0.0, 0.0)))

    def _labels(self) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
        """The middle and the size of each label; a box for each stands in the same order."""
        boxes = [
            (float(box.get("width")), float(box.get("height")))
            for group in self._all("g", data_merman_source_classes="root edgeLabels")
            for box in group
            if box.tag.endswith("rect")
        ]
        groups = list(self._all("g", transform="translate", **{"class": "edgeLabel"}))
        if len(boxes) != len(groups):
            raise self._refused("its labels")
        for group, size in zip(groups, boxes, strict=True):
            yield group[0].get("data-id"), (*_place(group), *size)

    def _refused(self, what: str) -> DiagramError:
        problem = f"the renderer draws {what} in a way that no figure has; draw it as 'svg' instead"
        return DiagramError(problem, file=self._diagram.file, line=1, column=1)


def _place(group: Any) -> tuple[float, float]:
    found = _PLACE.match(group.get("transform"))
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)


def _edge(edge: Edge, path: str, label: tuple[float, float, float, float]) -> FigureEdge:
    return FigureEdge(str(edge), edge.source, edge.target, edge.label, path, *label)
