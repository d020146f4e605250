"""Reading mermaid's `stateDiagram` text: the flat subset, refused or understood, never half.

A statement stands on a line of its own. What mermaid would take in a way that the author hardly
meant (`A b --> C` makes two states, a comment after a label becomes part of the label) is refused.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from argentos.errors import DiagramError
from argentos.machines.elements import OUTSIDE, Edge, Place, State

__all__ = ["Contents", "read"]

_HEADER = re.compile(r"stateDiagram(-v2)?\Z")
_DIRECTION = re.compile(r"direction[ \t]+(TB|TD|BT|LR|RL)\Z")
_END = re.compile(r"\[\*\]|\w+")
_ARROW = re.compile(r"-->")
_ALIAS = re.compile(r'state[ \t]+"(?P<description>[^"]*)"[ \t]+as[ \t]+(?P<name>\w+)\Z')
_DECLARED = re.compile(r"state[ \t]+(?P<name>\w+)\Z")
_RESERVED = frozenset({"class", "classDef", "click", "default", "direction", "note", "scale", "state", "style"})
_TRAPS = {"%%": "a comment needs a line of its own", ";": "it would end the statement", "::": "mermaid refuses it"}
_LARGER = {
    "{": "composite states",
    "}": "composite states",
    "--": "parallel regions",
    "note": "notes",
    "class": "styles",
    "classDef": "styles",
    "style": "styles",
    "click": "links",
    "scale": "scales",
    "---": "front matter",
    "accTitle": "titles for screen readers",
    "accDescr": "descriptions for screen readers",
}


class Contents(NamedTuple):
    """What was read; `end` is the place behind the last statement."""

    states: tuple[State, ...]
    edges: tuple[Edge, ...]
    direction: str
    end: Place


class _Line:
    """One statement being read from left to right."""

    def __init__(self, text: str, number: int, file: str) -> None:
        self.text = text.rstrip()
        self.number = number
        self.file = file
        self.at = len(self.text) - len(self.text.lstrip())

    @property
    def rest(self) -> str:
        return self.text[self.at :]

    @property
    def place(self) -> Place:
        return Place(self.number, self.at + 1)

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """What matches here, with the blanks behind it passed over; None, and nothing passed, otherwise."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        return found[0]

    def refuse(self, problem: str) -> NoReturn:
        raise DiagramError(problem, file=self.file, line=self.number, column=self.at + 1, text=self.rest or self.text)


class _Reader:
    """Gathers states in the order in which the text first names them."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.edges: list[Edge] = []
        self.direction = ""

    def name(self, name: str, place: Place, description: str = "") -> None:
        if name == OUTSIDE:
            return
        known = self.states.get(name)
        self.states[name] = State(
            name, description or (known.description if known else ""), known.place if known else place
        )

    def statement(self, line: _Line) -> None:
        """Read one line that is neither empty nor a comment."""
        if direction := _DIRECTION.match(line.rest):
            self.direction = direction[1]
        elif declared := _ALIAS.match(line.rest) or _DECLARED.match(line.rest):
            self.name(declared["name"], line.place, declared.groupdict().get("description") or "")
        else:
            self.edge_or_state(line)

    def edge_or_state(self, line: _Line) -> None:
        place = line.place
        _refuse_larger(line)
        source = line.take(_END)
        if source is None:
            line.refuse(f"a state's name was expected, not {line.rest!r}; names are letters, digits and _")
        if line.take(_ARROW) is None:
            self.state(line, source, place)
            return
        target_place = line.place
        target = line.take(_END)
        if target in _RESERVED:
            line.at = target_place.column - 1
            line.refuse(f"{target!r} is a word of mermaid's own; give the state another name")
        if target is None:
            line.refuse(f"the name of the target was expected behind '-->', not {line.rest!r}")
        label, label_place = _description(line) if line.rest else ("", line.place)
        self.name(source, place)
        self.name(target, target_place)
        self.edges.append(Edge(source, target, label, place, label_place))

    def state(self, line: _Line, name: str, place: Place) -> None:
        """`Name` alone, or `Name : description`."""
        if name == OUTSIDE:
            line.refuse("'-->' was expected behind [*]")
        self.name(name, place, _description(line)[0] if line.rest else "")


def _refuse_larger(line: _Line) -> None:
    """Name the parts of mermaid's language that are not of the flat subset."""
    word = re.match(r"---|--(?!>)|\w+|[{}]", line.rest)
    if line.rest.endswith("{") or (word and word[0] in _LARGER):
        what = _LARGER["{"] if line.rest.endswith("{") or word is None else _LARGER[word[0]]
        line.refuse(f"{what} are not read yet; write the diagram with states and edges only")
    if word and word[0] in _RESERVED:
        line.refuse(f"{word[0]!r} is a word of mermaid's own; give the state another name")


def _description(line: _Line) -> tuple[str, Place]:
    """The text behind a colon, which reaches to the end of the line."""
    if line.rest.startswith(":::"):
        line.refuse("styles are not read yet; write the diagram with states and edges only")
    if not line.rest.startswith(":"):
        line.refuse(f"the end of the line or ': label' was expected, not {line.rest!r}")
    line.at += 1
    line.at += len(line.rest) - len(line.rest.lstrip())
    place, text = line.place, line.rest
    if not text:
        line.refuse("a label was expected behind ':'; write one, or leave the colon out")
    for trap, meaning in _TRAPS.items():
        if trap in text:
            line.at += text.index(trap)
            line.refuse(f"{trap!r} cannot stand in a label: {meaning}")
    return text, place


def _statements(text: str, file: str) -> Iterator[_Line]:
    lines = text.replace("\r\n", "\n").split("\n")
    for number, content in enumerate(lines, start=1):
        line = _Line(content, number, file)
        if line.rest and not line.rest.startswith("%%"):
            yield line


def read(text: str, *, file: str) -> Contents:
    """Read the text of one diagram.

    Raises:
        DiagramError: with the place of the first thing that is not understood.
    """
    statements = _statements(text, file)
    header = next(statements, None)
    if header is None or not _HEADER.match(header.rest):
        at = header or _Line("", 1, file)
        at.refuse(f"a diagram begins with 'stateDiagram-v2', not {at.rest!r}")
    reader = _Reader()
    last = header
    for line in statements:
        last = line
        reader.statement(line)
    end = Place(last.number, len(last.text) + 1)
    return Contents(tuple(reader.states.values()), tuple(reader.edges), reader.direction, end)
