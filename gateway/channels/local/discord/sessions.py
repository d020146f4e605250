"""Sessions of Discord's gateway: what a bot is told, numbered, and told again when it resumes."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from argentos.gateway.channels.local.discord.objects import DM, Channel, Message
from argentos.gateway.channels.local.discord.payloads import message_event
from argentos.gateway.channels.local.discord.state import PlatformState

__all__ = ["GUILDS", "MESSAGE_CONTENT", "Send", "Session", "Sessions"]

GUILDS: Final = 1 << 0
"""The intent that tells of guilds, their channels and threads."""

MESSAGE_CONTENT: Final = 1 << 15
"""The intent that tells what people write who do not write to the bot."""

_GUILD_MESSAGES: Final = 1 << 9
_DIRECT_MESSAGES: Final = 1 << 12

Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]


class Session:
    """A session of a bot.

    Attributes:
        id: by which it is resumed.
        bot: its id.
        intents: what it wants to be told.
        sent: all that it was told, in order.
        send: to the connection; None while there is none.
    """

    def __init__(self, bot: str, intents: int, send: Send) -> None:
        self.id: str = secrets.token_hex(16)
        self.bot: str = bot
        self.intents: int = intents
        self.sent: list[dict[str, Any]] = []
        self.send: Send | None = send

    async def tell(self, name: str, data: dict[str, Any]) -> None:
        """Tell of an event: now where the bot is connected, else when it resumes."""
        payload = {"op": 0, "t": name, "s": len(self.sent) + 1, "d": data}
        self.sent.append(payload)
        if self.send is not None:
            await self.send(payload)

    async def resume(self, after: int, send: Send) -> None:
        """Tell again what came after an event."""
        self.send = send
        for payload in self.sent[after:]:
            await send(payload)
        await self.tell("RESUMED", {})


class Sessions:
    """All sessions that can be resumed.

    Attributes:
        known: by their ids.
    """

    def __init__(self, state: PlatformState) -> None:
        self._state = state
        self.known: dict[str, Session] = {}

    def new(self, bot: str, intents: int, send: Send) -> Session:
        """A session of a bot that has identified itself."""
        session = Session(bot, intents, send)
        self.known[session.id] = session
        return session

    async def tell_of_message(self, name: str, message: Message, channel: Channel) -> None:
        """Tell all bots that may read it of a message."""
        needed = _DIRECT_MESSAGES if channel.type == DM else _GUILD_MESSAGES
        for session in [*self.known.values()]:
            if session.intents & needed and self._state.sees(session.bot, channel):
                has_content = self._has_content(session, message, channel)
                await session.tell(name, message_event(message, channel, has_content=has_content))

    @staticmethod
    def _has_content(session: Session, message: Message, channel: Channel) -> bool:
        """Tell whether a bot may read a message that it is told of."""
        if session.intents & MESSAGE_CONTENT or channel.type == DM or message.author.id == session.bot:
            return True
        return any(each.id == session.bot for each in message.mentions)

    async def tell_of_channel(self, name: str, channel: Channel, data: dict[str, Any]) -> None:
        """Tell all bots that may read it of a channel."""
        for session in [*self.known.values()]:
            if session.intents & GUILDS and self._state.sees(session.bot, channel):
                await session.tell(name, data)

    async def tell_bot(self, bot: str, name: str, data: dict[str, Any]) -> None:
        """Tell a bot of something."""
        for session in [each for each in self.known.values() if each.bot == bot]:
            await session.tell(name, data)
