"""What the generated tests hold a system against: the definition as transitions has it."""

import itertools
from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from argentos.machines import SESSION, START, Diagram, Machine, Transition
from argentos.machines.modelcheck.oracle import Oracle
from tests.machines.generated import machines
from tests.machines.test_agreement import valuations
from tests.machines.texts import KEYBOARD


def assert_agreement(machine: Machine) -> None:
    oracle = Oracle(machine)
    for state, event in itertools.product(machine.states, machine.events):
        for values in valuations(machine.guards):
            facts = SimpleNamespace(**values)
            outcome, decision = oracle.expect(state, event, facts), machine.decide(state, event, facts)
            assert outcome.known is machine.knows(state, event)
            if isinstance(decision, Transition):
                assert outcome.target == decision.target
                assert outcome.left == set(decision.left)
                behind = set(machine.active(decision.target)) - set(machine.active(state)) - {START}
                assert behind <= outcome.entered <= set(machine.active(decision.target))
            else:
                assert outcome.target is None


def test_the_definition_says_what_is_left_and_entered_as_decide_does() -> None:
    assert_agreement(SESSION)
    assert_agreement(Machine(Diagram.parse(KEYBOARD)))


@settings(max_examples=200)
@given(machines())
def test_every_definition_says_what_is_left_and_entered_as_decide_does(machine: Machine) -> None:
    assert_agreement(machine)


@pytest.mark.parametrize(("machine", "state"), [(SESSION, "Active"), (Machine(Diagram.parse(KEYBOARD)), "Off")])
def test_an_event_that_no_edge_has_is_unknown(machine: Machine, state: str) -> None:
    oracle = Oracle(machine)
    assert not oracle.expect(state, "explode", None).known
    assert [outcome.known for outcome in oracle.possible(state, "explode")] == [False]
