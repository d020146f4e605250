"""The statements that begin with a word of mermaid's own, other than `state`."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from argentos.machines.mermaid.collector import Container, StateCollector
from argentos.machines.mermaid.cursor import Cursor
from argentos.machines.mermaid.elements import Place
from argentos.machines.mermaid.statements import Caption, Direction, Note, Setting, Statement, Styling
from argentos.machines.mermaid.tokens import (
    COLON,
    NAME,
    checked,
    dedented,
    expect_end,
    expect_line_end,
    name,
    quoted,
    text_behind_colon,
)

__all__ = ["AT_THE_TOP", "KEYWORDS", "keyword"]

_Handler: TypeAlias = Callable[[Cursor, StateCollector, Container], Statement]

_POSITION = re.compile(r"(left|right) of\b", re.IGNORECASE)
_END_NOTE = re.compile(r"end note\b", re.IGNORECASE)
_AS = re.compile(r"as\b", re.IGNORECASE)
_ONE_ID = re.compile(r"\w+", re.ASCII)
_IDS = re.compile(r"\w+(?:,[ \t]*\w+)*", re.ASCII)
_TIGHT_IDS = re.compile(r"\w+(?:,\w+)*(?=[ \t])", re.ASCII)
_SCALE = re.compile(r"\d+[ \t]+width\b", re.IGNORECASE | re.ASCII)
_LINK = re.compile(r'(?P<name>\w+)[ \t]+(?:href[ \t]+(?P<link>"[^"]+")|(?P<url>"[^"]+")[ \t]+(?P<tip>"[^"]+"))')

_NAMING = re.compile(r"\w+[ \t]*(?:-->|:|\Z)")

# A word begins its statement only where this follows; elsewhere it may name a state.
_FORMS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "accdescr": re.compile(r"accDescr[ \t]*[:{]", re.IGNORECASE),
        "acctitle": re.compile(r"accTitle[ \t]*:", re.IGNORECASE),
        "direction": re.compile(r"direction[ \t]+(?:TB|TD|BT|LR|RL)\b", re.IGNORECASE),
        "hide": re.compile(r"hide empty description\b", re.IGNORECASE),
    }
)

AT_THE_TOP: Final = frozenset({"accdescr", "acctitle", "click", "hide", "scale"})
"""The words that mermaid knows outside composite states only."""


def keyword(cursor: Cursor) -> str:
    """The word of mermaid's own with which a statement begins here, in lower case; nothing where it names a state."""
    found = cursor.peek(NAME)
    word = found[0].lower() if found else ""
    if word in _FORMS:
        return word if cursor.peek(_FORMS[word]) else ""
    return word if (word in KEYWORDS or word == "state") and not cursor.peek(_NAMING) else ""


def _note(cursor: Cursor, states: StateCollector, container: Container) -> Note:
    """`note left of A : text`, the same with lines up to `end note`, or `note "text" as N`."""
    place = cursor.place
    cursor.take(NAME)
    if cursor.sees('"'):
        return _floating(cursor, place)
    position = cursor.take(_POSITION)
    if position is None:
        cursor.refuse(f"'left of', 'right of' or a text in quotes was expected after 'note', not {cursor.shown}")
    named_at = cursor.place
    noted = name(cursor, "the name of the state")
    text = _inline_note(cursor) if cursor.peek(COLON) else _long_note(cursor, place)
    states.mention(noted, named_at, container)
    return Note("left of" if position[0] in "lL" else "right of", noted, text, place)


def _floating(cursor: Cursor, place: Place) -> Note:
    text = quoted(cursor)
    if cursor.take(_AS) is None:
        cursor.refuse(f"'as' and a name were expected after the note, not {cursor.shown}")
    noted = name(cursor, "the name of the note")
    expect_line_end(cursor)
    return Note("floating", noted, text, place)


def _inline_note(cursor: Cursor) -> str:
    text, place = text_behind_colon(cursor, "text")
    if ":" in text:
        problem = "':' cannot stand in a note of one line; write the text on lines of its own, up to 'end note'"
        cursor.refuse(problem, Place(place.line, place.column + text.index(":")))
    return text


def _long_note(cursor: Cursor, place: Place) -> str:
    if not cursor.at_line_end:
        cursor.refuse(f"the text was expected after ':' or on the next line, not {cursor.shown}")
    lines: list[str] = []
    while cursor.next_line():
        if cursor.peek(_END_NOTE):
            break
        lines.append(cursor.line)
    else:
        cursor.refuse("the note is never closed; add 'end note' on a line of its own", place)
    text = checked(cursor, dedented(lines), place)
    if text.startswith(":"):
        cursor.refuse("mermaid ends a note after a line that begins with ':'; begin it with a word", place)
    cursor.take(_END_NOTE)
    expect_end(cursor)
    return text


def _class(cursor: Cursor, _states: StateCollector, _container: Container) -> Styling:
    return _styling(cursor, "class", _IDS)


def _style(cursor: Cursor, _states: StateCollector, _container: Container) -> Styling:
    return _styling(cursor, "style", _TIGHT_IDS)


def _styling(cursor: Cursor, word: Literal["class", "style"], ids: re.Pattern[str]) -> Styling:
    """The styles of states; mermaid draws no state that is named by styles alone."""
    place = cursor.place
    cursor.take(NAME)
    found = cursor.take(ids)
    if found is None:
        cursor.refuse(f"names of states, with ',' between, were expected after {word!r}, not {cursor.shown}")
    if cursor.at_line_end or cursor.sees(",") or not cursor.behind_blank:
        cursor.refuse(f"what the states look like was expected after their names, not {cursor.shown}")
    names = [each.strip() for each in found.split(",")]
    return Styling(word, tuple(names), checked(cursor, cursor.take_line(), place), place)


def _class_definition(cursor: Cursor, _states: StateCollector, _container: Container) -> Setting:
    place = cursor.place
    cursor.take(NAME)
    defined = cursor.peek(_ONE_ID)
    if defined is None or defined[0].lower() == "default":
        cursor.refuse(f"the name of a class was expected after 'classDef', not {cursor.shown}")
    cursor.take(_ONE_ID)
    if cursor.at_line_end or not cursor.behind_blank:
        cursor.refuse(f"a blank and what the class looks like were expected, not {cursor.shown}")
    return Setting("classDef", f"{defined[0]} {checked(cursor, cursor.take_line(), place)}", place)


def _click(cursor: Cursor, _states: StateCollector, _container: Container) -> Setting:
    place = cursor.place
    cursor.take(NAME)
    link = cursor.peek(_LINK)
    if link is None:
        cursor.refuse(f"'A href \"address\"' or 'A \"address\" \"tip\"' was expected after 'click', not {cursor.shown}")
    cursor.take(_LINK)
    expect_end(cursor)
    behind = f"href {link['link']}" if link["link"] else f"{link['url']} {link['tip']}"
    return Setting("click", checked(cursor, f"{link['name']} {behind}", place), place)


def _scale(cursor: Cursor, _states: StateCollector, _container: Container) -> Setting:
    place = cursor.place
    cursor.take(NAME)
    scale = cursor.take(_SCALE)
    if scale is None:
        cursor.refuse(f"a number and 'width' were expected after 'scale', not {cursor.shown}")
    expect_end(cursor)
    return Setting("scale", f"{scale.split()[0]} width", place)


def _hide(cursor: Cursor, _states: StateCollector, _container: Container) -> Setting:
    place = cursor.place
    cursor.take(_FORMS["hide"])
    expect_end(cursor)
    return Setting("hide", "empty description", place)


def _title(cursor: Cursor, _states: StateCollector, _container: Container) -> Caption:
    place = cursor.place
    cursor.take(_FORMS["acctitle"])
    return Caption("accTitle", _caption(cursor, place), place)


def _description(cursor: Cursor, _states: StateCollector, _container: Container) -> Caption:
    """`accDescr: text`, or `accDescr { text of several lines }`."""
    place = cursor.place
    opening = cursor.take(_FORMS["accdescr"]) or ""
    if opening.endswith(":"):
        return Caption("accDescr", _caption(cursor, place), place)
    text = cursor.take_to("}")
    if text is None:
        cursor.refuse("the description is never closed; add '}'", place)
    found = checked(cursor, dedented(text.split("\n")), place)
    if not found:
        cursor.refuse("a text was expected between the braces", place)
    return Caption("accDescr", found, place)


def _caption(cursor: Cursor, place: Place) -> str:
    return checked(cursor, cursor.take_line().strip(), place) or cursor.refuse(
        "a text was expected after ':'; mermaid takes the next line", place
    )


def _direction(cursor: Cursor, _states: StateCollector, _container: Container) -> Direction:
    place = cursor.place
    found = (cursor.take(_FORMS["direction"]) or "").split()[-1].upper()
    if found == "TD":
        cursor.refuse("mermaid knows no direction 'TD' here, and draws a state of each word; write 'TB'", place)
    expect_end(cursor)
    return Direction(found, place)


KEYWORDS: Final[Mapping[str, _Handler]] = MappingProxyType(
    {
        "accdescr": _description,
        "acctitle": _title,
        "class": _class,
        "classdef": _class_definition,
        "click": _click,
        "direction": _direction,
        "hide": _hide,
        "note": _note,
        "scale": _scale,
        "style": _style,
    }
)
