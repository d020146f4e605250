"""Hypothesis strategies for diagrams: every statement that can be read, within each other.

What is drawn stands nowhere yet: all places are `NOWHERE` until the text is read.
"""

import re
from dataclasses import replace
from typing import Final

from hypothesis import strategies as st

from argentos.errors import DiagramError
from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.collector import Container
from argentos.machines.mermaid.elements import OUTSIDE, Edge, Place
from argentos.machines.mermaid.statements import (
    Caption,
    Comment,
    Declaration,
    Direction,
    Directive,
    Document,
    Note,
    Region,
    Setting,
    Statement,
    Styling,
)
from argentos.machines.mermaid.tokens import ENTITY, NAME, dedented, is_reserved, label_problem
from argentos.machines.mermaid.writer import write

__all__ = ["LABELS", "NAMES", "NOWHERE", "diagram_texts", "documents", "drafts"]

NOWHERE: Final = Place(1, 1)

_NOWHERE: Final = st.just(NOWHERE)
_NOTHING: Final = st.just("")
_END_NOTE = re.compile(r"^\s*end note\b", re.IGNORECASE | re.MULTILINE)


def _is_plain(text: str) -> bool:
    """Tell whether mermaid finds neither directives nor comments in the text."""
    return bool(text) and "%%" not in text


def _texts(without: str = "") -> st.SearchStrategy[str]:
    """Texts of one line that neither begin nor end with blanks."""
    letters = st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters=without)
    return st.text(letters, min_size=1, max_size=12).map(str.strip).filter(_is_plain)


def _long_texts(without: str = "") -> st.SearchStrategy[str]:
    """Texts of several lines, of which neither the first nor the last is empty."""
    return st.lists(_texts(without) | _NOTHING, min_size=1, max_size=3).map("\n".join).map(str.strip).filter(_is_plain)


def _dedented(text: str) -> str:
    return dedented(text.split("\n"))


def _ends_no_note(text: str) -> bool:
    return not text.startswith(":") and _END_NOTE.search(text) is None


def _is_name(word: str) -> bool:
    return NAME.fullmatch(word) is not None and not is_reserved(word) and word.lower() != "as"


_word_letters = st.characters(categories=("Lu", "Ll", "Lo", "Nd"), include_characters="_")

NAMES: Final = st.sampled_from("ABC") | st.text(_word_letters, min_size=1, max_size=6).filter(_is_name)
"""Names of states, of any script; the first ones often."""

LABELS: Final = (
    st.sampled_from(["go", "after 15m", "go [is ready]", "[else]", "go [a, b] / log", "/ log", "a#59;b", "a: b"])
    | _texts()
).filter(lambda text: label_problem(text) is None)
"""Labels, many of them in UML's notation."""

_COMPOSITES: Final = st.sampled_from(["Outer", "Middle", "Inner"]) | NAMES
_CLASS_NAMES: Final = st.sampled_from(["loud", "still"])
_CLASSES: Final = _NOTHING | _CLASS_NAMES
_TITLES: Final = _long_texts(without='"')
_NOTE_TEXTS: Final = _long_texts().map(_dedented).filter(_ends_no_note)
_PSEUDO_STATES: Final = st.sampled_from(["Either", "Fork", "Join"])
_ENDS: Final = st.one_of(st.just(OUTSIDE), NAMES, NAMES, NAMES, _PSEUDO_STATES | _COMPOSITES)
_EDGES: Final = st.builds(Edge, _ENDS, _ENDS, _NOTHING | LABELS, _NOWHERE, _NOWHERE, _CLASSES, _CLASSES)
_STATES: Final = st.one_of(
    st.builds(Declaration, NAMES, _NOWHERE, text=_NOTHING | LABELS, style_class=_CLASSES),
    st.builds(Declaration, NAMES, _NOWHERE, title=_TITLES, text=_NOTHING | LABELS.filter(lambda text: "{" not in text)),
    st.builds(Declaration, NAMES, _NOWHERE, drawn=st.sampled_from([False])),
    st.builds(Declaration, _PSEUDO_STATES, _NOWHERE, kind=st.sampled_from(["choice", "fork", "join"])),
)
_NOTES: Final = st.one_of(
    st.builds(Note, st.sampled_from(["left of", "right of"]), NAMES, _NOTHING | _NOTE_TEXTS, _NOWHERE),
    st.builds(Note, st.just("floating"), NAMES, _TITLES, _NOWHERE),
)
_STYLINGS: Final = st.builds(
    Styling,
    st.sampled_from(["class", "style"]),
    st.lists(st.sampled_from("ABC"), min_size=1, max_size=3).map(tuple),
    st.sampled_from(["loud", "fill:#f00,color:white", "a b;"]),
    _NOWHERE,
)
_COMMENTS: Final = _NOTHING.map("%%".__add__) | _texts().filter(lambda text: text[0] != "{").map("%%".__add__)
_DIRECTIVES: Final = (
    _long_texts().map("%%{{init: {{{}}}}}%%".format).filter(lambda text: text.index("}%%") == len(text) - 3)
)
_REMARKS: Final = st.builds(Comment, _COMMENTS, _NOWHERE) | st.builds(Directive, _DIRECTIVES, _NOWHERE)

_ANYWHERE: Final[st.SearchStrategy[Statement]] = st.one_of(
    _EDGES,
    _STATES,
    _NOTES,
    _STYLINGS,
    _REMARKS,
    st.builds(Comment, _texts().map("#".__add__).filter(lambda text: ENTITY.match(text) is None), _NOWHERE),
    st.builds(Direction, st.sampled_from(["TB", "BT", "LR", "RL"]), _NOWHERE),
    st.builds(Setting, st.just("classDef"), _CLASS_NAMES.map("{} fill:#f00,color:white".format), _NOWHERE),
)
_LINKS: Final = st.sampled_from(['A href "https://example.org"', 'A "https://example.org" "tip"'])
_AT_THE_TOP: Final[st.SearchStrategy[Statement]] = st.one_of(
    _ANYWHERE,
    st.builds(Setting, st.just("click"), _LINKS, _NOWHERE),
    st.builds(Setting, st.just("scale"), st.integers(0, 999).map("{} width".format), _NOWHERE),
    st.builds(Setting, st.just("hide"), st.just("empty description"), _NOWHERE),
    st.builds(Caption, st.just("accTitle"), _texts(), _NOWHERE),
    st.builds(Caption, st.just("accDescr"), _long_texts(without="}").map(_dedented), _NOWHERE),
)


def _at(container: Container, statement: Statement) -> Statement:
    """The statement as it is at that place in the tree."""
    return (
        replace(statement, within=container.within, region=container.region)
        if isinstance(statement, Edge)
        else statement
    )


@st.composite
def _regions(draw: st.DrawFn, container: Container, depth: int) -> Region:
    """The statements of one region; composite states stand up to `depth` deep in it."""
    drawn = draw(st.lists(_ANYWHERE if container.within else _AT_THE_TOP, max_size=4))
    statements = [_at(container, statement) for statement in drawn]
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        statements.insert(draw(st.integers(0, len(statements))), draw(_composites(depth - 1)))
    return tuple(statements)


@st.composite
def _composites(draw: st.DrawFn, depth: int) -> Declaration:
    name = draw(_COMPOSITES)
    count = draw(st.integers(1, 3))
    regions = tuple(draw(_regions(Container(name, number), depth)) for number in range(count))
    return Declaration(name, NOWHERE, title=draw(_NOTHING | _TITLES), regions=regions)


def drafts(depth: int = 2) -> st.SearchStrategy[Document]:
    """Whole texts as trees of statements, also such as mermaid draws otherwise than meant."""
    front_matter = _NOTHING | _long_texts().filter(lambda text: "---" not in text.split("\n"))
    preamble = st.lists(_REMARKS, max_size=2).map(tuple)
    headers = st.sampled_from(["stateDiagram", "stateDiagram-v2"])
    return st.builds(Document, front_matter, preamble, headers, _regions(Container(), depth))


def documents(depth: int = 2) -> st.SearchStrategy[Document]:
    """Drafts that can be read; composite states stand up to `depth` deep."""
    return drafts(depth).filter(_is_read)


def _is_read(document: Document) -> bool:
    try:
        Diagram.parse(write(document))
    except DiagramError:
        return False
    return True


def diagram_texts(depth: int = 2) -> st.SearchStrategy[str]:
    """Texts that `Diagram.parse` reads."""
    return documents(depth).map(write)
