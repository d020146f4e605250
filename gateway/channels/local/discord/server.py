"""A Discord on this machine: both its doors, and the people who write to bots there."""

import secrets
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import UNSET, UnsetType

from argentos.gateway.channels.local.discord.faults import Faults
from argentos.gateway.channels.local.discord.gateway import Gateway
from argentos.gateway.channels.local.discord.limits import RateLimit, RateLimits
from argentos.gateway.channels.local.discord.objects import Channel, Guild, Interaction, Message, User
from argentos.gateway.channels.local.discord.payloads import channel_payload, guild_payload, interaction_payload
from argentos.gateway.channels.local.discord.requests import CreateMessage, EditMessage, File, MessageReference
from argentos.gateway.channels.local.discord.rest import Rest, broken_off
from argentos.gateway.channels.local.discord.sessions import Sessions
from argentos.gateway.channels.local.discord.state import PlatformState

__all__ = ["LocalDiscord", "generous"]


class LocalDiscord:
    """A Discord on this machine, for asyncio; `serving` opens its doors.

    Args:
        now: tells the time, by which a nonce is forgotten and messages are dated.
        limits: of REST; the published ones without.

    Attributes:
        state: what it keeps.
        gateway: its connections of bots.
        rest: its REST API.
        faults: that its REST API is to have.
        url: of REST, for `api` in the settings of an account.
        is_away: nobody is answered; see `leave`.
    """

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), limits: RateLimits | None = None
    ) -> None:
        self.state: PlatformState = PlatformState(now)
        self.sessions: Sessions = Sessions(self.state)
        self.gateway: Gateway = Gateway(self.state, self.sessions)
        self.faults: Faults = Faults()
        self.rest: Rest = Rest(self.state, self.sessions, limits or RateLimits(time.time), self.faults)
        self.url: str = ""
        self.is_away: bool = False

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncGenerator["LocalDiscord"]:
        """Serve on a port of this machine; 0 for any that is free."""
        application = web.Application(client_max_size=64 * 1024**2, middlewares=[self._doorkeeper])
        application.add_routes([*self.rest.routes(), web.get("/gateway", self.gateway.serve)])
        application.add_routes([web.get("/attachments/{tail:.*}", self._file)])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        host, found = runner.addresses[0][:2]
        self.state.url = f"http://{host}:{found}"
        self.url = f"{self.state.url}/api/v10"
        try:
            yield self
        finally:
            self.disconnect()
            await runner.cleanup()

    @web.middleware
    async def _doorkeeper(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nobody in while we are away."""
        if self.is_away:
            return broken_off(request)
        return await handler(request)

    async def _file(self, request: web.Request) -> web.Response:
        found = self.state.files.get(request.path.removeprefix("/"))
        if found is None:
            return web.Response(status=404)
        return web.Response(body=found.data, content_type=found.content_type)

    # Bots --------------------------------------------------------------------------------------------------------

    def add_bot(self, name: str) -> tuple[User, str]:
        """A new bot and its token."""
        bot = self.state.add_user(name, is_bot=True)
        return bot, self.state.add_token(bot)

    def revoke(self, token: str) -> None:
        """Have a token be valid no more, and its connections be closed."""
        bot = self.state.tokens.pop(token)
        for each in [*self.gateway.connections]:
            if each.bot == bot:
                each.break_off()

    def disconnect(self) -> None:
        """Break all connections off; what happens meanwhile is told when they resume."""
        for each in [*self.gateway.connections]:
            each.break_off()

    def leave(self) -> None:
        """Break all connections off, and answer nobody until `is_away` is False; no session is resumed then."""
        self.is_away = True
        self.forget_sessions()
        self.disconnect()

    def forget_sessions(self) -> None:
        """Have no session be resumed, as after a long absence."""
        self.sessions.known.clear()

    async def ask_to_reconnect(self) -> None:
        """Have all connections come again (RECONNECT)."""
        for each in [*self.gateway.connections]:
            await each.ask_to_reconnect()

    async def invalidate(self, *, can_resume: bool) -> None:
        """Tell all connections that their sessions are not valid (INVALID_SESSION)."""
        for each in [*self.gateway.connections]:
            await each.invalidate(can_resume=can_resume)

    # People ------------------------------------------------------------------------------------------------------

    def add_person(self, name: str) -> User:
        """A new person."""
        return self.state.add_user(name)

    async def invite(self, bot: User, guild: Guild) -> None:
        """Have a bot join a guild."""
        guild.members.append(bot.id)
        guild.joined[bot.id] = self.state.now().isoformat()
        channels = [each for each in self.state.channels.values() if each.guild == guild.id]
        told = guild_payload(guild, bot.id, channels, self.state.users)
        del told["unavailable"]  # as where it is a new one
        await self.sessions.tell_bot(bot.id, "GUILD_CREATE", told)

    async def open_thread(self, parent: Channel, name: str, owner: User) -> Channel:
        """Open a thread in a channel."""
        thread = self.state.add_thread(parent, name, owner)
        told = channel_payload(thread, self.state.users)
        await self.sessions.tell_of_channel("THREAD_CREATE", thread, {**told, "newly_created": True})
        return thread

    async def delete_channel(self, channel: Channel) -> None:
        """Delete a channel or a thread."""
        told = channel_payload(channel, self.state.users)
        name = "CHANNEL_DELETE"
        if channel.parent is not None:
            name, keys = "THREAD_DELETE", ("id", "guild_id", "parent_id", "type")
            told = {key: told[key] for key in keys}
        await self.sessions.tell_of_channel(name, channel, told)
        self.state.delete_channel(channel)

    async def write(
        self,
        author: User,
        channel: Channel,
        content: str,
        *,
        answers: Message | None = None,
        files: Iterable[File] = (),
        is_told: bool = True,
    ) -> Message:
        """Write a message, as a person does or another bot.

        Args:
            author: who writes it.
            channel: where.
            content: `<@ID>` in it mentions a user.
            answers: the message that it replies to.
            files: with it.
            is_told: bots are told; else `tell` does so, in any order, and again.
        """
        reference: MessageReference | UnsetType = UNSET if answers is None else MessageReference(answers.id)
        message, _ = self.state.write(author, channel, CreateMessage(content, message_reference=reference), files)
        if answers is not None and all(each.id != answers.author.id for each in message.mentions):
            message.mentions.append(answers.author)  # as the platform does, unless the writer turns it off
        if is_told:
            await self.tell(message)
        return message

    async def tell(self, message: Message) -> None:
        """Tell bots of a message, for the first time or again."""
        await self.sessions.tell_of_message("MESSAGE_CREATE", message, self.state.channels[message.channel_id])

    async def edit(self, message: Message, content: str) -> None:
        """Have its author change a message."""
        channel = self.state.channels[message.channel_id]
        self.state.edit(message.author, channel, message, EditMessage(content))
        await self.sessions.tell_of_message("MESSAGE_UPDATE", message, channel)

    async def click(self, person: User, message: Message, label: str) -> Interaction:
        """Click at the button of a message that has this label.

        Raises:
            LookupError: it has none.
        """
        buttons: list[dict[str, Any]] = [each for row in message.components for each in row["components"]]
        custom_id = next(each["custom_id"] for each in buttons if each.get("label") == label)
        interaction = Interaction(
            id=self.state.ids.next(),
            token=secrets.token_urlsafe(32),
            bot=message.author.id,
            person=person,
            channel=self.state.channels[message.channel_id],
            message=message,
            custom_id=custom_id,
        )
        self.rest.interactions[interaction.id] = interaction
        await self.sessions.tell_bot(
            message.author.id, "INTERACTION_CREATE", interaction_payload(interaction, self.state.users)
        )
        return interaction


def generous() -> RateLimits:
    """Limits that nobody meets, for what is not about limits."""
    many = RateLimit(10_000, 1.0)
    return RateLimits(time.time, messages=many, overall=many)
