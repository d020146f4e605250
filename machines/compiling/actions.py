"""Actions of states: lines of their descriptions, as `entry / beep`, `exit / log` and `on push [guard] / ring`.

Mermaid draws them as the text that they are. What is done on the way in and out are effects, and an edge that stays
inside its state, with neither, is an edge like others but for that.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

from argentos.machines.bindings import refuse
from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import Edge
from argentos.machines.mermaid.labels import BREAK
from argentos.machines.mermaid.statements import Declaration, walk
from argentos.machines.notation import Misread, effects_in

__all__ = ["Actions", "actions"]

_ACTION: Final = re.compile(r"(?:on\s+)?(entry|enter|exit|do)\s*([/:])\s*", re.IGNORECASE)
_INTERNAL: Final = re.compile(r"on\s+(?=[^/]*\s/)", re.IGNORECASE)


class Actions(NamedTuple):
    """The actions of a diagram's states.

    Attributes:
        entry: by the name of a state, the effects that follow when it is entered.
        exit: those that follow when it is left.
        internal: the edges that stay inside their state.
    """

    entry: dict[str, tuple[str, ...]]
    exit: dict[str, tuple[str, ...]]
    internal: tuple[Edge, ...]


def actions(diagram: Diagram) -> Actions:
    """Read the actions in the descriptions of the states.

    Raises:
        DiagramError: a line reads like an action, but is none.
    """
    entry: dict[str, tuple[str, ...]] = {}
    on_exit: dict[str, tuple[str, ...]] = {}
    internal: list[Edge] = []
    for declared, line in _lines(diagram):
        if found := _ACTION.match(line):
            word, mark = found[1].lower(), found[2]
            if word == "do":
                problem = f"{line!r} of {declared.name} would be shown, but not done: a state does nothing on and on"
                _refuse(diagram, declared, line, f"{problem}; begin it by 'entry / …', and end it by 'exit / …'")
            if mark == ":":
                problem = f"{line!r} of {declared.name} reads like an action"
                _refuse(diagram, declared, line, f"{problem}; write 'entry / …' or 'exit / …', or other words")
            kept = on_exit if word == "exit" else entry
            effects = _effects(diagram, declared, line, line[found.end() :])
            kept[declared.name] = (*kept.get(declared.name, ()), *effects)
        elif found := _INTERNAL.match(line):
            label = line[found.end() :]
            internal.append(Edge(declared.name, declared.name, label, declared.place, declared.place))
    return Actions(entry, on_exit, tuple(internal))


def _lines(diagram: Diagram) -> Iterator[tuple[Declaration, str]]:
    for statement in walk(diagram.document.body):
        if isinstance(statement, Declaration):
            for text in (statement.title, statement.text):
                yield from ((statement, line.strip()) for line in BREAK.split(text))


def _effects(diagram: Diagram, declared: Declaration, line: str, text: str) -> tuple[str, ...]:
    try:
        found = effects_in(text)
    except Misread as misread:
        _refuse(diagram, declared, line, misread.problem)
    return found or _refuse(
        diagram, declared, line, f"{line!r} of {declared.name} names no effect; write one after '/'"
    )


def _refuse(diagram: Diagram, declared: Declaration, line: str, problem: str) -> NoReturn:
    refuse(diagram, problem, declared.place, line)
