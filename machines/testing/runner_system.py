"""A system under test that a `Runner` runs, on a clock that moves when time is to pass."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

from anyio.from_thread import start_blocking_portal

from argentos.concurrency.clock import ManualClock
from argentos.machines.decisions import Refused, Transition
from argentos.machines.running.runner import Runner
from argentos.machines.running.snapshot import MemorySnapshots

__all__ = ["RunnerSystem"]

_START: Final = datetime(2026, 1, 1, tzinfo=UTC)


class _Killed(BaseException):
    """The end of a process, as its code sees it."""


class RunnerSystem:
    """A `System` around a runner; its event loop has a thread of its own.

    Args:
        make: makes the runner, with this clock and this store.
        facts: what the guards are to see for an event and its payload: the account that the runner is held against. By
            default the runner's own facts.
        backend: `asyncio` or `trio`.

    Attributes:
        runner: the one that runs now.
        clock: of all runners of this life.
        store: what is durable.
    """

    def __init__(
        self,
        make: Callable[[ManualClock, MemorySnapshots], Runner],
        *,
        facts: Callable[[str, object], object | None] | None = None,
        backend: str = "asyncio",
    ) -> None:
        self.clock: ManualClock = ManualClock(_START)
        self.store: MemorySnapshots = MemorySnapshots()
        self._make = make
        self._facts = facts
        self._stack = ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal(backend))
        self._begin()

    def _begin(self) -> None:
        self.runner: Runner = self._make(self.clock, self.store)
        self._process = ExitStack()
        self._changes = self._process.enter_context(self._portal.wrap_async_context_manager(self.runner.subscribe()))
        self._process.enter_context(self._portal.wrap_async_context_manager(self.runner))

    @property
    def state(self) -> str:
        """The state, as the runner says."""
        return self.runner.state

    def send(self, event: str, payload: object = None, /) -> Sequence[Transition] | Refused:
        """Raise the event with the payload as its data."""
        answer = self._portal.call(self._send, event, payload)
        return answer if isinstance(answer, Refused) else self._taken()

    async def _send(self, event: str, payload: object) -> Transition | Refused:
        answer = await self.runner.offer(event, payload)
        await self.runner.settle()
        return answer

    def advance(self, seconds: float, /) -> Sequence[Transition]:
        """Let the clock run."""
        self._portal.call(self._advance, seconds)
        return self._taken()

    async def _advance(self, seconds: float) -> None:
        await self.runner.facts_changed()
        self.clock.advance(seconds)
        await self.runner.settle()

    def restart(self) -> Sequence[Transition]:
        """End the runner as if its process was killed, and make another one."""
        self._process.__exit__(_Killed, _Killed(), None)
        self._begin()
        self._portal.call(self.runner.settle)
        return self._taken()

    def facts(self, event: str, payload: object, /) -> object | None:
        """The facts as given, or those of the runner."""
        return self.runner.facts if self._facts is None else self._facts(event, payload)

    def close(self) -> None:
        """End the runner, and its event loop."""
        with self._stack:
            self._process.close()

    def _taken(self) -> list[Transition]:
        return [change.transition for change in self._portal.call(self._changes.take)]
