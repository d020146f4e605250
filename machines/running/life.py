"""A life as it is in memory, and as snapshots have it: there times are waits, here they are the clock's."""

import math
from typing import NamedTuple, Self

from msgspec import structs

from argentos.concurrency.clock import Clock
from argentos.machines.decisions import Transition
from argentos.machines.position import BEGINNING, Position, Step
from argentos.machines.running.snapshot import MachineSnapshot, PendingEffect

__all__ = ["Life", "Waiting", "pending"]


class Waiting(NamedTuple):
    """An effect that waits to be run, and the monotonic time before which it is not tried."""

    effect: PendingEffect
    due: float


def pending(transition: Transition, data: object, sequence: int, number: int) -> PendingEffect:
    """An effect of a transition, by its number."""
    return PendingEffect(
        sequence=sequence,
        number=number,
        effect=transition.effects[number],
        event=transition.event,
        source=transition.source,
        target=transition.target,
        data=data,
    )


class Life(NamedTuple):
    """A life: where it is, how many transitions led there, and the effects that are still to be run, in order.

    Waits are measured by the monotonic clock; the wall clock, which anybody may set, counts only for the time in which
    there was no process.
    """

    position: Position = BEGINNING
    sequence: int = 0
    waiting: tuple[Waiting, ...] = ()

    def after(self, step: Step, data: object) -> Self:
        """The life after a step, whose effects come last."""
        life = type(self)(step.position, self.sequence + 1, self.waiting)
        return life.with_effects(step.transition, data) if step.transition.effects else life

    def with_effects(self, transition: Transition, data: object, done: int = 0) -> Self:
        """The life with the effects of the transition that it has come to, but for so many that are done."""
        numbers = range(done, len(transition.effects))
        new = [Waiting(pending(transition, data, self.sequence, number), -math.inf) for number in numbers]
        return self._replace(waiting=(*self.waiting, *new))

    def without_first(self) -> Self:
        """The life without the effect that is the first to be run."""
        return self._replace(waiting=self.waiting[1:])

    def put_off(self, due: float) -> Self:
        """The life with one attempt more at the first effect, and the next not before that time."""
        effect = self.waiting[0].effect
        again = Waiting(structs.replace(effect, attempt=effect.attempt + 1), due)
        return self._replace(waiting=(again, *self.waiting[1:]))

    def snapshot(self, life_id: str, diagram: str, clock: Clock) -> MachineSnapshot:
        """The life as it is stored."""
        now = clock.monotonic()
        return MachineSnapshot(
            id=life_id,
            diagram=diagram,
            state=self.position.state,
            sequence=self.sequence,
            at=clock.now(),
            active={state: max(0.0, now - since) for state, since in self.position.since.items()},
            pending=tuple(structs.replace(effect, wait=max(0.0, due - now)) for effect, due in self.waiting),
        )

    @classmethod
    def of(cls, snapshot: MachineSnapshot, clock: Clock) -> Self:
        """The life that a snapshot has; what lies ahead of the wall clock was made just now."""
        now = clock.monotonic()
        gone = max(0.0, (clock.now() - snapshot.at).total_seconds())
        since = {state: now - gone - active for state, active in snapshot.active.items()}
        waiting = tuple(Waiting(effect, now + max(0.0, effect.wait - gone)) for effect in snapshot.pending)
        return cls(Position(snapshot.state, since), snapshot.sequence, waiting)
