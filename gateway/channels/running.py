"""The channels of a gateway while it runs: every account connected, and what is owed to each platform delivered."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Self

import anyio
import anyio.to_thread

from argentos.actors import Supervisor
from argentos.concurrency.background import keep_running
from argentos.concurrency.closing import close_stack
from argentos.errors import InputError
from argentos.gateway.channels.account import Account
from argentos.gateway.channels.outgoing.delivering import Courier
from argentos.gateway.channels.outgoing.drafts import Drafts
from argentos.gateway.channels.outgoing.ledger import Ledger
from argentos.gateway.channels.outgoing.streaming import Streams
from argentos.gateway.channels.receiving import Receiver
from argentos.gateway.channels.registry import new_channel
from argentos.gateway.channels.settings import Connection
from argentos.gateway.channels.status import Statuses

__all__ = ["Channels"]

_LAST: Final = 2.0  # seconds in which the last deliveries of a supervisor that has drained are begun
_PATIENCE: Final = 10.0  # seconds for what is being delivered when the gateway ends


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _check_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise InputError(
            "channels stand on asyncio alone, as the libraries of their platforms do; run the supervisor there,"
            " by anyio.run without another backend"
        ) from None


class Channels:
    """The accounts of ours that a gateway is connected to: an async context manager, inside that of the supervisor.

    Args:
        supervisor: has all their platforms in its `outbox`.
        connections: the settings of the accounts.
        state_dir: keeps what a restart has to know.
        now: the time.

    Attributes:
        statuses: of the accounts.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        connections: Sequence[Connection],
        state_dir: Path,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.statuses: Statuses = Statuses()
        self._supervisor = supervisor
        self._connections = tuple(connections)
        self._ledger = Ledger(state_dir, now)
        self._now = now
        self._accounts: list[Account] = []
        self._receiving: anyio.CancelScope | None = None
        self._couriers: list[Courier] = []

    def stop_receiving(self) -> None:
        """Receive no more; what is owed is delivered as long as the supervisor gives it."""
        if self._receiving is not None:
            self._receiving.cancel()

    async def __aenter__(self) -> Self:
        """Begin to connect; an account that cannot be connected holds nobody up.

        Raises:
            InputError: this is no event loop of asyncio.
            ConfigError: a setting of a platform's own cannot be used.
            MissingExtraError: a platform's library is not installed.
            StoreError: there is no folder for the notes.
        """
        _check_loop()
        for each in self._connections:
            channel = await anyio.to_thread.run_sync(new_channel, each)
            self._accounts.append(Account(each, channel, self.statuses, self._now))
        self._receiving = anyio.CancelScope()
        async with AsyncExitStack() as stack:
            for account in self._accounts:
                stack.push_async_callback(account.aclose)
            if self._accounts:
                await self._ledger.open()
            group = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(group.cancel_scope.cancel)
            streams = Streams(group, Drafts(self._ledger, self._now))
            self._delivering = await stack.enter_async_context(anyio.create_task_group())
            self._delivering.cancel_scope.shield = True
            group.start_soon(self._receive, self._receiving, streams, name="argentos channels")
            for kind in dict.fromkeys(each.channel for each in self._connections):
                self._deliver(kind, streams)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """Receive no more, and let what is being delivered end."""
        self.stop_receiving()
        for each in self._couriers:
            each.stop(_LAST if self._supervisor.health().is_draining else 0.0)
        self._delivering.cancel_scope.deadline = anyio.current_time() + _PATIENCE
        await close_stack(self._stack, error)

    def _deliver(self, kind: str, streams: Streams) -> None:
        accounts = {each.connection.account: each for each in self._accounts if each.connection.channel == kind}
        courier = Courier(self._supervisor, accounts, self.statuses, streams, self._ledger, now=self._now)
        self._couriers.append(courier)
        work = partial(keep_running, f"the deliveries to {kind}", partial(courier.run, kind))
        self._delivering.start_soon(work, name=f"argentos deliveries to {kind}")

    async def _receive(self, until: anyio.CancelScope, streams: Streams) -> None:
        with until:
            async with anyio.create_task_group() as group:
                for account in self._accounts:
                    inbox = Receiver(self._supervisor, account, streams, self._ledger, self._now)
                    receive = partial(account.keep_connected, inbox)
                    group.start_soon(receive, name=f"argentos {account.status.place}")
