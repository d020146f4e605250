"""Finding the diagrams among the fences of a Markdown text.

Fences are found as CommonMark has them: also within lists and quotes, and not within longer fences. The blocks of
Python-Markdown (`!!! note`), whose text is indented by four blanks, count as lists.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from argentos.errors import DiagramError

__all__ = ["Fence", "fences", "state_diagram", "state_diagrams"]

_BLANKS: Final = re.compile(" *")
_QUOTE: Final = re.compile(r"(?: {0,3}> ?)*")
_ITEM: Final = re.compile(r"(?:[-+*]|\d{1,9}[.)])(?: {1,4}(?! )|$)")
_BLOCK: Final = re.compile(r"(?:!!!|\?\?\?\+?|===[!+]?) .*")
_OPENING: Final = re.compile(
    r"(?P<ticks>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<language>[^\s`{]*)(?P<attributes>.*)", re.DOTALL
)
_ATTRIBUTE: Final = re.compile(r"""(?<![\w:.-])([\w:.-]+)=("[^"]*"|'[^']*'|[^\s{},"']*)|"[^"]*"|'[^']*'""")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block.

    Attributes:
        language: the first word after the ticks.
        attributes: all that follows it on its line.
        body: the lines within, those of a quote without its marks; their columns are those of the text.
        line: the number of the opening line, from 1; so many lines stand above the body.
        end: the number of the last line of the body; `line`, if there is none.
        prefix: what stands in front of each line: blanks, and the marks of a quote.
        is_closed: false for one that ends only with what is around it.
    """

    language: str
    attributes: str
    body: str
    line: int
    end: int
    prefix: str
    is_closed: bool

    @property
    def indent(self) -> int:
        """The number of columns by which the body is indented."""
        return len(self.prefix)

    def attribute(self, name: str) -> str | None:
        """The value of `name=value`, without quotes; None if there is none."""
        found = [each[2].strip("\"'") for each in _ATTRIBUTE.finditer(self.attributes) if each[1] == name]
        return found[0] if found else None

    def replaced_in(self, text: str, body: str) -> str:
        """The text with other lines in the fence; nothing else of it changes."""
        lines = text.split("\n")
        line_end = "\r" if lines[self.line - 1].endswith("\r") else ""
        lines[self.line : self.end] = [
            (self.prefix + line if line else self.prefix.rstrip()) + line_end for line in body.rstrip("\n").split("\n")
        ]
        return "\n".join(lines)


def fences(text: str) -> Iterator[Fence]:
    """Every fenced block; one that is never closed reaches to the end of what is around it, as CommonMark has it."""
    return _Scanner(text).fences()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._lines = [line.removesuffix("\r") for line in text.split("\n")]
        self._items: list[int] = []  # the columns in which the open items of lists have their text

    def fences(self) -> Iterator[Fence]:
        number = 0
        while number < len(self._lines):
            line = self._lines[number]
            start = self._margin(line)
            opening = None if start is None else _OPENING.fullmatch(line, start)
            number += 1
            if start is not None and opening is not None:
                fence = self._fence(number, line, start, opening)
                number = fence.end + fence.is_closed
                yield fence

    def _margin(self, line: str) -> int | None:
        """The column of the first text that belongs to no list and no quote; None if it is indented as code is."""
        quote = _end_of_quote(line)
        column, end = quote, len(line.rstrip())
        while column < end:
            column = _end_of_blanks(line, column)
            while self._items and self._items[-1] > column:
                self._items.pop()
            if column - (self._items[-1] if self._items else quote) > 3:  # noqa: PLR2004 - CommonMark's number
                return None
            item = _ITEM.match(line, column)
            if item is None:
                if _BLOCK.fullmatch(line, column):
                    self._items.append(column + 4)
                return column
            column = item.end()
            self._items.append(column)
        return None

    def _fence(self, number: int, line: str, start: int, opening: re.Match[str]) -> Fence:
        quote = _end_of_quote(line)
        base = self._items[-1] if self._items else quote
        ticks = opening["ticks"]
        closing = re.compile(rf" {{0,{base - quote + 3}}}{re.escape(ticks[0])}{{{len(ticks)},}}[ \t]*")
        body: list[str] = []
        is_closed = False
        for row in range(number, len(self._lines)):
            inner = self._lines[row]
            marks = min(quote, _end_of_quote(inner))
            inside = inner[marks:]
            if marks < len(line[:quote].rstrip()):
                break
            if inside.strip() and _end_of_blanks(inside, 0) < base - quote:
                break
            if closing.fullmatch(inside):
                is_closed = True
                break
            body.append(" " * marks + inside)
        return Fence(
            language=opening["language"],
            attributes=opening["attributes"].strip(),
            body="\n".join(body),
            line=number,
            end=number + len(body),
            prefix=line[:quote] + " " * (start - quote),
            is_closed=is_closed,
        )


def _end_of_quote(line: str) -> int:
    found = _QUOTE.match(line)
    return found.end() if found else 0


def _end_of_blanks(text: str, start: int) -> int:
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def state_diagrams(text: str) -> Iterator[Fence]:
    """The mermaid fences that hold state diagrams."""
    for fence in fences(text):
        if fence.language == "mermaid" and re.search(r"^[ \t]*stateDiagram", fence.body, re.MULTILINE):
            yield fence


def state_diagram(text: str, *, file: str) -> Fence:
    """The one mermaid fence that holds a state diagram."""
    found = list(state_diagrams(text))
    if not found:
        raise DiagramError(
            "no ```mermaid fence with a stateDiagram was found; add one, or parse the diagram's own text",
            file=file,
            line=1,
            column=1,
        )
    if len(found) > 1:
        raise DiagramError(
            f"a second state diagram follows the one at line {found[0].line}; parse the one you mean by itself",
            file=file,
            line=found[1].line,
            column=1,
        )
    return found[0]
