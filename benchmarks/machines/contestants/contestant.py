"""What is asked of a contestant, and the two measurements of it."""

import gc
import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final, Protocol, TypeAlias

from msgspec import Struct

from benchmarks.machines.lifecycle import FIRST, TAKEN, TALLY, WALK
from benchmarks.machines.stopwatch import seconds_each

__all__ = ["Contestant", "Sample", "Send", "Size", "held", "walked"]

Send: TypeAlias = Callable[[str, SimpleNamespace], object]
"""Gives a session an event, with the facts that guards ask for."""

_CHECKED: Final = 3  # walks


class Contestant(Protocol):
    """A library that runs the machine for many sessions."""

    def created(self) -> Any:
        """A session in the state Created."""
        ...

    def sending(self, session: Any) -> Send:
        """How the session is given its events."""
        ...


class Sample(Struct, frozen=True):
    """Microseconds for each event of the walk, refused ones included."""

    microseconds: float


class Size(Struct, frozen=True):
    """Bytes for each of so many sessions."""

    bytes: float
    sessions: int


def walked(contestant: Contestant, seconds: float) -> Sample:
    """Walk for this long.

    Raises:
        RuntimeError: the contestant has not taken the edges that it should.
    """
    send = _active(contestant)[1]

    def walk() -> None:
        for event, facts in WALK:
            send(event, facts)

    before = TALLY.done
    for _ in range(_CHECKED):
        walk()
    if TALLY.done - before != _CHECKED * TAKEN:
        raise RuntimeError(f"{TALLY.done - before} effects in {_CHECKED} walks, not {_CHECKED * TAKEN}")
    return Sample(seconds_each(walk, seconds) / len(WALK) * 1e6)


def held(contestant: Contestant, sessions: int) -> Size:
    """Hold so many sessions in the state Active, each in its place of one list, which counts too."""
    _active(contestant)  # what all sessions share exists now
    tracemalloc.start()
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    kept: list[Any] = [None] * sessions
    for number in range(sessions):
        kept[number] = _active(contestant)[0]
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return Size((after - before) / len(kept), sessions)


def _active(contestant: Contestant) -> tuple[Any, Send]:
    session = contestant.created()
    send = contestant.sending(session)
    send(*FIRST)
    return session, send
