"""How a supervisor is doing."""

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Health"]


class Health(Struct, frozen=True, kw_only=True, rename="camel"):
    """A supervisor at a moment.

    Attributes:
        store: why the store takes nothing, for now or until it is opened again; empty while all is well.
        live: sessions in memory.
        parked: sessions that failed too often, by id, each with the cause.
        running: turns and compactions that run.
        waiting: turns and compactions that wait for their turn.
    """

    store: str
    live: int
    parked: Mapping[str, str]
    running: int
    waiting: int

    @property
    def is_well(self) -> bool:
        """Messages are accepted, in all sessions."""
        return not self.store and not self.parked
