"""Markdown on a terminal: cut into blocks as it streams, and drawn by Rich."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.markdown import Heading, Markdown, MarkdownElement
from rich.segment import Segment, SegmentLines

__all__ = ["Document", "complete_part"]

_parser: Final = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


def complete_part(text: str) -> int:
    """The length of the beginning of a text to which nothing that follows it can belong any more: whole blocks."""
    lines = text.split("\n")
    whole = "\n".join(lines[:-1])
    starts = [each.map[0] for each in _parser.parse(whole) if each.level == 0 and each.map and each.nesting >= 0]
    return sum(len(line) + 1 for line in lines[: starts[-1]]) if starts else 0


class Document:
    """Markdown as it is printed: an empty line between blocks, and nothing hidden.

    The target of a link is shown, HTML is text, and a line ends where it ended.
    """

    def __init__(self, text: str) -> None:
        self._blocks = [_Block(tokens) for tokens in _by_block(_parser.parse(text))]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """See `rich.console.ConsoleRenderable`."""
        for number, block in enumerate(self._blocks):
            if number:
                yield Segment.line()
            lines = console.render_lines(block, options.update(height=None), pad=False)
            yield SegmentLines(_without_margins(lines), new_lines=True)


class _Heading(Heading):
    """A heading at the left, as all the text."""

    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = {}


class _Block(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {**Markdown.elements, "heading_open": _Heading}

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__("", code_theme="ansi_dark", hyperlinks=False)
        self.parsed = tokens
        for token in tokens:
            for each in token.children or ():
                _show_plainly(each)


def _by_block(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each block of the outermost level."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block
            block = []


def _show_plainly(token: Token) -> None:
    if token.type == "softbreak":
        token.type = "hardbreak"
    elif token.type == "image":
        token.type, token.tag = "text", ""
        token.content = f"{token.content} ({token.attrs.get('src', '')})"
        token.children = None


def _without_margins(lines: list[list[Segment]]) -> list[list[Segment]]:
    """The lines without the empty ones before and behind them."""
    full = [at for at, line in enumerate(lines) if any(each.text.strip() for each in line)]
    return lines[full[0] : full[-1] + 1] if full else []
