"""Metrics for Prometheus: what was asked for, what turns came to, and how the supervisor stands.

No label has the name of a session, a user or a token, nor a part of a message.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response

from argentos.actors import Event, EventsMissed, Health, RecordAppended
from argentos.storage import Accepted, Replied, Responded, Summarised, TurnEnded, Usage

__all__ = ["Metrics"]

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """The figures of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "argent_http_requests",
            "Requests that were answered.",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "argent_http_request_seconds",
            "Time until the answer begins.",
            ["route", "method"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._streams = self._gauge("argent_streams", "Streams and WebSockets that are open.")
        self._turns = Counter(
            "argent_turns", "Turns that have ended, by their outcome.", ["agent", "outcome"], registry=self._registry
        )
        self._messages = Counter(
            "argent_messages", "Messages that were accepted.", ["agent", "role"], registry=self._registry
        )
        self._compactions = Counter(
            "argent_compactions", "Summaries that were made.", ["agent", "method"], registry=self._registry
        )
        self._tokens = Counter(
            "argent_tokens", "Tokens as models have reported them.", ["agent", "kind"], registry=self._registry
        )
        self._cost = Counter(
            "argent_cost", "What replies have cost, in the currency of the prices.", ["agent"], registry=self._registry
        )
        self._missed = Counter("argent_events_missed", "Events that were not counted.", registry=self._registry)
        self._live = self._gauge("argent_sessions_live", "Sessions in memory.")
        self._parked = self._gauge("argent_sessions_parked", "Sessions that failed too often.")
        self._running = self._gauge("argent_turns_running", "Turns and compactions that run.")
        self._waiting = self._gauge("argent_turns_waiting", "Turns and compactions that wait for their turn.")
        self._takes = self._gauge("argent_ready", "1 while messages are taken.")

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(name, what, registry=self._registry)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Take note that a request was answered."""
        known = method if method in _METHODS else "other"
        self._answers.labels(route, known, status).inc()
        self._seconds.labels(route, known).observe(seconds)

    @contextmanager
    def streaming(self) -> Generator[None]:
        """The time in which a stream is open."""
        with self._streams.track_inprogress():
            yield

    def happened(self, event: Event) -> None:
        """Take note of an event of the supervisor."""
        if isinstance(event, EventsMissed):
            self._missed.inc(event.count)
        if not isinstance(event, RecordAppended):
            return
        agent, record = event.session.agent, event.record
        if isinstance(record, TurnEnded) and record.turn:
            self._turns.labels(agent, record.outcome).inc()
        elif isinstance(record, Accepted):
            self._messages.labels(agent, record.role).inc()
        elif isinstance(record, Summarised):
            self._compactions.labels(agent, record.method).inc()
        elif isinstance(record, Replied | Responded) and record.usage is not None:
            self._used(agent, record.usage)

    def _used(self, agent: str, usage: Usage) -> None:
        kinds = {
            "input": usage.input,
            "output": usage.output,
            "cache_read": usage.cache_read,
            "cache_written": usage.cache_written,
        }
        for kind, tokens in kinds.items():
            self._tokens.labels(agent, kind).inc(max(0, tokens))
        self._cost.labels(agent).inc(max(0.0, usage.cost or 0.0))

    def response(self, health: Health | None) -> Response:
        """The figures as they are now.

        Args:
            health: of the supervisor; None where another process has it.
        """
        if health is not None:
            self._live.set(health.live)
            self._parked.set(len(health.parked))
            self._running.set(health.running)
            self._waiting.set(health.waiting)
            self._takes.set(health.is_open and not health.is_draining and not health.store)
        return Response(generate_latest(self._registry), media_type=_TYPE)
