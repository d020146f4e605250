"""A crash between any two stages of any transition, and then revival: the same result as without it.

Every life up to a length is led once undisturbed, and then again for each of its stages, with a kill right there. The
system is revived, an event without an answer is sent again unless the log has it, and the rest of the
life goes on. In the end state, log and timers have to be the same, and every effect has to be done: once or more.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol, TypeAlias

from argentos.machines.decisions import Refused, Timer, Transition
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import Move, moves
from argentos.machines.modelcheck.system import Effect, Entry, MachineSystem, Stage

__all__ = ["CrashProblem", "Crashes", "DurableSystem", "Killed", "Life", "Wait", "crash_everywhere"]


class Killed(BaseException):
    """The kill of a system at a stage; no error that a system could handle."""


class Wait(NamedTuple):
    """A pause of so many seconds: until a timer is due, or half of that."""

    seconds: float

    def __str__(self) -> str:
        """As `1800 s pass`."""
        return f"{self.seconds:g} s pass"


Life: TypeAlias = tuple[Move | Wait, ...]


class DurableSystem(Protocol):
    """A `System` that shows its durable log and its effects; `MachineSystem` is one."""

    now: float
    log: list[Entry]
    effects: list[Effect]

    @property
    def state(self) -> str:
        """See `System.state`."""
        ...

    @property
    def due(self) -> Mapping[Timer, float]:
        """See `MachineSystem.due`."""
        ...

    def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        """See `System.send`."""
        ...

    def advance(self, seconds: float) -> Sequence[Transition]:
        """See `System.advance`."""
        ...

    def restart(self) -> Sequence[Transition]:
        """See `System.restart`."""
        ...


class CrashProblem(NamedTuple):
    """A kill with a wrong result.

    Attributes:
        life: all of it.
        step: the one that was killed, from 0.
    """

    life: Life
    step: int
    stage: Stage
    problem: str

    def __str__(self) -> str:
        """The life and the problem as a sentence."""
        killed = f"{', '.join(map(str, self.life[: self.step + 1]))}, killed when {self.stage}"
        rest = ", ".join(map(str, self.life[self.step + 1 :]))
        return f"{killed}, revived{rest and f', {rest}'}: {self.problem}"


@dataclass(slots=True)
class Crashes:
    """The result of all kills.

    Attributes:
        kills: how many there were.
        stages: the stages at which.
        repeated: the effects that some revival ran again, each with the stages of such kills.
        problem: the first kill after which something was wrong; None if none was.
    """

    kills: int = 0
    stages: set[Stage] = field(default_factory=set[Stage])
    repeated: dict[str, set[Stage]] = field(default_factory=dict[str, set[Stage]])
    problem: CrashProblem | None = None

    @property
    def holds(self) -> bool:
        """Tell whether every life ended as if it had not been killed, but for repeated effects."""
        return self.problem is None


def crash_everywhere(
    machine: Machine,
    depth: int,
    durations: Mapping[str, float] | None = None,
    *,
    system: Callable[[Callable[[Stage], None]], DurableSystem] | None = None,
) -> Crashes:
    """Kill every life of `depth` events, or shorter where it ends, at every stage; stop at the first problem.

    Args:
        machine: says which lives there are. Those of events that are refused are left out: they have no stages.
        depth: how many events and waits a life has.
        durations: as for `MachineSystem`.
        system: makes a system that calls the function it is given at every stage; by default the pure machine.
    """

    def pure(stages: Callable[[Stage], None]) -> DurableSystem:
        return MachineSystem(machine, durations, stages=stages)

    found = Crashes()
    for life in _lives(machine, partial(MachineSystem, machine, durations), depth):
        _crash_in(life, system or pure, found)
        if not found.holds:
            break
    return found


def _lives(machine: Machine, make: Callable[[], MachineSystem], depth: int, life: Life = ()) -> Iterator[Life]:
    """Every life that begins so, and is `depth` steps long or cannot go on."""
    system = make()
    _live(system, life)
    steps = list(_steps(machine, system)) if len(life) < depth else []
    if not steps:
        yield life
    for step in steps:
        yield from _lives(machine, make, depth, (*life, step))


def _steps(machine: Machine, system: DurableSystem) -> Iterator[Move | Wait]:
    """Every step that may come next: the events that take an edge, and time."""
    for move in moves(machine, system.state):
        if isinstance(move.decide(machine, system.state), Transition):
            yield move
    left = min(system.due.values(), default=system.now) - system.now
    if left > 0:
        yield from (Wait(left), Wait(left / 2))


def _crash_in(life: Life, make: Callable[[Callable[[Stage], None]], DurableSystem], found: Crashes) -> None:
    """Kill the life at each of its stages."""
    stages: list[Stage] = []
    whole = make(stages.append)
    _live(whole, life)
    for number, stage in enumerate(stages):
        killed = _KilledLife(make, number)
        step, problem = killed.live(life)
        found.kills += 1
        found.stages.add(stage)
        for effect in Counter(killed.system.effects) - Counter(whole.effects):
            found.repeated.setdefault(effect.name, set()).add(stage)
        problem = problem or _difference(whole, killed.system)
        if problem:
            found.problem = CrashProblem(life, step, stage, problem)
            return


class _KilledLife:
    """A life that is killed at the stage of that number."""

    def __init__(self, make: Callable[[Callable[[Stage], None]], DurableSystem], number: int) -> None:
        self._left = number
        self.system = make(self._reach)

    def live(self, life: Life) -> tuple[int, str]:
        """Lead the life; gives the step that was killed, and what went wrong since."""
        killed = -1
        for number, step in enumerate(life):
            known, end = len(self.system.log), _end(self.system, step)
            try:
                _take(self.system, step, end)
            except Killed:
                killed = number
                if early := [effect for effect in self.system.effects if effect.number >= len(self.system.log)]:
                    return killed, f"{early[0].name} was run, but its transition was not durable"
                self.system.restart()
                if isinstance(step, Wait) or len(self.system.log) == known:
                    _take(self.system, step, end)
        return killed, "" if killed >= 0 else "it was not the same life again, so nothing was killed"

    def _reach(self, _stage: Stage) -> None:
        self._left -= 1
        if self._left == -1:
            raise Killed


def _live(system: DurableSystem, life: Life) -> None:
    for step in life:
        _take(system, step, _end(system, step))


def _end(system: DurableSystem, step: Move | Wait) -> float:
    return system.now + step.seconds if isinstance(step, Wait) else system.now


def _take(system: DurableSystem, step: Move | Wait, end: float) -> None:
    if isinstance(step, Wait):
        system.advance(end - system.now)
    else:
        system.send(step.event, dict(step.facts))


def _difference(whole: DurableSystem, killed: DurableSystem) -> str:
    for name, ought, found in (
        ("state", whole.state, killed.state),
        ("log", whole.log, killed.log),
        ("timers", dict(whole.due), dict(killed.due)),
        ("order of the effects", list(dict.fromkeys(whole.effects)), list(dict.fromkeys(killed.effects))),
        ("effects left undone", Counter[Effect](), Counter(whole.effects) - Counter(killed.effects)),
    ):
        if ought != found:
            return f"the {name} ought to be {ought}, but {found} came of it"
    return ""
