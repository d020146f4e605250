"""The width of texts as Arial, Helvetica, Liberation Sans and Arimo have it, and breaking them into lines.

No font is asked, so that a picture is the same on every machine. Letters that these fonts lack are given a width that
their kind seldom exceeds.
"""

import itertools
import unicodedata
from functools import lru_cache
from typing import Final

__all__ = ["breaks", "is_known", "kinds", "width_of"]

_WIDTHS: Final = {  # thousandths of the size
    "'": 191, "ijl": 222, "|": 260, " !,./:;I[\\]ft·": 278, "()-r`": 333, '"': 355, "*": 389, "^": 469,
    "Jcksvxyz": 500, "#$0123456789?L_abdeghnopqu–": 556, "+<=>~×÷": 584, "FTZ": 611, "&ABEKPSVXY": 667,
    "CDHNRUw": 722, "GOQ": 778, "Mm": 833, "%": 889, "W": 944, "—…→←": 1000, "@": 1015,
}  # fmt: skip
_LETTERS: Final = {letter: width for letters, width in _WIDTHS.items() for letter in letters}
_OTHERS: Final = 700
_WIDE: Final = 1000
_PICTURE: Final = 1350
_EVEN: Final = 4.0  # pixels by which lines may be less even than they can be
_JOINER: Final = "\u200d"
_PICTURES: Final = 0x1F000  # from here on, pictures and signs for them


def width_of(text: str, size: float) -> float:
    """The width of one line in a size, both in pixels."""
    return sum(map(_letter, text)) * size / 1000


def is_known(text: str) -> bool:
    """Tell whether the width is exact in the fonts named above."""
    return all(letter in _LETTERS or unicodedata.normalize("NFD", letter)[0] in _LETTERS for letter in text)


def breaks(text: str, size: float, width: float) -> list[str]:
    """Break one line into as few as fit this width, as even as they can be.

    They end at blanks, or before wide letters; longer words stay whole.
    """
    lines = _filled(text, size, width)
    even = width_of(text, size) / len(lines)
    while len(lines) > 1 and width - even > _EVEN:
        narrower = (even + width) / 2
        found = _filled(text, size, narrower)
        if len(found) > len(lines):
            even = narrower
        else:
            lines, width = found, narrower
    return lines


def _filled(text: str, size: float, width: float) -> list[str]:
    """The lines, each filled as far as it goes."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line.strip() and width_of((line + piece).rstrip(), size) > width:
            lines.append(line.strip())
            line = ""
        line += piece
    return [*lines, line.strip()] if line.strip() or not lines else lines


def kinds(text: str) -> list[str]:
    """The text in parts of one kind of letters each, which one font is likely to have: letters, wide ones, pictures."""
    return ["".join(group) for _, group in itertools.groupby(_joined(text), key=_kind)]


def _joined(text: str) -> list[str]:
    """The letters, each with the marks and joiners behind it, and what these join."""
    found: list[str] = []
    for letter in text:
        if found and (unicodedata.category(letter) in {"Mn", "Me", "Cf", "Sk"} or found[-1].endswith(_JOINER)):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _kind(letter: str) -> str:
    if ord(letter[0]) >= _PICTURES or unicodedata.category(letter[0]) == "So":
        return "picture"
    return "wide" if _is_wide(letter[0]) else "letter"


def _pieces(text: str) -> list[str]:
    """Words with the blanks behind them; each wide letter is a word."""
    pieces = [""]
    for previous, letter in zip(("", *text), text, strict=False):
        begins = previous == " " != letter or (_is_wide(letter) and _stands_alone(letter))
        if begins or (previous and _is_wide(previous) and _stands_alone(letter) and letter != " "):
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _stands_alone(letter: str) -> bool:
    """Tell whether a line may begin with it: no mark, joiner, or sign that closes."""
    return unicodedata.category(letter) not in {"Mn", "Me", "Cf", "Sk", "Pe", "Pf", "Po"}


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in {"W", "F"}


@lru_cache(maxsize=4096)
def _letter(letter: str) -> int:
    if letter in _LETTERS:
        return _LETTERS[letter]
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    if ord(letter) >= _PICTURES:
        return _PICTURE
    if _is_wide(letter):
        return _WIDE
    base = unicodedata.normalize("NFD", letter)[0]
    return _LETTERS.get(base, _OTHERS)
