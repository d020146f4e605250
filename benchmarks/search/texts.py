"""Texts, made up: words as often as in a language, in Latin letters and in Chinese characters."""

import random
from functools import cache
from itertools import accumulate
from typing import Final

__all__ = ["LENGTH", "characters", "chinese", "text", "words"]

LENGTH: Final = 240
"""Characters of a message."""

_WORDS: Final = 30_000
_CHARACTERS: Final = 3000
_CONSONANTS: Final = "bcdfghklmnprstvwz"
_VOWELS: Final = "aeiou"


@cache
def words() -> list[str]:
    """All words, the most frequent one first."""
    made = random.Random(1)  # noqa: S311 - made up, not secret
    return [_word(made) for _ in range(_WORDS)]


def _word(made: random.Random) -> str:
    syllables = (
        made.choice(_CONSONANTS) + made.choice(_VOWELS) + made.choice(("", "", "", *_CONSONANTS[:2]))
        for _ in range(made.randint(1, 4))
    )
    return "".join(syllables)


@cache
def characters() -> list[str]:
    """All characters, likewise."""
    return [chr(0x4E00 + number) for number in range(_CHARACTERS)]


@cache
def _weights() -> list[float]:
    return [*accumulate(1 / rank for rank in range(1, _WORDS + 1))]


@cache
def _frequencies() -> list[float]:
    return [*accumulate(1 / (rank + 10) for rank in range(_CHARACTERS))]


def text(chance: random.Random) -> str:
    """A message; one in five is Chinese."""
    if chance.random() < 0.2:  # noqa: PLR2004 - see above
        return chinese(chance)
    return " ".join(chance.choices(words(), cum_weights=_weights(), k=LENGTH // 3))[:LENGTH]


def chinese(chance: random.Random) -> str:
    """A message in Chinese."""
    return "".join(chance.choices(characters(), cum_weights=_frequencies(), k=LENGTH))
