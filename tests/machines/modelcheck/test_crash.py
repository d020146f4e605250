"""A kill at every stage of every life, on systems that bear it and on systems that do not."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings

from argentos.machines import SESSION, Diagram, Machine, Transition
from argentos.machines.lifecycles.turn import TURN
from argentos.machines.modelcheck.crash import crash_everywhere
from argentos.machines.modelcheck.system import Effect, Entry, MachineSystem, Stage
from tests.machines.generated import machines
from tests.machines.test_machine import DOOR

IDLE = {"idle_after": 1800.0}


def test_a_session_that_is_killed_at_any_stage_ends_as_if_it_had_not_been() -> None:
    found = crash_everywhere(SESSION, 7, IDLE)
    assert found.holds
    assert found.stages == {"decided", "appended", "applied", "effect"}
    assert found.kills > 300


def test_effects_are_repeated_only_where_the_kill_came_before_they_were_known_to_be_done() -> None:
    assert crash_everywhere(SESSION, 6, IDLE).repeated == {"write_files": {"effect"}, "summarise": {"effect"}}


def test_lives_end_where_no_event_takes_an_edge() -> None:
    walled = Machine(Diagram.parse("stateDiagram-v2\n[*] --> A: made / log\nA --> [*]: over"))
    found = crash_everywhere(walled, 9)
    assert (found.holds, found.kills) == (True, 7)


@settings(max_examples=20)
@given(machines())
def test_any_machine_bears_kills(bound: Machine) -> None:
    assert crash_everywhere(bound, 3).holds


class EffectFirst(MachineSystem):
    """It runs effects before the transition is durable."""

    def _take(self, transition: Transition) -> None:
        self._stages("decided")
        for name in transition.effects:
            self.effects.append(Effect(len(self.log), name))
            self._stages("effect")
        self.log.append(Entry(self.now, transition))
        self._stages("appended")
        self._apply(self.log[-1])
        self._done = len(self.log)


class Forgetful(MachineSystem):
    """It takes for done what it had begun."""

    def _run_effects(self, transition: Transition) -> None:
        self._done = len(self.log)
        for name in transition.effects:
            self._stages("effect")
            self.effects.append(Effect(len(self.log) - 1, name))


class AppliedFirst(MachineSystem):
    """Its state is durable before its log is: it remembers what it never wrote down."""

    def _take(self, transition: Transition) -> None:
        self._apply(Entry(self.now, transition))
        self._stages("applied")
        super()._take(transition)

    def restart(self) -> Sequence[Transition]:
        state = self._state
        super().restart()
        self._state = state
        return ()


class Restarting(MachineSystem):
    """Its timers begin anew when it is revived."""

    def restart(self) -> Sequence[Transition]:
        super().restart()
        self._due = {timer: self.now + self.durations[timer.duration] for timer in self._due}
        return ()


class Restless(MachineSystem):
    """Its timers go on when it is revived, though their state was left."""

    def restart(self) -> Sequence[Transition]:
        due = dict(self._due)
        super().restart()
        self._due = {**due, **self._due}
        return ()


BOILER = Machine(
    Diagram.parse("""
        stateDiagram-v2
            [*] --> Cold: made
            Cold --> Warm: heat / light, log
            state Warm {
                [*] --> Low
                Low --> High: more
            }
            Warm --> Cold: after 5m / log
    """)
)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (EffectFirst, "made, heat, killed when effect, revived, more: light was run, but its transition was not"),
        (Forgetful, "made, heat, killed when effect, revived"),
        (AppliedFirst, "made, killed when applied, revived"),
    ],
)
def test_a_system_that_does_things_in_another_order_is_caught(kind: type[MachineSystem], sentence: str) -> None:
    found = crash_everywhere(BOILER, 3, system=lambda stages: kind(BOILER, stages=stages))
    assert str(found.problem).startswith(sentence)


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (Restarting, "the state ought to be Cold, but High came of it"),
        (Restless, "the timers ought to be {}, but {Timer"),
    ],
)
def test_a_timer_that_a_revival_moves_or_brings_back_is_caught(kind: type[MachineSystem], problem: str) -> None:
    found = crash_everywhere(BOILER, 4, system=lambda stages: kind(BOILER, stages=stages))
    assert found.problem is not None
    assert found.problem.problem.startswith(problem)


def test_a_system_that_does_not_tell_its_stages_twice_alike_is_told_of() -> None:
    lives: list[int] = []

    def quieter(stages: Callable[[Stage], None]) -> MachineSystem:
        lives.append(1)
        return MachineSystem(DOOR, {"spring": 1}, stages=stages if len(lives) == 1 else None)

    found = crash_everywhere(DOOR, 1, {"spring": 1}, system=quieter)
    assert str(found.problem).endswith("it was not the same life again, so nothing was killed")


def test_a_turn_that_is_killed_at_any_stage_ends_as_if_it_had_not_been_and_runs_calls_and_asks_again() -> None:
    found = crash_everywhere(TURN, 5, {"delay": 60.0, "approval": 86_400.0})
    assert found.holds
    assert found.kills > 300
    assert found.repeated.keys() == {"ask_model", "call_tools", "cancel_task"}
