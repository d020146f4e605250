"""Where mermaid draws what a text says: a small model of its `stateDb`, which knows nothing of the reader.

mermaid goes through the statements in order and makes a node of every state that one mentions. A node takes its shape
from the first mention, and its parent from the last that stands within a state: one at the top changes nothing.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from argentos.machines import Edge
from argentos.machines.mermaid import write
from argentos.machines.mermaid.statements import Comment, Declaration, Directive, Document, Note, Region, Statement

__all__ = ["Drawn", "Node", "drawn"]


class Node(NamedTuple):
    """A state in the picture: its kind, the composite state around it, and the region within that."""

    kind: str
    within: str
    region: int


class Drawn(NamedTuple):
    """A picture; the edges are source, target, label and, for an end at `[*]`, where that stands."""

    states: dict[str, Node]
    edges: list[tuple[str, str, str, tuple[str, int] | None]]


_JOINED = re.compile(r"^\s*state \w+\n(?:\s*(?:%%\{(?:.|\n)*?\}%%|%%.*)?\n)*\s*\w.*\{", re.ASCII | re.MULTILINE)
"""A state alone, and a line that mermaid takes for a part of its own."""


class Unfit(Exception):  # noqa: N818 - not an error: a verdict
    """The picture would show something else than was meant."""


class _Picture:
    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.parents: dict[str, tuple[str, int]] = {}
        self.texts: dict[str, int] = {}
        self.parts: dict[str, list[int]] = {}
        self.undrawn: list[tuple[str, tuple[str, int]]] = []
        self.edges: list[tuple[str, str, str, tuple[str, int] | None]] = []

    def region(self, statements: Region, parent: tuple[str, int]) -> None:
        for statement in statements:
            for name, kind, texts in mentions(statement):
                self.node(name, kind, texts, parent)
            if isinstance(statement, Edge):
                ends = statement.source, statement.target
                self.edges.append((*ends, statement.label, parent if "[*]" in ends else None))
            if isinstance(statement, Declaration) and not statement.drawn:
                self.undrawn.append((statement.name, parent))
            if isinstance(statement, Declaration) and statement.regions:
                self.group(statement)

    def node(self, name: str, kind: str, texts: int, parent: tuple[str, int]) -> None:
        if self.kinds.setdefault(name, kind) != kind != "state":
            raise Unfit(name)
        self.texts[name] = self.texts.get(name, 0) + texts
        if parent[0]:
            self.parents[name] = parent
        around = name
        while (around := self.parents.get(around, ("", 0))[0]) != "":
            if around == name:
                raise Unfit(name)

    def group(self, declared: Declaration) -> None:
        drawn = [statement for statement in declared.regions[-1] if not isinstance(statement, Comment | Directive)]
        if len(declared.regions) > 1 and not drawn:
            raise Unfit(declared.name)
        self.parts.setdefault(declared.name, []).append(len(declared.regions))
        for number, region in enumerate(declared.regions):
            self.region(region, (declared.name, number))

    def check(self) -> None:
        for name, parent in self.undrawn:
            if name not in self.kinds or (parent[0] and self.parents.get(name) != parent):
                raise Unfit(name)
        for name, kind in self.kinds.items():
            parts = self.parts.get(name, [])
            if kind != "state" and (parts or self.texts[name]):
                raise Unfit(name)
            if parts and self.texts[name] > 1:
                raise Unfit(name)
            if len(parts) > 1 and max(parts) > 1:
                raise Unfit(name)


def mentions(statement: Statement) -> Iterator[tuple[str, str, int]]:
    """The names that a statement makes nodes of, each with its kind and how many texts it is given."""
    match statement:
        case Edge(source, target):
            yield from ((name, "state", 0) for name in (source, target) if name != "[*]")
        case Declaration(name, _, title, text, kind) if statement.drawn:
            yield name, kind, bool(title) + bool(text)
        case Note(position, name) if position != "floating":
            yield name, "state", 0
        case _:
            pass


def drawn(document: Document) -> Drawn | None:
    """What mermaid draws; None where that is not what was meant."""
    picture = _Picture()
    if _JOINED.search(write(document)):
        return None
    try:
        picture.region(document.body, ("", 0))
        picture.check()
    except Unfit:
        return None
    return Drawn(
        {name: Node(kind, *picture.parents.get(name, ("", 0))) for name, kind in picture.kinds.items()}, picture.edges
    )
