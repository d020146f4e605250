"""Concurrent callers under every schedule, not under the one that an event loop happens to take.

`every_choice` calls a function again and again until each of its choices has been made in every way. `race` lets it
choose which of several callers goes on: between two points where a caller waits, nobody else does anything.
"""

from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from dataclasses import dataclass
from types import coroutine
from typing import Protocol, TypeAlias, TypeVar

from argentos.machines.decisions import Refused, Transition
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.linearizability import Answer, Call, Linearization, linearizable
from argentos.machines.modelcheck.moves import Move
from argentos.machines.tree import START

__all__ = ["Caller", "Choose", "ConcurrentSystem", "Race", "every_choice", "interleave", "pause", "race"]

T = TypeVar("T")

Choose: TypeAlias = Callable[[int], int]
"""Asked for one of so many; answers with a number from 0."""

Caller: TypeAlias = Coroutine[Callable[[], bool], None, None]
"""A coroutine that waits by `pause` alone."""


class ConcurrentSystem(Protocol):
    """A system that several callers use at once."""

    async def send(self, event: str, payload: object, /) -> Sequence[Transition] | Refused:
        """See `System.send`; whatever it awaits comes down to `pause`."""
        ...


@dataclass(frozen=True, slots=True)
class Race:
    """The result of a race.

    Attributes:
        schedules: how many there were, or until one was wrong.
        wrong: why the results of the last schedule cannot have come about one after the other; None if all can.
        schedule: which caller went on at each point, in the one that was wrong.
    """

    schedules: int
    wrong: Linearization[Move, Answer] | None = None
    schedule: tuple[int, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether every schedule gave results that one caller after the other might have got."""
        return self.wrong is None

    def __str__(self) -> str:
        """The outcome as a sentence."""
        if self.wrong is None:
            return f"all {self.schedules} schedules are linearizable"
        return f"schedule {''.join(map(str, self.schedule))}: {self.wrong}"


def every_choice(run: Callable[[Choose], T]) -> Iterator[T]:
    """Yield what `run` gives, once for every sequence of choices that it can make; it must depend on nothing else."""
    known: list[int] = []
    while True:
        made: list[tuple[int, int]] = []

        def choose(count: int, known: Sequence[int] = tuple(known), made: list[tuple[int, int]] = made) -> int:
            made.append((known[len(made)] if len(made) < len(known) else 0, count))
            return made[-1][0]

        yield run(choose)
        while made and made[-1][0] + 1 == made[-1][1]:
            made.pop()
        if not made:
            return
        known = [choice for choice, _ in made]
        known[-1] += 1


@coroutine
def pause(until: Callable[[], bool] = lambda: True) -> Generator[Callable[[], bool], None, None]:
    """Let the others go on; this caller does not before `until` is true."""
    yield until


def interleave(callers: Sequence[Caller], choose: Choose) -> tuple[int, ...]:
    """Run callers to their ends; gives which of them went on at each point.

    Raises:
        AssertionError: they all wait for each other.
    """
    waiting: dict[int, Callable[[], bool]] = dict.fromkeys(range(len(callers)), lambda: True)
    schedule: list[int] = []
    try:
        while waiting:
            ready = [caller for caller, until in waiting.items() if until()]
            if not ready:
                raise AssertionError(f"after the schedule {schedule} callers {list(waiting)} wait for each other")
            schedule.append(ready[choose(len(ready))])
            try:
                waiting[schedule[-1]] = callers[schedule[-1]].send(None)
            except StopIteration:
                del waiting[schedule[-1]]
    finally:
        for caller in callers:
            caller.close()
    return tuple(schedule)


def race(
    machine: Machine,
    programs: Sequence[Sequence[Move]],
    system: Callable[[], ConcurrentSystem],
    start: str = START,
) -> Race:
    """Run concurrent callers under every schedule, and compare with the machine called by one after the other.

    Args:
        machine: what ought to happen.
        programs: of each caller, what it sends, one after the other; the facts come as the payload, a mapping.
        system: makes a system in the state `start`, once for every schedule.
        start: a state of the machine.

    Raises:
        AssertionError: under some schedule the callers wait for each other.
    """
    count = 0
    for schedule, found in every_choice(lambda choose: _run(machine, programs, system(), start, choose)):
        count += 1
        if not found.holds:
            return Race(count, found, schedule)
    return Race(count)


def _run(
    machine: Machine, programs: Sequence[Sequence[Move]], system: ConcurrentSystem, start: str, choose: Choose
) -> tuple[tuple[int, ...], Linearization[Move, Answer]]:
    histories: list[list[Call[Move, Answer]]] = [[] for _ in programs]
    now = 0

    async def call(program: Sequence[Move], history: list[Call[Move, Answer]]) -> None:
        for move in program:
            await pause()
            began = now
            answer = await system.send(move.event, dict(move.facts))
            history.append(Call(move, answer if isinstance(answer, Refused) else tuple(answer), began, now))

    def tick(count: int) -> int:
        nonlocal now
        now += 1
        return choose(count)

    callers = [call(program, history) for program, history in zip(programs, histories, strict=True)]
    schedule = interleave(callers, tick)
    return schedule, linearizable(machine, start, histories)
