"""Traces and metrics by OpenTelemetry's API: without an SDK in the host they cost next to nothing.

Spans: `argentos.turn` and `argentos.compaction`, with agent, session, number and outcome; and for each call of a tool
`execute_tool NAME`, by the semantic conventions for generative AI. Metrics, all by agent:

    argentos.accept.duration       s   from the call until the message is durable
    argentos.turn.duration         s   by outcome
    argentos.compaction.duration   s   by outcome
    argentos.call.duration         s   by tool and outcome
    argentos.failures              1   of actors; `parked` tells which were one too many
    argentos.sessions.live         1   in memory
    argentos.sessions.parked       1
    argentos.work.running          1   turns and compactions
    argentos.work.waiting          1   turns and compactions without a free place

No text of a message is in any of them.
"""

import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager  # noqa: TC003
from types import TracebackType
from typing import Final, Self

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Observation

from argentos.actors.health import Health
from argentos.concurrency.clock import Clock
from argentos.concurrency.foreign_code import tolerated
from argentos.storage import SessionKey

__all__ = ["Telemetry", "Working"]

_NAME: Final = "argentos"
_TOLERATED: Final = tolerated("the telemetry of the host")
_OBSERVED: Final[Mapping[str, Callable[[Health], int]]] = {
    "argentos.sessions.live": lambda health: health.live,
    "argentos.sessions.parked": lambda health: len(health.parked),
    "argentos.work.running": lambda health: health.running,
    "argentos.work.waiting": lambda health: health.waiting,
}


class Telemetry:
    """Spans and metrics of a supervisor, for its host's OpenTelemetry.

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
        kinds = ("turn", "compaction", "call")
        self._work = {each: self._meter.create_histogram(f"argentos.{each}.duration", "s") for each in kinds}

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

    def accepted(self, begun: float) -> None:
        """A message that came at this monotonic time is durable."""
        with _TOLERATED:
            self._accepts.record(self._clock.monotonic() - begun, self._agent)

    def working(self, kind: str, key: SessionKey, number: int) -> "Working":
        """A `turn` or a `compaction` that is about to run."""
        span = self._span(f"argentos.{kind}", {"argentos.session": key.id, "argentos.number": number})
        return Working(self, kind, span, self._clock.monotonic())

    def calling(self, key: SessionKey, tool: str, call_id: str) -> "Working":
        """A call of a tool that is about to run."""
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.type": "function",
            "gen_ai.tool.name": tool,
            "gen_ai.tool.call.id": call_id,
            "gen_ai.conversation.id": key.id,
            "argentos.session": key.id,
        }
        return Working(self, "call", self._span(f"execute_tool {tool}", attributes), self._clock.monotonic(), tool)

    def _span(self, name: str, attributes: Mapping[str, str | int]) -> trace.Span:
        with _TOLERATED:
            return self._tracer.start_span(name, attributes={**self._agent, **attributes})
        return trace.INVALID_SPAN

    def worked(self, kind: str, begun: float, outcome: str, tool: str = "") -> None:
        """Note the end of what began at this monotonic time."""
        attributes = {**self._agent, "argentos.outcome": outcome}
        if tool:
            attributes["gen_ai.tool.name"] = tool
        with _TOLERATED:
            self._work[kind].record(self._clock.monotonic() - begun, attributes)

    def failed(self, *, is_parked: bool) -> None:
        """An actor raised what it should not have."""
        with _TOLERATED:
            self._failures.add(1, {**self._agent, "argentos.parked": is_parked})


class Working:
    """A turn, a compaction or a call that runs; its span is the current one meanwhile.

    Attributes:
        outcome: how it ended; whoever does it says so.
        error: the kind of what went wrong; None where nothing did.
    """

    __slots__ = ("_begun", "_current", "_kind", "_span", "_telemetry", "_tool", "error", "outcome")

    def __init__(self, telemetry: Telemetry, kind: str, span: trace.Span, begun: float, tool: str = "") -> None:
        self._telemetry = telemetry
        self._kind = kind
        self._span = span
        self._begun = begun
        self._current: AbstractContextManager[trace.Span] | None = None
        self._tool = tool
        self.outcome: str = "cancelled"
        self.error: str | None = None

    def __enter__(self) -> Self:
        """Begin."""
        if self._span is not trace.INVALID_SPAN:  # as it is without an SDK
            with _TOLERATED:
                current = trace.use_span(self._span)
                current.__enter__()
                self._current = current
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End, and tell."""
        if self._current is not None:
            with _TOLERATED:
                self._current.__exit__(kind, error, where)
        if self._span is not trace.INVALID_SPAN:
            with _TOLERATED:
                self._span.set_attribute("argentos.outcome", self.outcome)
                if self.error is not None:
                    self._span.set_attribute("error.type", self.error)
                    self._span.set_status(trace.StatusCode.ERROR)
                self._span.end()
        self._telemetry.worked(self._kind, self._begun, self.outcome, self._tool)
