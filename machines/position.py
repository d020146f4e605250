"""Positions in a life: the state, and since when its parts have been active, so that timers are due at their time.

All of this is pure, and no clock is asked: a time is a number of seconds on any scale, as long as it is one.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from argentos.errors import InputError
from argentos.machines.decisions import Refused, Timer, Transition
from argentos.machines.durations import milliseconds
from argentos.machines.machine import Machine
from argentos.machines.tree import START

__all__ = ["BEGINNING", "Due", "Position", "Step", "due_timers", "durations_of", "enter", "step"]


class Position(NamedTuple):
    """A place in a life.

    Attributes:
        state: of the machine.
        since: for each state of the diagram that is active, the time at which it was entered.
    """

    state: str
    since: Mapping[str, float]


BEGINNING: Final = Position(START, {})
"""The position before the first edge."""


class Step(NamedTuple):
    """A step that was decided: the transition, and the position after it."""

    transition: Transition
    position: Position


class Due(NamedTuple):
    """A timer that runs, and the time at which it is due."""

    at: float
    timer: Timer


def step(
    machine: Machine, position: Position, event: str, facts: object = None, *, data: object = None, at: float = 0.0
) -> Step | Refused:
    """Decide on an event, and say where that leads; pure, as far as the facts are.

    Args:
        machine: the machine.
        position: before the event; `BEGINNING` for a new life.
        event: any text.
        facts: as for `Machine.decide`.
        data: of the event, likewise.
        at: the time now, from which the timers of states that are entered count.

    Raises:
        UnknownStateError, InputError: see `Machine.decide`.
    """
    decision = machine.decide(position.state, event, facts, data)
    return decision if isinstance(decision, Refused) else Step(decision, enter(machine, position, decision, at))


def enter(machine: Machine, position: Position, transition: Transition, at: float) -> Position:
    """The position after a transition: what is entered has been active from then on."""
    entered, since = transition.entered, position.since
    if not entered and not transition.left:
        return Position(transition.target, since)
    active = machine.active(transition.target)
    return Position(transition.target, {state: at if state in entered else since.get(state, at) for state in active})


def due_timers(machine: Machine, position: Position, durations: Mapping[str, float]) -> list[Due]:
    """The timers that run, the one that is due first in front."""
    running = machine.timers(position.state)
    if not running:
        return []
    found = [Due(position.since[timer.state] + durations[timer.duration], timer) for timer in running]
    return sorted(found, key=lambda due: due.at)


def durations_of(machine: Machine, given: Mapping[str, float]) -> dict[str, float]:
    """Seconds for each of the machine's timers, by name.

    Raises:
        InputError: one is missing, or is not positive.
    """
    names = dict.fromkeys(timer.duration for state in machine.states for timer in machine.timers(state))
    return {name: _seconds(machine, name, given) for name in names}


def _seconds(machine: Machine, name: str, given: Mapping[str, float]) -> float:
    seconds = given.get(name, (milliseconds(name) or 0.0) / 1000)
    if not seconds > 0:
        problem = f"{machine.diagram.file} has a timer of {name!r}, whose length is not known"
        raise InputError(f"{problem}: give durations={{{name!r}: …}}, in seconds and more than 0")
    return seconds
