"""Every timer is an event of its own. In the examples `^` marks where the error has to point."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from argentos.errors import DiagramError
from argentos.machines import Binding, Diagram, Machine, Refused, Timer, Transition, compare
from argentos.machines.drawing import draw
from argentos.machines.testing import MachineSystem, lifecycle_test, to_promela

NESTED = """\
stateDiagram-v2
    [*] --> A: made
    state A {
        [*] --> b
        b --> c: after 5s
        b --> b: knock
    }
    A --> X: after 5s
"""

BESIDE = """\
stateDiagram-v2
    [*] --> P: made
    state P {
        [*] --> a
        a --> b: after 5s
        a --> a: knock
        --
        [*] --> c
        c --> d: after 5s
    }
"""


def machine(text: str, bindings: Mapping[str, Binding | str] | None = None) -> Machine:
    return Machine(Diagram.parse(text), bindings)


def taken(system: MachineSystem, seconds: float) -> list[str]:
    return [f"{system.log[-1].at:g} s: {each.source} --> {each.target}" for each in system.advance(seconds)]


def refused(marked: str, bindings: Mapping[str, Binding | str] | None = None) -> str:
    before, after = marked.split("^")
    with pytest.raises(DiagramError) as caught:
        machine(before + after, bindings)
    assert (caught.value.line, caught.value.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    return caught.value.problem


def test_timers_of_one_length_in_a_state_and_the_one_around_it_fall_due_apart() -> None:
    system = MachineSystem(machine(NESTED))
    system.send("made")
    assert system.advance(3) == []
    system.send("knock")
    assert taken(system, 2) == ["5 s: b --> X"]


def test_timers_of_one_length_in_parallel_regions_fall_due_apart() -> None:
    system = MachineSystem(machine(BESIDE))
    system.send("made")
    system.advance(3)
    system.send("knock")
    assert taken(system, 2) == ["5 s: a & c --> a & d"]
    assert taken(system, 3) == ["8 s: a & d --> b & d"]


def test_a_timer_is_named_by_its_time_and_where_several_states_wait_for_it_by_its_state_too() -> None:
    assert machine(NESTED.replace("A --> X: after 5s", "A --> X: after 6s")).timers("b") == (
        Timer("after_6s", "6s", "A"),
        Timer("after_5s", "5s", "b"),
    )
    assert machine(NESTED).timers("b") == (Timer("after_5s_in_A", "5s", "A"), Timer("after_5s_in_b", "5s", "b"))


def test_edges_of_one_state_that_wait_for_the_same_time_are_told_apart_by_their_guards() -> None:
    both = machine("stateDiagram-v2\n[*] --> A: made\nA --> B: after 5s [x]\nA --> C: after 5s")
    assert both.timers("A") == (Timer("after_5s", "5s", "A"),)
    assert len(both.ways("A", "after_5s")) == 2


@pytest.mark.parametrize("text", [NESTED, BESIDE])
def test_the_machine_passes_its_own_test(text: str) -> None:
    test = lifecycle_test(machine(text), seed=1)
    run_state_machine_as_test(test, settings=settings(test.TestCase.settings, max_examples=30, database=None))


@pytest.mark.parametrize("text", [NESTED, BESIDE])
def test_a_system_whose_timers_of_one_length_fall_due_together_is_caught(text: str) -> None:
    made = machine(text)

    class Mixed(MachineSystem):
        """What is due asks the innermost state first that waits so long, whosever timer it was."""

        def _decide(self, event: str, payload: object) -> Transition | Refused:
            inner = [each for each in self.machine.timers(self.state) if each.duration == "5s"]
            timed = bool(inner) and event.startswith("after_5s")
            return super()._decide(inner[-1].event if timed else event, payload)

    test = lifecycle_test(made, lambda: Mixed(made), durations={}, seed=1)
    with pytest.raises(AssertionError, match="after_5s_in_"):
        run_state_machine_as_test(test, settings=settings(test.TestCase.settings, max_examples=50, database=None))


def test_drawings_and_models_know_each_timer() -> None:
    made = machine(
        NESTED.replace("c: after 5s", "c: inner").replace("X: after 5s", "X: outer"),
        {"made": "made", "inner": Binding("i", timer="5s"), "knock": "knock", "outer": Binding("o", timer="5s")},
    )
    assert draw(made, "text", timers=True).count("after 5s") == 2
    promela = to_promela(machine(NESTED))
    assert "#define on_after_5s_in_A (event ==" in promela
    assert "#define on_after_5s_in_b (event ==" in promela


def test_a_timer_whose_event_is_named_otherwise_holds_nothing_that_was_stored() -> None:
    before = NESTED.replace("b --> c: after 5s", "b --> c: go")
    after = before.replace("b --> c: go", "b --> c: go\n        c --> b: after 5s")
    assert [machine(text).timers("c")[0].event for text in (before, after)] == ["after_5s", "after_5s_in_A"]
    assert not compare(machine(before), machine(after)).is_breaking


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        (NESTED.replace("A --> X: after 5s", "^A --> X: late"), {"late": Binding("tick", timer="9s")}),
        (NESTED.replace("A --> X: after 5s", "^A --> X: late"), {"late": Binding("tick", timer="5s")}),
        (BESIDE.replace("c --> d: after 5s", "^c --> d: late"), {"late": Binding("tick", timer="9s")}),
        (
            "stateDiagram-v2\n[*] --> A: made\nA --> B: after 5s\n^A --> C: late",
            {"after 5s": Binding("tick", timer="5s", guards=("x",)), "late": Binding("tick", timer="9s")},
        ),
    ],
    ids=["around", "around, of one length", "beside", "in one state"],
)
def test_timers_that_may_run_at_once_and_are_bound_to_one_event_are_refused(text: str, bound: dict[str, Any]) -> None:
    bindings: dict[str, Any] = {"made": "made", "after 5s": Binding("tick", timer="5s"), "knock": "knock", **bound}
    bindings = {label: binding for label, binding in bindings.items() if f": {label}" in text}
    assert "both raise 'tick'" in refused(text, bindings)


def test_timers_of_states_that_are_never_active_together_may_raise_one_event() -> None:
    text = "stateDiagram-v2\n[*] --> A: made\nA --> B: soon\nB --> A: late"
    bound: dict[str, Binding | str] = {
        "made": "made",
        "soon": Binding("tick", timer="1s"),
        "late": Binding("tick", timer="2s"),
    }
    assert [each.duration for state in "AB" for each in machine(text, bound).timers(state)] == ["1s", "2s"]


def test_nothing_waits_before_the_beginning() -> None:
    assert "no state is active yet in which it could run" in refused("stateDiagram-v2\n[*] --> A: ^after 5s")
    bound: dict[str, Binding | str] = {"made": Binding("made", timer="5s")}
    assert "no state is active yet in which it could run" in refused("stateDiagram-v2\n[*] --> A: ^made", bound)
