"""The last block of a text that streams."""

from typing import Final

from rich.console import Console, RenderableType
from rich.segment import SegmentLines
from rich.text import Text

from argentos.gateway.output import printable
from argentos.gateway.terminal.markdown import Document, complete_part

__all__ = ["GrowingText", "as_printed"]

_LONG: Final = 20_000  # characters of Markdown, of which more would take long to draw
_SHORT: Final = 4_000  # characters that are looked through for blocks at every line
_GROWTH: Final = 1.1  # a longer text is looked through when it is so many times as long


class GrowingText:
    """A text from which blocks are taken as they become complete, and whose end is drawn meanwhile.

    However long a block becomes, looking for its end and drawing it costs little of the time in which it grows.
    """

    def __init__(self) -> None:
        self._text = ""
        self._next_look = 0
        self._drawn: tuple[tuple[str, int, int], SegmentLines] | None = None

    def __bool__(self) -> bool:
        return bool(self._text.strip())

    def add(self, text: str) -> str:
        """Go on with the text; gives the blocks that are complete by that, and leave it."""
        self._text += text
        if "\n" not in text or len(self._text) < self._next_look:
            return ""
        end = complete_part(self._text)
        complete, self._text = self._text[:end], self._text[end:]
        self._next_look = int(len(self._text) * _GROWTH) if len(self._text) > _SHORT else 0
        return complete

    def take(self) -> str:
        """The rest, which leaves it, too."""
        text, self._text, self._next_look = self._text, "", 0
        return text

    def end(self, console: Console, height: int) -> RenderableType:
        """As many of its last lines as there is room for, drawn anew only if they have changed."""
        what = (self._text, console.width, height)
        if self._drawn is None or self._drawn[0] != what:
            lines = console.render_lines(as_printed(_last_lines(self._text, height)), pad=False)
            self._drawn = what, SegmentLines(lines[-height:], new_lines=True)
        return self._drawn[1]


def as_printed(text: str) -> RenderableType:
    """The text as it is printed: Markdown, or as it came where it is very long."""
    safe = printable(text.replace("\r\n", "\n"))
    return Document(safe) if len(safe) <= _LONG else Text(safe.strip("\n"))


def _last_lines(text: str, height: int) -> str:
    """The lines at the end of a block that fill so many lines of the terminal, as code if the block is code."""
    lines = text.split("\n")
    if len(lines) <= height + 1:
        return text
    first = lines[0].lstrip()
    head = [lines[0]] if first.startswith(("```", "~~~")) else []
    return "\n".join([*head, *lines[-height:]])
