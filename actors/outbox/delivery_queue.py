"""The queue of one channel: which sessions may owe it something, and what of them is in somebody's hands.

It remembers sessions, not messages: it costs a key for each of them, however much is owed in it.
"""

from typing import Final, NamedTuple

import anyio

from argentos.actors.events import Event, RecordAppended, SessionParked, SessionRestarted
from argentos.concurrency.clock import Clock
from argentos.storage import Accepted, OwedAgain, Replied, Responded, Rewound, SessionKey, Undone

__all__ = ["Attempts", "DeliveryQueue"]

_RETRY: Final = 10.0  # seconds until a session is looked at again that is parked, or could not be read


class Attempts(NamedTuple):
    """The attempts to deliver the message of this number, and why the latest failed."""

    number: int
    given: int
    reason: str = ""


class _Pause(NamedTuple):
    """A session that is to wait until this moment of the monotonic clock; if `is_asked`, whatever comes meanwhile."""

    until: float
    is_asked: bool = False


class DeliveryQueue:
    """The sessions that may owe something to one channel, the longest-waiting first.

    Each is taken by one reader at a time, and given back by `release`, `finish`, or what has it wait. How long one
    waits to be tried again is remembered here alone: the next reader tries it at once.
    """

    def __init__(self, channel: str, clock: Clock) -> None:
        self.channel: str = channel
        self._clock = clock
        self._ready: dict[SessionKey, None] = {}  # in order; there may be something owed
        self._given: dict[SessionKey, int] = {}  # what is being delivered; 0 while it is looked up
        self._later: dict[SessionKey, _Pause] = {}  # parked or unreadable, or to be tried again later
        self._again: set[SessionKey] = set()  # those looked up in which something came meanwhile
        self._attempts: dict[SessionKey, Attempts] = {}  # of the message that is next in the session
        self._arrived = anyio.Event()

    # Who may owe something ------------------------------------------------------------------------------------

    def put(self, event: Event) -> None:
        """Note in which session there may be something new; after a failure it is not known."""
        match event:
            case RecordAppended(session=key, record=(Accepted() | Responded() | Replied()) as record):
                if record.is_owed and record.address is not None and record.address.channel == self.channel:
                    self.note(key)
            case RecordAppended(session=key, record=Undone(owed=owed)) if owed:
                self.note(key)
            case RecordAppended(session=key, record=Rewound(withheld=withheld)) if withheld:
                self._resume(key)  # it may have waited to be tried again
            case RecordAppended(session=key, record=OwedAgain()):
                self._resume(key)  # likewise a later one
            case SessionRestarted(session=key) | SessionParked(session=key):
                self.note(key)
            case _:
                pass

    def end(self) -> None:
        """Have whoever waits look whether the supervisor is closed, or has drained."""
        self._arrived.set()

    def note(self, key: SessionKey) -> None:
        """Note that a session may owe something."""
        if key in self._given:
            self._again.add(key)
        elif not (key in self._later and self._later[key].is_asked):
            self._later.pop(key, None)
            self._ready[key] = None
            self._arrived.set()

    def _resume(self, key: SessionKey) -> None:
        """Let a session wait no longer."""
        self._later.pop(key, None)
        self.note(key)

    # Taking -----------------------------------------------------------------------------------------------------

    async def wait(self) -> None:
        """Wait until something comes, or until it is time to try again."""
        if self._arrived.is_set():
            self._arrived = anyio.Event()
        async with anyio.create_task_group() as group:
            if self._later:
                group.start_soon(self._resume_those_due, min(pause.until for pause in self._later.values()))
            await self._arrived.wait()
            group.cancel_scope.cancel()

    async def _resume_those_due(self, at: float) -> None:
        await self._clock.sleep_until(at)
        now = self._clock.monotonic()
        for key in [key for key, pause in self._later.items() if pause.until <= now]:
            self._resume(key)

    def take(self) -> SessionKey | None:
        """The next session, to look up what it owes; None if there is none."""
        key = next(iter(self._ready), None)
        if key is not None:
            del self._ready[key]
            self._given[key] = 0
        return key

    def give(self, key: SessionKey, number: int) -> int:
        """Note that the message is given; tells which attempt that is."""
        self._given[key] = number
        known = self.attempts(key, number)
        self._attempts[key] = known._replace(given=known.given + 1)
        return known.given + 1

    def attempts(self, key: SessionKey, number: int) -> Attempts:
        """The attempts to deliver a message."""
        known = self._attempts.get(key)
        return known if known and known.number == number else Attempts(number, 0)

    # Giving back ------------------------------------------------------------------------------------------------

    def release(self, key: SessionKey, *, is_next: bool = False) -> None:
        """Take a session back of which nothing was given; `is_next`: it has to be looked up again."""
        self._given.pop(key, None)
        if is_next or key in self._again:
            self._again.discard(key)
            self.note(key)

    def finish(self, key: SessionKey, number: int, *, is_durable: bool) -> None:
        """Take a message back that was delivered, or never will be; it is given again unless that is durable."""
        was_given = self._take_back(key, number)
        if is_durable and self.attempts(key, number).given:  # also where it was to be tried again
            del self._attempts[key]
            self._resume(key)
        elif was_given:
            self.set_aside(key)

    def put_off(self, key: SessionKey, number: int, seconds: float, reason: str) -> None:
        """Take a message back that is to be given again after so many seconds, whatever comes meanwhile."""
        if self._take_back(key, number):
            self._attempts[key] = self.attempts(key, number)._replace(reason=reason)
            self.set_aside(key, seconds, is_asked=True)

    def set_aside(self, key: SessionKey, seconds: float = _RETRY, *, is_asked: bool = False) -> None:
        """Have a session wait."""
        self._later[key] = _Pause(self._clock.monotonic() + seconds, is_asked)
        self._arrived.set()

    def _take_back(self, key: SessionKey, number: int) -> bool:
        """Have the message given no more; False if it was not."""
        if self._given.get(key) != number:
            return False
        self._again.discard(key)
        del self._given[key]
        return True
