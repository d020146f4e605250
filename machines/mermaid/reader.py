"""Reading a whole text: preamble, header, and the statements within each other."""

import re
from typing import Final, NamedTuple

from argentos.machines.mermaid.collector import Container, StateCollector
from argentos.machines.mermaid.cursor import Cursor
from argentos.machines.mermaid.elements import Edge, Place, State
from argentos.machines.mermaid.keywords import AT_THE_TOP, KEYWORDS, keyword
from argentos.machines.mermaid.statements import Comment, Declaration, Directive, Document, Statement
from argentos.machines.mermaid.states import CompositeHead, edge_or_state, state
from argentos.machines.mermaid.tokens import ENTITY, expect_end

__all__ = ["MAX_DEPTH", "Contents", "read"]

MAX_DEPTH: Final = 50
"""Levels of composite states within each other."""

_HEADER = re.compile(r"stateDiagram(?:-v2)?(?![\w-])")
_NO_TEXT_ALONE = (
    (re.compile(r"^.(?:```|~~~)"), "Diagram.from_markdown reads Markdown"),
    (re.compile(r"\.(?:mmd|mermaid|md|txt).\Z"), "give the text of a file, as Diagram.parse(path.read_text())"),
)
_DIVIDER = re.compile(r"--(?=[ \t]|\Z)")
_OPENING_DIRECTIVE = re.compile(r"%%\{")
_DIRECTIVE = re.compile(r"\s*\w+\s*(?::\s*[\[{]|\Z)", re.ASCII)
_CLOSING_BRACE = re.compile(r"\}")


class Contents(NamedTuple):
    """A text that was read; `end` is the place after the last statement."""

    document: Document
    states: tuple[State, ...]
    edges: tuple[Edge, ...]
    end: Place


class _Scope:
    """A composite state that is open, or the top."""

    def __init__(self, head: CompositeHead) -> None:
        self.head = head
        self.regions: list[list[Statement]] = [[]]
        self.divided_at = head.place

    @property
    def container(self) -> Container:
        return Container(self.head.name, len(self.regions) - 1)


class _Reader:
    """Reads the statements below the header."""

    def __init__(self, cursor: Cursor, end: Place) -> None:
        self.cursor = cursor
        self.end = end
        self.states = StateCollector()
        self.edges: list[Edge] = []
        self.open = [_Scope(CompositeHead("", "", end))]

    def read(self) -> list[Statement]:
        more = True
        while more:
            if self.cursor.at_line_end:
                more = self.cursor.next_line()
            elif remark := _remark(self.cursor):
                self.keep(remark)
            else:
                self.statement()
                if problem := self.states.problem:
                    self.cursor.refuse(*problem)
                self.end = self.cursor.behind
        if len(self.open) > 1:
            head = self.open[-1].head
            self.cursor.refuse(f"the state {head.name} is never closed; add '}}' on a line of its own", head.place)
        self.states.finish()
        if problem := self.states.problem:
            self.cursor.refuse(*problem)
        return self.open[0].regions[0]

    def keep(self, statement: Statement) -> None:
        self.open[-1].regions[-1].append(statement)

    def statement(self) -> None:
        """Read what is neither empty nor a comment."""
        cursor, container = self.cursor, self.open[-1].container
        word = keyword(cursor)
        if cursor.sees("}"):
            self.close()
        elif cursor.peek(_DIVIDER):
            self.divide()
        elif word == "state":
            declared = state(cursor, self.states, container)
            self.descend(declared) if isinstance(declared, CompositeHead) else self.keep(declared)
        elif word:
            if container.within and word in AT_THE_TOP:
                cursor.refuse(f"{word!r} stands outside composite states only; move it there")
            self.keep(KEYWORDS[word](cursor, self.states, container))
        else:
            found = edge_or_state(cursor, self.states, container)
            self.keep(found)
            if isinstance(found, Edge):
                self.edges.append(found)

    def descend(self, head: CompositeHead) -> None:
        if len(self.open) > MAX_DEPTH:
            self.cursor.refuse(f"composite states stand more than {MAX_DEPTH} deep; move some out", head.place)
        self.states.open(head.name, head.place)
        self.open.append(_Scope(head))

    def close(self) -> None:
        """Read the brace that closes a composite state."""
        cursor = self.cursor
        if len(self.open) == 1:
            cursor.refuse("'}' closes no composite state; remove it")
        cursor.take(_CLOSING_BRACE)
        if not cursor.sees("%%", "#", "}"):
            expect_end(cursor)
        closed = self.open.pop()
        regions = tuple(map(tuple, closed.regions))
        if len(regions) > 1 and all(isinstance(each, Comment | Directive) for each in regions[-1]):
            problem = "nothing stands after the last '--', and then mermaid draws no regions at all; remove it"
            cursor.refuse(problem, closed.divided_at)
        self.states.compose(closed.head.name, closed.head.place, len(regions))
        self.keep(Declaration(closed.head.name, closed.head.place, title=closed.head.title, regions=regions))

    def divide(self) -> None:
        """Read the line between two parallel regions."""
        if len(self.open) == 1:
            self.cursor.refuse("'--' divides a composite state only; put its regions into 'state A { … }'")
        if not self.cursor.at_line_start:
            self.cursor.refuse("'--' needs a line of its own")
        self.open[-1].divided_at = self.cursor.place
        self.cursor.take(_DIVIDER)
        expect_end(self.cursor)
        self.open[-1].regions.append([])


def _remark(cursor: Cursor) -> Comment | Directive | None:
    """A comment or a directive, if one stands here."""
    place = cursor.place
    if cursor.take(_OPENING_DIRECTIVE):
        text = cursor.take_to("}%%")
        if text is None:
            cursor.refuse("the directive is never closed; add '}%%'", place)
        if _DIRECTIVE.match(text) is None:
            cursor.refuse(
                "a directive is a word, or a word, ':' and a value in brackets, as in '%%{init: {…}}%%'", place
            )
        return Directive("%%{" + text.strip() + "}%%", place)
    if entity := cursor.peek(ENTITY):
        cursor.refuse(f"mermaid takes {entity[0]!r} for a character; begin a comment with '%%'")
    if cursor.sees("%%", "#"):
        text = cursor.take_line()
        if "%%{" in text:
            cursor.refuse("'%%{' cannot stand in a comment: mermaid takes it for the beginning of a directive", place)
        return Comment(text, place)
    return None


def _front_matter(cursor: Cursor, margin: int) -> str:
    """The lines between two `---`, at the first of which the cursor stands."""
    place, lines = cursor.place, list[str]()
    while cursor.next_line():
        if cursor.rest == "---" and cursor.column <= margin:
            cursor.take_line()
            break
        lines.append(cursor.line)
    else:
        cursor.refuse("the front matter is never closed; add '---', not indented, after it", place)
    text = "\n".join(line[min(margin, len(line) - len(line.lstrip())) :] for line in lines).strip("\n")
    return text or cursor.refuse("the front matter is empty; remove it", place)


def _head(cursor: Cursor, margin: int) -> tuple[str, list[Comment | Directive], str]:
    """Front matter, what stands above the header, and the header."""
    front_matter, preamble = "", list[Comment | Directive]()
    more = True
    while more:
        if cursor.at_line_end:
            more = cursor.next_line()
        elif remark := (None if cursor.sees("#") else _remark(cursor)):
            preamble.append(remark)
        elif cursor.rest == "---" and cursor.column <= margin and not front_matter:
            front_matter = _front_matter(cursor, margin)
        else:
            return front_matter, preamble, _header(cursor)
    return cursor.refuse("the text holds no diagram; one begins with 'stateDiagram-v2'", Place(1, 1))


def _header(cursor: Cursor) -> str:
    place, line = cursor.place, cursor.shown
    header = cursor.take(_HEADER)
    if header is None or not (cursor.at_line_end or (cursor.behind_blank and cursor.sees("%%"))):
        problem = f"a diagram begins with 'stateDiagram-v2', alone on its line, not {line}"
        hints = [hint for kind, hint in _NO_TEXT_ALONE if kind.search(line)]
        cursor.refuse("; ".join([problem, *hints]), place)
    return header


def read(text: str, *, file: str, margin: int = 0) -> Contents:
    """Read the text of one diagram.

    Args:
        text: mermaid's text.
        file: the name that errors give.
        margin: by how many blanks the whole text may be indented, as within a list of a Markdown text.

    Raises:
        DiagramError: with the place of the first thing that is not understood.
    """
    cursor = Cursor(text, file)
    front_matter, preamble, header = _head(cursor, margin)
    reader = _Reader(cursor, cursor.behind)
    body = tuple(reader.read())
    document = Document(front_matter, tuple(preamble), header, body)
    return Contents(document, reader.states.states(), tuple(reader.edges), reader.end)
