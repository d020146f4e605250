"""Words that are looked for in texts, and the marks where they stand."""

import re
import unicodedata
from typing import Final

from msgspec import Struct

from argentos.errors import InputError

__all__ = ["Part", "SearchText", "normal"]

_AROUND: Final = 40  # characters of a text in front of what was found
_BEHIND: Final = 80  # and behind
_WORDS: Final = re.compile(r'"([^"]*)"|(\S+)')


class Part(Struct, frozen=True, rename="camel"):
    """A part of a snippet; whether it is what was looked for."""

    text: str
    is_match: bool = False


def normal(text: str) -> str:
    """The text in the form in which letters with marks are one character each, however they were typed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


class SearchText:
    """Words, all of which a text has to contain, anywhere in it; capitals do not matter.

    Args:
        text: words between white space; those in quotes belong together.

    Attributes:
        words: each once.

    Raises:
        InputError: there are none.
    """

    def __init__(self, text: str) -> None:
        found = (quoted or bare for quoted, bare in _WORDS.findall(normal(text)))
        self.words: tuple[str, ...] = tuple(dict.fromkeys(each for each in found if each.strip()))
        if not self.words:
            raise InputError("there is nothing to search for; give at least one word")
        self._folded = tuple(each.casefold() for each in self.words)
        longest_first = sorted(self.words, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def is_in(self, text: str) -> bool:
        """Tell whether a text has all the words."""
        folded = text.casefold()
        return all(each in folded for each in self._folded)

    def snippet(self, text: str) -> tuple[Part, ...]:
        """A part of the text, around the first word that is found, on one line."""
        first = self._pattern.search(text)
        begin = max(0, (first.start() if first else 0) - _AROUND)
        end = min(len(text), (first.end() if first else _AROUND) + _BEHIND)
        parts = [Part("…")] if begin else []
        place = begin
        for match in self._pattern.finditer(text, begin, end):
            parts += [Part(_in_one_line(text[place : match.start()])), Part(_in_one_line(match[0]), is_match=True)]
            place = match.end()
        parts.append(Part(_in_one_line(text[place:end]) + ("…" if end < len(text) else "")))
        return tuple(each for each in parts if each.text)


def _in_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
