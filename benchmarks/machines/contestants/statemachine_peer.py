# pyright: basic, reportMissingImports=false
"""python-statemachine: a `StateMachine` for each session."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from statemachine import State, StateMachine

from benchmarks.machines.contestants.contestant import Send
from benchmarks.machines.lifecycle import EDGES, STATES, TALLY

__all__ = ["Statemachine"]


def _asking(name: str) -> Callable[[SimpleNamespace], bool]:
    def guard(facts: SimpleNamespace) -> bool:
        return bool(getattr(facts, name))

    return guard


def _defined() -> Any:
    states = {name: State(name, initial=name == STATES[0]) for name in STATES}
    events: dict[str, Any] = {}
    for edge in EDGES:
        way = states[edge.source].to(states[edge.target], cond=_asking(edge.guard), on=TALLY.count)
        events[edge.event] = events[edge.event] | way if edge.event in events else way
    return type("Session", (StateMachine,), {**states, **events, "allow_event_without_transition": True})


class Statemachine:
    """The machine as a class."""

    def __init__(self) -> None:
        self._machine = _defined()

    def created(self) -> Any:
        """See `Contestant`."""
        return self._machine()

    def sending(self, session: Any) -> Send:
        """See `Contestant`."""

        def send(event: str, facts: SimpleNamespace) -> None:
            session.send(event, facts=facts)

        return send
