"""A pure machine that is lived in: its timers, its log, its effects."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from argentos.errors import InputError
from argentos.machines import END, START, Diagram, Machine, Refused, Transition
from argentos.machines.testing import Effect, MachineSystem, System
from tests.machines.orders import DAY, ORDER, PAID, UNPAID, order

BLINKER = Machine(
    Diagram.parse("""
        stateDiagram-v2
            [*] --> On: start
            On --> Off: after 1s
            Off --> On: after 2 s
            On --> On: touch
    """)
)


def targets(answer: Sequence[Transition] | Refused) -> list[str]:
    assert not isinstance(answer, Refused)
    return [transition.target for transition in answer]


def test_a_life_goes_from_the_start_to_the_end() -> None:
    system: System = MachineSystem(ORDER)
    assert system.state == START
    steps = [system.send(event, PAID) for event in ("place", "confirm", "pack", "send", "forget")]
    assert [targets(step) for step in steps] == [["Placed"], ["Waiting"], ["Packing"], ["Sent"], [END]]


def test_what_is_refused_changes_nothing() -> None:
    system = order("confirm")
    assert system.send("pack", UNPAID) == Refused("Waiting", "pack", "is_paid")
    assert system.send("place") == Refused("Waiting", "place")
    assert (system.state, len(system.log)) == ("Waiting", 2)


def test_what_was_said_of_a_guard_holds_until_it_is_said_otherwise() -> None:
    system = order("confirm", paid=PAID)
    assert targets(system.send("pack")) == ["Packing"]
    system.send("unpack", UNPAID)
    assert isinstance(system.send("pack"), Refused)


def test_guards_may_see_anything_that_is_made_of_the_payload() -> None:
    system = MachineSystem(ORDER, facts=lambda _, payload: SimpleNamespace(is_paid=payload == 100))
    for event in ("place", "confirm"):
        system.send(event, None)
    assert isinstance(system.send("pack", 99), Refused)
    assert targets(system.send("pack", 100)) == ["Packing"]


@pytest.mark.parametrize(("seconds", "states"), [(899.9, []), (900, ["Cancelled"]), (5000, ["Cancelled"])])
def test_a_timer_fires_when_its_time_has_come(seconds: float, states: list[str]) -> None:
    assert targets(order().advance(seconds)) == states


def test_a_timer_fires_at_its_own_time_though_more_of_it_passes() -> None:
    system = MachineSystem(BLINKER)
    system.send("start")
    assert targets(system.advance(4.5)) == ["Off", "On", "Off"]
    assert [entry.at for entry in system.log] == [0, 1, 3, 4]
    assert system.now == 4.5


def test_a_timer_ends_when_its_state_is_left() -> None:
    system = order("confirm")
    assert targets(system.advance(900)) == []
    assert [timer.duration for timer in system.due] == ["7d"]


def test_a_timer_runs_on_while_states_change_within_its_own() -> None:
    system = order("confirm", "pack", paid=PAID)
    system.advance(6 * DAY)
    system.send("unpack", UNPAID)
    assert targets(system.advance(DAY)) == ["Cancelled"]


def test_a_timer_starts_anew_when_its_state_is_entered_again() -> None:
    system = MachineSystem(BLINKER)
    system.send("start")
    for _ in range(3):
        system.advance(0.9)
        system.send("touch")
    assert targets(system.advance(0.9)) == []
    assert targets(system.advance(0.2)) == ["Off"]


def test_a_timer_that_a_guard_refuses_is_raised_again_when_time_passes() -> None:
    system = order("confirm", paid=PAID)
    assert targets(system.advance(8 * DAY)) == []
    assert isinstance(system.send("pack", UNPAID), Refused)
    assert targets(system.advance(0)) == ["Cancelled"]
    assert system.log[-1].at == 8 * DAY


def test_a_timer_runs_through_a_restart() -> None:
    system = order()
    system.advance(800)
    assert system.restart() == ()
    assert targets(system.advance(99)) == []
    assert targets(system.advance(1)) == ["Cancelled"]


def test_the_durations_that_read_like_one_need_not_be_given() -> None:
    assert MachineSystem(ORDER).durations == {"15m": 900, "7d": 7 * DAY}
    assert MachineSystem(BLINKER, {"1s": 5}).durations == {"1s": 5, "2 s": 2}


@pytest.mark.parametrize("durations", [{}, {"a_while": 0}, {"a_while": -1}])
def test_a_duration_that_is_not_known_is_refused(durations: dict[str, float]) -> None:
    waiting = Machine(Diagram.parse("stateDiagram-v2\n[*] --> A: made\nA --> [*]: after a_while", file="wait.mmd"))
    with pytest.raises(InputError, match=r"wait\.mmd has a timer of 'a_while'.*durations=\{'a_while': …\}"):
        MachineSystem(waiting, durations)


def test_a_transition_is_decided_appended_applied_and_then_its_effects_are_run() -> None:
    seen: list[tuple[str, str, int, int]] = []
    system = MachineSystem(
        ORDER, stages=lambda stage: seen.append((stage, system.state, len(system.log), len(system.effects)))
    )
    system.send("place")
    seen.clear()
    system.send("confirm")
    assert seen == [
        ("decided", "Placed", 1, 0),
        ("appended", "Placed", 2, 0),
        ("applied", "Waiting", 2, 0),
        ("effect", "Waiting", 2, 1),
        ("effect", "Waiting", 2, 2),
    ]


class KillError(Exception):
    pass


@pytest.mark.parametrize(
    ("killed_at", "state", "effects"),
    [
        ("decided", "Placed", []),
        ("appended", "Waiting", ["greet", "count"]),
        ("applied", "Waiting", ["greet", "count"]),
        ("effect", "Waiting", ["greet", "greet", "count"]),
    ],
)
def test_what_was_appended_comes_back_after_a_kill_and_its_effects_are_run_at_least_once(
    killed_at: str, state: str, effects: list[str]
) -> None:
    def kill(stage: str) -> None:
        if stage == killed_at and alive:
            alive.pop()
            raise KillError

    alive: list[bool] = []
    system = MachineSystem(ORDER, stages=kill)
    system.send("place")
    alive.append(True)
    with pytest.raises(KillError):
        system.send("confirm")
    system.restart()
    assert system.state == state
    assert system.effects == [Effect(1, name) for name in effects]
    system.restart()
    assert len(system.effects) == len(effects)
