"""The outbox of a life: runs its effects, one at a time, in the order of the transitions that they follow from.

An effect is stored with its transition, before it is run; that it was done is noted afterwards. So it is run once, or,
where the process has ended in between, more than once, each time with the same id. One that waits for its next attempt
holds up those behind it, and nothing else.
"""

import inspect
import logging
import math
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import Final

from argentos.concurrency.clock import Clock
from argentos.concurrency.foreign_code import passes
from argentos.concurrency.threads import Runner as Thread
from argentos.concurrency.threads import Threads
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.machines.decisions import Transition
from argentos.machines.running.effects import Bound, EffectCall, Failure, Handlers, attempt, awaited
from argentos.machines.running.journal import Journal, Taken
from argentos.machines.running.life import Waiting, pending
from argentos.machines.running.snapshot import PendingEffect

__all__ = ["Outbox", "is_within_effect"]

_log: Final = logging.getLogger(__name__)
_LATE: Final = 5.0  # seconds that a thread is waited for, once its time is over
_within: Final[ContextVar[bool]] = ContextVar("argentos within an effect", default=False)


def is_within_effect() -> bool:
    """Tell whether this is code of an effect, or a task that it has started: it must not wait for effects behind it."""
    return _within.get()


class Outbox:
    """The effects of a life.

    Args:
        handlers: of the effects.
        journal: of the life.
        clock: by which attempts are put off.
        wake: has `run` called soon.
        wake_at: has it called at a monotonic time.
    """

    def __init__(
        self,
        handlers: Handlers,
        journal: Journal,
        clock: Clock,
        wake: Callable[[], None],
        wake_at: Callable[[float], None],
    ) -> None:
        self._handlers = handlers
        self._journal = journal
        self._clock = clock
        self._wake = wake
        self._wake_at = wake_at
        self._thread: Thread = Threads(_LATE, "an effect").runner()
        self._is_busy = False
        self._begun: Awaitable[object] | None = None  # what a plain function gave to be awaited
        self._waiters: list[tuple[int, Waiter]] = []

    def next(self) -> float:
        """The time of the next attempt; infinite where there is none."""
        waiting = self._journal.life.waiting
        return waiting[0].due if waiting else math.inf

    def begin(self) -> None:
        """Have run what a life has still to run."""
        due = self.next()
        if due > self._clock.monotonic():
            self._wake_at(due)
        else:
            self._wake()

    @property
    def is_free(self) -> bool:
        """Tell whether nothing is run now, or waits to be."""
        return not self._is_busy and not self._journal.life.waiting

    def run_plain(self, transition: Transition, data: object) -> None:
        """Run the effects of a transition at once, in a life that nobody keeps; the rest is left to `run`.

        From the first on that is no plain function, has failed, or gave something to be awaited.
        """
        done, failure, self._is_busy = 0, None, True
        try:
            for name in transition.effects:
                bound = self._handlers[name]
                if not bound.is_plain or not self._run_plain(bound, transition, done, data):
                    break
                done += 1
        except BaseException as error:
            if passes(error):
                raise
            failure = Failure(error)
        finally:
            self._is_busy = False
            if done < len(transition.effects):
                self._journal.life = self._journal.life.with_effects(transition, data, done)
        if failure is not None:
            self._journal.apply(*self._after(failure))
        if self._journal.life.waiting:
            self._wake()

    def _run_plain(self, bound: Bound, transition: Transition, number: int, data: object) -> bool:
        """Run one; False where its result has to be awaited."""
        if not bound.takes_call:
            result = bound.function()
        else:
            life = self._journal.life
            result = bound.function(self._call(pending(transition, data, life.sequence, number)))
        if result is not None and inspect.isawaitable(result):
            self._begun = result
            return False
        return True

    async def run(self) -> None:
        """Run all that is due."""
        if self._is_busy:
            return
        self._is_busy = True
        token = _within.set(True)
        try:
            while first := self._due():
                begun, self._begun = self._begun, None
                handler = self._handlers[first.effect.effect]
                bound = awaited(handler, begun) if begun else handler
                failure = await attempt(bound, self._call(first.effect), self._thread)
                await self._journal.end_effect(partial(self._after, failure))
                self.release()
        finally:
            _within.reset(token)
            self._is_busy = False
        self.release()

    async def wait(self, sequence: int) -> None:
        """Wait until the effects of a transition are run, or wait for another attempt."""
        if self._is_waited_for(sequence):
            waiter = new_waiter()
            self._waiters.append((sequence, waiter))
            await waiter.wait()

    def release(self, *, everybody: bool = False) -> None:
        """Let those go on whose effects are run, or put off."""
        waiters, self._waiters = self._waiters, []
        for sequence, waiter in waiters:
            if everybody or not self._is_waited_for(sequence):
                waiter.set()
            else:
                self._waiters.append((sequence, waiter))

    def _is_waited_for(self, sequence: int) -> bool:
        first = self._due()
        return first is not None and first.effect.sequence <= sequence

    def _due(self) -> Waiting | None:
        """The effect that is the next to be run, where it is its time."""
        waiting = self._journal.life.waiting
        return waiting[0] if waiting and waiting[0].due <= self._clock.monotonic() else None

    def _call(self, effect: PendingEffect) -> EffectCall:
        return EffectCall(
            id=f"{self._journal.id}/{effect.sequence}/{effect.number}",
            effect=effect.effect,
            event=effect.event,
            data=effect.data,
            source=effect.source,
            target=effect.target,
            attempt=effect.attempt + 1,
        )

    def _after(self, failure: Failure | None) -> Taken:
        """The life once the first effect has been tried."""
        life = self._journal.life
        if failure is None:
            return Taken(life.without_first())
        effect = life.waiting[0].effect
        handler = self._handlers[effect.effect].handler
        if effect.attempt + 1 < handler.attempts:
            wait = handler.wait_after(effect.attempt + 1)
            _log.warning("the effect %s failed, and is tried again in %g s: %s", effect.effect, wait, failure.in_log)
            due = self._clock.monotonic() + wait
            self._wake_at(due)
            return Taken(life.put_off(due))
        _log.error(
            "the effect %s failed %d times, and is given up: %s", effect.effect, effect.attempt + 1, failure.in_log
        )
        rest = life.without_first()
        data = {"effect": effect.effect, "error": str(failure)}
        return self._journal.follow(rest, handler.on_failure, data) if handler.on_failure else Taken(rest)
