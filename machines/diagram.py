"""State diagrams as data: mermaid's text with the position of each part."""

import hashlib
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Final

from argentos.machines.given import as_text
from argentos.machines.mermaid import Document, read, write
from argentos.machines.mermaid.elements import Edge, Place, State
from argentos.machines.mermaid.markdown import Fence, state_diagram
from argentos.machines.mermaid.statements import Direction

__all__ = ["Diagram"]

_DIGITS: Final = 16  # of a digest, each for four bits
_LOOKS: Final = {"source_class", "target_class"}


@dataclass(frozen=True, slots=True)
class Diagram:
    """A mermaid `stateDiagram`.

    Attributes:
        states: those of every level, in the order in which the text first names them.
        edges: those of every level, in the order of the text.
        document: everything that the text says, as a tree: styles, notes and comments too.
        end: the place after the last statement.
        file: the name that errors give.
    """

    states: tuple[State, ...]
    edges: tuple[Edge, ...]
    document: Document
    end: Place
    file: str

    @classmethod
    def parse(cls, text: str, *, file: str = "<diagram>") -> "Diagram":
        """Read mermaid's text.

        Raises:
            DiagramError: the text is not a state diagram, or takes mermaid at a word that its author hardly
                meant. Whether a diagram can run is not asked here, but by `Machine`.
            InputError: it is no text at all.
        """
        return cls._read(as_text(text, "the diagram"), file)

    @classmethod
    def from_markdown(cls, text: str, *, file: str = "<markdown>") -> "Diagram":
        """Read the one state diagram among the mermaid fences of a Markdown text.

        Fences may carry attributes, as in ```` ```mermaid theme={null} ````.

        Raises:
            DiagramError: there is no state diagram or more than one, or it cannot be read. Lines count
                from the top of the Markdown text.
            InputError: it is no text at all.
        """
        return cls.from_fence(state_diagram(as_text(text, "the Markdown text"), file=file), file=file)

    @classmethod
    def from_fence(cls, fence: Fence, *, file: str = "<markdown>") -> "Diagram":
        """Read the state diagram in a fence of a Markdown text.

        Raises:
            DiagramError: it cannot be read. Lines count from the top of the Markdown text.
        """
        # Empty lines in front keep the line numbers those of the whole text.
        return cls._read("\n" * fence.line + fence.body, file, margin=fence.indent)

    @classmethod
    def _read(cls, text: str, file: str, margin: int = 0) -> "Diagram":
        contents = read(text, file=file, margin=margin)
        return cls(contents.states, contents.edges, contents.document, contents.end, file)

    @property
    def digest(self) -> str:
        """A name for what is stored: it changes with states and edges, not with places, notes and styles."""
        states = sorted(self.states, key=lambda state: state.name)
        edges = sorted(self.edges, key=lambda edge: edge.source)  # of those of one state the order may decide
        said = (*map(_said, states), *map(_said, edges))
        return hashlib.sha256(repr(said).encode()).hexdigest()[:_DIGITS]

    @property
    def direction(self) -> str:
        """The direction of the whole, as `LR`; empty where the text gives none."""
        found = [each.value for each in self.document.body if isinstance(each, Direction)]
        return found[-1] if found else ""

    def _repr_svg_(self) -> str:
        """The picture, which notebooks show."""
        picture: str = import_module("argentos.machines.drawing").draw(self, "svg")  # which reads diagrams
        return picture

    def to_mermaid(self) -> str:
        """The diagram as mermaid's text; reading it again gives the same, comments included, at other places."""
        return write(self.document)


def _said(element: State | Edge) -> list[object]:
    """The values of an element, but for its looks and its place."""
    values = [getattr(element, field.name) for field in fields(element) if field.name not in _LOOKS]
    return [value for value in values if not isinstance(value, Place)]
