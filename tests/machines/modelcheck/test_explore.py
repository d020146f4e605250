"""Exhaustive exploration: what it visits, and that it finds what is wrong by a shortest word."""

import itertools
from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argentos.machines import END, SESSION, START, Diagram, Machine, Refused, Transition
from argentos.machines.lifecycles import MACHINES
from argentos.machines.modelcheck.exploration import ExplorableSystem, explore
from argentos.machines.modelcheck.moves import Move, following, moves
from argentos.machines.modelcheck.system import MachineSystem
from tests.machines.generated import machines
from tests.machines.test_machine import DOOR
from tests.machines.texts import KEYBOARD

session = partial(MachineSystem, SESSION, {"idle_after": 1800})


def machine(*lines: str) -> Machine:
    return Machine(Diagram.parse("\n".join(("stateDiagram-v2", "[*] --> A: made", *lines))))


def test_all_words_of_seven_events_of_a_session_are_right_and_cover_all_of_it() -> None:
    seen = explore(SESSION, 7)
    assert seen.holds
    assert seen.states == set(SESSION.states)
    assert seen.edges == set(SESSION.transitions)
    assert seen.pairs == set(itertools.product(SESSION.states, SESSION.events))
    assert seen.guards == set(itertools.product(SESSION.guards, (True, False)))
    assert seen.words > 6**7
    assert str(seen).startswith("nothing is wrong; 5 states, 6 edges, 30 pairs of state and event in 762,291 words")


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_of_the_program_decides_as_its_definition_says_and_is_covered(name: str) -> None:
    seen = explore(MACHINES[name], 7)
    assert seen.holds
    assert seen.pairs == set(itertools.product(MACHINES[name].states, MACHINES[name].events))
    assert seen.edges == set(MACHINES[name].transitions)


def test_a_session_that_is_lived_in_is_right_too() -> None:
    assert explore(SESSION, 7, session).holds
    assert explore(SESSION, 7, session, key=lambda each: (each.state, len(logged(each)))).holds


def logged(system: ExplorableSystem) -> Sequence[object]:
    assert isinstance(system, MachineSystem)
    return system.log


def test_merging_changes_neither_what_is_seen_nor_how_many_words_that_is() -> None:
    different = itertools.count()
    apart, merged = explore(SESSION, 4, key=lambda _: next(different)), explore(SESSION, 4)
    assert (apart.words, apart.states, apart.edges, apart.pairs) == (
        merged.words,
        merged.states,
        merged.edges,
        merged.pairs,
    )
    assert apart.steps == apart.words > merged.steps


def test_no_more_is_seen_than_the_depth_allows() -> None:
    assert explore(DOOR, 0).states == {START}
    assert explore(DOOR, 1).states == {START, "Open"}
    assert explore(DOOR, 3).states == {START, "Open", "Shut", "Locked"}
    assert explore(DOOR, 4).states == set(DOOR.states)


class Forgetful(Machine):
    """Its table has lost a guard."""

    def decide(self, state: str, event: str, facts: object, data: object = None) -> Transition | Refused:
        if (state, event) == ("B", "go"):
            return next(transition for transition in self.transitions if transition.source == "B")
        return super().decide(state, event, facts, data)


def test_a_guard_that_the_table_has_lost_is_found_by_the_shortest_word() -> None:
    text = "stateDiagram-v2\n[*] --> A: made\nA --> C: turn\nC --> B: go\nA --> B: go [x]\nB --> A: go [y]"
    found = explore(Forgetful(Diagram.parse(text)), 9).counterexample
    assert found is not None
    assert found.word == (Move("made"), Move("go", (("x", True),)), Move("go", (("y", False),)))
    assert str(found) == (
        "made, go [x], go [not y]: 'go' ought to be refused by a guard, but B --> A: go [y] was taken"
    )


class Counting(MachineSystem):
    """It refuses to be turned for the third time, whatever its state."""

    def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
        if sum(entry.transition.event == "turn" for entry in self.log) == 2 and event == "turn":
            return Refused(self.state, event, None)
        return super().send(event, payload)


def test_what_is_wrong_the_third_time_is_found_only_with_a_key_that_tells_times_apart() -> None:
    turning = machine("A --> B: turn", "B --> A: turn")
    make = partial(Counting, turning)
    assert explore(turning, 6, make).holds
    found = explore(turning, 6, make, key=lambda each: (each.state, len(logged(each)))).counterexample
    assert found is not None
    assert str(found) == "made, turn, turn, turn: 'turn' ought to lead to B, but A knows no event 'turn'"


class Wrong(MachineSystem):
    """Wrong in one of several ways, once it is in B."""

    def __init__(self, machine: Machine, fault: str) -> None:
        super().__init__(machine)
        self.fault = fault

    @property
    def state(self) -> str:
        return "C" if self.fault == "lies" and self._state == "B" else self._state

    def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
        if self._state != "B":
            return super().send(event, payload)
        match self.fault:
            case "raises":
                raise ValueError(event)
            case "sleeps":
                return ()
            case "invents":
                self._state = "A"
                return (Transition("B", "A", event, "invented"),)
            case "refuses":
                return Refused("B", event, "x")
            case _:
                return super().send(event, payload)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("raises", "made, go, made: it raised ValueError('made')"),
        ("sleeps", "made, go, made: 'made' ought to be refused for B does not know it, but nothing was taken"),
        ("refuses", "made, go, made: 'made' ought to be refused for B does not know it, but B refuses 'made': x is"),
        ("invents", "made, go, made: 'made' ought to be refused for B does not know it, but B --> A: invented was"),
        ("lies", "made, go: the system says that it is in C, not in B"),
    ],
)
def test_every_kind_of_fault_is_found_and_told(fault: str, sentence: str) -> None:
    bound = machine("A --> B: go", "B --> C: go", "C --> A: back")
    found = explore(bound, 4, lambda: Wrong(bound, fault)).counterexample
    assert str(found).startswith(sentence)


def test_a_system_that_does_otherwise_the_second_time_is_told_of() -> None:
    bound = machine("A --> B: go", "B --> A: go")
    lives = itertools.count()

    def moody() -> MachineSystem:
        return MachineSystem(bound if next(lives) < 5 else machine("A --> A: go", "A --> B: turn"))

    found = explore(bound, 3, moody).counterexample
    assert found is not None
    assert str(found) == "made, go, made: A instead of B this time, before made"


def test_every_system_that_was_begun_is_closed() -> None:
    open_ones: set[int] = set()

    class Closing(MachineSystem):
        def __init__(self, machine: Machine) -> None:
            super().__init__(machine, {"spring": 1})
            open_ones.add(id(self))

        def close(self) -> None:
            open_ones.remove(id(self))

    assert explore(DOOR, 4, partial(Closing, DOOR)).holds
    assert not open_ones


def test_a_machine_with_composite_parallel_and_choice_states_is_explored_whole() -> None:
    keyboard = Machine(Diagram.parse(KEYBOARD))
    seen = explore(keyboard, 12)
    assert seen.holds
    assert seen.states == set(keyboard.states)
    assert END in seen.states
    assert seen.edges == set(keyboard.transitions)  # where two regions know an event, they always take it together


def nearest(bound: Machine, state: str) -> int:
    """How many events lead from the beginning to the state."""
    reached, length = {START}, 0
    while state not in reached:
        reached |= {target for each in reached for target in following(bound, each)}
        length += 1
    return length


@settings(max_examples=50)
@given(machines(), st.data())
def test_a_planted_fault_is_found_at_the_distance_of_its_state(bound: Machine, data: st.DataObject) -> None:
    reachable = sorted(explore(bound, 20).states)
    state = data.draw(st.sampled_from(reachable))
    move = data.draw(st.sampled_from(list(moves(bound, state))))

    class Faulty(MachineSystem):
        def send(self, event: str, payload: object = None) -> Sequence[Transition] | Refused:
            if (self.state, event, payload) == (state, move.event, dict(move.facts)):
                raise ValueError(event)
            return super().send(event, payload)

    found = explore(bound, 20, partial(Faulty, bound)).counterexample
    assert found is not None
    assert found.word[-1] == move
    assert len(found.word) == nearest(bound, state) + 1
