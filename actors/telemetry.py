"""Traces and metrics by OpenTelemetry's API: without an SDK in the host they cost next to nothing.

Spans: `argentos.turn` and `argentos.compaction`, with agent, session, number and outcome. Metrics, all by agent:

    argentos.accept.duration       s   from the call until the message is durable
    argentos.turn.duration         s   by outcome
    argentos.compaction.duration   s   by outcome
    argentos.failures              1   of actors; `parked` tells which were one too many
    argentos.sessions.live         1   in memory
    argentos.sessions.parked       1
    argentos.work.running          1   turns and compactions
    argentos.work.waiting          1   turns and compactions without a free place

No text of a message is in any of them.
"""

import weakref
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Observation

from argentos.actors.clock import Clock
from argentos.actors.health import Health
from argentos.storage import SessionKey

__all__ = ["Outcome", "Telemetry"]

_NAME: Final = "argentos"
_OBSERVED: Final[Mapping[str, Callable[[Health], int]]] = {
    "argentos.sessions.live": lambda health: health.live,
    "argentos.sessions.parked": lambda health: len(health.parked),
    "argentos.work.running": lambda health: health.running,
    "argentos.work.waiting": lambda health: health.waiting,
}


class Outcome:
    """How a turn or a compaction ended; whoever does it says so.

    Attributes:
        name: `cancelled`, unless said otherwise.
    """

    __slots__ = ("name",)

    def __init__(self) -> None:
        self.name = "cancelled"


class Telemetry:
    """What a supervisor tells its host's telemetry.

    Args:
        agent: whose sessions these are.
        clock: for durations.
    """

    def __init__(self, agent: str, clock: Clock) -> None:
        self._agent: dict[str, str | int] = {"argentos.agent": agent}
        self._clock = clock
        self._tracer = trace.get_tracer(_NAME)
        self._meter = metrics.get_meter(_NAME)
        self._accepts = self._meter.create_histogram("argentos.accept.duration", "s")
        self._failures = self._meter.create_counter("argentos.failures")
        self._work = {
            kind: self._meter.create_histogram(f"argentos.{kind}.duration", "s") for kind in ("turn", "compaction")
        }

    def observe(self, health: Callable[[], Health]) -> None:
        """Ask for the health whenever the host collects metrics, as long as the method's object lives."""
        asked = weakref.WeakMethod(health)
        for name, count in _OBSERVED.items():
            self._meter.create_observable_gauge(name, callbacks=[self._observation(asked, count)])

    def _observation(
        self, asked: "weakref.WeakMethod[Callable[[], Health]]", count: Callable[[Health], int]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            health = asked()
            return [] if health is None else [Observation(count(health()), self._agent)]

        return observe

    @contextmanager
    def accepting(self) -> Generator[None]:
        """A message is being made durable; one that is refused is not counted."""
        begun = self._clock.monotonic()
        yield
        self._accepts.record(self._clock.monotonic() - begun, self._agent)

    @contextmanager
    def working(self, kind: str, key: SessionKey, number: int) -> Generator[Outcome]:
        """A `turn` or a `compaction` runs."""
        outcome, begun = Outcome(), self._clock.monotonic()
        attributes = {**self._agent, "argentos.session": key.id, "argentos.number": number}
        with self._tracer.start_as_current_span(f"argentos.{kind}", attributes=attributes) as span:
            try:
                yield outcome
            finally:
                span.set_attribute("argentos.outcome", outcome.name)
                attributes = {**self._agent, "argentos.outcome": outcome.name}
                self._work[kind].record(self._clock.monotonic() - begun, attributes)

    def failed(self, *, is_parked: bool) -> None:
        """An actor raised what it should not have."""
        self._failures.add(1, {**self._agent, "argentos.parked": is_parked})
