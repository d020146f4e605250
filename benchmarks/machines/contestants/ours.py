"""Ours: a session is whatever holds the name of its state."""

from types import SimpleNamespace

import msgspec

from argentos.machines import Transition
from benchmarks.machines.contestants.contestant import Send
from benchmarks.machines.lifecycle import LIFECYCLE, TALLY

__all__ = ["Ours", "Stored"]


class Session:
    """The machine's part of a session."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class Ours:
    """Decide, move, and run the effects by their names."""

    def created(self) -> Session:
        """See `Contestant`."""
        return Session("Created")

    def sending(self, session: Session) -> Send:
        """See `Contestant`."""
        decide = LIFECYCLE.decide
        effects = dict.fromkeys(LIFECYCLE.effects, TALLY.count)

        def send(event: str, facts: SimpleNamespace) -> None:
            decision = decide(session.state, event, facts)
            if isinstance(decision, Transition):
                session.state = decision.target
                for effect in decision.effects:
                    effects[effect]()

        return send


class Stored(Ours):
    """The same for a session that was loaded: the name of its state is a string of its own."""

    def sending(self, session: Session) -> Send:
        """See `Contestant`; loads the state instead of moving there."""

        def send(_event: str, _facts: SimpleNamespace) -> None:
            session.state = msgspec.json.decode(b'"Active"', type=str)

        return send
