"""Objects of Discord, as version 10 of its API publishes them; fields that never differ here stand in `payloads`."""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

__all__ = [
    "DM",
    "PUBLIC_THREAD",
    "TEXT",
    "Attachment",
    "Channel",
    "Guild",
    "Interaction",
    "Message",
    "Reference",
    "User",
]

TEXT: Final = 0
"""The type of a channel of a guild."""

DM: Final = 1
"""The type of a channel of two."""

PUBLIC_THREAD: Final = 11
"""The type of a thread."""


class User(Struct, kw_only=True):
    """A person, or a bot."""

    id: str
    username: str
    discriminator: str = "0"
    global_name: str | None = None
    avatar: str | None = None
    bot: bool = False
    public_flags: int = 0


class Channel(Struct, kw_only=True):
    """A channel of a guild, a thread of it, or the direct messages of a bot and a person.

    Attributes:
        parent: the channel that a thread is in.
        members: who may read it.
        is_closed: the bot may not write there, or the person does not want it to.
    """

    id: str
    type: int
    name: str | None = None
    guild: str | None = None
    parent: str | None = None
    members: tuple[str, ...] = ()
    last_message_id: str | None = None
    is_closed: bool = False


class Guild(Struct, kw_only=True):
    """A guild, which people call a server.

    Attributes:
        joined: when bots came to it that were not there from its beginning.
    """

    id: str
    name: str
    owner: str
    members: list[str] = []
    joined: dict[str, str] = {}


class Attachment(Struct, kw_only=True):
    """A file of a message."""

    id: str
    filename: str
    size: int
    url: str
    proxy_url: str
    content_type: str | UnsetType = UNSET
    width: int | UnsetType | None = UNSET
    height: int | UnsetType | None = UNSET


class Reference(Struct, kw_only=True):
    """A message that another one answers."""

    message_id: str
    channel_id: str
    guild_id: str | UnsetType = UNSET
    type: int = 0


class Message(Struct, kw_only=True):
    """A message."""

    id: str
    channel_id: str
    author: User
    content: str
    timestamp: str
    edited_timestamp: str | None = None
    tts: bool = False
    mention_everyone: bool = False
    mentions: list[User] = []
    mention_roles: list[str] = []
    attachments: list[Attachment] = []
    embeds: list[dict[str, Any]] = []
    pinned: bool = False
    type: int = 0
    flags: int = 0
    components: list[Any] = []
    nonce: str | int | UnsetType = UNSET
    message_reference: Reference | UnsetType = UNSET
    referenced_message: "Message | UnsetType | None" = UNSET


class Interaction(Struct, kw_only=True):
    """A click at a button.

    Attributes:
        response: what the bot has answered, as it came; None until then.
    """

    id: str
    token: str
    bot: str
    person: User
    channel: Channel
    message: Message
    custom_id: str
    response: dict[str, Any] | None = None
