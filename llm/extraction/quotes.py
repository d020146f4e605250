"""Quotes: a sentence of a message, with its number and who said it."""

import re
from typing import Final

from argentos.storage import Message

__all__ = ["QUOTED", "SAID", "quote", "shorten", "speaker_of"]

QUOTED: Final = re.compile(r"\[(\d+)\] ")
SAID: Final = re.compile(r"\[\d+\] [^“]*“(.*)”$")
_LONGEST: Final = 280  # characters


def quote(number: int, who: str, sentence: str) -> str:
    """A line with a sentence of the message of this number."""
    return f"[{number}] {who}: “{shorten(sentence)}”"


def speaker_of(message: Message) -> str:
    """The name to show, or the role: in one line, for a line of its own would be a quote of its own."""
    return " ".join((message.sender or message.role).split())


def shorten(sentence: str, longest: int = _LONGEST) -> str:
    """Cut between words, so that no number or name is cut in two."""
    text = " ".join(sentence.split())
    if len(text) <= longest:
        return text
    cut = text.rfind(" ", 0, longest)
    return f"{text[:cut]} …" if cut > 0 else "…"
