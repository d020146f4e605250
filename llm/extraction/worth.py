"""The worth of sentences among others: what is said once, and by people, is worth more than what is said all the time.

No language is known here. Numbers count by their shape: among a hundred readings of
a gauge one more says nothing, and an order number does.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["Worth", "shape_of"]

_TOKEN: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]+|[^\W_][\w@#./:\\-]*[^\W_]|\w")
_EAST_ASIAN: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_DIGITS: Final = re.compile(r"\d+(?:[.,]\d+)*")
_HAS_DIGIT: Final = re.compile(r"\d")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_STRONGEST: Final = 8
"""The rarest words of a sentence, by which it is measured: what else it says makes it no worse."""


class Worth:
    """Measures sentences by the words that are rare in some texts.

    Args:
        texts: that were said together, a message each.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        seen: Counter[str] = Counter()
        self._texts = 1
        for text in texts:
            self._texts += 1
            seen.update(set(_words(text)))
        self._seen = seen

    def of(self, sentence: str) -> float:
        """The worth of a sentence: 0 where all of it is said all the time, some 1 where none of it is."""
        words = set(_words(sentence))
        if not words:
            return 0.0
        most = math.log(self._texts + 1)
        weights = sorted((math.log((self._texts + 1) / (self._seen[word] + 1)) / most for word in words), reverse=True)
        strongest = weights[:_STRONGEST]
        return sum(strongest) / (len(strongest) + 1)


def shape_of(text: str) -> str:
    """A text with each number as a sign: sentences of one shape say the same of other numbers."""
    return _DIGITS.sub("0", text.casefold())


def _tokens(text: str) -> Sequence[str]:
    return _TOKEN.findall(text)


def _words(text: str) -> Iterable[str]:
    for token in _tokens(text):
        if _EAST_ASIAN.match(token):
            yield from (token[at : at + 2] for at in range(max(1, len(token) - 1)))
        elif _HAS_DIGIT.search(token):
            yield _LETTERS.sub("a", _DIGITS.sub("0", token))
        elif len(token) > 1:
            yield token.casefold()
