"""Deliveries: what the agent said to a channel is given to the channel's reader until it was delivered.

What is owed stands in the sessions' metadata, so it outlives the process; a message is read when it is given.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple, Self

from anyio.lowlevel import checkpoint

from argentos.actors.core.commands import Deliver
from argentos.actors.core.registry import Registry
from argentos.actors.outbox.delivery_queue import DeliveryQueue
from argentos.actors.validation import as_reason
from argentos.concurrency.foreign_code import in_log, passes
from argentos.errors import SessionNotFoundError, SupervisorStoppedError
from argentos.inputs import as_number
from argentos.storage import Address, Message, SessionKey, Snapshot

__all__ = ["Debt", "Deliveries", "Delivery", "finish"]

_log: Final = logging.getLogger(__name__)
_LONGEST_RETRY: Final = 366 * 86_400.0  # seconds


class Debt(NamedTuple):
    """A message that a session owes to a channel; `created_at` tells sessions of the same key apart."""

    key: SessionKey
    number: int
    created_at: datetime


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

    __slots__ = ("_debt", "_queue", "_registry", "address", "agent", "attempt", "id", "message", "session")

    def __init__(
        self, registry: Registry, queue: DeliveryQueue, debt: Debt, message: Message, *, address: Address, attempt: int
    ) -> None:
        self._registry = registry
        self._queue = queue
        self._debt = debt
        self.id: str = f"{_escaped(debt.key)}/{debt.created_at:%Y%m%dT%H%M%S.%fZ}/{debt.number}"
        self.agent: str = debt.key.agent
        self.session: str = debt.key.id
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
        await finish(self._registry, self._queue, self._debt)

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
        self._queue.put_off(self._debt.key, self._debt.number, seconds, as_reason(reason))

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
        await finish(self._registry, self._queue, self._debt, failure)


def _escaped(key: SessionKey) -> str:
    """The key as a text that no other one has."""
    name = key.id.replace("%", "%25").replace("/", "%2F")
    return name if key.agent == "main" else f"{key.agent.replace('%', '%25').replace('/', '%2F')}/{name}"


class Deliveries(AsyncIterator[Delivery]):
    """The deliveries to one channel, the longest-waiting session first; of each session one message at a time.

    Iterating waits for what comes. It ends with the supervisor or, once that has drained, behind what can be given now;
    the rest is given when it runs again. Several deliveries, of different sessions, may be held at once.
    """

    def __init__(self, registry: Registry, queue: DeliveryQueue) -> None:
        self._registry = registry
        self._queue = queue

    def __aiter__(self) -> Self:
        """Iterating waits for deliveries, until the supervisor ends or has drained."""
        return self

    async def __anext__(self) -> Delivery:
        """Wait for the next delivery; there is none once the supervisor is closed, or has drained and all are given."""
        await checkpoint()
        while self._registry.is_open:
            key = self._queue.take()
            if key is not None:
                delivery = await self._looked_up(key)
                if delivery is not None:
                    return delivery
            elif self._registry.runtime.events.is_over:
                break
            else:
                await self._queue.wait()
        raise StopAsyncIteration

    async def _looked_up(self, key: SessionKey) -> Delivery | None:
        """The message of the session that is next; where there is none the session is given back."""
        try:
            delivery = await self._look_up(key)
        except BaseException:  # also cancelled: what was looked up is given to the next who asks
            self._queue.release(key, is_next=True)
            raise
        if delivery is None:
            self._queue.release(key)
        return delivery

    async def _look_up(self, key: SessionKey) -> Delivery | None:
        """The message of the session that is next; None if there is none, or it has to wait."""
        if self._registry.is_parked(key):
            self._queue.set_aside(key)
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
                self._queue.channel,
                in_log(error),
            )
            self._queue.set_aside(key)
            return None

    async def _next(self, snapshot: Snapshot) -> Delivery | None:
        metadata, channel = snapshot.metadata, self._queue.channel
        for number in metadata.undelivered.get(channel, ()):
            debt = Debt(metadata.key, number, metadata.created_at)
            message = await self._message(snapshot, number)
            if message is not None and (address := message.address) is not None:
                attempt = self._queue.give(debt.key, number)
                return Delivery(self._registry, self._queue, debt, message, address=address, attempt=attempt)
            _log.error("message %d of session %s, owed to %s, is lost", number, debt.key, channel)
            await finish(self._registry, None, debt)
        return None

    async def _message(self, snapshot: Snapshot, number: int) -> Message | None:
        """From the context, or else from the archive."""
        for message in reversed(snapshot.context.messages):
            if message.number == number:
                return message
        return next(iter(await self._registry.runtime.store.read(snapshot.metadata.key, number, number + 1)), None)


async def finish(registry: Registry, queue: DeliveryQueue | None, debt: Debt, failure: str = "") -> None:
    """Note durably that a message was delivered, or why it never will be; a session that was deleted owes nothing."""
    is_durable = False
    try:
        with suppress(SessionNotFoundError):
            await registry.tell(debt.key, Deliver(registry.runtime.clock.now(), debt.number, debt.created_at, failure))
        is_durable = True
    finally:
        if queue is not None:
            queue.finish(debt.key, debt.number, is_durable=is_durable)
