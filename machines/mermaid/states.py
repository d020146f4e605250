"""The statements that make states and edges."""

import re
from typing import Final, NamedTuple, cast

from argentos.machines.mermaid.collector import Container, StateCollector
from argentos.machines.mermaid.cursor import Cursor
from argentos.machines.mermaid.elements import OUTSIDE, Edge, Kind, Place
from argentos.machines.mermaid.statements import Declaration
from argentos.machines.mermaid.tokens import (
    COLON,
    NAME,
    class_behind,
    expect_end,
    expect_line_end,
    is_reserved,
    name,
    quoted,
    text_behind_colon,
)

__all__ = ["BRACE", "CompositeHead", "edge_or_state", "state"]

BRACE: Final = re.compile(r"\{")
_OUTSIDE = re.compile(r"\[\*\]")
_ARROW = re.compile(r"-->")
_STATE = re.compile(r"state\b", re.IGNORECASE)
_JOINED = re.compile(r"\w+ \w.*\{", re.ASCII)
_STATE_ALONE = re.compile(r"state\s[^{]*\Z", re.IGNORECASE)
_AS = re.compile(r"as(?=[ \t])", re.IGNORECASE)
_KIND = re.compile(r"<<(choice|fork|join)>>|\[\[(choice|fork|join)\]\]", re.IGNORECASE)


_MEANT = re.compile(r"[^\s:{}\[\]\"%#;<>-](?:[^:{}\[\]\"%#;<>-]|-(?=\w)){0,99}(?=\s*(?:-->|:|\{|\Z))")
"""A text that was perhaps meant for a name, with blanks, dots, dashes, brackets or signs in it."""


class CompositeHead(NamedTuple):
    """The head of a composite state, whose regions follow."""

    name: str
    title: str
    place: Place


def edge_or_state(cursor: Cursor, states: StateCollector, container: Container) -> Edge | Declaration:
    """`A --> B: label`, `A`, or `A : text`, where names may have classes after `:::`."""
    place = cursor.place
    if cursor.peek(_AS) and _STATE_ALONE.match(_above(cursor)):
        cursor.refuse("mermaid takes 'as' for a part of the line above; give the state another name")
    source = _end(cursor, "a state's name")
    source_class = class_behind(cursor)
    if cursor.take(_ARROW) is None:
        return _described(cursor, states, container, Declaration(source, place, style_class=source_class))
    target_place = cursor.place
    target = _end(cursor, "the name of the target")
    target_class = class_behind(cursor)
    label, label_place = text_behind_colon(cursor) if cursor.peek(COLON) else ("", cursor.place)
    if not label:
        _refuse_name(cursor, target_place)
    expect_end(cursor)
    states.mention(source, place, container)
    states.mention(target, target_place, container)
    return Edge(source, target, label, place, label_place, source_class, target_class, *container)


def state(cursor: Cursor, states: StateCollector, container: Container) -> Declaration | CompositeHead:
    """The statements that begin with `state`."""
    place = cursor.place
    cursor.take(_STATE)
    if not cursor.behind_blank:
        cursor.refuse(f"a blank was expected after 'state', not {cursor.shown}")
    if cursor.sees('"'):
        return _titled(cursor, states, container, place)
    named_at = cursor.place
    declared = _plain_name(cursor)
    if found := cursor.take(_KIND):
        kind = cast("Kind", found[2:-2].lower())
        expect_end(cursor)
        states.declare(declared, place, container, kind=kind)
        return Declaration(declared, place, kind=kind)
    if _opens(cursor, container):
        states.declare(declared, place, container)
        return CompositeHead(declared, "", place)
    if cursor.sees(":"):
        cursor.refuse(f"mermaid takes ':' for a part of the name here; write '{declared}{cursor.rest}' without 'state'")
    _refuse_name(cursor, named_at)
    if cursor.sees("&lt;"):
        cursor.refuse("the text is escaped for HTML; write '<<' for '&lt;&lt;' and '>>' for '&gt;&gt;'")
    if cursor.at_line_end and _JOINED.match(f"{declared} {_below(cursor)}"):
        cursor.refuse(f"mermaid takes the next line for a part of this one; write {declared!r} without 'state'", place)
    expect_end(cursor, "%%", "#")
    states.declare_undrawn(declared, place, container)
    return Declaration(declared, place, drawn=False)


def _titled(cursor: Cursor, states: StateCollector, container: Container, place: Place) -> Declaration | CompositeHead:
    """`state "title" as A`, with a text or an opening brace after it."""
    if hidden := _KIND.search(cursor.line, cursor.column):
        problem = f"{hidden[0]!r} cannot stand after a title: mermaid takes all before it for a name"
        cursor.refuse(problem, Place(place.line, hidden.start() + 1))
    title = quoted(cursor)
    if cursor.take(_AS) is None:
        cursor.refuse(f"'as' and a name were expected after the title, not {cursor.shown}")
    declared = name(cursor, "the name of the state")
    if _opens(cursor, container):
        states.declare(declared, place, container, title)
        return CompositeHead(declared, title, place)
    text, text_place = text_behind_colon(cursor, "text") if cursor.peek(COLON) else ("", cursor.place)
    if "{" in text:
        problem = "mermaid takes this brace for the beginning of a composite state; write the text on a line of its own"
        cursor.refuse(problem, Place(text_place.line, text_place.column + text.index("{")))
    expect_line_end(cursor)
    states.declare(declared, place, container, title, text)
    return Declaration(declared, place, title=title, text=text)


def _described(cursor: Cursor, states: StateCollector, container: Container, bare: Declaration) -> Declaration:
    if bare.name == OUTSIDE:
        cursor.refuse("'-->' was expected after [*]")
    text = ""
    if cursor.peek(COLON):
        text, _ = text_behind_colon(cursor, "text")
    else:
        _refuse_name(cursor, bare.place)
    if cursor.sees("-"):
        cursor.refuse(f"'-->' was expected, not {cursor.shown}")
    expect_end(cursor)
    states.declare(bare.name, bare.place, container, text)
    return Declaration(bare.name, bare.place, text=text, style_class=bare.style_class)


def _end(cursor: Cursor, expected: str) -> str:
    if cursor.peek(NAME) is None and not cursor.peek(_OUTSIDE):
        _refuse_name(cursor, cursor.place)
    return cursor.take(_OUTSIDE) or name(cursor, expected)


def _refuse_name(cursor: Cursor, place: Place) -> None:
    """Refuse what stands at the place if it was meant for a name, and show the line that gives it one."""
    found = _MEANT.match(cursor.line, place.column - 1)
    meant = found[0].rstrip() if found else ""
    alias = re.sub(r"\W+", "_", meant).strip("_") or ("" if meant.isascii() else "Name")
    if not alias or NAME.fullmatch(meant):
        return
    problem = f"a name is letters, digits and _; write {alias!r} here, and in a line above"
    cursor.refuse(f"{problem} 'state \"{meant}\" as {alias}'", place)


def _above(cursor: Cursor) -> str:
    """The line above, where neither empty ones nor comments count."""
    above = (cursor.lines[row].lstrip() for row in range(cursor.row - 1, -1, -1))
    return next((line for line in above if line and not line.startswith("%%")), "")


def _below(cursor: Cursor) -> str:
    """The line below, where neither empty ones nor comments and directives count."""
    is_within = False
    for row in range(cursor.row + 1, len(cursor.lines)):
        line = cursor.lines[row].lstrip()
        if is_within or line.startswith("%%{"):
            is_within = "}%%" not in line
        elif line and not line.startswith("%%"):
            return line
    return ""


def _plain_name(cursor: Cursor) -> str:
    """A name after `state`, where mermaid takes `as` for the word that follows a title."""
    word = cursor.peek(NAME)
    if word and word[0].lower() == "as" and not is_reserved(word[0]):
        cursor.refuse("'as' follows a title in quotes; give the state another name, or write it without 'state'")
    return name(cursor, "a state's name")


def _opens(cursor: Cursor, container: Container) -> bool:
    """Pass the opening brace. At the top, and only there, mermaid lets it stand at the beginning of the next line."""
    if cursor.take(BRACE):
        return True
    below = cursor.lines[cursor.row + 1].lstrip() if cursor.row + 1 < len(cursor.lines) else ""
    if container.within or not cursor.at_line_end or not below.startswith("{"):
        return False
    cursor.next_line()
    return cursor.take(BRACE) is not None
