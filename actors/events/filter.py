"""Filters: which events a subscription is of."""

from msgspec import Struct

from argentos.actors.events.kinds import PairingsChanged, Published, SupervisorDraining

__all__ = ["EventFilter"]


class EventFilter(Struct, frozen=True):
    """Chooses events by the agent, the id and the owner of their session; that the supervisor drains always passes."""

    agent: str | None = None
    session: str | None = None
    owner: str | None = None

    def takes(self, event: Published) -> bool:
        """Tell whether the event passes."""
        if isinstance(event, SupervisorDraining):
            return True
        if isinstance(event, PairingsChanged):
            return self.session is None and self.owner is None
        agent, session = event.session
        return (
            (self.agent is None or self.agent == agent)
            and (self.session is None or self.session == session)
            and (self.owner is None or self.owner == event.owner)
        )
