"""Places of Discord: the guild and the channel that a channel or a thread is in."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import hikari
from hikari.api import RESTClient

from argentos.actors import discord_address
from argentos.errors import TargetGoneError
from argentos.gateway.channels.discord.failures import asking_discord
from argentos.storage import Address

__all__ = ["Place", "Places", "address_at", "channel_of"]


class Place(NamedTuple):
    """A place: the guild and the channel around a channel.

    Attributes:
        guild: None where one person and the bot are alone.
        parent: the channel that a thread is in.
        joined_at: when we came to the guild, where that is known.
    """

    guild: int | None = None
    parent: int | None = None
    joined_at: datetime | None = None


class Places:
    """The places that we have heard of; others are asked for."""

    def __init__(self, rest: RESTClient) -> None:
        self._rest = rest
        self._known: dict[int, Place] = {}

    def note(self, guild: hikari.Guild, channels: Iterable[hikari.GuildChannel], joined_at: datetime | None) -> None:
        """Note what a guild has."""
        for each in channels:
            parent = each.parent_id if isinstance(each, hikari.GuildThreadChannel) else None
            self._known[each.id] = Place(guild.id, parent, joined_at)

    def note_thread(self, thread: hikari.GuildThreadChannel) -> None:
        """Note a new thread."""
        self._known[thread.id] = Place(thread.guild_id, thread.parent_id)

    def forget(self, channel: int) -> None:
        """Forget a channel that is gone."""
        self._known.pop(channel, None)

    async def find(self, channel: int, guild: int | None) -> Place | None:
        """The place of a channel; None where it is gone, or closed to us.

        Args:
            channel: its id.
            guild: that it is in; None for the direct messages of one person.

        Raises:
            ChannelError: that cannot be asked for now.
        """
        if guild is None:
            return Place()
        found = self._known.get(channel)
        if found is None:
            try:
                with asking_discord():
                    asked = await self._rest.fetch_channel(channel)
            except TargetGoneError:
                return None
            parent = asked.parent_id if isinstance(asked, hikari.GuildThreadChannel) else None
            found = self._known[channel] = Place(guild, parent)
        return found


def address_at(place: Place, channel: int, user: int, account: str | None) -> Address:
    """The address of what a user does in a channel."""
    found: Mapping[str, Any] = {"author": {"id": user}, "channel_id": channel}
    guild = {} if place.guild is None else {"guild_id": place.guild}
    return discord_address({**found, **guild}, None if place.parent is None else str(place.parent), account)


def channel_of(address: Address) -> int | None:
    """The channel, or the thread, that an address names; None where it names a user alone."""
    found = address.thread or address.channel_id
    return int(found) if found is not None and found.isdecimal() and found.isascii() else None
