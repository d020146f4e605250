"""The names in the parts of a label; what would be misread is refused, never dropped.

Events are words with commas between them, and so are effects; guards have a language of their own, see `conditions`.
Line breaks say nothing.
"""

import html
import re
from typing import Final

__all__ = ["Misread", "decoded", "effects_in", "event_in", "is_else", "name_of"]

_WORD: Final = re.compile(r"\w+")
_WORDS: Final = re.compile(r"[\w'.-]+(?:\s+[\w'.-]+)*")
_ENTITY: Final = re.compile(r"#(\w+);")
_MISREAD_IN_EVENTS: Final = (
    (re.compile(r"\||&&"), "{0!r} stands between two events; write ',' there, or an edge for each of them"),
    (re.compile(r"<[^<>]*>"), "{0!r} is markup; leave it out, for an event is plain words"),
    (re.compile(r"[\[\]]"), "{0!r} belongs to a guard; write 'event [guard] / effect', or words without brackets"),
    (re.compile(r"after\b(?!\s*\w)|after(?=\d)", re.IGNORECASE), "a delay is written 'after 5s', or 'after a_while'"),
)


class Misread(Exception):  # noqa: N818 - it never leaves the reading of bindings
    """A part of a label that would be misread.

    Attributes:
        problem: what it says that cannot be obeyed, and what to write.
        at: how many characters of the part stand before it.
    """

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at


def name_of(text: str) -> str:
    """The name that a text gives: its words, small and joined by `_`; one word with capitals inside stays as it is."""
    is_name = text.isidentifier() and text[1:] != text[1:].lower()
    return text if is_name else "_".join(_WORD.findall(text.lower()))


def decoded(text: str) -> str:
    """The text with mermaid's entities, as `#59;`, replaced by what they stand for."""
    return html.unescape(_ENTITY.sub(_entity, text))


def event_in(text: str) -> str:
    """The name of the event.

    Raises:
        Misread: it says more than words do.
    """
    for misread, problem in _MISREAD_IN_EVENTS:
        if (found := misread.search(text)) and (misread is not _MISREAD_IN_EVENTS[-1][0] or not found.start()):
            raise Misread(problem.format(found[0]), found.start())
    return name_of(decoded(text))


def effects_in(text: str) -> tuple[str, ...]:
    """The names of the effects.

    Raises:
        Misread: one of them is no words.
    """
    if not text:
        return ()
    starts = [0, *(found.end() for found in re.finditer(",", text))]
    return tuple(_effect(part, start) for part, start in zip(text.split(","), starts, strict=True))


def is_else(text: str) -> bool:
    """Tell whether the text stands for whatever no other guard takes."""
    return text.lower() == "else"


def _effect(part: str, start: int) -> str:
    text = decoded(part.strip())
    if _WORDS.fullmatch(text) is None or not name_of(text):
        problem = f"the effect {text!r} is no name; effects are names with ',' between them, as in '/ log, send mail'"
        raise Misread(problem, start + len(part) - len(part.lstrip()))
    return name_of(text)


def _entity(found: re.Match[str]) -> str:
    return f"&#{found[1]};" if found[1].isdigit() else f"&{found[1]};"
