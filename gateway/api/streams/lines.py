"""Lines: what clients are told, encoded once for all of them."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, TypeAlias

import msgspec

from argentos.actors import CursorExpired, Event, EventsMissed
from argentos.gateway.api.streams.told import Told, told

__all__ = ["Line", "Lines", "TellLines", "line_of"]

_MOST: Final = 512  # events that are kept encoded
_LONGEST: Final = 16 * 1024  # bytes of one that is
_encoder: Final = msgspec.json.Encoder()


class Line(NamedTuple):
    """One object that a client is told: its kind, the cursor behind it, and its JSON."""

    kind: str
    cursor: str
    data: bytes


TellLines: TypeAlias = Callable[[Sequence[Line]], Awaitable[None]]
"""Tells a client of some lines at once, when it has room for them."""


def line_of(told: Told) -> Line:
    """The line of what is told."""
    return Line(type(told).__name__, told.cursor, _encoder.encode(told))


class Lines:
    """The lines of the latest events, which all clients are told alike.

    Attributes:
        listeners: clients that are told of events.
    """

    def __init__(self) -> None:
        self.listeners: int = 0
        self._known: OrderedDict[str, Line] = OrderedDict()

    @contextmanager
    def listening(self) -> Generator[None]:
        """The time in which a client is told."""
        self.listeners += 1
        try:
            yield
        finally:
            self.listeners -= 1

    def of(self, event: Event) -> Iterator[Line]:
        """The lines of an event: one, or several of a long one."""
        if isinstance(event, CursorExpired | EventsMissed):  # these are of one client alone
            yield from map(line_of, told(event))
            return
        line = self._known.get(event.cursor)
        if line is None:
            line = line_of(next(told(event)))
            if len(line.data) <= _LONGEST:
                self._known[event.cursor] = line
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        yield line
