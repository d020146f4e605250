"""Tokens that statements share: names, classes, quoted texts, texts after colons, and the end of a statement."""

import itertools
import re
from typing import Final, NoReturn

from argentos.machines.mermaid.cursor import Cursor
from argentos.machines.mermaid.elements import Place

__all__ = [
    "COLON",
    "ENTITY",
    "NAME",
    "checked",
    "class_behind",
    "dedented",
    "expect_end",
    "expect_line_end",
    "is_reserved",
    "label_problem",
    "name",
    "quoted",
    "text_behind_colon",
]

NAME: Final = re.compile(r"\w+")
ENTITY: Final = re.compile(r"#\w+;", re.ASCII)
COLON: Final = re.compile(r":(?!::)")
_CLASS = re.compile(r":::")
_QUOTE = re.compile(r'"')
_DIRECTION = re.compile(r"direction\s+(?:TB|BT|RL|LR)", re.IGNORECASE)
_RESERVED = frozenset(
    {"accdescr", "acctitle", "class", "classdef", "click", "default", "note", "scale", "state", "statediagram", "style"}
)


def is_reserved(word: str) -> bool:
    """Tell whether mermaid takes the word, in whatever case, for the beginning of a statement."""
    return word.lower() in _RESERVED or word == "direction"


def name(cursor: Cursor, expected: str) -> str:
    """The name of a state, which is no word of mermaid's own.

    Args:
        cursor: stands at the name.
        expected: the beginning of the sentence of a refusal, as in `the name of the target`.
    """
    word = cursor.peek(NAME)
    if word is None:
        cursor.refuse(f"{expected} was expected, not {cursor.shown}; names are letters, digits and _")
    if is_reserved(word[0]):
        cursor.refuse(f"{word[0]!r} is a word of mermaid's own; give the state another name")
    return cursor.take(NAME) or ""


def class_behind(cursor: Cursor) -> str:
    """The class of `:::class`, or nothing."""
    if cursor.take(_CLASS) is None:
        return ""
    word = cursor.peek(NAME)
    if word is None:
        cursor.refuse(f"the name of a class was expected after ':::', not {cursor.shown}")
    if is_reserved(word[0]):
        cursor.refuse(f"{word[0]!r} is a word of mermaid's own; give the class another name")
    return cursor.take(NAME) or ""


def quoted(cursor: Cursor) -> str:
    """The text in the quotes at which the cursor stands, which may take several lines."""
    place = cursor.place
    cursor.take(_QUOTE)
    text = cursor.take_to('"')
    if text is None:
        cursor.refuse("the quote is never closed; add '\"'", place)
    return checked(cursor, text.strip(), place) or cursor.refuse("a text was expected between the quotes", place)


def checked(cursor: Cursor, text: str, place: Place) -> str:
    """The text, checked for what mermaid would take for a directive or a comment."""
    if "%%{" in text:
        cursor.refuse("'%%{' cannot stand in a text: mermaid takes it for the beginning of a directive", place)
    if any(line.lstrip().startswith("%%") for line in text.split("\n")):
        cursor.refuse("a line of a text cannot begin with '%%': mermaid takes it for a comment", place)
    return text


def text_behind_colon(cursor: Cursor, what: str = "label") -> tuple[str, Place]:
    """The text after the colon at which the cursor stands; it reaches to the end of the line."""
    cursor.take(COLON)
    start, place = cursor.column, cursor.place
    text = cursor.take_line().strip()
    if not text:
        cursor.refuse(f"a {what} was expected after ':'; write one, or leave the colon out", place)
    found = label_problem(text)
    if found is not None:
        at, problem = found
        blanks = len(cursor.line) - start - len(text)  # a blank that is not ASCII may stand in front
        cursor.refuse(problem, Place(place.line, start + blanks + at + 1))
    return text, place


def label_problem(text: str) -> tuple[int, str] | None:
    """The first part of a label that mermaid would not read as text: how many characters stand before it, and why."""
    masked = ENTITY.sub(lambda entity: "_" * len(entity[0]), text)
    for mark, meaning in (
        ("%%", "a comment needs a line of its own"),
        (";", "it would end the statement; write '#59;' for it"),
        ("::", "mermaid refuses it; put a blank between the colons"),
    ):
        if mark in masked:
            return masked.index(mark), f"{mark!r} cannot stand in a label: {meaning}"
    if text.endswith(":"):
        return len(text) - 1, "a label cannot end with ':': mermaid refuses it; write '#58;' for it"
    if found := _DIRECTION.search(text):
        return found.start(), f"{found[0]!r} cannot stand in a label: mermaid takes the line for a direction"
    return None


def expect_end(cursor: Cursor, *allowed: str) -> None:
    """Refuse what stands after a statement on its line, unless it begins with one of the marks, after a blank.

    Without marks a comment is allowed, and the brace that closes a composite state.
    """
    if cursor.at_line_end or (cursor.behind_blank and cursor.sees(*(allowed or ("%%", "#", "}")))):
        return
    _refuse_rest(cursor)


def expect_line_end(cursor: Cursor) -> None:
    """Refuse whatever stands after a statement on its line."""
    if not cursor.at_line_end:
        _refuse_rest(cursor)


def _refuse_rest(cursor: Cursor) -> NoReturn:
    if cursor.sees("%%", "#"):
        cursor.refuse("a comment needs a line of its own here: mermaid would take it for a part of the name")
    if cursor.sees("}"):
        cursor.refuse("'}' needs a line of its own here: mermaid would take it for a part of the name")
    cursor.refuse(f"the end of the line was expected, not {cursor.shown}")


def dedented(lines: list[str]) -> str:
    """The lines without the blanks that all of them begin with, and without empty ones above and below."""
    blanks = [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()] or [""]
    shared = zip(min(blanks), max(blanks), strict=False)
    margin = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], shared))
    return "\n".join(line[margin:].rstrip() for line in lines).strip("\n")
