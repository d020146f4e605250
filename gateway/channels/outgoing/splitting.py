"""Splitting of long texts where a reader would: between paragraphs, lines, sentences or words; and around code.

A block of code, between lines of three backticks, is kept whole where that can be; else each of its parts is a block.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

__all__ = ["split_text", "units"]

_BREAKS: Final = ("\n\n", "\n", ". ", "! ", "? ", " ")
_FENCE: Final = re.compile(r"^ {0,3}```([^`\n]*)$", re.MULTILINE)
_CLOSING: Final = "\n```"
_FENCED: Final = 64  # code units of a part, at least, for blocks of code to be looked after
_LEAST: Final = 0.5  # of a part has to stand before a break, or the next kind of break is looked for


def units(text: str) -> int:
    """The UTF-16 code units of a text, in which platforms count."""
    return len(text) + sum(character > "\uffff" for character in text)


def split_text(text: str, most: int) -> tuple[str, ...]:
    """The parts of a text, none with more UTF-16 code units than `most`, and none blank; nothing else is left out.

    A part that ends in the midst of a block of code closes it, and the next one opens it again.

    Args:
        text: to be split; white space around a break goes.
        most: from 2 on.
    """
    return tuple(_parts(text.strip(), most))


def _parts(text: str, most: int) -> Iterator[str]:
    while text:
        end = _end(text, most)
        block = _open_block(text[:end]) if end < len(text) and most >= _FENCED else None
        if block is not None and block.start >= end * _LEAST:
            end, block = block.start, None
        elif block is not None:
            end = _end(text, most - len(_CLOSING))
            block = _open_block(text[:end])
        if part := text[:end].rstrip():
            yield part if block is None else part + _CLOSING
        if block is None:
            text = text[end:].lstrip()
        elif text[end:].strip():
            opening = block.opening if len(block.opening) < most // 4 else "```"
            text = f"{opening}\n{text[end:].removeprefix(chr(10))}"
        else:
            return


class _Block(NamedTuple):
    """A block of code that is not closed: where it starts, and the line that opens it."""

    start: int
    opening: str


def _open_block(text: str) -> _Block | None:
    """The block of code that a text ends in; None where it ends in none."""
    found: _Block | None = None
    for fence in _FENCE.finditer(text):
        if found is None:
            found = _Block(fence.start(), fence[0].strip())
        elif not fence[1].strip():
            found = None
    return found


def _end(text: str, most: int) -> int:
    """The number of characters of the first part."""
    end = _fitting(text, most)
    return end if end == len(text) else _break_before(text, end)


def _fitting(text: str, most: int) -> int:
    """The number of characters at the beginning that have so many code units, at most."""
    if len(text) <= most // 2 or (len(text) <= most and units(text) <= most):
        return len(text)
    used = 0
    for at, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > most:
            return at
    return len(text)


def _break_before(text: str, end: int) -> int:
    """The best place for a break up to there; that itself in a text without any."""
    for each in _BREAKS:
        found = text.rfind(each, 0, end)
        if found >= end * _LEAST:
            return found + len(each)
    return end
