"""Writing a document as mermaid's text."""

from collections.abc import Iterator
from typing import Final

from argentos.machines.mermaid.elements import Edge
from argentos.machines.mermaid.statements import (
    Caption,
    Comment,
    Declaration,
    Direction,
    Directive,
    Document,
    Note,
    Region,
    Setting,
    Statement,
    Styling,
)
from argentos.machines.mermaid.tokens import label_problem

__all__ = ["write"]

_INDENT: Final = "    "


def write(document: Document) -> str:
    """The document as text; reading it gives the same document, but for places."""
    front_matter = ["---", document.front_matter, "---"] if document.front_matter else []
    preamble = [remark.text for remark in document.preamble]
    body = _region(document.body, _INDENT)
    return "\n".join([*front_matter, *preamble, document.header, *body]) + "\n"


def _region(region: Region, indent: str) -> Iterator[str]:
    for statement in region:
        if isinstance(statement, Declaration) and statement.regions:
            yield f"{indent}{_head(statement)} {{"
            yield from _inner(statement.regions, indent + _INDENT)
            yield f"{indent}}}"
        else:
            yield from (f"{indent}{line}" if line else "" for line in _lines(statement))


def _inner(regions: tuple[Region, ...], indent: str) -> Iterator[str]:
    for number, region in enumerate(regions):
        if number:
            yield f"{indent}--"
        yield from _region(region, indent)


def _lines(statement: Statement) -> list[str]:
    """The lines of a statement, not indented."""
    match statement:
        case Edge():
            return [_edge(statement)]
        case Declaration():
            return [_declaration(statement)]
        case Note():
            return _note(statement)
        case Styling(keyword, names, style):
            return [f"{keyword} {','.join(names)} {style}"]
        case Direction(value):
            return [f"direction {value}"]
        case Caption(keyword, text) if "\n" in text:
            return [f"{keyword} {{", *text.split("\n"), "}"]
        case Caption(keyword, text):
            return [f"{keyword}: {text}"]
        case Setting(keyword, text):
            return [f"{keyword} {text}"]
        case Comment(text) | Directive(text):
            return [text]


def _edge(edge: Edge) -> str:
    source = edge.source + _class(edge.source_class)
    target = edge.target + _class(edge.target_class)
    return f"{source} --> {target}{f': {edge.label}' if edge.label else ''}"


def _head(declaration: Declaration) -> str:
    title = f'"{declaration.title}" as ' if declaration.title else ""
    return f"state {title}{declaration.name}"


def _declaration(declaration: Declaration) -> str:
    text = f" : {declaration.text}" if declaration.text else ""
    if declaration.kind != "state":
        return f"state {declaration.name} <<{declaration.kind}>>"
    if declaration.title or not declaration.drawn:
        return _head(declaration) + text
    return declaration.name + _class(declaration.style_class) + text


def _class(name: str) -> str:
    return f":::{name}" if name else ""


def _note(note: Note) -> list[str]:
    if note.position == "floating":
        return [f'note "{note.text}" as {note.name}']
    head = f"note {note.position} {note.name}"
    if note.text and not any(mark in note.text for mark in "\n:") and label_problem(note.text) is None:
        return [f"{head} : {note.text}"]
    return [head, *(f"{_INDENT}{line}" if line else "" for line in note.text.split("\n") if note.text), "end note"]
