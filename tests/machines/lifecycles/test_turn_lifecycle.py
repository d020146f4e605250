"""The lifecycle of a turn: where it is, where each event leads, and where it ends."""

import itertools
from types import SimpleNamespace

import pytest

from argentos.machines import START, Refused, Timer, Transition
from argentos.machines.lifecycles.turn import BINDINGS, ENDS, TURN, TurnFacts
from argentos.machines.testing import lifecycle_test

OPEN = ("Running", "Ready", "Delayed", "Overflowed", "Interrupted", "Calling", "Approving", "Due")

TAKEN = {
    (START, "message_accepted"): "Waiting",
    ("Waiting", "turn_begins"): "Running",
    ("Running", "reply"): "Replied",
    ("Running", "nothing_to_say"): "Silent",
    ("Running", "refusal"): "Refused",
    ("Running", "tools_called"): "Ready",
    ("Running", "model_paused"): "Ready",
    ("Running", "model_failed"): "Failed",
    ("Ready", "calls_begin"): "Calling",
    ("Ready", "approval_needed"): "Approving",
    ("Ready", "next_step"): "Running",
    ("Ready", "context_window_full"): "Overflowed",
    ("Calling", "calls_ended"): "Ready",
    ("Calling", "task_lost"): "Interrupted",
    ("Approving", "decision"): "Ready",
    ("Approving", "approval_expired"): "Ready",
    ("Approving", "written_instead"): "Ready",
    ("Due", "calls_resumed"): "Calling",
    ("Interrupted", "calls_resumed"): "Calling",
    ("Running", "model_not_available"): "Delayed",
    ("Running", "context_too_large"): "Overflowed",
    ("Running", "results_shortened"): "Ready",
    ("Running", "task_lost"): "Interrupted",
    ("Delayed", "delay_over"): "Due",
    ("Due", "next_attempt"): "Running",
    ("Due", "context_window_full"): "Overflowed",
    ("Interrupted", "next_attempt"): "Running",
    ("Interrupted", "context_window_full"): "Overflowed",
    ("Interrupted", "process_died_of_it"): "Failed",
    ("Overflowed", "continues_with_summary"): "Due",
    ("Failed", "retry"): "Waiting",
    **{(state, "newer_message"): "Stopped" for state in OPEN},
    **{(state, "stop"): "Stopped" for state in ("Waiting", *OPEN)},
    **{(state, "clear"): "Cleared" for state in ("Waiting", *OPEN)},
}

ASKED = {
    each.event: {guard.removeprefix("not "): not guard.startswith("not ") for guard in each.guards}
    for each in BINDINGS.values()
}
NAMES = {name for asked in ASKED.values() for name in asked}


def target(state: str, event: str, **facts: bool) -> str | None:
    wanted = dict.fromkeys(NAMES, True) | ASKED[event] | facts
    decision = TURN.decide(state, event, SimpleNamespace(**wanted))
    return decision.target if isinstance(decision, Transition) else None


def test_a_turn_waits_is_open_in_one_of_eight_states_or_has_ended() -> None:
    assert TURN.states == (START, "Waiting", *OPEN, *ENDS)
    assert tuple(ENDS.values()) == ("replied", "no_reply", "refused", "failed", "stopped", "cleared")


@pytest.mark.parametrize(("state", "event"), list(itertools.product(TURN.states, TURN.events)))
def test_an_event_leads_where_the_diagram_says_and_nowhere_else(state: str, event: str) -> None:
    assert target(state, event) == TAKEN.get((state, event))
    assert TURN.knows(state, event) == ((state, event) in TAKEN)


@pytest.mark.parametrize(("state", "event"), TAKEN)
def test_an_edge_is_taken_exactly_when_all_its_guards_hold(state: str, event: str) -> None:
    for name, wanted in ASKED[event].items():
        decision = TURN.decide(state, event, SimpleNamespace(**{**ASKED[event], name: not wanted}))
        assert decision == Refused(state, event, name if wanted else f"not {name}")


def test_what_has_ended_is_over_but_what_failed_can_be_tried_again() -> None:
    assert [(end, event) for end in ENDS for event in TURN.events if TURN.knows(end, event)] == [("Failed", "retry")]


def test_the_model_is_asked_where_an_attempt_begins_and_told_where_the_turn_is_ended() -> None:
    effects = {(each.event, effect) for each in TURN.transitions for effect in each.effects}
    asked = {(event, "ask_model") for event in ("turn_begins", "next_attempt", "next_step")}
    called = {(event, "call_tools") for event in ("calls_begin", "calls_resumed")}
    assert effects == asked | called | {(event, "cancel_task") for event in ("newer_message", "stop", "clear")}


def test_a_delayed_turn_has_a_timer_and_one_that_waits_for_a_person() -> None:
    timers = {state: TURN.timers(state) for state in TURN.states if TURN.timers(state)}
    assert timers == {
        "Delayed": (Timer("delay_over", "delay", "Delayed"),),
        "Approving": (Timer("approval_expired", "approval", "Approving"),),
    }


def test_the_facts_are_what_the_guards_ask_and_nothing_more() -> None:
    assert {name for name in vars(TurnFacts) if isinstance(vars(TurnFacts)[name], property)} == NAMES


TestTurnLifecycle = lifecycle_test(TURN, durations={"delay": 60.0, "approval": 86_400.0}, seed=3).TestCase
