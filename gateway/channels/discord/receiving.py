"""Receiving: messages and clicks that come by Discord's gateway, and over REST what came while we were away.

After each READY, which begins a session that tells of nothing before it, the channels in which something was written
behind their marks are read. A message is taken, and only then its mark moves.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeAlias

import anyio
import hikari
from hikari.api import RESTClient

from argentos.concurrency.foreign_code import in_log, passes
from argentos.errors import ArgentError, ChannelError, InputError, StoreError, TargetGoneError
from argentos.gateway.channels.channel import Inbox
from argentos.gateway.channels.discord.clicks import answer_click
from argentos.gateway.channels.discord.client import Listener
from argentos.gateway.channels.discord.contents import incoming_of
from argentos.gateway.channels.discord.failures import asking_discord
from argentos.gateway.channels.discord.lanes import Lanes
from argentos.gateway.channels.discord.marks import Marks
from argentos.gateway.channels.discord.places import Place, Places

__all__ = ["Receiver"]

_log: Final = logging.getLogger(__name__)
_SAVING: Final = 1.0  # seconds between two times that marks are written
_AWAY: Final = 60.0  # seconds without a connection after which it counts as failed
_FIRST_PAUSE: Final = 1.0  # seconds before a message that cannot be taken is taken again, twice as long each time
_LONGEST_PAUSE: Final = 60.0
_MOST_DIRECT: Final = 1000  # channels with a single person that are read after a READY


class _Gap(NamedTuple):
    """The messages of a channel behind this one, some of which may not have been taken."""

    place: Place
    after: int


_Work: TypeAlias = hikari.Message | hikari.ComponentInteraction | _Gap


class Receiver:
    """The receiver of an account, for one connection.

    Args:
        rest: asks for what came meanwhile.
        inbox: takes messages.
        marks: of the account.
        me: the id of our bot.
        account: its name, where we have several.
    """

    def __init__(self, rest: RESTClient, inbox: Inbox, marks: Marks, me: int, account: str | None) -> None:
        self._rest = rest
        self._inbox = inbox
        self._marks = marks
        self._me = me
        self._account = account
        self._places = Places(rest)
        self._early: list[tuple[int, _Work]] = []  # what comes before `run`
        self._put: Callable[[int, _Work], None] = lambda channel, work: self._early.append((channel, work))
        self._away_since: float | None = None
        self._failure: ArgentError | None = None
        self._failed = anyio.Event()

    @property
    def listeners(self) -> Mapping[Any, Listener]:
        """The events that it has to be told of, each with its listener."""
        return {
            hikari.ShardConnectedEvent: self._on_connected,
            hikari.ShardDisconnectedEvent: self._on_disconnected,
            hikari.ShardReadyEvent: self._on_ready,
            hikari.GuildAvailableEvent: self._on_guild,
            hikari.GuildJoinEvent: self._on_guild,
            hikari.GuildThreadCreateEvent: self._on_thread,
            hikari.GuildThreadAccessEvent: self._on_thread,
            hikari.GuildThreadDeleteEvent: self._on_thread_gone,
            hikari.MessageCreateEvent: self._on_message,
            hikari.ComponentInteractionCreateEvent: self._on_click,
        }

    async def run(self, bot: hikari.GatewayBot) -> None:
        """Take messages until the connection fails.

        Args:
            bot: has told the `listeners` from its beginning.

        Raises:
            ChannelError: the connection has ended, or could not be made again for a while; or too much waits.
            StoreError: the marks cannot be written.
        """
        async with anyio.create_task_group() as group:
            self._put = Lanes(group, self._do).put
            for channel, work in self._early:
                self._begin(channel, work)
            group.start_soon(self._join, bot)
            try:
                await self._watch()
            finally:
                with suppress(StoreError), anyio.CancelScope(shield=True):
                    await self._marks.save()
            group.cancel_scope.cancel()
        raise self._failure or ChannelError("Discord's gateway was left")

    async def _join(self, bot: hikari.GatewayBot) -> None:
        try:
            with asking_discord():
                await bot.join()
        except ArgentError as error:
            self._fail(error)
        else:
            self._fail(ChannelError("Discord's gateway was left"))

    def _fail(self, error: ArgentError) -> None:
        self._failure = self._failure or error
        self._failed.set()

    async def _watch(self) -> None:
        """Write marks now and then, until the connection has failed.

        hikari connects again and again by itself, so that only a longer absence counts.
        """
        while self._failure is None:
            with anyio.move_on_after(_SAVING):
                await self._failed.wait()
            try:
                await self._marks.save()
            except StoreError as error:
                self._fail(error)
            if self._away_since is not None and anyio.current_time() - self._away_since > _AWAY:
                self._fail(ChannelError(f"Discord's gateway has not been reached for {_AWAY:g} s"))

    # What we are told --------------------------------------------------------------------------------------------

    async def _on_connected(self, _: hikari.ShardConnectedEvent) -> None:
        self._away_since = None

    async def _on_disconnected(self, _: hikari.ShardDisconnectedEvent) -> None:
        self._away_since = anyio.current_time()

    async def _on_ready(self, event: hikari.ShardReadyEvent) -> None:
        if event.shard.id:
            return  # direct messages come by the first one
        self._marks.begin_session()
        now = datetime.now(UTC)
        for channel in self._marks.direct[:_MOST_DIRECT]:
            self._begin(channel, _Gap(Place(), self._marks.begin(channel, now)))

    async def _on_guild(self, event: hikari.GuildAvailableEvent | hikari.GuildJoinEvent) -> None:
        joined_at, now = event.guild.joined_at, datetime.now(UTC)
        channels: list[Any] = [*event.channels.values(), *event.threads.values()]
        self._places.note(event.guild, channels, joined_at)
        for each in channels:
            last = getattr(each, "last_message_id", None)
            if last is not None and self._marks.may_lack(each.id, last, now, joined_at):
                parent = each.parent_id if isinstance(each, hikari.GuildThreadChannel) else None
                self._begin(each.id, _Gap(Place(event.guild.id, parent), self._marks.begin(each.id, now, joined_at)))

    async def _on_thread(self, event: hikari.GuildThreadCreateEvent | hikari.GuildThreadAccessEvent) -> None:
        self._places.note_thread(event.thread)

    async def _on_thread_gone(self, event: hikari.GuildThreadDeleteEvent) -> None:
        self._places.forget(event.thread_id)

    async def _on_message(self, event: hikari.MessageCreateEvent) -> None:
        self._begin(event.channel_id, event.message)

    async def _on_click(self, event: hikari.ComponentInteractionCreateEvent) -> None:
        self._begin(event.interaction.id, event.interaction)  # behind nothing else, for it has to be quick

    def _begin(self, channel: int, work: _Work) -> None:
        try:
            self._put(channel, work)
        except ChannelError as error:
            self._fail(error)

    # Taking ------------------------------------------------------------------------------------------------------

    async def _do(self, channel: int, work: _Work) -> None:
        """Take a message, or what is in a gap, however often it has to be tried."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._take(channel, work)
            except InputError as error:
                _log.warning("a message of Discord is left out: %s", error)
            except ArgentError as error:
                _log.warning("a message of Discord is taken later: %s", error)
                await anyio.sleep(error.retry_after or pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            except BaseException as error:
                if passes(error):
                    raise
                _log.error("a message of Discord is left out: %s", in_log(error), exc_info=error)  # others go on
            return

    async def _take(self, channel: int, work: _Work) -> None:
        if isinstance(work, hikari.ComponentInteraction):
            await answer_click(work, self._rest, self._inbox, self._account)
            return
        if isinstance(work, hikari.Message):
            place = await self._places.find(channel, work.guild_id)
            if place is not None:
                await self._take_message(work, place)
            return
        try:
            with asking_discord():
                found = await self._rest.fetch_messages(channel, after=hikari.Snowflake(work.after))
        except TargetGoneError as error:
            _log.info("what was written in channel %d of Discord cannot be read: %s", channel, error)
            return
        for message in found:
            await self._take_message(message, work.place)

    async def _take_message(self, message: hikari.Message, place: Place) -> None:
        incoming = await incoming_of(message, place, self._me, self._account)
        if incoming is not None:
            await self._inbox.take(incoming)
        self._marks.move(message.channel_id, message.id, is_direct=place.guild is None)
