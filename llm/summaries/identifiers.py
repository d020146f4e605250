"""Exact identifiers: what a summary has to have word for word, and a list of what it lacks.

Rules find them: addresses, paths, codes, numbers, and sentences by which something is forbidden. Those that a summary
lacks are added to it as quotes, the ones worth most first, as far as there is room.
"""

import heapq
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from argentos.llm.counting import TokenCounter, show_life
from argentos.llm.extraction import SAID, Worth, kinds_of, quote, sentences, speaker_of
from argentos.llm.summaries.parts import plain
from argentos.storage import Message, Summary

__all__ = ["HEADING", "with_identifiers"]

HEADING: Final = "Word for word:"
_EXACT: Final = re.compile(
    r"https?://[^\s\"'<>”“)]+"
    r"|\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w/])(?:~|\.{1,2})?(?:/[\w.@-]+){2,}"
    r"|[A-Za-z]:\\[\w\\. -]+\w"
    r"|(?=[\w-]*\d)(?=[\w-]*[^\W\d_])\b[\w]+(?:[-.:/][\w]+)*\b"
    r"|[€$£¥] ?\d[\d.,]*|\+?\d[\d.,:/-]*(?:[ ]\d{2,})*"
)
_LEAST_DIGITS: Final = 3  # of a number
_MOST: Final = 200  # quotes that are looked at more closely
_CHARACTERS: Final = 2000  # of a sentence
_BEFORE: Final = 120  # characters of a long sentence before an identifier
_OF_KIND: Final = {"prohibition": 1.0, "identifier": 0.6, "deadline": 0.5, "number": 0.3, "decision": 0.3}
_USERS: Final = 1.25
_ALIKE: Final = 0.6
"""Part of the words of a prohibition that a summary has to have."""
_WORD: Final = re.compile(r"\w{4,}")
_SEPARATOR: Final = re.compile(r"(?<=\d)[ ,.'\u00a0\u202f](?=\d{3})")


class _Quote(NamedTuple):
    worth: float
    order: int
    line: str


def with_identifiers(
    text: str, messages: Sequence[Message], earlier: Summary | None, *, room: int, count: TokenCounter
) -> str:
    """The summary, with a list of the exact identifiers that it lacks.

    Args:
        text: of the summary.
        messages: that it speaks for.
        earlier: the summary that these messages followed; what it quotes is not lost either.
        room: local tokens of the list.
        count: counts tokens.
    """
    left = room - count(HEADING) - 1
    found = heapq.nlargest(_MOST, _lacking(_Known(text), messages, earlier)) if left > 0 else []
    taken: list[_Quote] = []
    for each in found:
        if (cost := count(each.line) + 1) <= left:
            taken.append(each)
            left -= cost
    if not taken:
        return text
    return "\n".join([text, "", HEADING, *(each.line for each in sorted(taken, key=_order))])


def _order(each: _Quote) -> int:
    return -each.order


class _Known:
    """The identifiers and the words that a summary has."""

    def __init__(self, text: str) -> None:
        folded = _folded(text)
        self._text = folded
        self._words = frozenset(_WORD.findall(folded))

    def has(self, identifier: str) -> bool:
        """It is there, word for word; a number with or without separators."""
        return _folded(identifier) in self._text

    def is_like(self, sentence: str) -> bool:
        """Most of its words are there."""
        words = frozenset(_WORD.findall(_folded(sentence)))
        return len(words & self._words) >= _ALIKE * len(words) if words else _folded(sentence) in self._text


def _folded(text: str) -> str:
    return _SEPARATOR.sub("", text.casefold())


def _lacking(known: _Known, messages: Sequence[Message], earlier: Summary | None) -> Iterator[_Quote]:
    """Quotes of what the summary lacks; of two that say the same, the later one comes first."""
    worth = Worth(message.text for message in messages)
    order = 0
    for line in (earlier.text if earlier else "").split("\n"):
        order -= 1
        said = SAID.match(line)
        if said is not None and (value := _worth(said[1], known, worth)):
            yield _Quote(value, order, line)
    for message in messages:
        show_life()
        shown = plain(message)
        factor = _USERS if message.role == "user" and not message.blocks else 1.0
        for sentence in sentences(shown.text) if shown else ():
            order -= 1
            if value := _worth(sentence, known, worth):
                line = quote(message.number, speaker_of(message), _around(sentence, known))
                yield _Quote(value * factor, order, line)


def _worth(sentence: str, known: _Known, worth: Worth) -> float:
    """The worth of a sentence for the list; 0 where the summary lacks nothing of it."""
    sentence = sentence[:_CHARACTERS]
    kinds = kinds_of(sentence)
    lacks = _missing(sentence, known) is not None
    if not lacks and not ("prohibition" in kinds and not known.is_like(sentence)):
        return 0.0
    return worth.of(sentence) + sum(_OF_KIND.get(kind, 0.0) for kind in kinds)


def _missing(sentence: str, known: _Known) -> str | None:
    """The first exact identifier of a sentence that the summary lacks."""
    for match in _EXACT.finditer(sentence):
        found = match[0].rstrip(".,:/-")
        is_number = not any(each.isalpha() for each in found) and "/" not in found
        if is_number and sum(each.isdigit() for each in found) < _LEAST_DIGITS and found[0] not in "€$£¥":
            continue
        if not known.has(found):
            return found
    return None


def _around(sentence: str, known: _Known) -> str:
    """The sentence, from shortly before what the summary lacks where that stands far behind its beginning."""
    missing = _missing(sentence[:_CHARACTERS], known)
    at = sentence.find(missing) if missing else 0
    if at <= _BEFORE:
        return sentence
    begin = sentence.rfind(" ", 0, at - _BEFORE // 2)
    return f"… {sentence[begin + 1 :]}" if begin > 0 else sentence
