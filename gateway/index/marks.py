"""Sessions that have changed, as events tell, until somebody has looked at what they are by now."""

from itertools import islice
from typing import Final

import anyio

from argentos.actors import (
    Event,
    PairingsChanged,
    RecordAppended,
    SessionDeleted,
    SessionParked,
    SessionRestarted,
    SessionUnparked,
    Subscription,
    SupervisorDraining,
)
from argentos.storage import SessionKey

__all__ = ["Marks"]

_ABOUT_A_SESSION: Final = (RecordAppended, SessionDeleted, SessionParked, SessionUnparked)


class Marks:
    """Marks of sessions, each once, in the order in which they came.

    Args:
        events: of all sessions; nobody else reads them.

    Attributes:
        has_missed: events were missed, so that any session may have changed; so it is at first.
    """

    def __init__(self, events: Subscription) -> None:
        self.has_missed: bool = True  # all before the first one
        self._events = events
        self._marked: dict[SessionKey, bool] = {}  # whether it was deleted meanwhile
        self._heard = 0  # events
        self._taken = 0  # of those, all up to here
        self._done = 0
        self._is_over = False
        self._is_at_rest = False
        self._progress = anyio.Event()
        self._waiting = anyio.CancelScope()

    def __bool__(self) -> bool:
        """Tell whether a session is marked."""
        return bool(self._marked)

    def hear(self) -> None:
        """Mark the sessions of all events that have come."""
        for event in self._events.pending():
            self._hear(event)

    async def hear_next(self, seconds: float) -> None:
        """Wait for an event, but no longer than so many seconds, and mark its session.

        Raises:
            SupervisorStoppedError: no more events come.
        """
        with anyio.move_on_after(seconds) as self._waiting:
            self._hear(await self._events.get())

    def wake(self) -> None:
        """End the wait for an event."""
        self._waiting.cancel()

    def _hear(self, event: Event) -> None:
        self._heard += 1
        self._is_at_rest = False
        if isinstance(event, _ABOUT_A_SESSION):
            was_deleted = self._marked.get(event.session, False)
            self._marked[event.session] = was_deleted or isinstance(event, SessionDeleted)
        elif not isinstance(event, SupervisorDraining | SessionRestarted | PairingsChanged):
            self.has_missed = True

    def take(self, most: int) -> dict[SessionKey, bool]:
        """The sessions that were marked first, each with whether it was deleted; they are marked no more."""
        taken = dict(islice(self._marked.items(), most))
        for key in taken:
            del self._marked[key]
        if not self._marked:
            self._taken = self._heard
        return taken

    def rest(self) -> None:
        """Tell those who wait that there is nothing left to do."""
        self._is_at_rest = not self._marked and not self._events.behind
        self._tell()

    def done(self) -> None:
        """Tell those who wait that what was taken is in the index."""
        self._done = self._taken
        self._tell()

    def end(self) -> None:
        """Tell them that nothing more will be."""
        self._is_over = True
        self._tell()

    def _tell(self) -> None:
        self._progress.set()
        self._progress = anyio.Event()

    async def settled(self) -> None:
        """Wait until the sessions of all events that have come are in the index as they are."""
        come = self._heard + self._events.behind
        while self._done < come and not self._is_over:
            await self._progress.wait()

    async def at_rest(self) -> None:
        """Wait until there is nothing left to do."""
        while (self._events.behind or not self._is_at_rest) and not self._is_over:
            await self._progress.wait()
