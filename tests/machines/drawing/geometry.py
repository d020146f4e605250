"""What is true of every arranged diagram: boxes apart or within each other, labels beside boxes, everything once."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from argentos.machines import Diagram
from argentos.machines.drawing import draw
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.drawing.picture.beside import loops_of, notes_of
from argentos.machines.drawing.picture.scene import Scene, scene
from argentos.machines.drawing.plain import plain
from argentos.machines.layout import Box, Node, Region, label_box
from argentos.machines.mermaid.elements import State
from argentos.machines.mermaid.statements import Note, walk

__all__ = ["assert_apart", "assert_everything_once", "boxes_cut", "overlap"]

SVG = "{http://www.w3.org/2000/svg}"
SLACK = 0.1  # places have one digit behind the point
_ACTION = re.compile(r"(?:entry|exit|on\s.*?)\s*/", re.IGNORECASE)


def assert_apart(diagram: Diagram) -> None:
    """Siblings, labels and notes are apart from each other, and lie inside what is around them."""
    drawn = scene(diagram, Annotations())
    for region, around in regions(drawn.top, None):
        assert around is None or is_inside(region.box, around.box)
        for node in region.nodes:
            assert is_inside(node.box, region.box)
        for one, other in itertools.combinations([node.box for node in region.nodes], 2):
            assert not overlap(one, other)
    leaves = [each.node.box for each in drawn.drawn if each.kind not in {"composite", "note"}]
    beside = [*labels(drawn), *(each.box for drawing in drawn.drawn for each in notes_of(drawing))]
    for box in beside:
        assert is_inside(box, drawn.top.box)
        assert not any(overlap(box, leaf) for leaf in leaves), box
    for one, other in itertools.combinations(beside, 2):
        assert not overlap(one, other)


def boxes_cut(diagram: Diagram) -> list[str]:
    """The edges that run through a state that is not their own, or through the label of another edge."""
    drawn = scene(diagram, Annotations())
    leaves = [each.node for each in drawn.drawn if each.kind != "composite"]
    found: list[str] = []
    for number, (link, _) in drawn.links.items():
        points = [point for run in link.runs if not run.is_label for point in (run.start, run.end)]
        for node in leaves:
            if node in (link.source, link.target):
                continue
            for run in link.runs:
                line = Box(
                    min(run.start.x, run.end.x),
                    min(run.start.y, run.end.y),
                    abs(run.start.x - run.end.x),
                    abs(run.start.y - run.end.y),
                )
                if not run.is_label and touches(line, node.box):
                    found.append(f"{diagram.edges[number]} through {node.box}")
        assert points
    return found


def assert_everything_once(diagram: Diagram) -> None:
    """Every state, edge, label and note is in the SVG exactly once, with all that it says."""
    root = ET.fromstring(draw(diagram, "svg"))  # noqa: S314 - our own
    groups = list(root.iter(f"{SVG}g"))
    said = {key: [words(each) for each in groups if each.get(key) is not None] for key in ("data-label", "data-note")}
    paths = [each.get("data-edge") for each in root.iter(f"{SVG}path") if each.get("data-edge") is not None]
    assert paths == [str(number) for number in range(len(diagram.edges))]
    assert Counter(said["data-label"]) == Counter("".join(shown(edge.label)) for edge in diagram.edges if edge.label)
    notes = [each for each in walk(diagram.document.body) if isinstance(each, Note)]
    assert Counter(said["data-note"]) == Counter("".join(shown(note.text)) for note in notes)
    for state in diagram.states:
        kind = "data-title" if state.regions else "data-state"
        found = [
            each for each in groups if each.get(kind) == state.name and each.get("data-kind") not in {"start", "end"}
        ]
        assert [words(each) for each in found] == [title(state)]


def title(state: State) -> str:
    """All that a state's box says."""
    if state.kind != "state" and not state.regions:
        return ""
    if state.history:
        return "H*" if state.history == "deep" else "H"
    described = plain(state.description)
    named = described and not _ACTION.match(described[0])
    return "".join("".join(described if named else (state.name, *described)).split())


def shown(text: str) -> list[str]:
    return ["".join(line.split()) for line in plain(text)]


def words(group: ET.Element) -> str:
    """What a group says, without blanks: long lines are broken in it."""
    return "".join("".join("".join(each.itertext()).split()) for each in group.iter(f"{SVG}text"))


def regions(region: Region, around: Node | None) -> Iterator[tuple[Region, Node | None]]:
    yield region, around
    for node in region.nodes:
        for inner in node.regions:
            yield from regions(inner, node)


def labels(drawn: Scene) -> Iterator[Box]:
    for link, label in drawn.links.values():
        box = label_box(link)
        if label.lines and box is not None:
            yield box
    yield from (loop.label for each in drawn.drawn for loop in loops_of(each, 0) if loop.loop.label.lines)


def is_inside(box: Box, around: Box) -> bool:
    return (
        around.x - SLACK <= box.x
        and box.x + box.width <= around.x + around.width + SLACK
        and around.y - SLACK <= box.y
        and box.y + box.height <= around.y + around.height + SLACK
    )


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x + SLACK < other.x + other.width
        and other.x + SLACK < one.x + one.width
        and one.y + SLACK < other.y + other.height
        and other.y + SLACK < one.y + one.height
    )


def touches(line: Box, box: Box) -> bool:
    """Whether a line, which has no width, runs through a box."""
    return (
        line.x < box.x + box.width - SLACK
        and line.x + line.width > box.x + SLACK
        and line.y < box.y + box.height - SLACK
        and line.y + line.height > box.y + SLACK
    )
