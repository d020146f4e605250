"""The styles that an author gives to states, as attributes of SVG; what could load or link is left out."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import OUTSIDE, Edge
from argentos.machines.mermaid.statements import Declaration, Setting, Styling, walk

__all__ = ["Style", "styles"]

Style = Mapping[str, str]

_KNOWN: Final = {"fill", "stroke", "stroke-width", "stroke-dasharray", "color", "font-weight", "font-style"}
_VALUE: Final = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]+|[\d.]+(?:px)?(?: [\d.]+(?:px)?)*|(?:rgb|hsl)a?\([\d.%, ]+\)")
_PROPERTIES: Final = re.compile(r"[;,](?![^(]*\))")


def styles(diagram: Diagram) -> dict[str, dict[str, str]]:
    """For each state that has any, its properties; `color` is that of its text."""
    classes = dict(_classes(diagram))
    found: dict[str, dict[str, str]] = {}
    for name, style in _given(diagram):
        found.setdefault(name, {}).update(classes.get(style, {}))
    for statement in walk(diagram.document.body):
        if isinstance(statement, Styling) and statement.keyword == "style":
            for name in statement.names:
                found.setdefault(name, {}).update(_properties(statement.style))
    return found


def _classes(diagram: Diagram) -> Iterator[tuple[str, dict[str, str]]]:
    for statement in walk(diagram.document.body):
        if isinstance(statement, Setting) and statement.keyword == "classDef":
            names, _, style = statement.text.partition(" ")
            yield from ((name.strip(), _properties(style)) for name in names.split(","))


def _given(diagram: Diagram) -> Iterator[tuple[str, str]]:
    """Each state with the name of a class that it is given."""
    for statement in walk(diagram.document.body):
        match statement:
            case Styling(keyword="class", names=names, style=style):
                yield from ((name, style) for name in names)
            case Declaration(name=name, style_class=style) if style:
                yield name, style
            case Edge():
                ends = (statement.source, statement.source_class), (statement.target, statement.target_class)
                yield from ((name, style) for name, style in ends if style and name != OUTSIDE)
            case _:
                continue


def _properties(style: str) -> dict[str, str]:
    """The properties that can do no harm."""
    pairs = (each.partition(":")[::2] for each in _PROPERTIES.split(style))
    found = ((name.strip().lower(), value.strip()) for name, value in pairs)
    return {name: value for name, value in found if name in _KNOWN and _VALUE.fullmatch(value)}
