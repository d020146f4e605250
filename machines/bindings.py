"""Meanings of labels: from the label itself, or bound beside the diagram.

A label is UML's `event [guard] / effect`, `after delay`, or plain words. A *binding* of the whole label says what it
means instead: then nothing counts that the label seems to show. One of the event in it says what the event means, and
guard and effects beside it count, too. Without any bindings the labels alone are the meaning. All parts are names to
be looked up; none is evaluated.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, NoReturn, TypeVar

from argentos.errors import DiagramError
from argentos.machines.diagram import Diagram
from argentos.machines.guards import unfit
from argentos.machines.mermaid.elements import OUTSIDE, Edge, Place
from argentos.machines.notation import Misread, effects_in, event_in, guards_in, is_else, name_of

__all__ = ["Binding", "Bindings", "Meaning", "refuse"]

T = TypeVar("T")

_DELAY: Final = re.compile(r"\d+(?:\.\d+)?\s?\w+|\w+(?:\s+\w+)*")


@dataclass(frozen=True, slots=True)
class Binding:
    """The meaning of a label, or of the event in it.

    Attributes:
        event: takes the edge; if empty, the event that the label names. Where a choice is left the guards decide.
        guards: names of attributes or methods of the facts; all must be true, those after `not` false.
        timer: the name of the duration after which the state raises the event by itself.
        effects: names of the actions that follow once the transition is durable.
    """

    event: str = ""
    guards: tuple[str, ...] = ()
    timer: str | None = None
    effects: tuple[str, ...] = ()


class Meaning(NamedTuple):
    """The meaning of an edge, from its binding or else from its label; each part as in `Binding`."""

    event: str
    guards: tuple[str, ...]
    timer: str | None
    effects: tuple[str, ...]


def refuse(diagram: Diagram, problem: str, place: Place, text: str = "") -> NoReturn:
    """Raise the error for something in the diagram that cannot run."""
    raise DiagramError(problem, file=diagram.file, line=place.line, column=place.column, text=text)


class Bindings:
    """The meaning of each edge of a diagram.

    Args:
        diagram: the states and edges.
        bound: the bindings by label or by event; None where the labels say everything.
        facts: the type whose attributes and methods the guards name; None leaves them unchecked.

    Raises:
        DiagramError: when asked for the meaning of an edge that has none.
    """

    def __init__(self, diagram: Diagram, bound: Mapping[str, Binding | str] | None, facts: type[object] | None) -> None:
        self._diagram = diagram
        self._bound = bound
        self._facts = facts
        self._used = set[str]()
        self._events: dict[str, str] = {}  # the text that each event's name was made of
        self._waiting: dict[str, set[str]] = {}  # for each delay the states that wait so long by their labels alone
        for edge in diagram.edges:
            if edge.parts.delay and self._key(edge) is None:
                self._waiting.setdefault(edge.parts.delay, set()).add(edge.source)

    def event_edge(self, edge: Edge) -> Meaning:
        """The meaning of an edge that an event takes."""
        if not edge.label:
            self._refuse(edge, f"{edge} has no label, so no event can take it; add ': label'", edge.place, str(edge))
        bound = self._find(edge)
        meaning = self._said(edge) if bound is None else self._meant(edge, bound)
        if not meaning.event:
            self._refuse(edge, f"the label {edge.label!r} names no event; write it in front", edge.label_place)
        if meaning.timer is not None and edge.source == OUTSIDE:
            problem = f"a timer takes {edge}, but no state is active yet in which it could run; name an event"
            self._refuse(edge, problem, edge.label_place)
        return meaning

    def branch(self, edge: Edge) -> Meaning:
        """The meaning of an edge that leaves a choice: a guard, or none for the rest; a name alone is the guard."""
        parts = edge.parts
        bound = self._find(edge, required=bool(parts.event) and not is_else(edge.label))
        if bound is None:
            decided = bool(parts.delay or (parts.event and parts.guard))
            guards, at = (parts.guard, parts.guard_at) if parts.guard else (parts.event, 0)
            meaning = Meaning("", self._read(edge, guards_in, guards, at), None, self._effects(edge))
        else:
            binding = Binding(guards=(bound,)) if isinstance(bound, str) else bound
            decided = bool(binding.event or binding.timer)
            meaning = Meaning("", self._bound_guards(edge, binding), None, binding.effects)
        if decided:
            problem = f"{edge} leaves a choice, where no event or time decides: give it a guard only, as '[name]'"
            self._refuse(edge, problem, edge.label_place)
        return self._checked(edge, meaning)

    def check_used(self) -> None:
        """Refuse a binding that no edge has used."""
        for label in self._bound or ():
            if label not in self._used:
                problem = f"no edge has the label {label!r}, which is bound; add the edge, or remove the binding"
                refuse(self._diagram, problem, self._diagram.end)

    def _meant(self, edge: Edge, bound: Binding | str) -> Meaning:
        """The meaning by its binding; a binding of the event leaves the rest of the label as it is."""
        binding = Binding(bound) if isinstance(bound, str) else bound
        event = binding.event or self._event(edge)
        guards, effects = self._bound_guards(edge, binding), binding.effects
        if self._key(edge) != edge.label:
            guards, effects = (*self._guards(edge), *guards), (*self._effects(edge), *effects)
        return self._checked(edge, Meaning(event, tuple(dict.fromkeys(guards)), binding.timer, effects))

    def _said(self, edge: Edge) -> Meaning:
        """The meaning by its label alone."""
        meaning = Meaning(self._event(edge), self._guards(edge), self._delay(edge), self._effects(edge))
        return self._checked(edge, meaning)

    def _key(self, edge: Edge) -> str | None:
        """The key under which the edge is bound: the label, or else its event."""
        keys = (edge.label, edge.parts.event, name_of(edge.parts.event))
        return next((key for key in keys if key and key in (self._bound or ())), None)

    def _find(self, edge: Edge, *, required: bool = True) -> Binding | str | None:
        if self._bound is None:
            return None
        key = self._key(edge)
        if key is not None:
            self._used.add(key)
            return self._bound[key]
        if required and not edge.parts.delay:
            near = difflib.get_close_matches(edge.label, self._bound, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "bind it, or remove the edge"
            self._refuse(edge, f"the label {edge.label!r} has no binding; {hint}", edge.label_place)
        return None

    def _event(self, edge: Edge) -> str:
        """The event that the label itself names; a delay that several states have is named by the state, too."""
        parts = edge.parts
        if parts.delay:
            text = f"after {parts.delay}"
            name = name_of(text)
            if len(self._waiting.get(parts.delay, ())) > 1:
                text, name = f"{text} in {edge.source}", f"{name}_in_{edge.source}"
        else:
            text, name = parts.event, self._read(edge, event_in, parts.event, 0)
        first = self._events.setdefault(name, text)
        if first != text:
            problem = f"{text!r} and {first!r} are both the event {name!r}; word one of them differently, or bind it"
            self._refuse(edge, problem, edge.label_place)
        return name

    def _delay(self, edge: Edge) -> str | None:
        delay = edge.parts.delay
        if delay and not _DELAY.fullmatch(delay):
            problem = f"the delay {delay!r} is neither a name nor a time; write it like 'after a_while' or 'after 15m'"
            self._refuse(edge, problem, edge.label_place)
        return delay or None

    def _guards(self, edge: Edge) -> tuple[str, ...]:
        return self._read(edge, guards_in, edge.parts.guard, edge.parts.guard_at)

    def _effects(self, edge: Edge) -> tuple[str, ...]:
        effect = edge.parts.effect  # the label ends with it
        return self._read(edge, effects_in, effect, len(edge.label) - len(effect))

    def _read(self, edge: Edge, read: Callable[[str], T], part: str, at: int) -> T:
        """A part of the label, which stands after so many characters of it."""
        try:
            return read(part)
        except Misread as misread:
            place = Place(edge.label_place.line, edge.label_place.column + at + misread.at)
            self._refuse(edge, misread.problem, place, part)

    def _bound_guards(self, edge: Edge, binding: Binding) -> tuple[str, ...]:
        try:
            return tuple(dict.fromkeys(guard for text in binding.guards for guard in guards_in(text)))
        except Misread as misread:
            self._refuse(edge, f"in the binding of {edge.label!r} {misread.problem}", edge.label_place)

    def _checked(self, edge: Edge, meaning: Meaning) -> Meaning:
        """Refuse guards that the facts cannot answer."""
        for guard in meaning.guards:
            name = guard.removeprefix("not ")
            problem = unfit(self._facts, name) if self._facts is not None else ""
            if problem:
                self._refuse(edge, f"{edge.label!r} is guarded by {name!r}, which {problem}", edge.label_place)
        return meaning

    def _refuse(self, edge: Edge, problem: str, place: Place, text: str = "") -> NoReturn:
        refuse(self._diagram, problem, place, text or edge.label)
