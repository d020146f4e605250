"""The labels of a chart's moves: those that a diagram had, where they say the same, or new ones."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from argentos.machines.conditions import ALWAYS, Terms, read_guard
from argentos.machines.durations import milliseconds, text_of
from argentos.machines.exchange.chart import Move, When
from argentos.machines.mermaid.labels import Label, read_label
from argentos.machines.mermaid.tokens import label_problem
from argentos.machines.notation import Misread, effects_in, event_in, is_else, name_of

__all__ = ["effect_named", "event_named", "fact_named", "label_of", "terms_of", "texts_of"]

_WORD: Final = re.compile(r"\W+")
_RESERVED: Final = {"and", "or", "not", "in", "else", "true", "false", "none", "null", "event"}


def texts_of(moves: Iterable[Move]) -> dict[str, str]:
    """The text that labels have for each event, as far as they say what their moves are."""
    found: dict[str, str] = {}
    for move in moves:
        if _is_kept(move, is_branch=False):
            for event, _ in read_label(move.label).triggers:
                found.setdefault(event_in(event), event)
    return found


def label_of(move: Move, texts: Mapping[str, str], *, is_branch: bool = False) -> str:
    """The label of a move.

    Args:
        move: the move.
        texts: what other labels have for events.
        is_branch: it leaves a choice, and so has `else` where it has no guard.
    """
    if _is_kept(move, is_branch=is_branch):
        return move.label
    effects = f"/ {', '.join(move.effects)}" if move.effects else ""
    if is_branch and not move.guard:
        return f"else {effects}".strip()
    triggers = ", ".join(_trigger(when, texts) for when in move.whens)
    guard = f"[{move.guard}]" if move.guard else ""
    return " ".join(part for part in (triggers, guard, effects) if part)


def _is_kept(move: Move, *, is_branch: bool) -> bool:
    return bool(move.label) and label_problem(move.label) is None and _says(move.label, move, is_branch=is_branch)


def _trigger(when: When, texts: Mapping[str, str]) -> str:
    if when.delay is None:
        return texts.get(when.event, when.event)
    length = milliseconds(when.delay)
    return f"after {when.delay if length is None else text_of(length)}"


def _says(label: str, move: Move, *, is_branch: bool) -> bool:
    """Tell whether a label means what the move is."""
    parts = read_label(label)
    guard = parts.guard or (parts.event if is_branch and parts.event.lower() != "else" else "")
    try:
        if effects_in(parts.effect) != move.effects or terms_of(guard) != terms_of(move.guard):
            return False
        return is_branch or _events_in(parts) == [_key(when) for when in move.whens]
    except Misread:
        return False


def terms_of(guard: str) -> Terms:
    """The terms of a guard; an empty one always holds.

    Raises:
        Misread: it says what the language does not have.
    """
    return read_guard(guard) if guard and not is_else(guard) else ALWAYS


def _events_in(parts: Label) -> list[str | float]:
    """The events that a label names; delays by their lengths."""
    found: list[str | float] = []
    for event, delay in parts.triggers:
        if delay:
            length = milliseconds(delay)
            found.append(delay if length is None else length)
        elif event:
            found.append(event_in(event))
    return found


def _key(when: When) -> str | float:
    if when.delay is None:
        return when.event
    length = milliseconds(when.delay)
    return when.delay if length is None else length


def event_named(text: str) -> str:
    """A name that a label can give an event, as near as can be to the text."""
    word = _plain(text)
    return word if name_of(word) == word else name_of(word) or "event"


def effect_named(text: str) -> str:
    """A name that a label can give an effect."""
    return event_named(text)


def fact_named(text: str) -> str:
    """A name that a guard can give a fact."""
    word = _plain(text)
    return f"is_{word}" if word.lower() in _RESERVED or not word.isidentifier() else word


def _plain(text: str) -> str:
    return _WORD.sub("_", text).strip("_") or "unnamed"
