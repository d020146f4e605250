"""All that a Discord keeps: people and bots, guilds, channels and threads, and what was written in them."""

import base64
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from msgspec import UNSET, to_builtins

from argentos.gateway.channels.local.discord.errors import ApiError, closed_channel, missing_access, unknown
from argentos.gateway.channels.local.discord.objects import (
    DM,
    PUBLIC_THREAD,
    TEXT,
    Attachment,
    Channel,
    Guild,
    Message,
    Reference,
    User,
)
from argentos.gateway.channels.local.discord.requests import (
    ActionRow,
    AllowedMentions,
    CreateMessage,
    EditMessage,
    File,
)
from argentos.gateway.channels.local.discord.snowflakes import Snowflakes

__all__ = ["PlatformState"]

_NONCE_LIFE: Final = timedelta(minutes=5)  # the platform says "the past few minutes"
_REPLY: Final = 19  # a type of messages
_MENTION: Final = re.compile(r"<@!?(\d+)>")


class PlatformState:
    """A Discord without its doors.

    Args:
        now: tells the time.

    Attributes:
        url: of files.
        users: by their ids.
        guilds: likewise.
        channels: likewise.
        tokens: the ids of bots by their tokens.
        files: what was uploaded, by its path.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now: Callable[[], datetime] = now
        self.url: str = ""
        self.ids: Snowflakes = Snowflakes(now)
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.tokens: dict[str, str] = {}
        self.files: dict[str, File] = {}
        self._messages: dict[str, dict[str, Message]] = {}
        self._nonces: dict[tuple[str, str | int], Message] = {}

    # Who and where ----------------------------------------------------------------------------------------------

    def add_user(self, name: str, *, is_bot: bool = False) -> User:
        """A new person, or bot."""
        user = User(id=self.ids.next(), username=name, global_name=None if is_bot else name.title(), bot=is_bot)
        self.users[user.id] = user
        return user

    def add_token(self, bot: User) -> str:
        """A token of a bot, in the form of Discord's."""
        begin = base64.urlsafe_b64encode(bot.id.encode()).decode().rstrip("=")
        token = f"{begin}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(27)}"
        self.tokens[token] = bot.id
        return token

    def add_guild(self, name: str, members: Iterable[User]) -> Guild:
        """A new guild; the first member owns it."""
        ids = [each.id for each in members]
        guild = Guild(id=self.ids.next(), name=name, owner=ids[0], members=ids)
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, guild: Guild, name: str) -> Channel:
        """A new channel of a guild, which all its members may read."""
        return self._add(Channel(id=self.ids.next(), type=TEXT, name=name, guild=guild.id))

    def add_thread(self, parent: Channel, name: str, owner: User) -> Channel:
        """A new thread in a channel."""
        thread = Channel(id=self.ids.next(), type=PUBLIC_THREAD, name=name, guild=parent.guild, parent=parent.id)
        thread.members = (owner.id,)
        return self._add(thread)

    def direct_channel(self, bot: str, person: str) -> Channel:
        """The direct messages of a bot and a person.

        Raises:
            ApiError: there is no such person.
        """
        if person not in self.users:
            raise unknown("user")
        for each in self.channels.values():
            if each.type == DM and set(each.members) == {bot, person}:
                return each
        return self._add(Channel(id=self.ids.next(), type=DM, members=(bot, person)))

    def _add(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self._messages[channel.id] = {}
        return channel

    def sees(self, user: str, channel: Channel) -> bool:
        """Tell whether a user may read a channel."""
        return user in (channel.members if channel.guild is None else self.guilds[channel.guild].members)

    def channel(self, bot: str, channel_id: str) -> Channel:
        """A channel that a bot may read.

        Raises:
            ApiError: there is none.
        """
        found = self.channels.get(channel_id)
        if found is None:
            raise unknown("channel")
        if not self.sees(bot, found):
            raise missing_access()
        return found

    # What is written --------------------------------------------------------------------------------------------

    def messages(self, channel: Channel) -> list[Message]:
        """All that was written in a channel, in its order."""
        return [*self._messages[channel.id].values()]

    def message(self, channel: Channel, message_id: str) -> Message:
        """A message.

        Raises:
            ApiError: there is none.
        """
        found = self._messages[channel.id].get(message_id)
        if found is None:
            raise unknown("message")
        return found

    def write(
        self, author: User, channel: Channel, body: CreateMessage, files: Iterable[File] = ()
    ) -> tuple[Message, bool]:
        """Keep a message; gives it, and whether it is a new one: a nonce that has to be unique gives that of before.

        Raises:
            ApiError: it cannot be kept.
        """
        known = self._known(author, body)
        if known is not None:
            return known, False
        if channel.is_closed and author.bot:
            raise closed_channel(is_direct=channel.guild is None)
        attachments = [self._kept(channel, each) for each in files]
        content = (body.content or "").strip()
        if not (content or attachments or body.embeds or body.components):
            raise ApiError(400, 50006, "Cannot send an empty message")
        message = Message(
            id=self.ids.next(),
            channel_id=channel.id,
            author=author,
            content=content,
            timestamp=self.now().isoformat(),
            mentions=self._mentioned(content, body.allowed_mentions),
            attachments=attachments,
            components=_numbered(body.components or []),
            nonce=body.nonce,
        )
        self._refer(message, channel, body)
        self._messages[channel.id][message.id] = message
        channel.last_message_id = message.id
        if body.nonce is not UNSET:
            self._nonces[author.id, body.nonce] = message
        return message, True

    def _known(self, author: User, body: CreateMessage) -> Message | None:
        """The message of the same author with the same nonce, of the past few minutes."""
        if body.nonce is UNSET or not body.enforce_nonce:
            return None
        found = self._nonces.get((author.id, body.nonce))
        if found is None or self.now() - datetime.fromisoformat(found.timestamp) > _NONCE_LIFE:
            return None
        return found

    def _refer(self, message: Message, channel: Channel, body: CreateMessage) -> None:
        reference = body.message_reference
        if reference is UNSET:
            return
        found = self._messages[channel.id].get(reference.message_id)
        if found is None and reference.fail_if_not_exists:
            raise ApiError(400, 50035, "Invalid Form Body", errors={"message_reference": "Unknown message"})
        if found is None:
            return
        guild = UNSET if channel.guild is None else channel.guild
        message.type = _REPLY
        message.message_reference = Reference(message_id=found.id, channel_id=channel.id, guild_id=guild)
        message.referenced_message = found

    def edit(self, author: User, channel: Channel, message: Message, body: EditMessage) -> None:
        """Change a message.

        Raises:
            ApiError: another has written it.
        """
        if message.author.id != author.id:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        if body.content is not None:
            message.content = body.content.strip()
            message.mentions = self._mentioned(message.content, body.allowed_mentions)
        if body.components is not UNSET:
            message.components = _numbered(body.components or [])
        if not (message.content or message.attachments or message.components):
            raise ApiError(400, 50006, "Cannot send an empty message")
        message.edited_timestamp = self.now().isoformat()
        self._messages[channel.id][message.id] = message

    def delete(self, channel: Channel, message: Message) -> None:
        """Let go of a message."""
        del self._messages[channel.id][message.id]

    def delete_channel(self, channel: Channel) -> None:
        """Let go of a channel, or a thread, and of all that was written in it."""
        del self.channels[channel.id], self._messages[channel.id]

    def _mentioned(self, content: str, allowed: AllowedMentions | None) -> list[User]:
        ids = dict.fromkeys(_MENTION.findall(content))
        if allowed is not None and "users" not in (allowed.parse or ()):
            ids = dict.fromkeys(each for each in ids if each in (allowed.users or ()))
        return [self.users[each] for each in ids if each in self.users]

    def _kept(self, channel: Channel, file: File) -> Attachment:
        name = re.sub(r"[^\w.-]", "_", file.name)
        attachment_id = self.ids.next()
        path = f"attachments/{channel.id}/{attachment_id}/{name}"
        self.files[path] = file
        url = f"{self.url}/{path}"
        kind = file.content_type
        return Attachment(
            id=attachment_id, filename=name, size=len(file.data), url=url, proxy_url=url, content_type=kind
        )


def _numbered(rows: Iterable[ActionRow]) -> list[dict[str, Any]]:
    """Components, each with the number that the platform gives it."""
    numbers = count(1)
    made: list[dict[str, Any]] = []
    for row in rows:
        number = next(numbers)
        buttons = [{**to_builtins(each), "id": next(numbers)} for each in row.components]
        made.append({"type": row.type, "id": number, "components": buttons})
    return made
