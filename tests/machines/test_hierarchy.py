"""States within states, parallel regions and choices. In the examples `^` marks where the error has to point."""

from types import SimpleNamespace

import pytest

from argentos.errors import DiagramError, UnknownStateError
from argentos.machines import END, START, Diagram, Machine, Refused, Timer, Transition
from argentos.machines.compiling.table import MAX_STATES
from tests.machines.texts import KEYBOARD, ORDER

keyboard = Machine(Diagram.parse(KEYBOARD))
ON = "NumLockOff & CapsLockOff & Dark"


def refused(marked: str) -> str:
    before, after = marked.split("^")
    with pytest.raises(DiagramError) as caught:
        Machine(Diagram.parse(before + after))
    assert (caught.value.line, caught.value.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    return caught.value.problem


def follow(machine: Machine, state: str, *events: str, **facts: bool) -> str:
    for event in events:
        decision = machine.decide(state, event, SimpleNamespace(**facts))
        assert isinstance(decision, Transition), decision
        state = decision.target
    return state


def test_a_state_that_holds_others_is_entered_where_it_begins_in_all_its_regions() -> None:
    assert follow(keyboard, START, "built", "power_pressed", has_power=True) == ON
    assert keyboard.active(ON) == ("On", "NumLockOff", "CapsLockOff", "Quiet", "Dark")


def test_an_event_moves_its_region_alone() -> None:
    assert follow(keyboard, ON, "caps_pressed") == "NumLockOff & CapsLockOn & Dark"


def test_an_event_that_several_regions_know_moves_them_together() -> None:
    state = follow(keyboard, ON, "caps_pressed", "count_started")
    taken = keyboard.decide(state, "all_released", object())
    assert isinstance(taken, Transition)
    assert taken.target == ON
    assert taken.label == "All released & All released"
    assert [str(edge) for edge in taken.edges] == [
        "CapsLockOn --> CapsLockOff: All released",
        "Counting --> Quiet: All released",
    ]


def test_what_the_inner_states_do_not_know_the_outer_ones_answer() -> None:
    taken = keyboard.decide(ON, "power_pressed", object())
    assert isinstance(taken, Transition)
    assert taken.target == "Off"
    assert set(taken.left) == {"On", "NumLockOff", "CapsLockOff", "Quiet", "Dark"}
    assert follow(keyboard, ON, "num_pressed", "reset") == ON


def test_an_edge_may_lead_out_of_everything_at_once() -> None:
    lit = follow(keyboard, ON, "key_pressed")
    assert follow(keyboard, lit, "struck", "thrown_away", is_hard=False) == END
    assert keyboard.decide(lit, "struck", SimpleNamespace(is_hard=True)) == Refused(lit, "struck", "not is_hard")


def test_a_choice_is_passed_and_never_rested_in() -> None:
    counting = follow(keyboard, ON, "count_started")
    assert follow(keyboard, counting, "key_pressed", is_enough=True) == ON
    taken = keyboard.decide(counting, "key_pressed", SimpleNamespace(is_enough=False))
    assert isinstance(taken, Transition)
    assert (taken.target, taken.label) == (counting, "Key pressed → else")
    assert not [state for state in keyboard.states if "enough" in state]


def test_timers_run_in_the_state_that_holds_others_too() -> None:
    lit = follow(keyboard, ON, "key_pressed")
    assert set(keyboard.timers(lit)) == {
        Timer("after_an_hour", "an_hour", "On"),
        Timer("after_a_second", "a_second", "Lit"),
    }
    assert keyboard.timers(ON) == (Timer("after_an_hour", "an_hour", "On"),)


def test_the_end_of_a_state_that_holds_others_is_a_state() -> None:
    text = "stateDiagram-v2\n[*] --> A: made\nstate A {\n[*] --> B\nB --> [*]: done\n}\nA --> B: again"
    within = Machine(Diagram.parse(text))
    assert within.states == (START, "B", "A/[end]")
    assert follow(within, "B", "done", "again") == "B"


def test_a_choice_needs_no_order_among_its_branches_for_else_to_come_last() -> None:
    text = "stateDiagram-v2\nstate c <<choice>>\n[*] --> c: made\nc --> A\nc --> B: [is_b]\nc --> C: is_c"
    made = Machine(Diagram.parse(text))
    decided = [made.decide(START, "made", SimpleNamespace(is_b=b, is_c=c)) for b, c in [(1, 1), (1, 0), (0, 1), (0, 0)]]
    assert [each.target for each in decided if isinstance(each, Transition)] == ["B", "B", "C", "A"]


def test_a_branch_is_bound_to_a_guard() -> None:
    text = "stateDiagram-v2\nstate c <<choice>>\n[*] --> c: made\nc --> A: if n < 0\nc --> B: if n >= 0"
    made = Machine(Diagram.parse(text), {"made": "make", "if n < 0": "is_negative", "if n >= 0": "not is_negative"})
    assert follow(made, START, "make", is_negative=False) == "B"


def test_wrapping_states_in_another_keeps_their_names() -> None:
    plain = Machine(Diagram.parse("stateDiagram-v2\n[*] --> A: made\nA --> B: go"))
    wrapped = Machine(Diagram.parse("stateDiagram-v2\n[*] --> W: made\nstate W {\n[*] --> A\nA --> B: go\n}"))
    assert plain.states == wrapped.states


@pytest.mark.parametrize(
    ("marked", "problem"),
    [
        ("[*] --> ^A: made\nstate A {\nB --> C: go\n}", "A does not say where it begins; add '[*] --> B' within it"),
        (
            "[*] --> ^A: made\nstate A {\n[*] --> B\n--\nC --> D: go\n}",
            "region 2 of A does not say where it begins; add '[*] --> C'",
        ),
        ("[*] --> A: made\nstate A {\n[*] --> B\n^[*] --> C\nB --> C: go\n}", "A has a second beginning in one region"),
        (
            "[*] --> A: made\nA --> B: go\nstate A {\n^[*] --> B\n}\nstate C {\n[*] --> B\n}",
            "A begins with a state that is not directly in it",
        ),
        ("[*] --> A: made\n^state f <<fork>>\nA --> f: go", "the fork f needs an edge into two regions at least"),
        ("[*] --> A: made\n^state f <<join>>\nA --> f", "the join f needs edges from two regions at least"),
        ("[*] --> A: made\nstate f <<join>>\nA --> f: ^go", "A --> f: go is taken once all that lead"),
        ("[*] --> A: made\nstate c <<choice>>\n^A --> c: go", "the choice c leads nowhere"),
        ("[*] --> A: made\nstate c <<choice>>\nA --> c: go\n^c --> c", "the choice c leads back to itself"),
        ("[*] --> A: made\nstate c <<choice>>\nA --> c: go\nc --> A\n^c --> B", "c --> B is never taken"),
        ("[*] --> A: made\nstate c <<choice>>\nA --> c: go\nc --> A: ^after 5s", "leaves a choice, where no event"),
    ],
)
def test_what_cannot_run_is_refused_where_it_stands(marked: str, problem: str) -> None:
    assert problem in refused(f"stateDiagram-v2\n{marked}")


def test_an_edge_into_one_of_several_regions_has_the_others_begin() -> None:
    text = "stateDiagram-v2\n[*] --> A: made\nstate P {\n[*] --> B\nB --> C: go\n--\n[*] --> D\n}\n"
    text += "A --> C: go\nA --> P: begin"
    assert follow(Machine(Diagram.parse(text)), START, "made", "go") == "C & D"


def test_an_edge_from_region_to_region_is_refused() -> None:
    text = "stateDiagram-v2\n[*] --> P: made\nstate P {\n[*] --> B\n--\n[*] --> D\n}\n^B --> D: go"
    assert "leads from one region of P into another; lead to P, or out of it" in refused(text)


def test_an_event_that_leaves_all_regions_by_one_and_moves_another_is_refused() -> None:
    text = "stateDiagram-v2\n[*] --> P: made\nstate P {\n[*] --> B\n--\n[*] --> D\nD --> D: go\n}\n^B --> A: go"
    assert "B --> A: go leaves P by 'go', which D --> D: go takes in a region beside it" in refused(text)


def test_too_many_combinations_of_states_are_refused() -> None:
    region = "[*] --> {0}0\n" + "".join(f"{{0}}{n} --> {{0}}{n + 1}: next{n}{{0}}\n" for n in range(9))
    text = "stateDiagram-v2\n[*] --> P: made\nstate P {\n" + "--\n".join(region.format(name) for name in "ABCDE") + "}"
    with pytest.raises(DiagramError, match=f"more than {MAX_STATES:,} combinations"):
        Machine(Diagram.parse(text))


def test_a_whole_order_runs() -> None:
    text = ORDER.replace("Open --> Paying\n", "Open --> Paying: pay\n").replace(
        "Paying --> enough\n", "Paying --> enough: finish\n"
    )
    order = Machine(Diagram.parse(text))
    state = follow(order, START, "placed", "pay", "paid", amount_fits=True)
    assert state == "Checked & Reserved"
    assert follow(order, state, "finish", in_stock=True) == "Sent"
    assert follow(order, state, "finish", in_stock=False) == "Open"


def test_a_composite_state_is_no_state_of_the_machine_and_the_error_says_which_to_name() -> None:
    made = Machine(Diagram.parse("stateDiagram-v2\n[*] --> A: go\nstate A {\n[*] --> B\nB --> C: on\n}", file="a.mmd"))
    with pytest.raises(UnknownStateError, match=r"^a\.mmd has 'A' around others; a state is named by .*: B, C$"):
        made.decide("A", "on", None)
