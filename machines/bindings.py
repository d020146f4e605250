"""What the labels of a diagram mean to a program.

A label is UML's `event [guard] / effect`, `after delay`, or plain words. A *binding* adds what the words do not
say; it is found by the whole label, or by the event in it. Without any bindings the labels alone are the meaning.
All parts are names to be looked up. None is ever evaluated.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, NoReturn

from argentos.errors import DiagramError
from argentos.machines.diagram import Diagram
from argentos.machines.elements import Edge, Place

__all__ = ["Binding", "Bindings", "Meaning", "name_of", "refuse"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a label means.

    Attributes:
        event: takes the edge; empty where a choice is left, for there the guards decide.
        guards: names of attributes of the facts; all must be true, those behind `not` false.
        timer: the name of the duration after which the state raises the event by itself.
        effects: names of what is to be done once the transition is durable.
    """

    event: str = ""
    guards: tuple[str, ...] = ()
    timer: str | None = None
    effects: tuple[str, ...] = ()


class Meaning(NamedTuple):
    """What an edge means, from its label and its binding together; each part as in `Binding`."""

    event: str
    guards: tuple[str, ...]
    timer: str | None
    effects: tuple[str, ...]


_WORD: Final = re.compile(r"\w+")
_AND: Final = re.compile(r"\s+and\s+|\s*&&\s*|\s*,\s*")
_ELSE: Final = ("", "else")
_OPERATORS: Final = {"and", "or", "not"}


def refuse(diagram: Diagram, problem: str, place: Place, text: str = "") -> NoReturn:
    """Raise the error for something in the diagram that cannot run."""
    raise DiagramError(problem, file=diagram.file, line=place.line, column=place.column, text=text)


def name_of(text: str) -> str:
    """The name that a text gives: its words, small and joined by `_`; one word with capitals inside stays as it is."""
    is_name = text.isidentifier() and text[1:] != text[1:].lower()
    return text if is_name else "_".join(_WORD.findall(text.lower()))


class Bindings:
    """The meaning of each edge of a diagram.

    Args:
        diagram: the states and edges.
        bound: the bindings by label or by event; None where the labels say everything.
        facts: the type whose attributes the guards name; None leaves them unchecked.

    Raises:
        DiagramError: when asked for the meaning of an edge that has none.
    """

    def __init__(self, diagram: Diagram, bound: Mapping[str, Binding | str] | None, facts: type[object] | None) -> None:
        self._diagram = diagram
        self._bound = bound
        self._facts = facts
        self._used = set[str]()
        self._events: dict[str, str] = {}  # the text that each event's name was made of

    def event_edge(self, edge: Edge) -> Meaning:
        """Of an edge that an event takes."""
        if not edge.label:
            self._refuse(edge, f"{edge} has no label, so no event can take it; add ': label'", edge.place, str(edge))
        parts = edge.parts
        bound = self._find(edge)
        binding = Binding(bound) if isinstance(bound, str) else bound or Binding()
        meaning = Meaning(
            binding.event or self._event(edge, parts.event or (parts.delay and f"after {parts.delay}")),
            self._guards(edge, edge.parts.guard, binding),
            self._timer(edge, binding),
            (*_names(parts.effect), *binding.effects),
        )
        if not meaning.event:
            self._refuse(edge, f"the label {edge.label!r} names no event; write it in front", edge.label_place)
        return meaning

    def branch(self, edge: Edge) -> Meaning:
        """Of an edge that leaves a choice: a guard, or none for what is left over; a name alone is the guard."""
        bound = self._find(edge, required=bool(edge.parts.event) and edge.label not in _ELSE)
        binding = Binding(guards=(bound,)) if isinstance(bound, str) else bound or Binding()
        if binding.event or binding.timer or edge.parts.delay:
            problem = f"{edge} leaves a choice, where no event or time decides: give it a guard only, as '[name]'"
            self._refuse(edge, problem, edge.label_place)
        guards = self._guards(edge, edge.parts.guard or ("" if bound else edge.parts.event), binding)
        return Meaning("", guards, None, (*_names(edge.parts.effect), *binding.effects))

    def check_used(self) -> None:
        """Refuse a binding that no edge has used."""
        for label in self._bound or ():
            if label not in self._used:
                problem = f"no edge has the label {label!r}, which is bound; add the edge, or remove the binding"
                refuse(self._diagram, problem, self._diagram.end)

    def _find(self, edge: Edge, *, required: bool = True) -> Binding | str | None:
        """The binding of the label, or else of its event."""
        if self._bound is None:
            return None
        for key in (edge.label, edge.parts.event, name_of(edge.parts.event)):
            if key and key in self._bound:
                self._used.add(key)
                return self._bound[key]
        if required and not edge.parts.delay:
            near = difflib.get_close_matches(edge.label, self._bound, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "bind it, or remove the edge"
            self._refuse(edge, f"the label {edge.label!r} has no binding; {hint}", edge.label_place)
        return None

    def _event(self, edge: Edge, text: str) -> str:
        """The event that the label itself names."""
        name = name_of(text)
        first = self._events.setdefault(name, text)
        if first != text:
            problem = f"{text!r} and {first!r} are both the event {name!r}; word one of them differently, or bind it"
            self._refuse(edge, problem, edge.label_place)
        return name

    def _guards(self, edge: Edge, text: str, binding: Binding) -> tuple[str, ...]:
        shown = () if text in _ELSE else tuple(_AND.split(text))
        for guard in shown:
            name = guard.removeprefix("not ").lstrip("!").strip()
            if not name.replace(" ", "_").isidentifier() or _OPERATORS & set(name.split()):
                problem = f"the guard {guard!r} is no name; a guard names a fact, as 'is_paid' or 'not is_paid' do"
                self._refuse(edge, problem, edge.guard_place, guard)
        guards = tuple(dict.fromkeys((*map(_guard, shown), *map(_guard, binding.guards))))
        for guard in guards:
            name = guard.removeprefix("not ")
            if self._facts is not None and not _declares(self._facts, name):
                problem = f"{edge.label!r} is guarded by {name!r}, which {self._facts.__name__} does not have"
                self._refuse(edge, problem, edge.label_place)
        return guards

    def _timer(self, edge: Edge, binding: Binding) -> str | None:
        if edge.parts.delay and binding.timer not in (None, edge.parts.delay):
            problem = f"{edge.label!r} is bound to the time {binding.timer!r}; keep one of the two"
            self._refuse(edge, problem, edge.label_place)
        return edge.parts.delay or binding.timer

    def _refuse(self, edge: Edge, problem: str, place: Place, text: str = "") -> NoReturn:
        refuse(self._diagram, problem, place, text or edge.label)


def _guard(text: str) -> str:
    """A guard as it is shown everywhere: `name` or `not name`."""
    denied = text.startswith(("not ", "!"))
    name = text.removeprefix("not ").lstrip("!").strip().replace(" ", "_")
    return f"not {name}" if denied else name


def _names(effects: str) -> tuple[str, ...]:
    return tuple(name for each in effects.split(",") if (name := name_of(each.strip())))


def _declares(facts: type[object], name: str) -> bool:
    """Whether instances have the attribute, as far as their type tells; fields without a default are annotations."""
    return hasattr(facts, name) or any(name in vars(base).get("__annotations__", ()) for base in facts.__mro__)
