"""A diagram as boxes and links to be arranged: their texts, in lines, and the room that these take."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.drawing.picture.letters import breaks, width_of
from argentos.machines.drawing.plain import plain
from argentos.machines.layout import Direction, Link, Node, Region, arrange
from argentos.machines.mermaid.elements import OUTSIDE, Edge, State
from argentos.machines.mermaid.statements import Declaration, Note, walk
from argentos.machines.mermaid.statements import Direction as DirectionStatement

__all__ = [
    "BESIDE_NOTE",
    "BETWEEN",
    "INSIDE",
    "LABEL",
    "LOOP",
    "TITLE",
    "Drawn",
    "Label",
    "Loop",
    "NoteBox",
    "Scene",
    "Text",
    "scene",
    "stack_of",
]


@dataclass(frozen=True, slots=True)
class Text:
    """A size of letters, the height of a line, and the width at which lines are broken; all in pixels."""

    size: float
    line: float
    width: float

    def lines(self, *texts: str) -> list[str]:
        """The texts, each in lines of at most the width."""
        return [line for text in texts for line in breaks(text, self.size, self.width)]

    def room(self, lines: Sequence[str]) -> tuple[float, float]:
        """Width and height of the lines."""
        return max((width_of(line, self.size) for line in lines), default=0.0), len(lines) * self.line


TITLE: Final = Text(14, 18, 220)
LABEL: Final = Text(12, 15, 180)

Kind = Literal["state", "composite", "choice", "fork", "join", "start", "end", "note"]

INSIDE: Final = (14.0, 9.0)  # between a text and the border of its box
_LEAST: Final = 56.0  # width of a state
_AROUND_LABEL: Final = (6.0, 3.0)
BESIDE_NOTE: Final = 16.0
IN_NOTE: Final = (10.0, 7.0)
BETWEEN: Final = 8.0  # notes, and loops
LOOP: Final = (24.0, 18.0)  # how far a loop reaches, and how wide it is
_SIZES: Final = {"choice": (30.0, 30.0), "history": (26.0, 26.0), "start": (14.0, 14.0), "end": (18.0, 18.0)}
_ACTION: Final = re.compile(r"(?:entry|exit|on\s.*?)\s*/", re.IGNORECASE)  # what is done in a state is not its name
_PART: Final = re.compile(r"\s+(?=\[|/\s)")  # a guard, or effects
_BAR: Final = (72.0, 8.0)
_PER_LINK: Final = 11.0
_DIRECTIONS: Final[dict[str, Direction]] = {"TB": "TB", "BT": "BT", "LR": "LR", "RL": "RL"}


@dataclass(slots=True)
class Label:
    """The lines of a label, and the room for them."""

    lines: list[str]
    size: tuple[float, float]


@dataclass(slots=True)
class Loop:
    """An edge from a state to itself."""

    number: int
    edge: Edge
    label: Label


@dataclass(slots=True)
class NoteBox:
    """A note at a state, or one that floats."""

    note: Note
    lines: list[str]
    size: tuple[float, float]


@dataclass(slots=True)
class Drawn:
    """Something that is drawn at a place.

    Attributes:
        name: of the state; of a beginning or an end, that of the state that it is in.
        region: of a beginning or an end, the number of its region.
        title: its lines; `more` are those beneath a rule.
        is_round: it is a history, a circle.
        notes: those before it, and those behind it.
    """

    kind: Kind
    name: str
    node: Node
    direction: Direction
    region: int = 0
    title: list[str] = field(default_factory=list[str])
    is_round: bool = False
    more: list[str] = field(default_factory=list[str])
    loops: list[Loop] = field(default_factory=list[Loop])
    notes: tuple[list[NoteBox], list[NoteBox]] = field(default_factory=lambda: ([], []))


@dataclass(slots=True)
class Scene:
    """A diagram, arranged.

    Attributes:
        drawn: what stands at a place, composite states before what is in them.
        links: for each edge but loops, by its number, the link and its label.
    """

    top: Region
    drawn: list[Drawn] = field(default_factory=list[Drawn])
    links: dict[int, tuple[Link, Label]] = field(default_factory=dict[int, tuple[Link, Label]])


def scene(diagram: Diagram, annotations: Annotations) -> Scene:
    """Arrange a diagram."""
    return _Builder(diagram, annotations).build()


class _Builder:
    def __init__(self, diagram: Diagram, annotations: Annotations) -> None:
        self._diagram = diagram
        self._annotations = annotations
        self._states = {state.name: state for state in diagram.states}
        self._ends: dict[tuple[str, str, int], Node] = {}
        self._nodes: dict[str, Node] = {}
        self._crossed = set(self._borders())
        statements = list(walk(diagram.document.body))
        self._notes = [each for each in statements if isinstance(each, Note)]
        self._directions = dict(_directions(statements))
        self._inside: dict[tuple[str, int], list[State]] = {}
        for state in diagram.states:
            self._inside.setdefault((state.within, state.region), []).append(state)
        self._loops: dict[str, list[Loop]] = {}
        self._degrees: dict[str, int] = {}
        for number, edge in enumerate(diagram.edges):
            for name in {edge.source, edge.target}:
                self._degrees[name] = self._degrees.get(name, 0) + 1
            if edge.source == edge.target != OUTSIDE:
                self._loops.setdefault(edge.source, []).append(Loop(number, edge, self._label(edge)))
        self._scene = Scene(Region(direction=_DIRECTIONS.get(diagram.direction.upper(), "TB")))

    def build(self) -> Scene:
        self._fill(self._scene.top, "", 0)
        self._scene.top.nodes += [self._floating(note) for note in self._notes if note.position == "floating"]
        for number, edge in enumerate(self._diagram.edges):
            if edge.source != edge.target or edge.source == OUTSIDE:
                label = self._label(edge)
                link = Link(
                    self._end(edge, edge.source), self._end(edge, edge.target), label.size if label.lines else None
                )
                self._scene.links[number] = (link, label)
        arrange(self._scene.top, [link for link, _ in self._scene.links.values()])
        return self._scene

    def _label(self, edge: Edge) -> Label:
        said = [part for line in plain(edge.label) for part in _parts(line)]
        lines = LABEL.lines(*said, *self._annotations.lines.get(edge, ()))
        width, height = LABEL.room(lines)
        return Label(lines, (width + 2 * _AROUND_LABEL[0], height + 2 * _AROUND_LABEL[1]))

    def _end(self, edge: Edge, name: str) -> Node:
        if name != OUTSIDE:
            return self._nodes[name]
        return self._ends[
            "start" if edge.source == OUTSIDE and name == edge.source else "end", edge.within, edge.region
        ]

    # Nodes --------------------------------------------------------------------------------------------------------

    def _fill(self, region: Region, within: str, number: int) -> None:
        """Put what stands in a region into it."""
        edges = [edge for edge in self._diagram.edges if (edge.within, edge.region) == (within, number)]
        if any(edge.source == OUTSIDE for edge in edges):
            self._point(region, "start", within, number)
        for state in self._inside.get((within, number), ()):
            region.nodes.append(self._state(state, region.direction))
        if any(edge.target == OUTSIDE for edge in edges):
            self._point(region, "end", within, number)

    def _point(self, region: Region, kind: Literal["start", "end"], within: str, number: int) -> None:
        node = Node(*_SIZES[kind], is_point=True)
        self._ends[kind, within, number] = node
        region.nodes.append(node)
        self._scene.drawn.append(Drawn(kind, within, node, region.direction, number))

    def _floating(self, note: Note) -> Node:
        box = _note(note)
        node = Node(*box.size)
        self._scene.drawn.append(Drawn("note", note.name, node, "TB", notes=([box], [])))
        return node

    def _state(self, state: State, direction: Direction) -> Node:
        node = self._nodes[state.name] = Node(0, 0)
        kind: Kind = "composite" if state.regions else state.kind
        drawn = Drawn(kind, state.name, node, direction, loops=self._loops.get(state.name, []))
        self._scene.drawn.append(drawn)
        node.width, node.height = self._size(drawn, state, direction)
        node.head = node.height if state.regions else 0.0
        _make_room_for_loops(drawn)
        for note in self._notes:
            if note.name == state.name and note.position != "floating":
                drawn.notes[note.position == "right of"].append(_note(note))
        _make_room_for_notes(drawn)
        if state.regions:
            own = self._directions.get(state.name, direction) if state.name not in self._crossed else direction
            node.regions = [Region(direction=own) for _ in range(state.regions)]
            for number, region in enumerate(node.regions):
                self._fill(region, state.name, number)
        return node

    def _size(self, drawn: Drawn, state: State, direction: Direction) -> tuple[float, float]:
        if state.kind == "choice":
            drawn.node.is_point = True
            return _SIZES["choice"]
        if state.history:
            drawn.node.is_point = drawn.is_round = True
            drawn.title = ["H*" if state.history == "deep" else "H"]
            return _SIZES["history"]
        if state.kind in {"fork", "join"}:
            long = max(_BAR[0], 2 * _PER_LINK * self._degrees.get(state.name, 0))
            return (_BAR[1], long) if direction in {"LR", "RL"} else (long, _BAR[1])
        described = plain(state.description)
        named = 1 if described and not _ACTION.match(described[0]) else 0
        drawn.title = TITLE.lines(*(described[:named] or (state.name,)))
        drawn.more = LABEL.lines(*described[named:])
        (wide, high), (wider, higher) = TITLE.room(drawn.title), LABEL.room(drawn.more)
        links = _PER_LINK * self._degrees.get(state.name, 0) + INSIDE[0]
        width, height = max(wide, wider) + 2 * INSIDE[0], high + 2 * INSIDE[1]
        height += higher + 2 * INSIDE[1] if drawn.more else 0.0
        if direction in {"LR", "RL"} and not state.regions:
            height = max(height, min(links, 400))
        else:
            width = max(width, min(links, 400))
        return max(width, _LEAST), height

    def _borders(self) -> Iterator[str]:
        """The composite states of which an edge crosses the border."""
        for edge in self._diagram.edges:
            source, target = (self._around(edge, name) for name in (edge.source, edge.target))
            yield from (set(source) ^ set(target)) - {edge.source, edge.target}

    def _around(self, edge: Edge, name: str) -> list[str]:
        """The composite states around the end of an edge; that itself, if it is one."""
        around = [] if name == OUTSIDE else [name]
        name = edge.within if name == OUTSIDE else self._states[name].within
        while name:
            around.append(name)
            name = self._states[name].within
        return around


def _directions(statements: Sequence[object]) -> Iterator[tuple[str, Direction]]:
    """The direction that each composite state says for what is in it."""
    for statement in statements:
        if isinstance(statement, Declaration):
            for each in (each for region in statement.regions for each in region):
                if isinstance(each, DirectionStatement) and each.value.upper() in _DIRECTIONS:
                    yield statement.name, _DIRECTIONS[each.value.upper()]


def _parts(label: str) -> Iterator[str]:
    """A label in lines; one that is too long is broken before its guard or its effects rather than elsewhere."""
    line = ""
    for part in _PART.split(label) if LABEL.room([label])[0] > LABEL.width else [label]:
        longer = f"{line} {part}".lstrip()
        if line and LABEL.room([longer])[0] > LABEL.width:
            yield line
            longer = part
        line = longer
    yield line


def _note(note: Note) -> NoteBox:
    lines = LABEL.lines(*plain(note.text))
    width, height = LABEL.room(lines)
    return NoteBox(note, lines, (width + 2 * IN_NOTE[0], height + 2 * IN_NOTE[1]))


def _make_room_for_loops(drawn: Drawn) -> None:
    """Keep room beside the state for its loops, one after the other, and make it long enough for them."""
    node, sizes = drawn.node, [loop.label.size for loop in drawn.loops]
    if not sizes:
        return
    if drawn.direction in {"LR", "RL"}:
        node.after = LOOP[0] + max(height for _, height in sizes)
        node.width = max(node.width, sum(max(width, LOOP[1]) + BETWEEN for width, _ in sizes) + BETWEEN)
    else:
        node.after = LOOP[0] + max(width for width, _ in sizes)
        node.height = max(node.height, sum(max(height, LOOP[1]) + BETWEEN for _, height in sizes) + BETWEEN)


def _make_room_for_notes(drawn: Drawn) -> None:
    """Keep room at both sides for notes, one above the other."""
    node = drawn.node
    sizes = [stack_of(notes)[:: -1 if drawn.direction in {"LR", "RL"} else 1] for notes in drawn.notes]
    before, after = (BESIDE_NOTE + across if across else 0.0 for across, _ in sizes)
    node.before += before
    node.after += after
    node.beside = max(along for _, along in sizes)


def stack_of(notes: Sequence[NoteBox]) -> tuple[float, float]:
    """Width and height of notes above each other."""
    if not notes:
        return 0.0, 0.0
    return max(note.size[0] for note in notes), sum(note.size[1] + BETWEEN for note in notes) - BETWEEN
