"""Meanings of labels: from the label itself, or bound beside the diagram.

A label is UML's `event [guard] / effect`, where several events or `after delay` may stand, or plain words. A *binding*
of the whole label says what it means instead: then nothing counts that the label seems to show. One of an event in it
says what the event means, and guard and effects beside it count, too. Without any bindings the labels alone are the
meaning. All parts are names to
be looked up; none is evaluated.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, NoReturn, TypeVar, cast

from argentos.errors import DiagramError, InputError
from argentos.machines.conditions import ALWAYS, Terms, conjoined, read_guard
from argentos.machines.diagram import Diagram
from argentos.machines.given import as_mapping
from argentos.machines.guards import facts_of, unfit
from argentos.machines.mermaid.elements import OUTSIDE, Edge, Place
from argentos.machines.mermaid.labels import Trigger
from argentos.machines.notation import Misread, effects_in, event_in, is_else, name_of

__all__ = ["BEGINNING", "COMPLETION", "Binding", "Bindings", "Meaning", "refuse"]

T = TypeVar("T")

BEGINNING: Final = "Starts here"
"""The label of a beginning that has none."""

COMPLETION: Final = ""
"""The event of edges that are taken by themselves: once all within their source has ended, or within another edge."""

_SHOWN: Final = 8  # lines that a sentence names
_DELAY: Final = re.compile(r"\d+(?:\.\d+)?\s?\w+|\w+(?:\s+\w+)*")


@dataclass(frozen=True, slots=True)
class Binding:
    """The meaning of a label, or of the event in it.

    Attributes:
        event: takes the edge, one of several with commas between them; if empty, what the label names. Where a
            choice is left the guards decide.
        guards: facts or comparisons of them, in the language of guards; all must hold.
        timer: the name of the duration after which the state raises the event by itself.
        effects: names of the actions that follow once the transition is durable.
        internal: an edge from a state to itself, or into it, leaves and enters nothing.
    """

    event: str = ""
    guards: tuple[str, ...] = ()
    timer: str | None = None
    effects: tuple[str, ...] = ()
    internal: bool = False


class Meaning(NamedTuple):
    """The meaning of an edge, from its binding or else from its label, for one of the events that take it.

    Attributes:
        event: the event; `COMPLETION` for an edge that needs none.
        timer: the name of the duration after which the source raises the event by itself.
        guard: the text of the guard, as the label or the binding has it; empty without one.
        terms: the same, read: one of them has to hold.
        effects: names of the actions that follow.
        internal: nothing is left or entered.
    """

    event: str = COMPLETION
    timer: str | None = None
    guard: str = ""
    terms: Terms = ALWAYS
    effects: tuple[str, ...] = ()
    internal: bool = False


def refuse(diagram: Diagram, problem: str, place: Place, text: str = "") -> NoReturn:
    """Raise the error for something in the diagram that cannot run."""
    raise DiagramError(problem, file=diagram.file, line=place.line, column=place.column, text=text)


def _named_after_target(edge: Edge) -> str:
    """An event for an edge that names none, as sentences propose it; no other edge of the state has it."""
    return "end" if edge.target == OUTSIDE else f"to {edge.target}"


def _likewise(diagram: Diagram, edge: Edge) -> str:
    """The lines of other edges without a label between two plain states."""
    plain = {state.name for state in diagram.states if state.kind == "state" and not (state.regions or state.history)}
    others = [
        str(each.place.line)
        for each in diagram.edges
        if not each.label and each.source in plain and each.target in {*plain, OUTSIDE} and each != edge
    ]
    shown = ", ".join([*others[:_SHOWN], "…"] if len(others) > _SHOWN else others)
    return f", and likewise in line {shown}" if others else ""


def _checked(bound: object) -> Mapping[str, Binding | str]:
    given = as_mapping(bound, "the bindings", "{'New message': 'new_message'}")
    for label, binding in given.items():
        if not isinstance(label, str) or not isinstance(binding, Binding | str):
            raise InputError(
                f"the binding of {label!a:.60} is of the type {type(binding).__name__}; give the event or a Binding by"
                " the text of a label"
            )
    return cast("Mapping[str, Binding | str]", given)


class Bindings:
    """The meaning of each edge of a diagram.

    Args:
        diagram: the states and edges.
        bound: the bindings by label or by event; None where the labels say everything.
        facts: the type whose attributes and methods the guards name; None leaves them unchecked.
        internal: the edges that descriptions of states say.

    Attributes:
        meanings: those of the edges that were asked for.

    Raises:
        DiagramError: when asked for the meaning of an edge that has none.
    """

    def __init__(
        self,
        diagram: Diagram,
        bound: Mapping[str, Binding | str] | None,
        facts: type[object] | None,
        internal: Sequence[Edge] = (),
    ) -> None:
        self.meanings: dict[Edge, tuple[Meaning, ...]] = {}
        self._diagram = diagram
        self._bound = None if bound is None else _checked(bound)
        self._facts = facts
        self._internal = frozenset(internal)
        self._used = set[str]()
        self._guards_read: dict[str, Terms] = {}
        self._events: dict[str, str] = {}  # the text that each event's name was made of
        self._waiting: dict[str, set[str]] = {}  # for each delay the states that wait so long by their labels alone
        for edge in (*diagram.edges, *internal):
            for trigger in edge.parts.triggers:
                if trigger.delay and self._key(edge, trigger) is None:
                    self._waiting.setdefault(trigger.delay, set()).add(edge.source)

    def event_edge(self, edge: Edge, *, completes: bool = False) -> tuple[Meaning, ...]:
        """The meanings of an edge that events take or, where its source `completes`, perhaps none."""
        if not edge.label:
            if completes:
                return self._kept(edge, Meaning())
            if edge.source == OUTSIDE:
                return self._beginning(edge)
            line = f"'{edge}: {_named_after_target(edge)}'{_likewise(self._diagram, edge)}"
            self._refuse(edge, f"{edge} has no label, so no event can take it; write {line}", edge.place, str(edge))
        found = tuple(meaning for trigger in edge.parts.triggers for meaning in self._by(edge, trigger))
        if not all(meaning.event for meaning in found) and not (completes and len(found) == 1):
            named = f"{_named_after_target(edge)} {edge.label}"
            self._refuse(edge, f"the label {edge.label!r} names no event; write {named!r}", edge.label_place)
        if edge.source == OUTSIDE and any(meaning.timer is not None for meaning in found):
            problem = f"a timer takes {edge}, but no state is active yet in which it could run; name an event"
            self._refuse(edge, problem, edge.label_place)
        return self._kept(edge, *dict.fromkeys(found))

    def branch(self, edge: Edge) -> Meaning:
        """The meaning of an edge that leaves a choice: a guard, perhaps without brackets, or none for the rest."""
        parts = edge.parts
        bound = self._find(edge, parts.triggers[0], required=bool(parts.event) and not is_else(edge.label))
        if bound is None:
            decided = bool(parts.delay or (parts.event and parts.guard))
            text, at = (parts.guard, parts.guard_at) if parts.guard else (parts.event, 0)
            meaning = self._guarded(edge, "" if is_else(text) else text, at, self._effects(edge))
        else:
            binding = Binding(guards=(bound,)) if isinstance(bound, str) else bound
            decided = bool(binding.event or binding.timer)
            meaning = self._bound_meaning(edge, binding)
        if decided:
            problem = f"{edge} leaves a choice, where no event or time decides: give it a guard only, as '[name]'"
            self._refuse(edge, problem, edge.label_place)
        return self._kept(edge, meaning)[0]

    def segment(self, edge: Edge, what: str) -> tuple[str, ...]:
        """The effects of an edge that is taken as a part of others, and so has neither event nor guard."""
        if not edge.label:
            self._kept(edge, Meaning())
            return ()
        bound = self._find(edge, edge.parts.triggers[0], required=bool(edge.parts.event))
        if isinstance(bound, Binding):
            plain, effects = not (bound.event or bound.guards or bound.timer), bound.effects
        else:
            plain = bound is None and not (edge.parts.event or edge.parts.delay or edge.parts.guard)
            effects = self._effects(edge) if plain else ()
        if not plain:
            problem = f"{what}, so it has no event and no guard; remove the label, or keep '/ effect' of it"
            self._refuse(edge, problem, edge.label_place)
        return self._kept(edge, Meaning(effects=effects))[0].effects

    def check_used(self) -> None:
        """Refuse a binding that no edge has used."""
        for label in self._bound or ():
            if label not in self._used:
                problem = f"no edge has the label {label!r}, which is bound; add the edge, or remove the binding"
                refuse(self._diagram, problem, self._diagram.end)

    def _kept(self, edge: Edge, *found: Meaning) -> tuple[Meaning, ...]:
        self.meanings[edge] = found
        return found

    def _beginning(self, edge: Edge) -> tuple[Meaning, ...]:
        """The meaning of a beginning without a label, which may be bound all the same."""
        bound = (self._bound or {}).get(BEGINNING)
        if bound is None:
            return self._kept(edge, Meaning(name_of(BEGINNING)))
        self._used.add(BEGINNING)
        binding = Binding(bound) if isinstance(bound, str) else bound
        return self._kept(edge, self._bound_meaning(edge, binding)._replace(event=binding.event or name_of(BEGINNING)))

    def _by(self, edge: Edge, trigger: Trigger) -> Iterator[Meaning]:
        """The meanings of an edge that one of the events in its label takes."""
        bound = self._find(edge, trigger)
        is_internal = edge in self._internal
        if bound is None:
            said = self._guarded(edge, edge.parts.guard, edge.parts.guard_at, self._effects(edge))
            yield said._replace(
                event=self._event(edge, trigger), timer=self._delay(edge, trigger), internal=is_internal
            )
            return
        binding = Binding(bound) if isinstance(bound, str) else bound
        meaning = self._bound_meaning(edge, binding)
        if self._key(edge, trigger) != edge.label:
            said = self._guarded(edge, edge.parts.guard, edge.parts.guard_at, self._effects(edge))
            meaning = meaning._replace(
                guard=" and ".join(
                    f"({each})" if " or " in each else each for each in (said.guard, meaning.guard) if each
                ),
                terms=self._conjoined(edge, said.terms, meaning.terms),
                effects=(*said.effects, *meaning.effects),
            )
        internal = binding.internal or is_internal
        for event in (name.strip() for name in binding.event.split(",")):
            yield meaning._replace(event=event or self._event(edge, trigger), timer=binding.timer, internal=internal)

    def _bound_meaning(self, edge: Edge, binding: Binding) -> Meaning:
        """Guards and effects of a binding."""
        terms = ALWAYS
        try:
            for text in binding.guards:
                terms = conjoined(terms, read_guard(text))
        except Misread as misread:
            self._refuse(edge, f"in the binding of {edge.label!r} {misread.problem}", edge.label_place)
        guard = " and ".join(
            f"({each})" if len(binding.guards) > 1 and " or " in each else each for each in binding.guards
        )
        return self._checked(edge, Meaning(guard=guard, terms=terms, effects=binding.effects))

    def _key(self, edge: Edge, trigger: Trigger) -> str | None:
        """The key under which the edge is bound: the label, all events in it, or the event."""
        if not self._bound:
            return None
        whole = edge.parts.event
        keys = (edge.label, whole, name_of(whole), trigger.event, name_of(trigger.event))
        return next((key for key in keys if key and key in self._bound), None)

    def _find(self, edge: Edge, trigger: Trigger, *, required: bool = True) -> Binding | str | None:
        if self._bound is None:
            return None
        key = self._key(edge, trigger)
        if key is not None:
            self._used.add(key)
            return self._bound[key]
        if required and trigger.event:
            near = difflib.get_close_matches(edge.label, self._bound, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "bind it, or remove the edge"
            self._refuse(edge, f"the label {edge.label!r} has no binding; {hint}", edge.label_place)
        return None

    def _event(self, edge: Edge, trigger: Trigger) -> str:
        """The event that the label itself names; a delay that several states have is named by the state, too."""
        if trigger.delay:
            text = f"after {trigger.delay}"
            name = name_of(text)
            if len(self._waiting.get(trigger.delay, ())) > 1:
                text, name = f"{text} in {edge.source}", f"{name}_in_{edge.source}"
        else:
            text, name = trigger.event, self._read(edge, event_in, trigger.event, edge.label.find(trigger.event))
        first = self._events.setdefault(name, text)
        if first != text:
            problem = f"{text!r} and {first!r} are both the event {name!r}; word one of them differently, or bind it"
            self._refuse(edge, problem, edge.label_place)
        if not name and len(edge.parts.triggers) > 1:
            self._refuse(edge, f"an event was expected before or after ',' in {edge.label!r}", edge.label_place)
        return name

    def _delay(self, edge: Edge, trigger: Trigger) -> str | None:
        delay = trigger.delay
        if delay and not _DELAY.fullmatch(delay):
            problem = f"the delay {delay!r} is neither a name nor a time; write it like 'after a_while' or 'after 15m'"
            self._refuse(edge, problem, edge.label_place)
        return delay or None

    def _guarded(self, edge: Edge, text: str, at: int, effects: tuple[str, ...]) -> Meaning:
        """A guard in a label, with the effects beside it."""
        if not text or is_else(text):
            return Meaning(effects=effects)
        if text not in self._guards_read:
            self._guards_read[text] = self._read(edge, read_guard, text, at)
        return self._checked(edge, Meaning(guard=text, terms=self._guards_read[text], effects=effects))

    def _conjoined(self, edge: Edge, first: Terms, second: Terms) -> Terms:
        return self._read(edge, lambda _: conjoined(first, second), edge.label, 0)

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

    def _checked(self, edge: Edge, meaning: Meaning) -> Meaning:
        """Refuse guards that the facts cannot answer."""
        if self._facts is None:
            return meaning
        for name in dict.fromkeys(fact for term in meaning.terms for guard in term for fact in facts_of(guard.name)):
            if problem := unfit(self._facts, name):
                self._refuse(edge, f"{edge.label!r} is guarded by {name!r}, which {problem}", edge.label_place)
        return meaning

    def _refuse(self, edge: Edge, problem: str, place: Place, text: str = "") -> NoReturn:
        refuse(self._diagram, problem, place, text or edge.label)
