"""The outbox: what the agent said to a channel is given to the channel's reader until it was delivered.

What is owed stands in the sessions' metadata, so it outlives the process. The outbox only remembers in which sessions
there may be something; a message is read when it is given. So it costs a key for each such session, however much is
owed in it.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final, Self

import anyio
from anyio.lowlevel import checkpoint

from argentos.actors.core.commands import Deliver
from argentos.actors.core.registry import Registry
from argentos.actors.events import Event, RecordAppended, SessionParked, SessionRestarted
from argentos.concurrency.foreign_code import described, passes, reading_a_store
from argentos.errors import InputError, SessionNotFoundError, SupervisorStoppedError
from argentos.storage import Address, Message, Owed, SessionKey, Snapshot

__all__ = ["Delivery", "Outbox", "Reader"]

_log: Final = logging.getLogger(__name__)
_RETRY: Final = 10.0  # seconds until a session is looked at again that is parked, or could not be read


class Delivery:
    """A message that is owed to a channel.

    Attributes:
        id: the same each time the message is given, and of no other one: whoever remembers it delivers once.
        session: the id of its session.
        message: a reply, or what the agent said of its own accord.
        address: where it goes.
    """

    __slots__ = ("_created_at", "_key", "_reader", "address", "id", "message", "session")

    def __init__(
        self, reader: "Reader", key: SessionKey, created_at: datetime, message: Message, address: Address
    ) -> None:
        self._reader = reader
        self._key = key
        self._created_at = created_at
        self.id = f"{_escaped(key)}/{created_at:%Y%m%dT%H%M%S.%fZ}/{message.number}"
        self.session = key.id
        self.message = message
        self.address = address

    async def done(self) -> None:
        """It was delivered; when this returns, that is durable. Saying so again changes nothing.

        A session that was deleted meanwhile owes nothing any more.

        Raises:
            SessionParkedError: the session failed too often; the message will be given again.
            StoreError: it cannot be written.
            SupervisorStoppedError: the supervisor is closed.

        Cancellation: it is noted or not; the message may be given again.
        """
        await self._reader.finish(self._key, self.message.number, self._created_at)


def _escaped(key: SessionKey) -> str:
    """The key as a text that no other one has."""
    name = key.id.replace("%", "%25").replace("/", "%2F")
    return name if key.agent == "main" else f"{key.agent.replace('%', '%25').replace('/', '%2F')}/{name}"


class Reader(AsyncIterator[Delivery]):
    """What is owed to one channel, the longest-waiting session first; of each session one message at a time.

    Iterating waits for what comes, without end. Several deliveries, of different sessions, may be held at once.
    """

    def __init__(self, registry: Registry, channel: str) -> None:
        self._registry = registry
        self._channel = channel
        self._ready: dict[SessionKey, None] = {}  # in order; there may be something owed
        self._given: dict[SessionKey, int] = {}  # what is being delivered; 0 while it is looked up
        self._later: dict[SessionKey, None] = {}  # parked or unreadable
        self._again: set[SessionKey] = set()  # those looked up in which something came meanwhile
        self._retry_at = 0.0
        self._arrived = anyio.Event()

    # Who may owe something ------------------------------------------------------------------------------------

    def put(self, event: Event) -> None:
        """Note in which session there may be something new; after a failure it is not known."""
        match event:
            case RecordAppended(session=key, record=Owed(channel=channel)) if channel == self._channel:
                self._note(key)
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
        else:
            self._later.pop(key, None)
            self._ready[key] = None
            self._arrived.set()

    def _release(self, key: SessionKey) -> None:
        """Nothing of the session is in anybody's hands."""
        self._given.pop(key, None)
        if key in self._again:
            self._again.discard(key)
            self._note(key)

    # Giving -----------------------------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        """Iterating waits for deliveries, without end."""
        return self

    async def __anext__(self) -> Delivery:
        """Wait for the next delivery.

        Raises:
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        while True:
            while not self._ready:
                await self._wait()
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

    async def _wait(self) -> None:
        """Until something comes, or until it is time to try again."""
        if not self._registry.is_open:
            raise SupervisorStoppedError("the supervisor is closed; what is owed is given when it runs again")
        clock = self._registry.runtime.clock
        if self._arrived.is_set():
            self._arrived = anyio.Event()
        async with anyio.create_task_group() as group:
            if self._later:
                group.start_soon(self._retry, max(self._retry_at, clock.monotonic()))
            await self._arrived.wait()
            group.cancel_scope.cancel()

    async def _retry(self, at: float) -> None:
        await self._registry.runtime.clock.sleep_until(at)
        for key in list(self._later):
            self._note(key)

    def _set_aside(self, key: SessionKey) -> None:
        if not self._later:
            self._retry_at = self._registry.runtime.clock.monotonic() + _RETRY
        self._later[key] = None
        self._arrived.set()

    async def _look_up(self, key: SessionKey) -> Delivery | None:
        """The message of the session that is next; None if there is none, or it has to wait."""
        if self._registry.is_parked(key):
            self._set_aside(key)
            return None
        try:
            snapshot = await self._registry.look(key)
            return await self._next(snapshot)
        except SessionNotFoundError:
            return None
        except SupervisorStoppedError:
            raise
        except BaseException as error:  # whatever is wrong with one session, the others go on
            if passes(error):
                raise
            _log.error(
                "what session %s owes to %s cannot be read, and is tried again: %s",
                key,
                self._channel,
                described(error),
            )
            self._set_aside(key)
            return None

    async def _next(self, snapshot: Snapshot) -> Delivery | None:
        metadata = snapshot.metadata
        key = metadata.key
        for number in metadata.undelivered.get(self._channel, ()):
            message = await self._message(snapshot, number)
            if message is not None and message.address is not None:
                return Delivery(self, key, metadata.created_at, message, message.address)
            _log.error("message %d of session %s, owed to %s, is lost", number, key, self._channel)
            await self._tell(key, number, metadata.created_at)
        return None

    async def _message(self, snapshot: Snapshot, number: int) -> Message | None:
        """From the context, or else from the archive."""
        for message in reversed(snapshot.context.messages):
            if message.number == number:
                return message
        return next(iter(await self._registry.runtime.store.read(snapshot.metadata.key, number, number + 1)), None)

    # Done -------------------------------------------------------------------------------------------------------

    async def finish(self, key: SessionKey, number: int, created_at: datetime) -> None:
        """See `Delivery.done`."""
        is_done = False
        try:
            await self._tell(key, number, created_at)
            is_done = True
        finally:
            if self._given.get(key) == number:
                self._again.discard(key)
                del self._given[key]
                if is_done:
                    self._note(key)
                else:
                    self._set_aside(key)

    async def _tell(self, key: SessionKey, number: int, created_at: datetime) -> None:
        with suppress(SessionNotFoundError):
            await self._registry.tell(key, Deliver(self._registry.runtime.clock.now(), number, created_at))

    def end(self) -> None:
        """Have whoever waits look whether the supervisor is closed."""
        self._arrived.set()


class Outbox:
    """The readers of a supervisor, at most one for each channel."""

    def __init__(self, registry: Registry, agent: str) -> None:
        self._registry = registry
        self._agent = agent
        self._readers: dict[str, Reader] = {}

    @asynccontextmanager
    async def read(self, channel: str) -> AsyncGenerator[Reader]:
        """See `Supervisor.outbox`."""
        self._check(channel)
        events = self._registry.runtime.events
        reader = self._readers[channel] = Reader(self._registry, channel)
        events.add(reader)
        try:
            await reader.find(self._agent)
            yield reader
        finally:
            events.unsubscribe(reader)
            del self._readers[channel]

    def _check(self, channel: str) -> None:
        self._registry.check_open()
        known = self._registry.runtime.channels
        if channel not in known:
            names = ", ".join(sorted(known)) or "none"
            raise InputError(f"the outbox does not serve {channel!r}, only: {names}; name it in Supervisor(outbox=…)")
        if channel in self._readers:
            raise InputError(f"the outbox of {channel!r} has a reader already; end that one first")
