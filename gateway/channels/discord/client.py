"""Clients of Discord: hikari, set so that what fails is told to us rather than tried again behind our backs."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeAlias

import anyio
import hikari
from hikari.api import RESTClient
from hikari.impl import CacheComponents, CacheSettings, RESTApp

from argentos.errors import ChannelRefusedError
from argentos.gateway.channels.discord.failures import asking_discord

__all__ = ["Listener", "asking", "end_told_once", "listening"]

_INTENTS: Final = (
    hikari.Intents.GUILDS
    | hikari.Intents.GUILD_MESSAGES
    | hikari.Intents.DM_MESSAGES
    | hikari.Intents.MESSAGE_CONTENT  # has to be switched on for the bot, see docs/discord.md
)
_LONGEST_WAIT: Final = 5.0  # seconds for room in a rate limit; whoever would have to wait longer is told so
_STARTING: Final = 60.0  # seconds until a connection has to stand
_ENDING: Final = 5.0  # seconds for it to end in order

Listener: TypeAlias = Callable[[Any], Coroutine[Any, Any, None]]


@asynccontextmanager
async def asking(token: str, api: str | None) -> AsyncGenerator[RESTClient]:
    """A client of REST.

    Args:
        token: of the bot.
        api: the address of REST where it is not the platform's own.
    """
    app = RESTApp(url=api, max_rate_limit=_LONGEST_WAIT, max_retries=0)
    await app.start()
    try:
        client = app.acquire(token, hikari.TokenType.BOT)
        client.start()
        try:
            yield client
        finally:
            await client.close()
    finally:
        await app.close()


@asynccontextmanager
async def listening(
    token: str, api: str | None, listeners: Mapping[Any, Listener]
) -> AsyncGenerator[hikari.GatewayBot]:
    """A connection to Discord's gateway, which stands when this begins.

    Args:
        token: of the bot.
        api: see `asking`.
        listeners: by the kinds of events of which they are told.

    Raises:
        ChannelRefusedError: the token is none of Discord's, or what we ask for is not allowed to it.
        ChannelError: the connection cannot be made now.
    """
    bot = _bot(token, api)
    for kind, listener in listeners.items():
        bot.subscribe(kind, listener)
    try:
        with asking_discord(), anyio.fail_after(_STARTING):
            await bot.start(check_for_updates=False)
        yield bot
    finally:
        with end_told_once(), anyio.move_on_after(_ENDING, shield=True):
            if bot.is_alive:
                await bot.close()


def _bot(token: str, api: str | None) -> hikari.GatewayBot:
    try:
        return hikari.GatewayBot(
            token,
            rest_url=api,
            intents=_INTENTS,
            cache_settings=CacheSettings(components=CacheComponents.NONE),
            auto_chunk_members=False,
            max_rate_limit=_LONGEST_WAIT,
            max_retries=0,
            banner=None,
            logs=None,
            suppress_optimization_warning=True,
        )
    except ValueError:
        raise ChannelRefusedError(
            "the token is none of Discord's; take it from the developer portal, page Bot"
        ) from None


@contextmanager
def end_told_once() -> Generator[None]:
    """Keep hikari from telling the event loop, while it closes, of the error that had ended its connection."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), hikari.GatewayServerClosedConnectionError):
            return
        if before is None:
            loop.default_exception_handler(context)
        else:
            before(loop, context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        if loop.get_exception_handler() is handle:  # another account may close at the same time
            loop.set_exception_handler(before)
