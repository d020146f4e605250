"""SVG: one self-contained document, without scripts, links, styles or fonts of its own.

All that is drawn is written by its attributes, so that several pictures can stand in one page. A label is text,
whatever stands in it.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.drawing.picture.beside import loops_of, notes_of
from argentos.machines.drawing.picture.captions import captions
from argentos.machines.drawing.picture.letters import is_known, kinds, width_of
from argentos.machines.drawing.picture.scene import INSIDE, LABEL, TITLE, Drawn, Scene, Text, scene
from argentos.machines.drawing.picture.styles import styles
from argentos.machines.drawing.picture.themes import Colours, colours
from argentos.machines.drawing.picture.titles import title_at
from argentos.machines.layout import Box, Path, Point, label_box, number, path_of
from argentos.machines.tree import START

__all__ = ["to_svg"]

_FONT: Final = "Arimo, Arial, Helvetica, 'Liberation Sans', sans-serif"
_MARGIN: Final = 12.0
_ARROW: Final = (9.0, 4.0)  # how long it is, and half as wide
_SHORT: Final = 5.0  # a line ends in its arrow, not in front of it
_ROUND: Final = 7
_ASCENT: Final = 0.35  # how far the middle of small letters lies above the line they stand on, as a share of their size


def to_svg(diagram: Diagram, annotations: Annotations, theme: str = "light") -> str:
    """The picture as one self-contained document.

    Raises:
        InputError: there is no such theme.
    """
    return _Picture(diagram, annotations, scene(diagram, annotations), colours(theme)).document()


class _Picture:
    def __init__(self, diagram: Diagram, annotations: Annotations, drawn: Scene, theme: Colours) -> None:
        self._diagram = diagram
        self._annotations = annotations
        self._scene = drawn
        self._theme = theme
        self._styles = styles(diagram)

    def document(self) -> str:
        box, theme = self._scene.top.box, self._theme
        width, height = (
            math.ceil(each + 2 * _MARGIN) for each in (box.width, box.height)
        )  # no half pixels at a border
        view = (box.x - _MARGIN, box.y - _MARGIN, width, height)
        size = f'width="{number(view[2])}" height="{number(view[3])}" viewBox="{" ".join(map(number, view))}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{_FONT}">',
            *captions(self._diagram),
            _rect(Box(*view), fill=theme.page),
            *self._lines(),
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    def _lines(self) -> Iterator[str]:
        around = [each for each in self._scene.drawn if each.kind == "composite"]
        others = [each for each in self._scene.drawn if each.kind not in {"composite", "note"}]
        for each in around:
            yield from self._composite(each)
        yield f'<g fill="none" stroke="{self._theme.line}" stroke-width="1.3">'
        yield from (f'<path data-edge="{edge}" d="{path.data}"/>' for edge, path in self._paths())
        yield "</g>"
        yield f'<path fill="{self._theme.line}" d="{"".join(_arrow(path) for _, path in self._paths())}"/>'
        for each in others:
            yield from self._state(each)
        for each in around:
            yield from self._heading(each)
        for each in self._scene.drawn:
            yield from self._notes(each)
        yield from self._labels()

    # Edges --------------------------------------------------------------------------------------------------------

    def _paths(self) -> list[tuple[int, Path]]:
        """The path of each edge, by its number."""
        found = {edge: path_of(link, short=_SHORT) for edge, (link, _) in self._scene.links.items()}
        for drawn in self._scene.drawn:
            found |= {each.loop.number: each.path for each in loops_of(drawn, _SHORT)}
        return sorted(found.items(), key=lambda each: each[0])

    def _labels(self) -> Iterator[str]:
        found = {edge: (label.lines, label_box(link)) for edge, (link, label) in self._scene.links.items()}
        for drawn in self._scene.drawn:
            found |= {each.loop.number: (each.loop.label.lines, each.label) for each in loops_of(drawn, _SHORT)}
        for edge, (lines, box) in sorted(found.items()):
            if lines and box is not None:
                middle = Point(box.x + box.width / 2, box.y + box.height / 2)
                yield _group(f'data-label="{edge}"', _texts(lines, LABEL, middle, self._theme.label))

    # States -------------------------------------------------------------------------------------------------------

    def _composite(self, drawn: Drawn) -> Iterator[str]:
        box, theme = drawn.node.box, self._theme
        is_marked = drawn.name in self._annotations.around + self._annotations.current
        paint = {"fill": theme.around, "stroke": theme.border} | self._painted(drawn.name)
        if is_marked:
            paint |= {"stroke": theme.current_border, "stroke-width": "2.5"}
        yield _rect(box, data_composite=drawn.name, rx=_ROUND, **paint)
        rule = box.y + drawn.node.head
        lines = [(Point(box.x, rule), Point(box.x + box.width, rule))] if drawn.title else []
        for one, other in zip(drawn.node.regions, drawn.node.regions[1:], strict=False):
            lines.append(_divider(Box(box.x, rule, box.width, box.height - drawn.node.head), one.box, other.box))
        for begin, end in lines:
            dashes = ' stroke-dasharray="5 4"' if begin.y != rule or begin.x == end.x else ' stroke-opacity="0.45"'
            yield f'<path fill="none" stroke="{paint["stroke"]}"{dashes} d="{_straight(begin, end)}"/>'

    def _heading(self, drawn: Drawn) -> Iterator[str]:
        box, text = drawn.node.box, self._text_of(drawn.name)
        room, more = TITLE.room(drawn.title), LABEL.room(drawn.more)
        head = Box(box.x, box.y, box.width, drawn.node.head)
        links = [link for link, _ in self._scene.links.values()]
        x = title_at(head, max(room[0], more[0]), links)
        y = box.y + INSIDE[1] + room[1] / 2
        lines = [*_texts(drawn.title, TITLE, Point(x, y), text)]
        if drawn.more:
            lines += _texts(drawn.more, LABEL, Point(x, box.y + drawn.node.head - INSIDE[1] - more[1] / 2), text)
        yield _group(f'data-title="{escape(drawn.name)}"', lines)

    def _state(self, drawn: Drawn) -> Iterator[str]:
        yield _group(f'data-state="{escape(drawn.name)}" data-kind="{drawn.kind}"', self._shape(drawn))

    def _shape(self, drawn: Drawn) -> Iterator[str]:
        box, theme = drawn.node.box, self._theme
        x, y = box.x + box.width / 2, box.y + box.height / 2
        is_current = self._is_current(drawn)
        mark = {"fill": theme.current, "stroke": theme.current_border, "stroke-width": "2.5"} if is_current else {}
        match drawn.kind:
            case "start":
                yield _circle(x, y, box.width / 2, **({"fill": theme.point} | mark))
            case "end":
                yield _circle(
                    x, y, box.width / 2, **({"fill": "none", "stroke": theme.point, "stroke-width": "1.5"} | mark)
                )
                yield _circle(x, y, box.width / 2 - 4, fill=theme.point)
            case "choice":
                points = ((x, box.y), (box.x + box.width, y), (x, box.y + box.height), (box.x, y))
                data = "M" + "L".join(f"{number(a)},{number(b)}" for a, b in points) + "Z"
                paint = {"fill": theme.state, "stroke": theme.border} | self._painted(drawn.name) | mark
                yield f'<path d="{data}"{_attributes(paint)}/>'
            case "fork" | "join":
                yield _rect(box, rx=2, **({"fill": theme.point} | mark))
            case _ if drawn.is_round:
                paint = {"fill": theme.state, "stroke": theme.border} | self._painted(drawn.name) | mark
                yield _circle(x, y, box.width / 2, **paint)
                yield from _texts(drawn.title, LABEL, Point(x, y), self._text_of(drawn.name))
            case _:
                yield from self._box(drawn, mark)

    def _box(self, drawn: Drawn, mark: dict[str, str]) -> Iterator[str]:
        """A plain state: its title, and what else is said of it beneath a rule."""
        box, theme = drawn.node.box, self._theme
        paint = {"fill": theme.state, "stroke": theme.border} | self._painted(drawn.name) | mark
        yield _rect(box, rx=_ROUND, **paint)
        text = theme.current_text if mark else self._text_of(drawn.name)
        x, more = box.x + box.width / 2, LABEL.room(drawn.more)[1]
        below = more + 2 * INSIDE[1] if drawn.more else 0.0
        yield from _texts(
            drawn.title, TITLE, Point(x, box.y + (box.height - below) / 2), text, self._styles.get(drawn.name)
        )
        if drawn.more:
            rule = box.y + box.height - below
            line = _straight(Point(box.x, rule), Point(box.x + box.width, rule))
            yield f'<path fill="none" stroke="{paint["stroke"]}" stroke-opacity="0.45" d="{line}"/>'
            yield from _texts(drawn.more, LABEL, Point(x, rule + below / 2), text)

    def _notes(self, drawn: Drawn) -> Iterator[str]:
        theme = self._theme
        for note, box, line in notes_of(drawn):
            yield '<g data-note="">'
            if line is not None:
                yield f'<path fill="none" stroke="{theme.note_border}" stroke-dasharray="3 3" d="{_straight(*line)}"/>'
            yield _rect(box, rx=2, fill=theme.note, stroke=theme.note_border)
            middle = Point(box.x + box.width / 2, box.y + box.height / 2)
            yield from _texts(note.lines, LABEL, middle, theme.note_text)
            yield "</g>"

    def _is_current(self, drawn: Drawn) -> bool:
        match drawn.kind:
            case "start":
                return not drawn.name and START in self._annotations.current
            case "end":
                return self._annotations.at_end(drawn.name, drawn.region)
            case _:
                return drawn.name in self._annotations.current

    def _painted(self, name: str) -> dict[str, str]:
        """The author's own paint of a box."""
        return {
            key: value for key, value in self._styles.get(name, {}).items() if not key.startswith(("color", "font"))
        }

    def _text_of(self, name: str) -> str:
        return self._styles.get(name, {}).get("color", self._theme.text)


# Elements --------------------------------------------------------------------------------------------------------


def _texts(
    lines: Sequence[str], text: Text, middle: Point, fill: str, style: dict[str, str] | None = None
) -> Iterator[str]:
    """Lines of text around a point. Where the font is another one, letters are pressed into the room that there is."""
    font = {key: value for key, value in (style or {}).items() if key.startswith("font")}
    first = middle.y - (len(lines) - 1) * text.line / 2 + _ASCENT * text.size
    for count, line in enumerate(lines):
        given = {"x": number(middle.x), "y": number(first + count * text.line), "font-size": f"{text.size:g}", **font}
        given |= {"text-anchor": "middle", "fill": fill}
        if is_known(line) and len(line) > 1:
            given |= {"textLength": number(width_of(line, text.size)), "lengthAdjust": "spacingAndGlyphs"}
        yield f"<text{_attributes(given)}>{_spans(line)}</text>"


def _spans(line: str) -> str:
    """The line as text; where it mixes kinds of letters, in parts, for renderers look for one font for each part."""
    parts = [escape(part, quote=False) for part in kinds(line)]
    return parts[0] if len(parts) == 1 else "".join(f"<tspan>{part}</tspan>" for part in parts)


def _group(attributes: str, lines: Sequence[str] | Iterator[str]) -> str:
    return "\n".join([f"<g {attributes}>", *lines, "</g>"])


def _rect(box: Box, **attributes: object) -> str:
    names = ("x", "y", "width", "height")
    return f"<rect{_attributes(dict(zip(names, map(number, box), strict=True)) | attributes)}/>"


def _circle(x: float, y: float, radius: float, **attributes: object) -> str:
    return f"<circle{_attributes({'cx': number(x), 'cy': number(y), 'r': number(radius)} | attributes)}/>"


def _attributes(given: dict[str, object] | dict[str, str]) -> str:
    return "".join(f' {name.replace("_", "-")}="{escape(str(value))}"' for name, value in given.items())


def _straight(begin: Point, end: Point) -> str:
    return f"M{number(begin.x)},{number(begin.y)}L{number(end.x)},{number(end.y)}"


def _arrow(path: Path) -> str:
    """The tip of a path, as a triangle."""
    (x, y), (ahead, aside), (long, half) = path.tip, path.heading, _ARROW
    back = x - ahead * long, y - aside * long
    corners = [
        (x, y),
        (back[0] - aside * half, back[1] + ahead * half),
        (back[0] + aside * half, back[1] - ahead * half),
    ]
    return "M" + "L".join(f"{number(a)},{number(b)}" for a, b in corners) + "Z"


def _divider(around: Box, one: Box, other: Box) -> tuple[Point, Point]:
    """The line between two regions."""
    if other.x >= one.x + one.width:
        x = (one.x + one.width + other.x) / 2
        return Point(x, around.y), Point(x, around.y + around.height)
    y = (one.y + one.height + other.y) / 2
    return Point(around.x, y), Point(around.x + around.width, y)
