"""Watchers of a life: those who wait until a state is active."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Final

from argentos.concurrency.clock import Clock
from argentos.concurrency.timers import Timers
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import RunnerStoppedError, StateNotReachedError, UnknownStateError
from argentos.machines.given import as_text
from argentos.machines.machine import Machine

__all__ = ["Watchers", "matches"]

_INSIDE: Final = "."


def matches(machine: Machine, state: str, path: str) -> bool:
    """Tell whether the states of a path, each within the one before it, are active.

    Raises:
        UnknownStateError: the diagram has no such state.
        InputError: the path is no text.
    """
    path = as_text(path, "the state")
    active = machine.active(state)
    if path in active or path == state:
        return True
    names = _names(machine, path)
    return all(name in active for name in names)


def _names(machine: Machine, path: str) -> list[str]:
    known = {each.name: each for each in machine.diagram.states}
    names = [path] if path in known or path in machine.states else path.split(_INSIDE)
    for name in names:
        if name not in known and name not in machine.states:
            raise UnknownStateError(f"{machine.diagram.file} has no state {name!r}, only {', '.join(known)}")
    for outer, inner in itertools.pairwise(names):
        if known[inner].within != outer:
            raise UnknownStateError(
                f"{machine.diagram.file} has {inner!r} in {known[inner].within or 'nothing'!r}, not in {outer!r}"
            )
    return names


class _Watcher:
    """Somebody who waits.

    Attributes:
        wanted: whether a state of the machine is the one.
        reached: the state that was.
    """

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        self.wanted = wanted
        self.reached: str | None = None
        self.woken: Waiter = new_waiter()


class Watchers:
    """All who wait.

    Args:
        machine: the machine.
        state: gives the state now.
        timers: wake them when their time is over.
        clock: of that.
    """

    def __init__(
        self, machine: Machine, state: Callable[[], str], timers: Timers[Callable[[], None]], clock: Clock
    ) -> None:
        self._machine = machine
        self._state = state
        self._timers = timers
        self._clock = clock
        self._all: list[_Watcher] = []
        self._is_over = False

    async def wait(self, wanted: str | Callable[[str], bool], timeout: float) -> str:  # noqa: ASYNC109 - see `Runner.wait_for`
        """See `Runner.wait_for`."""
        state = self._state()
        is_wanted = wanted if callable(wanted) else partial(self._is_in, wanted)
        if is_wanted(state):
            return state
        watcher = _Watcher(is_wanted)
        self._all.append(watcher)
        self._timers.arm(watcher.woken.set, self._clock.monotonic() + timeout)
        try:
            await watcher.woken.wait()
        finally:
            self._all.remove(watcher)
            self._timers.disarm(watcher.woken.set)
        if watcher.reached is not None:
            return watcher.reached
        if self._is_over:
            raise RunnerStoppedError(f"the runner of {self._machine.diagram.file} ended while it was waited for")
        where = f"in {wanted}" if isinstance(wanted, str) else "where it was waited for"
        raise StateNotReachedError(
            f"{self._machine.diagram.file} is in {self._state()} after {timeout:g} s, and not {where}"
        )

    def _is_in(self, path: str, state: str) -> bool:
        return matches(self._machine, state, path)

    def look(self) -> None:
        """Wake those whose state is reached."""
        if not self._all:
            return
        state = self._state()
        for watcher in self._all:
            if watcher.reached is None and watcher.wanted(state):
                watcher.reached = state
                watcher.woken.set()

    def end(self) -> None:
        """Wake all."""
        self._is_over = True
        for watcher in self._all:
            watcher.woken.set()
