"""Splitting of long texts where a reader would: between paragraphs, lines, sentences or words."""

from collections.abc import Iterator
from typing import Final

__all__ = ["split_text", "units"]

_BREAKS: Final = ("\n\n", "\n", ". ", "! ", "? ", " ")
_LEAST: Final = 0.5  # of a part has to stand before a break, or the next kind of break is looked for


def units(text: str) -> int:
    """The UTF-16 code units of a text, in which platforms count."""
    return len(text) + sum(character > "\uffff" for character in text)


def split_text(text: str, most: int) -> tuple[str, ...]:
    """The parts of a text, none with more UTF-16 code units than `most`, and none blank; nothing else is left out.

    Args:
        text: to be split; white space around a break goes.
        most: from 2 on.
    """
    return tuple(_parts(text.strip(), most))


def _parts(text: str, most: int) -> Iterator[str]:
    while text:
        end = _fitting(text, most)
        if end < len(text):
            end = _break_before(text, end)
        if part := text[:end].rstrip():
            yield part
        text = text[end:].lstrip()


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
