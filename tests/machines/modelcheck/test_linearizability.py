"""Concurrent callers: the check itself, and systems under every schedule."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.machines import SESSION, START, Diagram, Machine, Refused, Transition
from argentos.machines.modelcheck.linearizability import Answer, Call, linearizable, linearize
from argentos.machines.modelcheck.moves import Move, facts_asked, valuations
from argentos.machines.modelcheck.schedules import Choose, every_choice, interleave, pause, race

LAMP = Machine(
    Diagram.parse("stateDiagram-v2\n[*] --> Off: made\nOff --> On: press\nOn --> Off: press\nOn --> Dark: cut")
)
PRESS, CUT = Move("press"), Move("cut")
ON, OFF, DARK = ((each,) for each in LAMP.transitions if each.source != START)


def call(move: Move, answer: Answer, began: float, ended: float) -> Call[Move, Answer]:
    return Call(move, answer, began, ended)


def test_calls_that_overlap_may_stand_in_either_order() -> None:
    found = linearizable(LAMP, "Off", [[call(PRESS, OFF, 1, 4)], [call(PRESS, ON, 2, 3)]])
    assert found.holds
    assert [each.result for each in found.order] == [ON, OFF]
    assert str(found) == "one after the other: press → Off --> On: press; press → On --> Off: press"


def test_a_call_that_ended_before_another_began_stands_before_it() -> None:
    found = linearizable(LAMP, "Off", [[call(PRESS, OFF, 1, 2)], [call(PRESS, ON, 3, 4)]])
    assert not found.holds
    assert str(found) == (
        "no order explains the results: after at the beginning, none of these can follow:"
        " press → On --> Off: press; press → Off --> On: press"
    )


def test_two_who_both_switched_the_lamp_on_are_not_explained() -> None:
    found = linearizable(LAMP, "Off", [[call(PRESS, ON, 1, 4)], [call(PRESS, ON, 2, 3)]])
    assert (len(found.order), len(found.unexplained)) == (1, 1)


def test_a_callers_own_calls_keep_their_order() -> None:
    history = [call(CUT, Refused("Off", "cut"), 1, 9), call(PRESS, ON, 1, 9)]
    assert linearizable(LAMP, "Off", [history]).holds
    assert not linearizable(LAMP, "Off", [history[::-1]]).holds


def test_a_model_may_do_something_that_no_caller_sees() -> None:
    def leaking(level: int, wanted: int) -> Iterator[tuple[int, int]]:
        for leaked in range(level + 1):
            drawn = min(wanted, level - leaked)
            yield drawn, level - leaked - drawn

    assert linearize(leaking, 5, [[Call(2, 2, 1, 2)], [Call(3, 1, 3, 4)]]).holds
    assert not linearize(leaking, 5, [[Call(2, 1, 1, 2)], [Call(2, 2, 3, 4)]]).holds


def by_brute_force(histories: Sequence[Sequence[Call[Move, Answer]]], state: str) -> bool:
    calls = [each for history in histories for each in history]
    return any(
        explains(order, state)
        for order in itertools.permutations(calls)
        if all(keeps_its_order(order, each) for each in histories)
    )


def keeps_its_order(order: Sequence[Call[Move, Answer]], history: Sequence[Call[Move, Answer]]) -> bool:
    places = [next(place for place, other in enumerate(order) if other is each) for each in history]
    return places == sorted(places)


def explains(order: Sequence[Call[Move, Answer]], state: str) -> bool:
    for place, each in enumerate(order):
        decision = LAMP.decide(state, each.operation.event, SimpleNamespace())
        if any(later.ended < each.began for later in order[place:]):
            return False
        if each.result != ((decision,) if isinstance(decision, Transition) else decision):
            return False
        state = decision.target if isinstance(decision, Transition) else state
    return True


ANSWERS: Sequence[Answer] = [ON, OFF, DARK, Refused("Off", "cut"), Refused("Dark", "press")]


@st.composite
def histories(draw: st.DrawFn) -> list[list[Call[Move, Answer]]]:
    found: list[list[Call[Move, Answer]]] = []
    for _ in range(2):
        times = sorted(draw(st.lists(st.integers(0, 9), min_size=4, max_size=4)))
        answers = draw(st.lists(st.sampled_from(ANSWERS), max_size=2))
        found.append(
            [
                call(
                    CUT if answer in (DARK, Refused("Off", "cut")) else PRESS,
                    answer,
                    times[2 * number],
                    times[2 * number + 1],
                )
                for number, answer in enumerate(answers)
            ]
        )
    return found


@given(histories(), st.sampled_from(["Off", "On"]))
def test_the_check_says_what_trying_all_orders_says(drawn: list[list[Call[Move, Answer]]], state: str) -> None:
    assert linearizable(LAMP, state, drawn).holds == by_brute_force(drawn, state)


def test_every_choice_is_made_once() -> None:
    def run(choose: Choose) -> tuple[int, ...]:
        first = choose(3)
        return (first, *(choose(2) for _ in range(first)))

    assert list(every_choice(run)) == [(0,), (1, 0), (1, 1), (2, 0, 0), (2, 0, 1), (2, 1, 0), (2, 1, 1)]


def test_callers_go_on_in_every_order() -> None:
    def run(choose: Choose) -> str:
        said: list[str] = []

        async def caller(name: str) -> None:
            for number in range(2):
                await pause()
                said.append(f"{name}{number}")

        interleave([caller("a"), caller("b")], choose)
        return " ".join(said)

    assert set(every_choice(run)) == {
        "a0 a1 b0 b1", "a0 b0 a1 b1", "a0 b0 b1 a1", "b0 a0 a1 b1", "b0 a0 b1 a1", "b0 b1 a0 a1",
    }  # fmt: skip


class Careless:
    """A system that decides, and writes that down a moment later."""

    def __init__(self, machine: Machine, state: str) -> None:
        self.machine = machine
        self.state = state

    async def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        decision = self.machine.decide(self.state, event, SimpleNamespace(**cast("Mapping[str, bool]", payload)))
        await pause()
        if isinstance(decision, Refused):
            return decision
        self.state = decision.target
        return (decision,)


class Careful(Careless):
    """The same, one caller at a time."""

    is_taken = False

    async def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        await pause(lambda: not self.is_taken)
        self.is_taken = True
        try:
            return await super().send(event, payload)
        finally:
            self.is_taken = False


class Asleep(Careful):
    """The same, but who waits is not woken."""

    async def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        await pause(lambda: not self.is_taken)
        self.is_taken = True
        return await Careless.send(self, event, payload)


def test_a_system_that_decides_on_what_another_is_changing_is_caught() -> None:
    found = race(LAMP, [[PRESS], [PRESS]], lambda: Careless(LAMP, "Off"), "Off")
    assert not found.holds
    assert str(found) == (
        "schedule 001101: no order explains the results: after press → Off --> On: press, none of these can follow:"
        " press → Off --> On: press"
    )


def test_a_system_that_takes_one_caller_at_a_time_is_right_under_every_schedule() -> None:
    found = race(LAMP, [[PRESS, CUT], [PRESS, PRESS]], lambda: Careful(LAMP, "Off"), "Off")
    assert str(found) == f"all {found.schedules} schedules are linearizable"
    assert found.schedules > 100


def test_a_lost_wake_up_is_found_as_callers_that_wait_for_each_other() -> None:
    with pytest.raises(AssertionError, match=r"callers \[1\] wait for each other"):
        race(LAMP, [[PRESS], [PRESS]], lambda: Asleep(LAMP, "Off"), "Off")


def all_moves() -> list[Move]:
    """Whatever may be sent, with all that any state might ask for: another caller may change the state first."""
    return [
        Move(event, facts)
        for event in SESSION.events
        for facts in valuations(
            sorted({name for state in SESSION.states for name in facts_asked(SESSION, state, event)})
        )
    ]


def races_lost(make: Callable[[Machine, str], Careless]) -> list[tuple[str, Move, Move]]:
    return [
        (state, one, other)
        for state in SESSION.states
        for one, other in itertools.combinations_with_replacement(all_moves(), 2)
        if not race(SESSION, [[one], [other]], partial(make, SESSION, state), state).holds
    ]


def test_two_callers_with_any_two_events_in_any_state_of_a_session_are_answered_as_one_after_the_other() -> None:
    assert races_lost(Careful) == []


def test_without_taking_one_at_a_time_they_are_not_in_every_state() -> None:
    assert {state for state, _, _ in races_lost(Careless)} == set(SESSION.states)
