"""A Discord on this machine, and bots of the real client library there."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import anyio
import hikari
import pytest

from argentos.gateway.channels.discord.client import end_told_once
from tests.gateway.channels.discord.harbour import Harbour

Connecting: TypeAlias = Callable[..., AbstractAsyncContextManager["Bot"]]


class Bot:
    """A bot of hikari, and what it was told."""

    def __init__(self, harbour: Harbour, **options: Any) -> None:
        intents = hikari.Intents.ALL_UNPRIVILEGED | hikari.Intents.MESSAGE_CONTENT
        given: dict[str, Any] = {"max_retries": 0, "intents": intents, **options}
        self.client = hikari.GatewayBot(
            harbour.token,
            rest_url=harbour.discord.url,
            logs=None,
            banner=None,
            suppress_optimization_warning=True,
            **given,
        )
        self.told: list[hikari.Event] = []
        for kind in (hikari.MessageEvent, hikari.GuildEvent, hikari.ShardEvent, hikari.ComponentInteractionCreateEvent):
            self.client.subscribe(kind, self._note)

    async def _note(self, event: hikari.Event) -> None:
        if all(each is not event for each in self.told):
            self.told.append(event)

    @property
    def rest(self) -> Any:
        return self.client.rest

    @property
    def read(self) -> list[str | None]:
        """The messages that it has read."""
        return [each.content for each in self.told if isinstance(each, hikari.MessageCreateEvent)]

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait until something is so."""
        with anyio.fail_after(20):
            while not is_true():  # noqa: ASYNC110 - what is waited for is elsewhere
                await anyio.sleep(0.005)

    async def until_read(self, count: int) -> None:
        """Wait until it has read so many messages."""
        await self.until(lambda: len(self.read) == count)

    def count(self, kind: type[hikari.Event]) -> int:
        return sum(isinstance(each, kind) for each in self.told)


@pytest.fixture
def anyio_backend() -> str:
    """hikari stands on asyncio alone."""
    return "asyncio"


@pytest.fixture
async def harbour() -> AsyncGenerator[Harbour]:
    made = Harbour()
    async with made.discord.serving():
        yield made


@pytest.fixture
def connecting(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> Connecting:
    """Connect a bot; one that is disconnected comes again at once."""
    monkeypatch.setattr("hikari.impl.shard._BACKOFF_WINDOW", 0.0)
    logging.getLogger("hikari").setLevel(logging.ERROR)

    @asynccontextmanager
    async def connect(**options: Any) -> AsyncGenerator[Bot]:
        bot = Bot(harbour, **options)
        try:
            await bot.client.start(check_for_updates=False)
            await bot.until(lambda: bot.count(hikari.GuildAvailableEvent) == 1)
            yield bot
        finally:
            if bot.client.is_alive:
                with end_told_once():
                    await bot.client.close()

    return connect
