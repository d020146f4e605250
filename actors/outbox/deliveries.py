"""Deliveries: what the agent said to a channel is given to the channel's reader until it was delivered.

What is owed stands in the sessions' metadata, so it outlives the process. A reader only remembers in which sessions
there may be something; a message is read when it is given. So it costs a key for each such session, however much is
owed in it. How long a delivery waits to be tried again is remembered here alone: the next reader tries it at once.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple, Self

import anyio
from anyio.lowlevel import checkpoint

from argentos.actors.core.commands import Deliver
from argentos.actors.core.registry import Registry
from argentos.actors.events import Event, RecordAppended, SessionParked, SessionRestarted
from argentos.actors.validation import as_reason
from argentos.concurrency.foreign_code import in_log, passes, reading_a_store
from argentos.errors import SessionNotFoundError, SupervisorStoppedError
from argentos.inputs import as_number
from argentos.storage import (
    Accepted,
    Address,
    Message,
    OwedAgain,
    Replied,
    Responded,
    Rewound,
    SessionKey,
    Snapshot,
    Undone,
)

__all__ = ["Attempts", "Deliveries", "Delivery"]

_log: Final = logging.getLogger(__name__)
_RETRY: Final = 10.0  # seconds until a session is looked at again that is parked, or could not be read
_LONGEST_RETRY: Final = 366 * 86_400.0  # seconds


class Delivery:
    """A message that is owed to a channel.

    Attributes:
        id: the same each time the message is given, and of no other one: whoever remembers it delivers once.
        agent: whose session it is.
        session: the id of its session.
        message: a reply, what the agent said of its own accord, or a response with a call that a person has to allow.
        address: where it goes.
        attempt: 1, and one more each time that this reader was given it before.
    """

    __slots__ = ("_created_at", "_key", "_reader", "address", "agent", "attempt", "id", "message", "session")

    def __init__(
        self,
        reader: "Deliveries",
        key: SessionKey,
        created_at: datetime,
        message: Message,
        address: Address,
        *,
        attempt: int,
    ) -> None:
        self._reader = reader
        self._key = key
        self._created_at = created_at
        self.id: str = f"{_escaped(key)}/{created_at:%Y%m%dT%H%M%S.%fZ}/{message.number}"
        self.agent: str = key.agent
        self.session: str = key.id
        self.message: Message = message
        self.address: Address = address
        self.attempt: int = attempt

    async def done(self) -> None:
        """Note durably that it was delivered. Saying so again changes nothing.

        A session that was deleted meanwhile owes nothing any more.

        Raises:
            SessionParkedError: the session failed too often; the message will be given again.
            StoreError: it cannot be written.
            SupervisorStoppedError: the supervisor is closed.

        Cancellation: it is noted or not; the message may be given again.
        """
        await self._reader.finish(self._key, self.message.number, self._created_at)

    async def retry(self, after: float, reason: str = "") -> None:
        """Have it given again after so many seconds; other sessions go on meanwhile, and this one's order is kept.

        The wait is not durable: another reader, as after a restart, is given it at once.

        Args:
            after: seconds; 0 for as soon as possible.
            reason: a sentence for `Supervisor.owed`; its first 500 characters are kept.

        Raises:
            InputError: the seconds are below zero or more than a year, or the reason cannot be shown.
        """
        await checkpoint()
        seconds = as_number(after, "the time until the next attempt", 0.0, _LONGEST_RETRY)
        self._reader.put_off(self._key, self.message.number, seconds, as_reason(reason))

    async def fail(self, reason: str) -> None:
        """Note durably that it can never be delivered, as where the user has blocked the bot; the next one follows.

        Args:
            reason: a sentence for `Supervisor.owed`, which shows it as long as the session exists and not more than
                a hundred later ones have failed in it; its first 500 characters are kept.

        Raises:
            InputError: the reason is empty, or cannot be shown.
            SessionParkedError, StoreError, SupervisorStoppedError: see `done`.
        """
        await checkpoint()
        failure = as_reason(reason, may_be_empty=False)
        await self._reader.finish(self._key, self.message.number, self._created_at, failure)


def _escaped(key: SessionKey) -> str:
    """The key as a text that no other one has."""
    name = key.id.replace("%", "%25").replace("/", "%2F")
    return name if key.agent == "main" else f"{key.agent.replace('%', '%25').replace('/', '%2F')}/{name}"


class Attempts(NamedTuple):
    """The attempts to deliver the message of this number, and why the latest failed."""

    number: int
    given: int
    reason: str = ""


class _Pause(NamedTuple):
    """A session that is to wait until this moment of the monotonic clock; if `is_asked`, whatever comes meanwhile."""

    until: float
    is_asked: bool = False


class Deliveries(AsyncIterator[Delivery]):
    """The deliveries to one channel, the longest-waiting session first; of each session one message at a time.

    Iterating waits for what comes. It ends with the supervisor or, once that has drained, behind what can be given now;
    the rest is given when it runs again. Several deliveries, of different sessions, may be held at once.
    """

    def __init__(self, registry: Registry, channel: str) -> None:
        self._registry = registry
        self._channel = channel
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
                if record.is_owed and record.address is not None and record.address.channel == self._channel:
                    self._note(key)
            case RecordAppended(session=key, record=Undone(owed=owed)) if owed:
                self._note(key)
            case RecordAppended(session=key, record=Rewound(withheld=withheld)) if withheld:
                self._resume(key)  # it may have waited to be tried again
            case RecordAppended(session=key, record=OwedAgain()):
                self._resume(key)  # likewise a later one
            case SessionRestarted(session=key) | SessionParked(session=key):
                self._note(key)
            case _:
                pass

    async def find(self, agent: str) -> None:
        """Note what is owed since before."""
        with reading_a_store():
            owing = await self._registry.runtime.store.owing(agent)
        for metadata in owing:
            if self._channel in metadata.undelivered:
                self._note(metadata.key)

    def _note(self, key: SessionKey) -> None:
        if key in self._given:
            self._again.add(key)
        elif not (key in self._later and self._later[key].is_asked):
            self._later.pop(key, None)
            self._ready[key] = None
            self._arrived.set()

    def _resume(self, key: SessionKey) -> None:
        """Let a session wait no longer."""
        self._later.pop(key, None)
        self._note(key)

    def _release(self, key: SessionKey) -> None:
        """Nothing of the session is in anybody's hands."""
        self._given.pop(key, None)
        if key in self._again:
            self._again.discard(key)
            self._note(key)

    # Giving -----------------------------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        """Iterating waits for deliveries, until the supervisor ends or has drained."""
        return self

    async def __anext__(self) -> Delivery:
        """Wait for the next delivery; there is none once the supervisor is closed, or has drained and all are given."""
        await checkpoint()
        while self._registry.is_open:
            if not self._ready:
                if self._registry.runtime.events.is_over:
                    break
                await self._wait()
                continue
            key = next(iter(self._ready))
            del self._ready[key]
            self._given[key] = 0
            delivery: Delivery | None = None
            try:
                delivery = await self._look_up(key)
            except BaseException:  # also cancelled: what was looked up is given to the next who asks
                self._again.add(key)
                raise
            finally:
                if delivery is None:
                    self._release(key)
            if delivery is not None:
                self._given[key] = delivery.message.number
                return delivery
        raise StopAsyncIteration

    async def _wait(self) -> None:
        """Until something comes, or until it is time to try again."""
        if self._arrived.is_set():
            self._arrived = anyio.Event()
        async with anyio.create_task_group() as group:
            if self._later:
                group.start_soon(self._resume_those_due, min(pause.until for pause in self._later.values()))
            await self._arrived.wait()
            group.cancel_scope.cancel()

    async def _resume_those_due(self, at: float) -> None:
        clock = self._registry.runtime.clock
        await clock.sleep_until(at)
        now = clock.monotonic()
        for key in [key for key, pause in self._later.items() if pause.until <= now]:
            self._resume(key)

    def _set_aside(self, key: SessionKey, seconds: float = _RETRY, *, is_asked: bool = False) -> None:
        self._later[key] = _Pause(self._registry.runtime.clock.monotonic() + seconds, is_asked)
        self._arrived.set()

    async def _look_up(self, key: SessionKey) -> Delivery | None:
        """The message of the session that is next; None if there is none, or it has to wait."""
        if self._registry.is_parked(key):
            self._set_aside(key)
            return None
        try:
            snapshot = await self._registry.look(key)
            return await self._next(snapshot)
        except (SessionNotFoundError, SupervisorStoppedError):
            return None
        except BaseException as error:  # whatever is wrong with one session, the others go on
            if passes(error):
                raise
            _log.error(
                "what session %s owes to %s cannot be read, and is tried again: %s",
                key,
                self._channel,
                in_log(error),
            )
            self._set_aside(key)
            return None

    async def _next(self, snapshot: Snapshot) -> Delivery | None:
        metadata = snapshot.metadata
        key = metadata.key
        for number in metadata.undelivered.get(self._channel, ()):
            message = await self._message(snapshot, number)
            if message is not None and message.address is not None:
                attempt = self._count_attempt(key, number)
                return Delivery(self, key, metadata.created_at, message, message.address, attempt=attempt)
            _log.error("message %d of session %s, owed to %s, is lost", number, key, self._channel)
            await self._tell(key, number, metadata.created_at)
        return None

    def _count_attempt(self, key: SessionKey, number: int) -> int:
        known = self.attempts(key, number)
        self._attempts[key] = known._replace(given=known.given + 1)
        return known.given + 1

    def attempts(self, key: SessionKey, number: int) -> Attempts:
        """The attempts of this reader to deliver a message."""
        known = self._attempts.get(key)
        return known if known and known.number == number else Attempts(number, 0)

    async def _message(self, snapshot: Snapshot, number: int) -> Message | None:
        """From the context, or else from the archive."""
        for message in reversed(snapshot.context.messages):
            if message.number == number:
                return message
        return next(iter(await self._registry.runtime.store.read(snapshot.metadata.key, number, number + 1)), None)

    # What became of them ----------------------------------------------------------------------------------------

    async def finish(self, key: SessionKey, number: int, created_at: datetime, failure: str = "") -> None:
        """See `Delivery.done` and `Delivery.fail`."""
        is_finished = False
        try:
            await self._tell(key, number, created_at, failure)
            is_finished = True
        finally:
            was_given = self._take_back(key, number)
            if is_finished and self.attempts(key, number).given:  # also where it was to be tried again
                del self._attempts[key]
                self._resume(key)
            elif was_given:
                self._set_aside(key)

    def put_off(self, key: SessionKey, number: int, seconds: float, reason: str) -> None:
        """See `Delivery.retry`."""
        if self._take_back(key, number):
            self._attempts[key] = self.attempts(key, number)._replace(reason=reason)
            self._set_aside(key, seconds, is_asked=True)

    def _take_back(self, key: SessionKey, number: int) -> bool:
        """Have the message given no more; False if it was not."""
        if self._given.get(key) != number:
            return False
        self._again.discard(key)
        del self._given[key]
        return True

    async def _tell(self, key: SessionKey, number: int, created_at: datetime, failure: str = "") -> None:
        with suppress(SessionNotFoundError):
            now = self._registry.runtime.clock.now()
            await self._registry.tell(key, Deliver(now, number, created_at, failure))

    def end(self) -> None:
        """Have whoever waits look whether the supervisor is closed, or has drained."""
        self._arrived.set()
