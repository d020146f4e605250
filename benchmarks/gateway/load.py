"""The load: turns that stream at a pace, while listeners are told of everything that becomes durable."""

import resource
from statistics import quantiles
from typing import Final

import anyio
from msgspec import Struct

from argentos import Emit, Reply, Request

__all__ = ["PIECES", "TEXT", "Begun", "Load", "Measured", "Spoken", "raise_descriptors"]

PIECES: Final = tuple(f"piece {number} " for number in range(20))
TEXT: Final = "".join(PIECES)
_PACE: Final = 0.1  # seconds between two pieces


class Spoken:
    """A model that needs no time, and speaks at a pace."""

    name = "spoken"

    async def reply(self, request: Request, emit: Emit) -> Reply:  # noqa: ARG002 - it always says the same
        """Say the pieces."""
        for piece in PIECES:
            await emit(piece)
            await anyio.sleep(_PACE)
        return Reply(TEXT)


class Load(Struct, frozen=True):
    """A load.

    Attributes:
        listeners: that are told of all events.
        deaf: listeners besides that never read.
        turns: that stream.
        spread: seconds over which they begin; 0 for all at once.
    """

    listeners: int
    turns: int
    deaf: int = 0
    spread: float = 0.0


class Begun(Struct, frozen=True):
    """A turn whose reply was whole: seconds until its first piece was there, and until its end."""

    first: float
    whole: float


class Measured(Struct, frozen=True, kw_only=True):
    """The outcome of a load.

    Attributes:
        p50: seconds until the first piece of half of the turns.
        p99: likewise of nearly all.
        slowest: seconds until the first piece that came last.
        whole: seconds of the turn that took longest.
        events: that each listener was told of, all of them the same.
        cpu: seconds that the process which serves has computed.
        memory: bytes, the most that it held.
    """

    p50: float
    p99: float
    slowest: float
    whole: float
    events: int
    cpu: float
    memory: int

    @staticmethod
    def of(begun: list[Begun], events: int, cpu: float, memory: int) -> "Measured":
        """The outcome of these turns."""
        firsts = sorted(each.first for each in begun)
        cuts = quantiles(firsts, n=100, method="inclusive")
        whole = max(each.whole for each in begun)
        return Measured(
            p50=cuts[49], p99=cuts[98], slowest=firsts[-1], whole=whole, events=events, cpu=cpu, memory=memory
        )


def raise_descriptors() -> None:
    """Have as many descriptors as this process may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
