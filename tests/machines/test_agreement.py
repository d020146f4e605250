"""`decide` is compiled from a `transitions.Machine`: the two have to say the same, always."""

import itertools
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from transitions import MachineError
from transitions.extensions.nesting import HierarchicalMachine

from argentos.machines import END, MACHINES, SESSION, START, Diagram, Machine, Transition
from argentos.machines.drawing import draw
from argentos.machines.tree import Tree
from tests.machines.generated import machines
from tests.machines.test_machine import DOOR
from tests.machines.texts import KEYBOARD


def valuations(guards: Sequence[str]) -> Iterator[dict[str, bool]]:
    for values in itertools.product((True, False), repeat=len(guards)):
        yield dict(zip(guards, values, strict=True))


def flat(state: str | list[Any]) -> list[str]:
    return [state] if isinstance(state, str) else [each for part in state for each in flat(part)]


def paths(bound: Machine, state: str) -> list[str]:
    """The innermost states, as transitions names them."""
    tree = Tree(bound.diagram)
    by_name = {tree.name(path): path for path in tree.children if path and not tree.is_region(path)}
    return [by_name[name] for name in state.split(" & ")]


def triggered(bound: Machine, before: list[str], event: str, facts: dict[str, bool]) -> list[str] | str:
    """The state behind the event as transitions has it; or "unknown", where the state knows no such event."""
    taken: list[object] = []  # transitions' own answer is that of the last region alone
    model = SimpleNamespace(state=before if len(before) > 1 else before[0], note=lambda: taken.append(event), **facts)
    definition = bound.definition
    definition.after_state_change = ["note"]
    try:
        if isinstance(definition, HierarchicalMachine):
            definition.trigger_event(model, event)
        else:
            definition.events[event].trigger(model)
    except MachineError:
        return "unknown"
    finally:
        definition.after_state_change = []
    return sorted(flat(model.state)) if taken else "refused"


def decided(bound: Machine, state: str, event: str, facts: dict[str, bool]) -> list[str] | str:
    decision = bound.decide(state, event, SimpleNamespace(**facts))
    if isinstance(decision, Transition):
        assert (decision.source, decision.event) == (state, event)
        return sorted(paths(bound, decision.target))
    assert (decision.state, decision.event) == (state, event)
    if decision.guard is None:
        return "unknown"
    assert facts[decision.guard.removeprefix("not ")] == decision.guard.startswith("not ")
    return "refused"


def assert_agreement(bound: Machine) -> int:
    """How many situations there were."""
    count = 0
    for state in bound.states:
        before = paths(bound, state)
        for event, facts in itertools.product(bound.events, valuations(bound.guards)):
            assert decided(bound, state, event, facts) == triggered(bound, before, event, facts), (state, event, facts)
            count += 1
    return count


@pytest.mark.parametrize("name", MACHINES)
def test_every_lifecycle_decides_as_its_definition_does(name: str) -> None:
    machine = MACHINES[name]
    for state, event in itertools.product(machine.states, machine.events):
        asked = {guard.name for each in machine.states for guards, _ in machine.ways(each, event) for guard in guards}
        for facts in valuations(sorted(asked)):
            before = paths(machine, state)
            assert decided(machine, state, event, facts) == triggered(machine, before, event, facts), (state, event)


def test_the_session_decides_as_its_definition_does_in_every_situation() -> None:
    assert assert_agreement(SESSION) == 5 * 6 * 2**6


def test_the_door_decides_as_its_definition_does_in_every_situation() -> None:
    assert assert_agreement(DOOR) == 5 * 5 * 2**2


def test_a_machine_with_states_in_states_decides_as_its_definition_does_in_every_situation() -> None:
    keyboard = Machine(Diagram.parse(KEYBOARD))
    assert assert_agreement(keyboard) == len(keyboard.states) * len(keyboard.events) * 2 ** len(keyboard.guards)


@settings(max_examples=500)
@given(machines())
def test_every_machine_decides_as_its_definition_does_in_every_situation(bound: Machine) -> None:
    assume(not bound.undefinable)
    assert assert_agreement(bound)


@given(machines())
def test_every_transition_of_a_machine_is_taken_in_some_situation(bound: Machine) -> None:
    situations = itertools.product(bound.states, bound.events, valuations(bound.guards))
    decisions = {bound.decide(state, event, SimpleNamespace(**facts)) for state, event, facts in situations}
    assert {each for each in decisions if isinstance(each, Transition)} <= set(bound.transitions)


@given(machines())
def test_a_machine_that_is_drawn_and_read_again_is_the_same_machine(bound: Machine) -> None:
    again = Machine(Diagram.parse(draw(bound)), stored=True)
    assert again.transitions == bound.transitions
    assert again.states == bound.states


@given(machines())
def test_what_a_transition_leaves_and_keeps_is_what_was_active(bound: Machine) -> None:
    for transition in bound.transitions:
        before, behind = (set(bound.active(state)) for state in (transition.source, transition.target))
        assert before - behind <= set(transition.left) <= before
        assert not {START, END} & behind - {transition.target}
