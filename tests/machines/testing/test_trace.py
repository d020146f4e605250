"""How a failure is told: the shortest life, as a diagram and as a test to paste."""

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from argentos.machines import Refused, Transition
from argentos.machines.mermaid.markdown import fences
from argentos.machines.testing import Lifecycle, MachineSystem, lifecycle_test
from argentos.machines.testing.trace import Trace
from tests.machines.orders import ORDER


class Unguarded(MachineSystem):
    """An order that is packed before it is paid."""

    def _decide(self, event: str, payload: object) -> Transition | Refused:
        facts = SimpleNamespace(is_paid=True) if event == "pack" else self.facts(event, payload)
        return self.machine.decide(self._state, event, facts)


Orders = lifecycle_test(ORDER, lambda: Unguarded(ORDER), durations={}, seed=4)

SETTINGS = settings(Orders.TestCase.settings, database=None, stateful_step_count=20)
PROBLEM = "Waiting, 0 s: 'pack' ought to be refused, for 'is_paid' must hold, and does not, but"
TAKEN = "Waiting --> Packing: pack [is_paid]"


@cache
def told(test: type[Lifecycle]) -> tuple[str, dict[str, str]]:
    """The problem, and the text of each fence by its language."""
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(test, settings=SETTINGS)
    notes = "\n".join(caught.value.__notes__)
    return str(caught.value), {fence.language: fence.body for fence in fences(notes)}


def test_a_failure_is_told_as_the_shortest_sequence_diagram() -> None:
    _, texts = told(Orders)
    assert texts["mermaid"].splitlines() == [
        "sequenceDiagram",
        "    participant caller",
        "    participant machine as Orders",
        "    Note over machine: [*]",
        "    caller->>machine: place {'is_paid': True}",
        "    machine->>machine: place",
        "    Note over machine: Placed",
        "    caller->>machine: confirm {'is_paid': True}",
        "    machine->>machine: confirm / greet, count",
        "    Note over machine: Waiting",
        "    caller->>machine: pack {'is_paid': False}",
        "    machine->>machine: pack [is_paid]",
        "    Note over machine: Packing",
        f"    machine--xcaller: AssertionError: {PROBLEM} {TAKEN} was taken",
    ]


def test_the_pasted_function_runs_and_fails_in_the_same_way() -> None:
    problem, texts = told(Orders)
    assert problem == f"{PROBLEM} {TAKEN} was taken"
    pasted: dict[str, Any] = {"Orders": Orders}
    exec(texts["python"], pasted)  # noqa: S102 - what was generated is the subject
    with pytest.raises(AssertionError) as caught:
        pasted["test_a_life_of_orders"]()
    assert str(caught.value) == problem


def test_the_pasted_function_passes_once_the_error_is_mended() -> None:
    _, texts = told(Orders)
    pasted: dict[str, Any] = {"Orders": lifecycle_test(ORDER)}
    exec(texts["python"], pasted)  # noqa: S102 - what was generated is the subject
    pasted["test_a_life_of_orders"]()


def test_an_error_of_the_system_itself_is_told_as_well() -> None:
    class Broken(MachineSystem):
        def advance(self, seconds: float) -> tuple[Transition, ...]:
            raise OSError(f"no clock for {seconds} s")

    test = lifecycle_test(ORDER, lambda: Broken(ORDER), durations={}, seed=4)
    with pytest.raises(OSError, match="no clock") as caught:
        run_state_machine_as_test(test, settings=SETTINGS)
    assert "OSError: no clock for" in "\n".join(caught.value.__notes__)


def test_every_kind_of_step_is_written_as_it_is_called() -> None:
    trace = Trace("Orders")
    trace.sends("place", None)
    trace.answered(Refused("Open", "place"))
    trace.waits(0.5)
    trace.answered(())
    trace.kills()
    trace.failed(ValueError("one\ntwo"))
    assert trace.as_test().splitlines() == [
        "def test_a_life_of_orders() -> None:",
        "    with Orders() as orders:",
        "        orders.send('place')  # Open knows no event 'place'",
        "        orders.advance(0.5)",
        "        orders.restart()",
        "        # ValueError: one two",
    ]
    assert trace.as_diagram().splitlines()[4:] == [
        "    caller->>machine: place",
        "    machine-->>caller: Open knows no event 'place'",
        "    caller->>machine: 0.5 s pass",
        "    caller->>machine: killed, and revived",
        "    machine--xcaller: ValueError: one two",
    ]


def test_what_mermaid_would_take_for_its_own_is_escaped() -> None:
    trace = Trace("Orders")
    trace.sends("say", "a; b\n#c")
    assert "    caller->>machine: say 'a#59; b\\n#35;c'" in trace.as_diagram().splitlines()


def test_a_life_without_a_step_is_a_function_all_the_same() -> None:
    trace = Trace("Orders")
    compile(trace.as_test(), "pasted", "exec")
