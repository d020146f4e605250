"""Timers of a life: raise their events when they are due, each at its own time."""

import itertools
import math
from collections.abc import Mapping
from functools import partial
from typing import Final

import anyio

from argentos.concurrency.clock import Clock
from argentos.machines.decisions import Refused
from argentos.machines.machine import Machine
from argentos.machines.position import Due, due_timers
from argentos.machines.running.journal import Journal
from argentos.machines.running.life import Life

__all__ = ["Alarms"]

_AGAIN: Final = 1.0  # seconds after which a guard that has refused a timer is asked again
_GRAIN: Final = 1e-5  # seconds that count as none: what is stored tells time in microseconds, each time rounded
_MOST_LATE: Final = 1_000  # transitions that are caught up with at their own times; then timers count from now


class Alarms:
    """The timers that run in a life.

    Args:
        machine: the machine.
        durations: seconds by the names of the timers.
        journal: of the life.
        clock: by which they run.
    """

    def __init__(self, machine: Machine, durations: Mapping[str, float], journal: Journal, clock: Clock) -> None:
        self._machine = machine
        self._durations = durations
        self._journal = journal
        self._clock = clock
        self._refused: frozenset[Due] = frozenset()
        self._looked = -math.inf  # when guards were asked again
        self._one = anyio.Lock()

    def next(self) -> float:
        """The time of the next timer that no guard has refused; infinite where there is none."""
        found = self._running(self._journal.life)
        return next((due.at for due in found if due not in self._refused), math.inf)

    def again(self) -> float:
        """The time at which something has to be done next, also where a guard may hold by then."""
        return min(self.next(), self._looked + _AGAIN if self._refused else math.inf)

    async def raise_due(self, *, again: bool = False) -> None:
        """Raise what is due, the earliest first; what a guard refuses stays due.

        Args:
            again: also what was refused a moment ago.
        """
        async with self._one:
            await self._raise_due(again=again)

    async def _raise_due(self, *, again: bool) -> None:
        if again or self._clock.monotonic() >= self._looked + _AGAIN:
            self._looked = self._clock.monotonic()
            refused = set[Due]()
        else:
            refused = {*self._refused}
        for number in itertools.count():
            now = self._clock.monotonic()
            found = self._running(self._journal.life)
            due = next((each for each in found if each.at <= now + _GRAIN and each not in refused), None)
            if due is None:
                break
            is_late = due in self._refused or number > _MOST_LATE
            answer = await self._journal.take_if(
                partial(self._is_running, due), due.timer.event, now if is_late else due.at
            )
            if isinstance(answer, Refused) or self._is_running(due, self._journal.life):
                refused.add(due)  # also one that has led to no other state: it is raised once in a round
        self._refused = frozenset(refused)

    def _is_running(self, due: Due, life: Life) -> bool:
        return due in self._running(life)

    def _running(self, life: Life) -> list[Due]:
        return due_timers(self._machine, life.position, self._durations)
