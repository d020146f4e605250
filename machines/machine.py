"""A diagram and its bindings, made into a machine.

Theory of operation
===================
A diagram says which states there are and which labelled edges lead between them. The *bindings*, one
for each label, say what the label means to a program: the event that takes the edge, the guards that
must hold, the timer that raises the event, the effects that follow. Nothing else defines a machine.

From the two, one `transitions.Machine` is built: the formal definition, which any tool made for
transitions can use. From its public tables `decide` is compiled: a pure function of state, event and
facts that answers with the transition to take, or with the reason for taking none. It executes
nothing: guards are names of attributes of the facts, timers and effects are data for whoever asked.

Both ends of a life, which mermaid writes `[*]`, are states here: `START` before the edge that creates,
`END` behind the edge that ends. So the creation of a thing is decided like everything else.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn

from transitions import Machine as Definition

from argentos.errors import DiagramError, UnknownStateError
from argentos.machines.diagram import Diagram
from argentos.machines.elements import OUTSIDE, Edge, Place
from argentos.machines.mermaid.statements import Declaration, walk

__all__ = ["END", "START", "Binding", "Machine", "Refused", "Timer", "Transition"]

START: Final = OUTSIDE
"""The state before the edge `[*] --> S`."""

END: Final = "[end]"
"""The state behind an edge `S --> [*]`."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a label means.

    Attributes:
        event: takes the edge.
        guards: names of attributes of the facts; all must be true.
        timer: the name of the duration after which the state raises the event by itself.
        effects: names of what is to be done once the transition is durable.
    """

    event: str
    guards: tuple[str, ...] = ()
    timer: str | None = None
    effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """An edge that may be taken."""

    source: str
    target: str
    event: str
    label: str
    effects: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The edge as mermaid writes it."""
        return f"{self.source} --> {self.target}: {self.label}"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why no edge was taken: `guard` did not hold, or, where it is None, the state knows no such event."""

    state: str
    event: str
    guard: str | None = None

    def __str__(self) -> str:
        """The reason as a sentence."""
        if self.guard is None:
            return f"{self.state} knows no event {self.event!r}"
        return f"{self.state} refuses {self.event!r}: {self.guard} is false"


class Timer(NamedTuple):
    """In its state, `event` is raised after the duration of that name."""

    event: str
    duration: str


_Guarded = tuple[tuple[str, ...], Transition]


class Machine:
    """The machine that a diagram and its bindings define.

    Args:
        diagram: the states and labelled edges.
        bindings: for each label of the diagram its binding; an event's name alone binds without guard,
            timer or effect.
        facts: the type whose attributes the guards name. Without it guards are not checked here.

    Raises:
        DiagramError: diagram and bindings do not fit. The place is that of the edge or, for a binding
            without an edge, the end of the diagram.
    """

    def __init__(
        self, diagram: Diagram, bindings: Mapping[str, Binding | str], *, facts: type[object] | None = None
    ) -> None:
        self.diagram = diagram
        self.bindings = {
            label: Binding(bound) if isinstance(bound, str) else bound for label, bound in bindings.items()
        }
        _check(diagram, self.bindings, facts)
        self.definition = _define(diagram, self.bindings)
        self._table = _compile(self.definition, _by_edge(diagram, self.bindings))
        self._timers = _timers(diagram, self.bindings)

    @property
    def states(self) -> tuple[str, ...]:
        """All states, `START` first, in the order of the diagram."""
        return tuple(self._table)

    @property
    def events(self) -> tuple[str, ...]:
        """All events, in the order of the diagram's edges."""
        return tuple(dict.fromkeys(edge.event for edge in self.transitions))

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """All transitions, in the order of the diagram's edges."""
        return tuple(_by_edge(self.diagram, self.bindings).values())

    @property
    def effects(self) -> frozenset[str]:
        """The names of all effects."""
        return frozenset(effect for edge in self.transitions for effect in edge.effects)

    def decide(self, state: str, event: str, facts: object) -> Transition | Refused:
        """What the event does in the state, given the facts; pure.

        Raises:
            UnknownStateError: the machine has no such state.
        """
        try:
            row = self._table[state]
        except KeyError:
            known = ", ".join(self._table)
            raise UnknownStateError(
                f"{self.diagram.file} has no state {state!r}, only {known}; was it removed from the diagram?"
            ) from None
        refusal: str | None = None
        for guards, transition in row.get(event, ()):
            for guard in guards:
                if not getattr(facts, guard):
                    refusal = guard
                    break
            else:
                return transition
        return Refused(state, event, refusal)

    def knows(self, state: str, event: str) -> bool:
        """Whether the event may take an edge of the state, given the right facts."""
        return event in self._table.get(state, ())

    def timer(self, state: str) -> Timer | None:
        """The timer that runs in the state, if there is one."""
        return self._timers.get(state)

    def after(self, label: str) -> tuple[str, ...]:
        """The effects of the edge with this label; none where the diagram has no such edge."""
        bound = self.bindings.get(label)
        return bound.effects if bound else ()

    def draw(self) -> str:
        """The machine as mermaid's text."""
        return self.diagram.to_mermaid()


def _refuse(diagram: Diagram, problem: str, place: Place, text: str = "") -> NoReturn:
    raise DiagramError(problem, file=diagram.file, line=place.line, column=place.column, text=text)


def _check(diagram: Diagram, bindings: Mapping[str, Binding], facts: type[object] | None) -> None:
    """Refuse what could not run, at the place where it stands."""
    _refuse_structure(diagram)
    starts = [edge for edge in diagram.edges if edge.source == OUTSIDE]
    if not starts:
        _refuse(diagram, "nothing begins: add an edge '[*] --> State: label'", diagram.end)
    if len(starts) > 1:
        problem = f"a second beginning: {starts[0]} stands above; keep one"
        _refuse(diagram, problem, starts[1].place, str(starts[1]))
    for edge in diagram.edges:
        _check_edge(diagram, edge, bindings, facts)
    _refuse_rivals(diagram, bindings)
    labels = {edge.label for edge in diagram.edges}
    for label in bindings:
        if label not in labels:
            problem = f"no edge has the label {label!r}, which is bound; add the edge, or remove the binding"
            _refuse(diagram, problem, diagram.end)


def _refuse_structure(diagram: Diagram) -> None:
    """Refuse what machines do not run yet, though it can be read."""
    for statement in walk(diagram.document.body):
        if not isinstance(statement, Declaration):
            continue
        parts = len(statement.regions)
        what = "parallel regions" if parts > 1 else "states within it" if parts else f"<<{statement.kind}>>"
        if parts or statement.kind != "state":
            problem = f"{statement.name} has {what}, which machines do not run yet; use plain states and labelled edges"
            _refuse(diagram, problem, statement.place, statement.name)


def _check_edge(diagram: Diagram, edge: Edge, bindings: Mapping[str, Binding], facts: type[object] | None) -> None:
    if not edge.label:
        _refuse(diagram, f"{edge} has no label, so no event can take it; add ': label'", edge.place, str(edge))
    if edge.label not in bindings:
        near = difflib.get_close_matches(edge.label, bindings, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "bind it, or remove the edge"
        _refuse(diagram, f"the label {edge.label!r} has no binding; {hint}", edge.label_place, edge.label)
    for guard in bindings[edge.label].guards:
        if facts is not None and not _declares(facts, guard):
            problem = f"{edge.label!r} is guarded by {guard!r}, which {facts.__name__} does not have"
            _refuse(diagram, problem, edge.label_place, edge.label)


def _declares(facts: type[object], name: str) -> bool:
    """Whether instances have the attribute, as far as their type tells; fields without a default are annotations."""
    return hasattr(facts, name) or any(name in vars(base).get("__annotations__", ()) for base in facts.__mro__)


def _refuse_rivals(diagram: Diagram, bindings: Mapping[str, Binding]) -> None:
    """Refuse an edge that an earlier one of the same state and event always forestalls."""
    above: dict[tuple[str, str], list[Edge]] = {}
    for edge in diagram.edges:
        bound = bindings[edge.label]
        rivals = above.setdefault((edge.source, bound.event), [])
        for first in rivals:
            if set(bindings[first.label].guards) <= set(bound.guards):
                problem = f"{edge} is never taken: {first} has the event {bound.event!r}, and no guard that this lacks"
                _refuse(diagram, problem, edge.place, str(edge))
        rivals.append(edge)


def _by_edge(diagram: Diagram, bindings: Mapping[str, Binding]) -> dict[Edge, Transition]:
    return {
        edge: Transition(
            source=edge.source,
            target=END if edge.target == OUTSIDE else edge.target,
            event=bindings[edge.label].event,
            label=edge.label,
            effects=bindings[edge.label].effects,
        )
        for edge in diagram.edges
    }


def _define(diagram: Diagram, bindings: Mapping[str, Binding]) -> Definition:
    """The formal definition. Guards stay names, which transitions looks up on the model it drives."""
    edges = _by_edge(diagram, bindings)
    states: list[Any] = [START, *(state.name for state in diagram.states)]
    if any(edge.target == END for edge in edges.values()):
        states.append({"name": END, "final": True})
    return Definition(
        model=None,
        states=states,
        initial=START,
        auto_transitions=False,
        transitions=[
            {
                "trigger": transition.event,
                "source": transition.source,
                "dest": transition.target,
                "conditions": list(bindings[edge.label].guards),
            }
            for edge, transition in edges.items()
        ],
    )


def _compile(definition: Definition, edges: Mapping[Edge, Transition]) -> dict[str, dict[str, tuple[_Guarded, ...]]]:
    """`decide`'s table, read off the definition: for each state and event the guarded transitions, in order."""
    named: dict[tuple[str, str, str], list[Transition]] = {}
    for transition in edges.values():
        named.setdefault((transition.source, transition.event, transition.target), []).append(transition)
    table: dict[str, dict[str, tuple[_Guarded, ...]]] = {state: {} for state in definition.states}
    for event in definition.events.values():
        for source, candidates in event.transitions.items():
            table[source][event.name] = tuple(
                (
                    tuple(str(condition.func) for condition in candidate.conditions),
                    named[source, event.name, str(candidate.dest)].pop(0),
                )
                for candidate in candidates
            )
    return table


def _timers(diagram: Diagram, bindings: Mapping[str, Binding]) -> dict[str, Timer]:
    timers: dict[str, Timer] = {}
    for edge in diagram.edges:
        bound = bindings[edge.label]
        if bound.timer is None:
            continue
        if edge.source in timers:
            _refuse(diagram, f"{edge.source} has a second timer; a state has one at most", edge.place, str(edge))
        timers[edge.source] = Timer(bound.event, bound.timer)
    return timers
