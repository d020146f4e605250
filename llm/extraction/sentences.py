"""Texts as sentences, in any language."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

__all__ = ["sentences"]

_SCRIPTS: Final = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("de", re.compile(r"[äöüß]|\b(?:der|die|das|und|ist|nicht|ich|wir|für|bis|mit|am|im)\b", re.IGNORECASE)),
)
"""Languages by what their texts have, the surest first; abbreviations differ between them."""

_LOOKED_AT: Final = 400  # characters of a line


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, none over more than one line."""
    segment: Any = import_module("sentencex").segment  # which has no types
    for line in text.split("\n"):
        if stripped := line.strip():
            yield from (sentence.strip() for sentence in segment(_language_of(stripped), stripped) if sentence.strip())


def _language_of(line: str) -> str:
    begin = line[:_LOOKED_AT]
    return next((language for language, marks in _SCRIPTS if marks.search(begin)), "en")
