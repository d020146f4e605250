"""The outbox: the readers of the channels, and the view of what is owed to them."""

from collections.abc import AsyncGenerator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from msgspec import Struct

from argentos.actors.core.commands import RetryDelivery
from argentos.actors.core.registry import Registry
from argentos.actors.outbox.deliveries import Debt, Deliveries, finish
from argentos.actors.outbox.delivery_queue import Attempts, DeliveryQueue
from argentos.concurrency.foreign_code import reading_a_store
from argentos.errors import InputError, MessageNotFoundError, SessionNotFoundError, StoreError
from argentos.storage import Metadata, SessionKey, Snapshot, Undeliverable

__all__ = ["Outbox", "OwedMessage"]


class OwedMessage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A message that is owed to a channel, or can never be delivered.

    Attributes:
        session: the id of its session.
        number: of the message.
        since: when it was said or, if it can never be delivered, when that was noted.
        attempts: how often it was given to the channel's reader, since that began.
        failure: why the latest attempt failed, as `Delivery.retry` or `Delivery.fail` said; else empty.
        is_final: it can never be delivered, and is not tried again.
    """

    agent: str
    session: str
    channel: str
    number: int
    since: datetime
    attempts: int = 0
    failure: str = ""
    is_final: bool = False


class Outbox:
    """The readers of a supervisor, at most one for each channel."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._queues: dict[str, DeliveryQueue] = {}

    @asynccontextmanager
    async def read(self, channel: str) -> AsyncGenerator[Deliveries]:
        """See `Supervisor.outbox`."""
        self._check(channel)
        runtime = self._registry.runtime
        queue = self._queues[channel] = DeliveryQueue(channel, runtime.clock)
        runtime.events.add(queue)
        try:
            for metadata in await self._owing():
                if channel in metadata.undelivered:
                    queue.note(metadata.key)
            yield Deliveries(self._registry, queue)
        finally:
            runtime.events.unsubscribe(queue)
            del self._queues[channel]

    def _check(self, channel: str) -> None:
        self._registry.check_open()
        known = self._registry.runtime.channels
        if channel not in known:
            names = ", ".join(sorted(known)) or "none"
            raise InputError(f"the outbox does not serve {channel!r}, only: {names}; name it in Supervisor(outbox=…)")
        if channel in self._queues:
            raise InputError(f"the outbox of {channel!r} has a reader already; end that one first")

    async def drop(self, key: SessionKey, number: int, reason: str) -> None:
        """See `Supervisor.drop`."""
        metadata = (await self._registry.look(key)).metadata
        channel = next((each for each, numbers in metadata.undelivered.items() if number in numbers), None)
        if channel is None:
            raise MessageNotFoundError(f"message {number} of session {key} is owed to no channel, or not any more")
        await finish(self._registry, self._queues.get(channel), Debt(key, number, metadata.created_at), reason)

    async def retry(self, key: SessionKey, number: int) -> None:
        """See `Supervisor.retry_delivery`."""
        metadata = (await self._registry.look(key)).metadata
        if not any(each.number == number for each in metadata.undeliverable):
            raise MessageNotFoundError(f"message {number} of session {key} was not given up, or not of late")
        await self._registry.tell(key, RetryDelivery(self._registry.runtime.clock.now(), number))

    # What is owed -----------------------------------------------------------------------------------------------

    async def owed(self, channel: str | None) -> list[OwedMessage]:
        """See `Supervisor.owed`."""
        found: list[OwedMessage] = []
        for metadata in await self._owing():
            with suppress(SessionNotFoundError, StoreError):  # those that cannot be read are left out
                found += await self._of_session(await self._registry.look(metadata.key), channel)
            await self._registry.runtime.workers.give_way()
        return sorted(found, key=lambda each: (each.since, each.session, each.number))

    async def _owing(self) -> list[Metadata]:
        """The sessions that owe something, or have failed to deliver it."""
        store = self._registry.runtime.store
        with reading_a_store():
            return [each for agent in self._registry.runtimes for each in await store.owing(agent)]

    async def _of_session(self, snapshot: Snapshot, channel: str | None) -> list[OwedMessage]:
        metadata = snapshot.metadata
        owed = {
            number: each
            for each, numbers in metadata.undelivered.items()
            for number in numbers
            if channel in {None, each}
        }
        times = await self._times(snapshot, owed.keys())
        found = [self._waiting(metadata.key, owed[number], number, times[number]) for number in owed if number in times]
        found += [_failed(metadata.key, each) for each in metadata.undeliverable if channel in {None, each.channel}]
        return found

    async def _times(self, snapshot: Snapshot, numbers: AbstractSet[int]) -> dict[int, datetime]:
        """The times at which these messages were said; without those that are lost."""
        times = {each.number: each.at for each in snapshot.context.messages if each.number in numbers}
        missing = numbers - times.keys()
        if missing:
            with reading_a_store():
                store = self._registry.runtime.store
                archived = await store.read(snapshot.metadata.key, min(missing), max(missing) + 1)
            times |= {each.number: each.at for each in archived}
        return times

    def _waiting(self, key: SessionKey, channel: str, number: int, since: datetime) -> OwedMessage:
        queue = self._queues.get(channel)
        _, attempts, failure = queue.attempts(key, number) if queue else Attempts(number, 0)
        return OwedMessage(
            agent=key.agent,
            session=key.id,
            channel=channel,
            number=number,
            since=since,
            attempts=attempts,
            failure=failure,
        )


def _failed(key: SessionKey, failed: Undeliverable) -> OwedMessage:
    return OwedMessage(
        agent=key.agent,
        session=key.id,
        channel=failed.channel,
        number=failed.number,
        since=failed.at,
        failure=failed.reason,
        is_final=True,
    )
