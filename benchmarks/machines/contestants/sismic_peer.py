# pyright: basic, reportMissingImports=false
"""sismic: an `Interpreter` for each session."""

from types import SimpleNamespace
from typing import Any

from sismic.interpreter import Interpreter
from sismic.model import BasicState, CompoundState, Statechart, Transition

from benchmarks.machines.contestants.contestant import Send
from benchmarks.machines.lifecycle import EDGES, STATES, TALLY

__all__ = ["Sismic"]


def _defined() -> Any:
    chart = Statechart("session")
    chart.add_state(CompoundState("session", initial=STATES[0]), None)
    for name in STATES:
        chart.add_state(BasicState(name), "session")
    for edge in EDGES:
        guard, action = f"event.facts.{edge.guard}", "tally.count()"
        chart.add_transition(Transition(edge.source, edge.target, edge.event, guard=guard, action=action))
    return chart


class Sismic:
    """The statechart, without the contracts that nobody has written here."""

    def __init__(self) -> None:
        self._chart = _defined()

    def created(self) -> Any:
        """See `Contestant`."""
        session = Interpreter(self._chart, initial_context={"tally": TALLY}, ignore_contract=True)
        session.execute()  # enters the first state
        return session

    def sending(self, session: Any) -> Send:
        """See `Contestant`."""

        def send(event: str, facts: SimpleNamespace) -> None:
            session.queue(event, facts=facts)
            session.execute()

        return send
