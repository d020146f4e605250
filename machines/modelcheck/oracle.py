"""The oracle: asks the formal definition what ought to happen, by having transitions itself trigger the event.

So nothing comes from `Machine.decide` or its table, and their errors are found too; but for a machine that transitions
cannot define, `decide` itself is asked.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from transitions import MachineError
from transitions.extensions.nesting import HierarchicalMachine

from argentos.machines.decisions import Refused
from argentos.machines.guards import ask
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import valuations
from argentos.machines.tree import Tree

__all__ = ["Oracle", "Outcome"]


class Outcome(NamedTuple):
    """The outcome that an event ought to have.

    Attributes:
        known: the state knows the event.
        target: the state after it; None where it is refused.
        left: the diagram's states that are left; their timers end.
        entered: those that are entered; their timers start.
    """

    known: bool = True
    target: str | None = None
    left: frozenset[str] = frozenset()
    entered: frozenset[str] = frozenset()


class _Model:
    """A model that transitions drives: it bears the guards as attributes, and notes what was left and entered."""

    def __init__(self, leaves: Sequence[str], values: Mapping[str, bool]) -> None:
        self.state: Any = list(leaves) if len(leaves) > 1 else leaves[0]
        self.left: list[str] = []
        self.entered: list[str] = []
        vars(self).update(values)

    def leaves(self) -> Iterator[str]:
        return _flat(self.state)


def _flat(state: Any) -> Iterator[str]:
    if isinstance(state, str):
        yield state
    else:
        for part in state:
            yield from _flat(part)


class Oracle:
    """The definition of a machine, to be asked; answers are kept, for there are few.

    Attributes:
        machine: the machine.
        effects: of all its transitions, by source, target, event and label; where several have these, those of each.
        timed: the events that timers raise.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.effects: dict[tuple[str, str, str, str], set[tuple[str, ...]]] = {}
        for each in machine.transitions:
            key = each.source, each.target, each.event, each.label
            self.effects.setdefault(key, set()).add(each.effects)
        self.timed: frozenset[str] = frozenset(
            timer.event for state in machine.states for timer in machine.timers(state)
        )
        self._tree = Tree(machine.diagram)
        self._paths = {self._tree.name(path): path for path in self._tree.children if not self._tree.is_region(path)}
        self._definition: Any = None if machine.undefinable else copy.deepcopy(machine.definition)
        if self._definition is not None:
            self._definition.send_event = True
            self._listen()
        self._trigger = cache(self._decided if machine.undefinable else self._triggered)
        self.asked: Callable[[str, str], tuple[tuple[str, bool], ...]] = cache(self._asked)

    def expect(self, state: str, event: str, facts: object) -> Outcome:
        """The outcome of an event, given what the guards see."""
        names = sorted({name for name, _ in self.asked(state, event)})
        return self._trigger(state, event, tuple((name, ask(name, facts)) for name in names))

    def possible(self, state: str, event: str) -> Iterator[Outcome]:
        """All outcomes of an event, whatever the guards see."""
        names = sorted({name for name, _ in self.asked(state, event)})
        for values in valuations(names):
            yield self._trigger(state, event, values)

    def knows(self, state: str, event: str) -> bool:
        """Tell whether the state knows the event."""
        return next(self.possible(state, event)).known

    def _leaves(self, state: str) -> list[str]:
        return [self._paths[name] for name in state.split(" & ")]

    def _asked(self, state: str, event: str) -> tuple[tuple[str, bool], ...]:
        """The guards that the event may ask for in the state, and what each wants."""
        if self._definition is None:
            ways = self.machine.ways(state, event)
            return tuple(dict.fromkeys((guard.name, guard.wanted) for guards, _ in ways for guard in guards))
        known: Any = self._definition.events[event].transitions if event in self._definition.events else {}
        found: list[Any] = [each for path in self._tree.active(self._leaves(state)) for each in known.get(path, ())]
        return tuple(dict.fromkeys((str(each.func), bool(each.target)) for way in found for each in way.conditions))

    def _decided(self, state: str, event: str, values: tuple[tuple[str, bool], ...]) -> Outcome:
        decision = self.machine.decide(state, event, dict(values))
        if isinstance(decision, Refused):
            return Outcome(known=self.machine.knows(state, event))
        behind = self.machine.active(decision.target)
        entered = frozenset(decision.entered).intersection(behind)
        return Outcome(target=decision.target, left=frozenset(decision.left), entered=entered)

    def _triggered(self, state: str, event: str, values: tuple[tuple[str, bool], ...]) -> Outcome:
        if event not in self._definition.events:
            return Outcome(known=False)
        model = _Model(self._leaves(state), dict(values))
        try:
            if isinstance(self._definition, HierarchicalMachine):
                self._definition.trigger_event(model, event)
            else:
                self._definition.events[event].trigger(model)
        except MachineError:
            return Outcome(known=False)
        if not model.left:
            return Outcome()
        behind = self._tree.in_order(tuple(model.leaves()))
        return Outcome(
            target=" & ".join(map(self._tree.name, behind)),
            left=frozenset(model.left),
            entered=frozenset(model.entered),
        )

    def _listen(self) -> None:
        """Have every state note on the model that it is left or entered."""
        for path in self._tree.children:
            if path and not self._tree.is_region(path):
                state = self._definition.get_state(path)
                state.on_exit.append(partial(_note, "left", self._tree.name(path)))
                state.on_enter.append(partial(_note, "entered", self._tree.name(path)))


def _note(what: str, name: str, data: Any) -> None:
    getattr(data.model, what).append(name)
