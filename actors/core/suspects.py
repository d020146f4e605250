"""Turns and compactions that the process may have died of: tried again alone, before anything else, and only so often.

A process that dies leaves turns and compactions open, and cannot tell of which of them it died. All are resumed
together; what was open a second time is suspected, and runs with nothing beside it. Only such an attempt counts, and it
is counted before it begins, so that nobody is blamed for what another did.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from argentos.storage import Metadata, SessionKey

__all__ = ["Suspects", "is_suspect"]


def is_suspect(metadata: Metadata) -> bool:
    """The session has a turn, or a compaction, that was begun, and begun again, and never ended.

    A turn that the model asked to try again was not begun again by that.
    """
    turn = metadata.turn
    is_turn = turn is not None and turn.delay is None and turn.attempt > 1 + turn.delays
    return is_turn or metadata.compaction is not None


class Suspects:
    """The sessions whose open turns and compactions wait until they may run alone.

    Attributes:
        alone: the one whose time has come.
    """

    def __init__(self) -> None:
        self.alone: SessionKey | None = None
        self._keys: set[SessionKey] | None = set()

    def expect(self) -> None:
        """Hold back every open turn and compaction until it is known which are suspected."""
        self._keys = None

    def know(self, keys: Iterable[SessionKey]) -> None:
        """These are suspected, and no others."""
        self._keys = set(keys)

    def holds_back(self, key: SessionKey) -> bool:
        """The session's open turn, or its compaction, must not go on now."""
        return (self._keys is None or key in self._keys) and key != self.alone

    @contextmanager
    def alone_for(self, key: SessionKey) -> Generator[None]:
        """It is this session's time; it is suspected no more afterwards."""
        self.alone = key
        try:
            yield
        finally:
            self.alone = None
            if self._keys is not None:
                self._keys.discard(key)
