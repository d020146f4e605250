"""The channel of a bot of Discord."""

from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import hikari
from hikari.api import RESTClient
from hikari.impl import MessageActionRowBuilder

from argentos.errors import ChannelError, TargetGoneError
from argentos.gateway.channels.channel import Channel, Inbox, Part, Traits
from argentos.gateway.channels.discord.client import asking, listening
from argentos.gateway.channels.discord.failures import asking_discord
from argentos.gateway.channels.discord.marks import Marks
from argentos.gateway.channels.discord.places import channel_of
from argentos.gateway.channels.discord.receiving import Receiver
from argentos.gateway.channels.settings import Connection
from argentos.storage import Address

__all__ = ["DiscordChannel"]

_IN_A_ROW: Final = 5  # buttons
_CLOCKS: Final = timedelta(minutes=2)  # that Discord's clock and ours may differ
_MOST_LOOKED_AT: Final = 500  # messages


class DiscordChannel(Channel):
    """A bot of Discord.

    Args:
        connection: its settings.
    """

    traits: ClassVar[Traits] = Traits(
        text_units=2000,
        caption_units=2000,
        attachment_bytes=10 * 1024**2,
        edit_seconds=1.25,  # five changes of messages in five seconds are allowed in a channel
        typing_seconds=9.0,
        dedupe_seconds=120.0,  # "the past few minutes", says the platform
        shows_own=True,
    )

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._open = AsyncExitStack()
        self._token = ""
        self._client: RESTClient | None = None
        self._me = 0
        self._direct: dict[str, int] = {}  # channels of users, where an address names none

    async def connect(self) -> str:
        """See `Channel.connect`."""
        await self.aclose()
        self._token = self._connection.token.read()
        with asking_discord():
            self._client = await self._open.enter_async_context(asking(self._token, self._connection.api))
            me = await self._client.fetch_my_user()
        self._me = me.id
        return f"@{me.username}"

    async def receive(self, inbox: Inbox) -> None:
        """See `Channel.receive`."""
        marks = Marks(self._connection.folder)
        await marks.load(datetime.now(UTC))
        receiver = Receiver(self._rest, inbox, marks, self._me, self._connection.account)
        async with listening(self._token, self._connection.api, receiver.listeners) as bot:
            await receiver.run(bot)

    # Sending ----------------------------------------------------------------------------------------------------

    async def send(self, place: Address, part: Part, *, key: str, answers: str | None = None) -> str:
        """See `Channel.send`."""
        channel = await self._channel(place)
        options: dict[str, Any] = {}
        if answers is not None and answers.isdecimal():
            options = {"reply": int(answers), "reply_must_exist": False, "mentions_reply": False}
        if part.attachment is not None:
            options["attachment"] = hikari.Bytes(
                part.attachment.data, part.attachment.name, mimetype=part.attachment.media_type
            )
        with asking_discord():
            sent = await self._rest.create_message(
                channel,
                part.text or hikari.UNDEFINED,
                nonce=key or hikari.UNDEFINED,
                components=_rows(part),
                mentions_everyone=False,
                user_mentions=False,
                role_mentions=False,
                **options,
            )
        return str(sent.id)

    async def find(self, place: Address, text: str, since: datetime) -> str | None:
        """See `Channel.find`."""
        channel = await self._channel(place)
        with asking_discord():
            async for each in self._rest.fetch_messages(channel, after=since - _CLOCKS).limit(_MOST_LOOKED_AT):
                if each.author.id == self._me and each.content == text:
                    return str(each.id)
        return None

    async def edit(self, place: Address, message_id: str, part: Part) -> None:
        """See `Channel.edit`."""
        channel = await self._channel(place)
        with asking_discord():
            await self._rest.edit_message(
                channel,
                int(message_id),
                part.text,
                components=_rows(part),
                mentions_everyone=False,
                user_mentions=False,
                role_mentions=False,
            )

    async def delete(self, place: Address, message_id: str) -> None:
        """See `Channel.delete`."""
        channel = await self._channel(place)
        with suppress(TargetGoneError), asking_discord():
            await self._rest.delete_message(channel, int(message_id))

    async def type(self, place: Address) -> None:
        """See `Channel.type`."""
        channel = await self._channel(place)
        with asking_discord():
            await self._rest.trigger_typing(channel)

    async def aclose(self) -> None:
        """See `Channel.aclose`."""
        self._client = None
        await self._open.aclose()

    @property
    def _rest(self) -> RESTClient:
        if self._client is None:
            raise ChannelError("Discord is not connected")
        return self._client

    async def _channel(self, place: Address) -> int:
        """The channel that a place is; that of the direct messages of the user where the place names none."""
        found = channel_of(place)
        if found is None:
            found = self._direct.get(place.user)
        if found is None:
            if not place.user.isdecimal():
                raise TargetGoneError(f"{place.user!a:.40} is no user of Discord")
            with asking_discord():
                found = self._direct[place.user] = (await self._rest.create_dm_channel(int(place.user))).id
        return found


def _rows(part: Part) -> list[MessageActionRowBuilder]:
    """The rows of the buttons of a part."""
    rows: list[MessageActionRowBuilder] = []
    for number, button in enumerate(part.buttons):
        if number % _IN_A_ROW == 0:
            rows.append(MessageActionRowBuilder())
        rows[-1].add_interactive_button(hikari.ButtonStyle.SECONDARY, button.data, label=button.label)
    return rows
