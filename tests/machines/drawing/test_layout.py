"""Pictures in which everything stands apart, and once: of all that is generated, and of hard cases by hand."""

import itertools
import time

import pytest
from hypothesis import given, settings

from argentos.machines import Diagram, Machine
from argentos.machines.drawing import draw, figure
from argentos.machines.lifecycles import MACHINES
from tests.machines.drawing.geometry import assert_apart, assert_everything_once, boxes_cut
from tests.machines.generated import machines
from tests.machines.texts import KEYBOARD, ORDER


def lines(*statements: str) -> str:
    return "\n".join(("stateDiagram-v2", *statements))


HARD = {
    "keyboard": KEYBOARD,
    "order": ORDER,
    "twin loops": lines("A --> A: one", "A --> A: two", "A --> A", "A --> B: go", "B --> A: back"),
    "loops of a composite": lines("state A {", "B --> C", "}", "A --> A: one", "A --> A: two and more", "A --> D"),
    "notes": lines(
        "A --> B",
        "note left of A : first",
        "note left of A : second",
        "note right of A",
        "third",
        "line",
        "end note",
        "A --> A: loop",
        'note "floats" as N',
    ),
    "from region to region": lines(
        "state P {", "A --> B", "--", "C --> D", "--", "E", "}", "A --> D: over", "C --> B: a long way"
    ),
    "into itself": lines(
        "state P {", "state Q {", "A --> B", "}", "}", "P --> A: in", "B --> P: out", "P --> Q: half", "Q --> P"
    ),
    "ends everywhere": lines(
        "[*] --> P: a", "state P {", "[*] --> A", "A --> [*]: b", "--", "[*] --> B", "B --> [*]: c", "}", "P --> [*]"
    ),
    "bars": lines(
        "state f <<fork>>", "state j <<join>>", "[*] --> f", "f --> A", "f --> B", "A --> j", "B --> j", "j --> [*]"
    ),
    "empty": lines(),
    "without edges": lines(*(f"S{number}" for number in range(23))),
    "empty composite": lines("state A {", "}", "A --> B: x"),
    "long words": lines(f"A --> B: {'Donaudampfschifffahrt' * 5}", f"B: {'x' * 90}", f"B: {'word ' * 40}"),
    "own direction": lines("A --> P", "state P {", "direction LR", "B --> C: c", "C --> D: d", "}", "P --> E"),
    "own direction, crossed": lines("A --> B", "state P {", "direction LR", "B --> C: c", "}", "P --> E"),
    "letters": lines(
        "A: 漢字かな交じり文の状態です、長い説明が続きます",
        "A --> B: 🎉 done 👩\u200d👩\u200d👧",
        "B: مرحبا",
        "note right of B : Ω é и",
    ),
}


@settings(max_examples=150)
@given(machines())
def test_everything_of_a_machine_is_drawn_once_and_apart(machine: Machine) -> None:
    assert_everything_once(machine.diagram)
    assert_apart(machine.diagram)
    assert boxes_cut(machine.diagram) == []


@pytest.mark.parametrize("direction", ["TB", "BT", "LR", "RL"])
@pytest.mark.parametrize("name", HARD)
def test_hard_cases_are_drawn_so_in_every_direction(name: str, direction: str) -> None:
    text = (
        HARD[name]
        .replace("stateDiagram-v2", f"stateDiagram-v2\ndirection {direction}", 1)
        .replace("direction LR\n    %%", "%%")
    )
    diagram = Diagram.parse(text)
    assert_everything_once(diagram)
    assert_apart(diagram)
    assert boxes_cut(diagram) == []


@pytest.mark.parametrize("name", MACHINES)
def test_the_lifecycles_of_the_program_are_drawn_so(name: str) -> None:
    assert_everything_once(MACHINES[name].diagram)
    assert_apart(MACHINES[name].diagram)
    assert boxes_cut(MACHINES[name].diagram) == []


def test_regions_stand_in_the_order_of_the_text() -> None:
    drawn = figure(Diagram.parse(KEYBOARD))
    across = [
        next(state.x for state in drawn.states if state.name == name) for name in ("NumLockOff", "CapsLockOff", "Quiet")
    ]
    assert across == sorted(across)


def test_the_flow_follows_the_direction() -> None:
    for direction, axis, ahead in (("TB", "y", 1), ("BT", "y", -1), ("LR", "x", 1), ("RL", "x", -1)):
        drawn = figure(Diagram.parse(f"stateDiagram-v2\ndirection {direction}\nA --> B: x\nB --> C\nC --> A: again"))
        places = [ahead * getattr(state, axis) for state in drawn.states]
        assert places == sorted(places)


def test_a_composite_state_keeps_its_own_direction_where_no_edge_crosses_its_border() -> None:
    drawn = {state.name: state for state in figure(Diagram.parse(HARD["own direction"])).states}
    assert drawn["B"].y == drawn["C"].y == drawn["D"].y
    drawn = {state.name: state for state in figure(Diagram.parse(HARD["own direction, crossed"])).states}
    assert drawn["B"].y < drawn["C"].y


def wide(states: int) -> Diagram:
    """A machine of so many states in composites of ten, with two edges from each state."""
    lines = ["stateDiagram-v2", "[*] --> P0: begin"]
    for first in range(0, states, 10):
        inner = range(first, first + 10)
        lines += [f"state P{first} {{", f"[*] --> S{first}", *(f"S{n} --> S{n + 1}: next" for n in inner[:-1]), "}"]
    lines += [f"S{number} --> P{number * 7 % states // 10 * 10}: jump" for number in range(0, states, 3)]
    lines += [f"P{number} --> P{number + 10}: on" for number in range(0, states - 10, 10)]
    return Diagram.parse("\n".join(lines))


def flat(states: int) -> Diagram:
    edges = itertools.chain.from_iterable(
        (f"S{n} --> S{n + 1}: next", f"S{n} --> S{n * 13 % states}: jump [is_{n}]") for n in range(states - 1)
    )
    return Diagram.parse("\n".join(["stateDiagram-v2", "[*] --> S0: begin", *edges]))


@pytest.mark.parametrize("diagram", [wide(200), flat(200)], ids=["nested", "flat"])
def test_two_hundred_states_are_drawn_in_a_second(diagram: Diagram) -> None:
    draw(Diagram.parse("stateDiagram-v2\nA --> B"), "svg")
    took: list[float] = []
    for _ in range(3):  # the machine may be busy
        begin = time.process_time()
        draw(diagram, "svg")
        took.append(time.process_time() - begin)
    assert min(took) < 1
    assert_apart(diagram)
