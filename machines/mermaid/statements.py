"""The statements of mermaid's language as frozen data; an edge is one of them, see `elements`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from argentos.machines.mermaid.elements import Edge, Kind, Place

__all__ = [
    "Caption",
    "Comment",
    "Declaration",
    "Direction",
    "Directive",
    "Document",
    "Note",
    "Region",
    "Setting",
    "Statement",
    "Styling",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A state by itself: `A`, `A : text`, `state "title" as A`, `state A <<choice>>` or `state A { … }`.

    Attributes:
        drawn: false for `state A` alone, of which mermaid draws nothing.
        style_class: the name after `:::`.
        regions: the statements within the braces, for each parallel region; empty unless composite.
    """

    name: str
    place: Place
    title: str = ""
    text: str = ""
    kind: Kind = "state"
    style_class: str = ""
    regions: "tuple[Region, ...]" = ()
    drawn: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """A note `left of` or `right of` a state; one that is `floating` has a name of its own instead."""

    position: Literal["left of", "right of", "floating"]
    name: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Styling:
    """`class A, B name` or `style A,B css`."""

    keyword: Literal["class", "style"]
    names: tuple[str, ...]
    style: str
    place: Place


@dataclass(frozen=True, slots=True)
class Direction:
    """`direction LR`, for the region in which it stands."""

    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Caption:
    """`accTitle` or `accDescr`: a text for screen readers."""

    keyword: Literal["accTitle", "accDescr"]
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Setting:
    """`classDef`, `click`, `scale` or `hide`, and what stands after the word."""

    keyword: Literal["classDef", "click", "scale", "hide"]
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, with the `%%` or `#` in front of it."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Directive:
    """`%%{init: …}%%`, which may take several lines."""

    text: str
    place: Place


Statement: TypeAlias = Edge | Declaration | Note | Styling | Direction | Caption | Setting | Comment | Directive

Region: TypeAlias = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole text: front matter (without its `---`), preamble, header, and body."""

    front_matter: str
    preamble: tuple[Comment | Directive, ...]
    header: str
    body: Region


def walk(region: Region) -> Iterator[Statement]:
    """Every statement of the region, those within composite states after the state."""
    for statement in region:
        yield statement
        if isinstance(statement, Declaration):
            for inner in statement.regions:
                yield from walk(inner)
