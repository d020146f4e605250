"""Mermaid's text of a diagram, annotated at its edges and with the current state in colour."""

import dataclasses
import re
from typing import Final

from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.mermaid import write
from argentos.machines.mermaid.elements import Edge
from argentos.machines.mermaid.statements import Declaration, Document, Region, Setting, Statement, Styling

__all__ = ["annotated", "to_mermaid"]

_MARKS: Final = {
    "currentState": "fill:#ffd866,stroke:#b58900,stroke-width:3px,color:#000",
    "aroundCurrent": "stroke:#b58900,stroke-width:3px",
}
_NO_TEXT: Final = re.compile(r"[^\w\s.,+×·:\-()\[\]]|(?<=:):|:$")


def to_mermaid(diagram: Diagram, annotations: Annotations) -> str:
    """Mermaid's text; without annotations as the author wrote it, comments included."""
    return write(annotated(diagram, annotations))


def annotated(diagram: Diagram, annotations: Annotations) -> Document:
    """The diagram's statements, with the annotations in the labels and the marks after all."""
    names = {state.name for state in diagram.states}
    marks: list[Statement] = []
    for mark, marked in zip(_MARKS, (annotations.current, annotations.around), strict=True):
        if known := tuple(name for name in marked if name in names):
            marks.append(Setting("classDef", f"{mark} {_MARKS[mark]}", diagram.end))
            marks.append(Styling("class", known, mark, diagram.end))
    body = _region(diagram.document.body, annotations)
    return dataclasses.replace(diagram.document, body=(*body, *marks))


def _region(region: Region, annotations: Annotations) -> Region:
    return tuple(_statement(statement, annotations) for statement in region)


def _statement(statement: Statement, annotations: Annotations) -> Statement:
    if isinstance(statement, Edge) and statement in annotations.lines:
        lines = [_NO_TEXT.sub(_entity, line) for line in annotations.lines[statement]]
        return dataclasses.replace(statement, label="<br/>".join(filter(None, (statement.label, *lines))))
    if isinstance(statement, Declaration):
        return dataclasses.replace(statement, regions=tuple(_region(each, annotations) for each in statement.regions))
    return statement


def _entity(found: re.Match[str]) -> str:
    return f"#{ord(found[0])};"
