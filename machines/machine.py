"""A diagram and its bindings, made into a machine.

Theory of operation
===================
A diagram says which states there are and which labelled edges lead between them. The *bindings*, one
for each label, say what the label means to a program: the event that takes the edge, the guards that
must hold, the timer that raises the event, the effects that follow. Nothing else defines a machine.

From the two a plan of routes is made, and from that, by UML's rules, the table of `decide`: a pure
function of state, event and facts that answers with the transition to take, or with the reason for
taking none. It executes nothing: guards ask the facts, timers and effects are data for the caller. One
decision is a whole run to completion: what follows without an event is a part of it.

Where `transitions` can define the machine, `definition` is one of its machines, made of the same plan:
tests hold `decide` against it, and any tool made for transitions can use it.

Both ends of a life, which mermaid writes `[*]`, are states here: `START` before the edge that creates,
`END` after the edge that ends. So the creation of a thing is decided like everything else.
"""

import itertools
from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from argentos.errors import InputError, UnknownStateError
from argentos.machines.bindings import Binding, Meaning, refuse
from argentos.machines.compiling.actions import actions
from argentos.machines.compiling.conflicts import refuse_conflicts
from argentos.machines.compiling.routes import plan
from argentos.machines.compiling.table import Row, compile_table
from argentos.machines.conditions import Guard
from argentos.machines.decisions import Refused, Timer, Transition
from argentos.machines.diagram import Diagram
from argentos.machines.guards import ask
from argentos.machines.tree import START, Tree

if TYPE_CHECKING:
    from argentos.machines.compiling.definition import Definition
    from argentos.machines.mermaid.elements import Edge

__all__ = ["Machine"]

_SHOWN: Final = 20  # states in a sentence


@lru_cache(maxsize=4096)  # bounded, for events may be anybody's words
def _refused(state: str, event: str, guard: Guard | None) -> Refused:
    return Refused(state, event, str(guard) if guard else None)


class Machine:
    """The machine that a diagram and its bindings define.

    Args:
        diagram: the states and labelled edges.
        bindings: for each label of the diagram, or for the event in it, what it means; an event's name alone binds
            without guard, timer or effect. Nothing else counts of a label that is bound as a whole. Without any
            bindings the labels are their own meaning: `New message` is the event `new_message`.
        facts: the type whose attributes and methods the guards name. Without it guards are not checked here.
        stored: something may have been stored in a state that no edge leads to any more, so such states are
            allowed.

    Attributes:
        diagram: the diagram.
        meanings: of each edge, those that descriptions of states say included, one for each event that takes it.
        entry: by the name of a state, the effects that follow when it is entered.
        exit: those that follow when it is left.

    Raises:
        DiagramError: diagram and bindings do not fit. The place is that of the edge or, for a binding
            without an edge, the end of the diagram.
    """

    def __init__(
        self,
        diagram: Diagram,
        bindings: Mapping[str, Binding | str] | None = None,
        *,
        facts: type[object] | None = None,
        stored: bool = False,
    ) -> None:
        self.diagram: Diagram = _diagram(diagram)
        self._tree = Tree(diagram)
        done = actions(diagram)
        self._plan = plan(diagram, self._tree, done, bindings, facts)
        refuse_conflicts(diagram, self._tree, self._plan.routes)
        self.meanings: Mapping[Edge, tuple[Meaning, ...]] = self._plan.meanings
        self.entry: Mapping[str, tuple[str, ...]] = done.entry
        self.exit: Mapping[str, tuple[str, ...]] = done.exit
        self._rows, self._timers, self._active, self._innermost = compile_table(diagram, self._tree, self._plan)
        self._effects = {transition.label: transition.effects for transition in self.transitions}
        if not stored:
            self._refuse_unreachable()

    @cached_property
    def definition(self) -> "Definition":
        """The `transitions.Machine` of the same plan.

        Raises:
            InputError: transitions cannot define it: it has histories, forks, joins, comparisons or edges that need
                no event, stay inside a state, or lead into regions.
        """
        from argentos.machines.compiling.definition import define  # noqa: PLC0415 - transitions, for this alone

        if self.undefinable:
            raise InputError(f"{self.diagram.file}: transitions cannot define this machine, for {self.undefinable}")
        return define(self._tree, self._plan.routes)

    @cached_property
    def undefinable(self) -> str:
        """The reason why there is no `definition`; empty where there is one."""
        from argentos.machines.compiling.definition import undefinable  # noqa: PLC0415 - transitions, for this alone

        return undefinable(self._tree, self._plan.routes)

    @property
    def beginning(self) -> str:
        """The event with which a life begins: `starts_here` where the diagram does not name it."""
        return next(iter(self._rows[START]))

    @property
    def states(self) -> tuple[str, ...]:
        """All states, `START` first, in the order of the diagram; parallel ones in all their combinations.

        Each is a name that says everything, `Off ~ Again: Lit` for one of a history that remembers something.
        """
        return tuple(self._rows)

    @property
    def events(self) -> tuple[str, ...]:
        """All events, in the order of the diagram's edges."""
        return tuple(dict.fromkeys(transition.event for transition in self.transitions))

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """All that `decide` may answer with, in the order of the diagram's edges."""
        found = (transition for row in self._rows.values() for ways in row.values() for _, transition in ways)
        ordered = sorted(found, key=lambda transition: [edge.place for edge in transition.edges])
        return tuple(dict.fromkeys(ordered))

    @property
    def effects(self) -> frozenset[str]:
        """The names of all effects."""
        return frozenset(effect for transition in self.transitions for effect in transition.effects)

    @property
    def guards(self) -> tuple[str, ...]:
        """The names of all facts and comparisons that guards ask for, in the order of the alphabet."""
        rows = self._rows.values()
        return tuple(
            sorted({guard.name for row in rows for ways in row.values() for asked, _ in ways for guard in asked})
        )

    def event(self, name: str) -> str:
        """The event of this name, which a program raises: asked for at import, so that none is raised in vain.

        Raises:
            DiagramError: no edge has it.
        """
        if name not in self.events:
            problem = f"no edge has the event {name!r}, which the program raises; add the edge, or raise it no more"
            refuse(self.diagram, problem, self.diagram.end)
        return name

    def state(self, name: str) -> str:
        """The state of this name, which a program asks for; likewise.

        Raises:
            DiagramError: there is none.
        """
        if name not in self._rows:
            problem = f"there is no state {name!r}, which the program asks for; add it, or ask for it no more"
            refuse(self.diagram, problem, self.diagram.end)
        return name

    def check_effects(self, known: Collection[str]) -> None:
        """Refuse an effect that a program does not run; asked for at import.

        Args:
            known: the effects that it runs.

        Raises:
            DiagramError: an edge has another one.
        """
        for transition in self.transitions:
            for effect in transition.effects:
                if effect not in known:
                    edge = transition.edges[-1]
                    problem = f"{edge.label!r} has the effect {effect!r}, which the program does not run"
                    run = f"run it, as effects={{{effect!r}: function}} of a Runner does, or remove it"
                    refuse(self.diagram, f"{problem}; {run}", edge.label_place, edge.label)

    def decide(self, state: str, event: str, facts: object, data: object = None) -> Transition | Refused:
        """Decide what the event does in the state, given the facts; pure, as far as these are.

        Args:
            state: of the machine.
            event: any text.
            facts: has the guards as attributes, or as methods without arguments, which are called; or is a mapping.
                What they give counts as `bool` has it. Only the guards that the answer depends on are asked.
            data: what comes with the event: guards reach its attributes or keys by `event.name`.

        Raises:
            UnknownStateError: the machine has no such state.
            InputError: a guard is missing, needs arguments, or is asynchronous.
        """
        refusal: Guard | None = None
        row = self._rows.get(state) or self._row(state)
        for guards, transition in row.get(event, ()):
            for guard in guards:
                name, wanted = guard
                value = getattr(facts, name, None)  # most facts are plain attributes
                if value is not wanted and (value is True or value is False or ask(name, facts, data) is not wanted):
                    refusal = guard
                    break
            else:
                return transition
        return _refused(state, event, refusal)

    def ways(self, state: str, event: str) -> tuple[tuple[tuple[Guard, ...], Transition], ...]:
        """The transitions that the event may take in the state, each with its guards, in the order of trial."""
        return self._row(state).get(event, ())

    def knows(self, state: str, event: str) -> bool:
        """Tell whether the event may take an edge of the state, given the right facts."""
        return event in self._rows.get(state, ())

    def events_in(self, state: str) -> tuple[str, ...]:
        """The events that the state knows, those of its timers included.

        Raises:
            UnknownStateError: the machine has no such state.
        """
        return tuple(self._row(state))

    def timers(self, state: str) -> tuple[Timer, ...]:
        """The timers that run in the state and in those around it."""
        return self._timers.get(state, ())

    def active(self, state: str) -> tuple[str, ...]:
        """The diagram's states that are active in a state of the machine, from the top down.

        Raises:
            UnknownStateError: the machine has no such state.
        """
        self._row(state)
        return self._active[state]

    def innermost(self, state: str) -> tuple[str, ...]:
        """The innermost of them, one for each parallel region.

        Raises:
            UnknownStateError: the machine has no such state.
        """
        self._row(state)
        return self._innermost[state]

    def after(self, label: str) -> tuple[str, ...]:
        """The effects of the transition with this label; none where the diagram has no such edge."""
        return self._effects.get(label, ())

    def _repr_svg_(self) -> str:
        """The picture, which notebooks show."""
        return self.diagram._repr_svg_()  # pyright: ignore[reportPrivateUsage] - the protocol's name

    def _row(self, state: str) -> Row:
        try:
            return self._rows[state]
        except KeyError:
            raise UnknownStateError(f"{self.diagram.file} {self._unknown(state)}") from None

    def _unknown(self, state: str) -> str:
        """The rest of a sentence that says what to name instead."""
        inside = [each for each, active in self._active.items() if state in active]
        shown = ", ".join(itertools.islice(inside or self._rows, _SHOWN))
        shown += ", …" if len(inside or self._rows) > _SHOWN else ""
        if inside:
            return f"has {state!r} around others; a state is named by what is innermost: {shown}"
        return f"has no state {state!r}, only {shown}; was it removed from the diagram?"

    def _refuse_unreachable(self) -> None:
        reached, waiting = {START}, [START]
        active: set[str] = set()  # also what is left again within the same step
        while waiting:
            taken = [transition for ways in self._rows[waiting.pop()].values() for _, transition in ways]
            active.update(name for transition in taken for name in transition.entered)
            behind = {transition.target for transition in taken} - reached
            reached |= behind
            waiting += behind
        for state in self.diagram.states:
            if state.kind == "state" and not state.history and state.name not in active:
                problem = f"{state.name} cannot be reached; add an edge to it, or remove it"
                refuse(self.diagram, problem, state.place, state.name)


def _diagram(given: object) -> Diagram:
    """A diagram, of which a machine is made; a text is none yet."""
    if isinstance(given, Diagram):
        return given
    problem = f"a machine is made of a Diagram, and not of {type(given).__name__}"
    raise InputError(f"{problem}; write Machine(Diagram.parse(text))")
