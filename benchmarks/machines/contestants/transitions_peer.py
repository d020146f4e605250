"""transitions: its own triggers, in the three ways in which sessions can be given to it."""

import logging
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, Final

import transitions
from transitions.extensions import HierarchicalMachine

from benchmarks.machines.contestants.contestant import Send
from benchmarks.machines.lifecycle import EDGES, STATES, TALLY

__all__ = ["Flyweight", "Hierarchical", "Own"]

logging.getLogger("transitions").setLevel(logging.ERROR)  # it warns of each event that a state does not know


def _effect(_facts: SimpleNamespace) -> None:
    TALLY.count()


_MACHINE: Final[dict[str, Any]] = {
    "model": None,
    "states": [*STATES],
    "initial": STATES[0],
    "auto_transitions": False,
    "ignore_invalid_triggers": True,
    "transitions": [
        {
            "trigger": edge.event,
            "source": edge.source,
            "dest": edge.target,
            "conditions": attrgetter(edge.guard),
            "after": _effect,
        }
        for edge in EDGES
    ],
}


class Model:
    """What transitions adds a state, triggers and questions to."""


class Own:
    """One machine with a model for each session, triggered by the event's name."""

    def __init__(self, kind: Any = transitions.Machine) -> None:
        self._machine = kind(**_MACHINE)

    def created(self) -> Model:
        """See `Contestant`."""
        model = Model()
        self._machine.add_model(model)
        return model

    def sending(self, session: Any) -> Send:
        """See `Contestant`."""
        send: Send = session.trigger
        return send


class Hierarchical(Own):
    """The same, of the class for nested states."""

    def __init__(self) -> None:
        super().__init__(HierarchicalMachine)


class Light:
    """A model that the machine does not know."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class Flyweight:
    """One machine without models: its events are triggered with an object that holds nothing but a state."""

    def __init__(self) -> None:
        self._machine = transitions.Machine(**_MACHINE)

    def created(self) -> Light:
        """See `Contestant`."""
        return Light(STATES[0])

    def sending(self, session: Light) -> Send:
        """See `Contestant`."""
        events = self._machine.events

        def send(event: str, facts: SimpleNamespace) -> None:
            events[event].trigger(session, facts)

        return send
