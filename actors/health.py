"""The health of a supervisor."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from argentos.concurrency.foreign_code import described

if TYPE_CHECKING:
    from argentos.actors.core.registry import Registry

__all__ = ["Health"]


class Health(Struct, frozen=True, kw_only=True, rename="camel"):
    """A supervisor at a moment.

    Attributes:
        is_open: the supervisor runs; before and after, nothing is accepted.
        is_draining: the supervisor is ending, and takes no more messages.
        store: why the store takes nothing, for now (its disk is full, or does not answer) or until it is opened again;
            empty while all is well.
        live: sessions in memory.
        parked: sessions that failed too often, by id, each with the cause.
        running: turns and compactions that run.
        waiting: turns and compactions that wait for their turn.
        attachments: a sentence for each picture or document that a model was to see and that could not be read, the
            latest hundred of each agent; a text stood in its place.
        tools: why sources of tools, by their names, are not open; they are opened again, and calls of their tools
            are errors meanwhile.
        retention: which sessions are kept though they are due by their age, and why; empty where none is.
    """

    is_open: bool
    is_draining: bool
    store: str
    live: int
    parked: Mapping[str, str]
    running: int
    waiting: int
    retention: str = ""
    attachments: tuple[str, ...] = ()
    tools: Mapping[str, str] = {}

    @classmethod
    def of(cls, registry: "Registry") -> "Health":
        """The health of the supervisor whose sessions these are."""
        runtime, runtimes = registry.runtime, registry.runtimes.values()
        return cls(
            is_open=registry.is_open,
            is_draining=registry.is_open and runtime.is_draining,
            store=str(runtime.store.failure or ""),
            live=len(registry),
            parked={str(key): described(cause) for key, cause in registry.parked.items()},
            running=runtime.slots.running,
            waiting=runtime.slots.waiting,
            attachments=tuple(each for one in runtimes for each in one.attachments.missing.values()),
            tools={name: why for each in runtimes for name, why in each.toolbox.failures.items()},
            retention="; ".join(each.retention for each in runtimes if each.retention),
        )

    @property
    def is_well(self) -> bool:
        """Messages are accepted, in all sessions whose mailboxes have room."""
        return self.is_open and not self.is_draining and not self.store and not self.parked
