"""Liveness by components, against the plain meaning of "can reach"."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import UnknownStateError
from argentos.machines import END, SESSION, START, Diagram, Machine
from argentos.machines.lifecycles.supervision import SUPERVISION
from argentos.machines.modelcheck.liveness import always_reaches, components
from argentos.machines.modelcheck.moves import following
from tests.machines.generated import machines
from tests.machines.test_machine import DOOR
from tests.machines.texts import KEYBOARD


def reached_from(graph: Mapping[str, Sequence[str]], state: str) -> set[str]:
    reached = {state}
    while more := {target for each in reached for target in graph[each]} - reached:
        reached |= more
    return reached


def graph_of(machine: Machine) -> dict[str, tuple[str, ...]]:
    return {state: tuple(following(machine, state)) for state in machine.states}


def machine(*lines: str) -> Machine:
    return Machine(Diagram.parse("\n".join(("stateDiagram-v2", "[*] --> A: made", *lines))))


def test_every_state_of_a_session_can_reach_active() -> None:
    answer = always_reaches(SESSION, "Active")
    assert (answer.holds, answer.stuck, answer.trap, answer.word) == (True, (), None, ())
    assert str(answer) == "every state can reach Active"


def test_every_supervised_actor_can_rest_again() -> None:
    assert always_reaches(SUPERVISION, "Resting").holds


def test_a_session_never_ends_its_life_has_one_sink_of_three_states() -> None:
    assert [sorted(sink) for sink in always_reaches(SESSION, "Active").sinks] == [["Active", "Compacted", "Idle"]]


def test_a_door_that_is_walled_up_never_opens_again() -> None:
    answer = always_reaches(DOOR, "Open")
    assert (answer.stuck, answer.trap, answer.sinks) == ((END,), END, ((END,),))
    assert [move.event for move in answer.word] == ["make", "push", "turn", "wall"]
    assert str(answer) == ("[end] cannot reach Open; make, push, turn [has_key, key_fits], wall leads to [end]")


def test_an_end_may_be_as_good_as_the_goal() -> None:
    assert always_reaches(DOOR, "Open", END).holds


def test_a_composite_state_is_reached_with_any_of_those_within() -> None:
    keyboard = Machine(Diagram.parse(KEYBOARD))
    composite = next(state.name for state in keyboard.diagram.states if state.regions > 1)
    assert composite not in keyboard.states
    assert always_reaches(keyboard, composite).stuck == ("Broken", END)
    assert always_reaches(keyboard, composite, END).holds


def test_a_way_whose_guards_contradict_each_other_leads_nowhere() -> None:
    trapped = machine("state C <<choice>>", "A --> B: go", "B --> C: back [x]", "C --> A: [not x]", "C --> B: else")
    answer = always_reaches(trapped, "A")
    assert (answer.stuck, answer.trap, [str(move) for move in answer.word]) == (("B",), "B", ["made", "go"])


def test_the_way_into_the_trap_is_the_shortest() -> None:
    trapped = machine(
        "A --> B: go", "B --> T: fall", "A --> C: turn", "C --> B: go", "B --> A: turn", "T --> T: go", "T --> U: turn"
    )
    answer = always_reaches(trapped, "A")
    assert answer.stuck == ("T", "U")
    assert [str(move) for move in answer.word] == ["made", "go", "fall"]


def test_a_trap_that_no_life_comes_to_has_no_way_into_it() -> None:
    stored = Machine(Diagram.parse("stateDiagram-v2\n[*] --> A: made\nB --> C: go"), stored=True)
    answer = always_reaches(stored, "A")
    assert (answer.stuck, answer.trap, answer.word) == (("B", "C"), None, ())
    assert str(answer) == "B, C cannot reach A; no life comes there"


def test_a_goal_that_is_no_state_is_refused() -> None:
    with pytest.raises(UnknownStateError, match=r"has no state 'Actve' that could be a goal"):
        always_reaches(SESSION, "Actve")


@given(machines(), st.data())
def test_a_state_is_stuck_exactly_if_nothing_that_it_reaches_is_a_goal(bound: Machine, data: st.DataObject) -> None:
    goals = data.draw(st.lists(st.sampled_from(bound.states), min_size=1, max_size=2))
    graph = graph_of(bound)
    answer = always_reaches(bound, *goals)
    assert answer.stuck == tuple(state for state in graph if not reached_from(graph, state).intersection(goals))
    traps = reached_from(graph, START).intersection(answer.stuck)
    assert answer.trap in traps if traps else answer.trap is None


@given(machines(), st.data())
def test_the_word_leads_into_the_trap(bound: Machine, data: st.DataObject) -> None:
    answer = always_reaches(bound, data.draw(st.sampled_from(bound.states)))
    state = START
    for move in answer.word:
        state = next(target for target, each in following(bound, state).items() if each == move)
    assert answer.trap in (state, None)


@given(st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=4)))
def test_components_are_what_can_reach_each_other_in_the_order_of_their_edges(drawn: dict[int, list[int]]) -> None:
    graph = {str(state): tuple(map(str, drawn.get(state, []))) for state in range(8)}
    reached = {state: reached_from(graph, state) for state in graph}
    parts = components(graph)
    assert sorted(state for part in parts for state in part) == sorted(graph)
    for state in graph:
        (part,) = (part for part in parts if state in part)
        assert set(part) == {other for other in reached[state] if state in reached[other]}
    place = {state: number for number, part in enumerate(parts) for state in part}
    assert all(place[target] <= place[state] for state in graph for target in graph[state])


def test_a_long_chain_needs_no_recursion() -> None:
    graph = {str(number): (str(number + 1),) if number < 20_000 else () for number in range(20_001)}
    assert len(components(graph)) == 20_001
