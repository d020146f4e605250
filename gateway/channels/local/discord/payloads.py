"""Payloads of Discord: objects as they are sent, with the fields that never differ here."""

from typing import Any, Final

from msgspec import to_builtins

from argentos.gateway.channels.local.discord.objects import DM, PUBLIC_THREAD, Channel, Guild, Interaction, Message
from argentos.gateway.channels.local.discord.objects import User as _User
from argentos.gateway.channels.local.discord.snowflakes import moment_of

__all__ = ["channel_payload", "guild_payload", "interaction_payload", "message_event", "message_payload", "own_user"]

_PERMISSIONS: Final = str(1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 38)  # what a bot of ours asks for
_FILE_LIMIT: Final = 10 * 1024**2  # bytes
_LOCALE: Final = "en-US"


def own_user(user: _User) -> dict[str, Any]:
    """A bot as it sees itself."""
    return {**_plain(user), "mfa_enabled": False, "flags": 0, "verified": True, "email": None}


def message_payload(message: Message) -> dict[str, Any]:
    """A message as REST gives it."""
    return _plain(message)


def message_event(message: Message, channel: Channel, *, has_content: bool) -> dict[str, Any]:
    """A message as the gateway tells of it.

    Args:
        message: that was written, or edited.
        channel: where.
        has_content: the bot may read what was written.
    """
    told = _plain(message)
    if not has_content:
        told |= {"content": "", "attachments": [], "embeds": [], "components": []}
    if channel.guild is not None:
        told |= {"guild_id": channel.guild, "member": _member(message.author)}
    return told


def channel_payload(channel: Channel, users: dict[str, _User]) -> dict[str, Any]:
    """A channel as REST and GUILD_CREATE give it."""
    told: dict[str, Any] = {"id": channel.id, "type": channel.type, "last_message_id": channel.last_message_id}
    if channel.type == DM:
        people = (users[each] for each in channel.members)
        return {**told, "flags": 0, "recipients": [_plain(each) for each in people if not each.bot]}
    told |= {"guild_id": channel.guild, "name": channel.name, "parent_id": channel.parent, "rate_limit_per_user": 0}
    if channel.type == PUBLIC_THREAD:
        ends = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": _written(channel.id)}
        first = next(iter(channel.members))
        metadata = {**ends, "locked": False}
        return {**told, "owner_id": first, "message_count": 0, "member_count": 2, "thread_metadata": metadata}
    return {**told, "position": 0, "permission_overwrites": [], "nsfw": False, "topic": None, "flags": 0}


def guild_payload(guild: Guild, bot: str, channels: list[Channel], users: dict[str, _User]) -> dict[str, Any]:
    """A guild as GUILD_CREATE tells a bot of it."""
    nothing: tuple[str, ...] = ("icon", "splash", "discovery_splash", "afk_channel_id", "application_id")
    none: tuple[str, ...] = ("system_channel_id", "rules_channel_id", "vanity_url_code", "description", "banner")
    zero = ("default_message_notifications", "explicit_content_filter", "mfa_level", "system_channel_flags")
    levels = ("premium_tier", "nsfw_level", "verification_level")
    empty = ("features", "emojis", "stickers", "voice_states", "presences", "stage_instances", "roles")
    told = [channel_payload(each, users) for each in channels]
    return {
        **dict.fromkeys((*nothing, *none, "public_updates_channel_id")),
        **dict.fromkeys((*zero, *levels), 0),
        **{name: [] for name in (*empty, "guild_scheduled_events", "soundboard_sounds")},
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner,
        "afk_timeout": 300,
        "preferred_locale": _LOCALE,
        "joined_at": guild.joined.get(bot, _written(guild.id)),
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [{**_member(users[each]), "user": _plain(users[each])} for each in guild.members],
        "channels": [each for each in told if each["type"] != PUBLIC_THREAD],
        "threads": [each for each in told if each["type"] == PUBLIC_THREAD],
    }


def interaction_payload(interaction: Interaction, users: dict[str, _User]) -> dict[str, Any]:
    """A click as the gateway tells of it."""
    channel, person = interaction.channel, interaction.person
    told: dict[str, Any] = {
        "id": interaction.id,
        "application_id": interaction.bot,
        "type": 3,
        "token": interaction.token,
        "version": 1,
        "data": {"custom_id": interaction.custom_id, "component_type": 2, "id": 1},
        "channel_id": channel.id,
        "channel": {**channel_payload(channel, users), "permissions": _PERMISSIONS},
        "message": message_payload(interaction.message),
        "locale": _LOCALE,
        "app_permissions": _PERMISSIONS,
        "entitlements": [],
        "attachment_size_limit": _FILE_LIMIT,
    }
    if channel.guild is None:
        owners = {"1": person.id}
        return {**told, "user": _plain(person), "context": 1, "authorizing_integration_owners": owners}
    member = {**_member(person), "user": _plain(person), "permissions": _PERMISSIONS}
    guild = {"guild_id": channel.guild, "guild_locale": _LOCALE, "member": member}
    return {**told, **guild, "context": 0, "authorizing_integration_owners": {"0": channel.guild}}


def _member(user: _User) -> dict[str, Any]:
    joined = _written(user.id)
    return {"roles": [], "joined_at": joined, "deaf": False, "mute": False, "nick": None, "avatar": None, "flags": 0}


def _written(snowflake: str) -> str:
    return moment_of(snowflake).isoformat()


def _plain(value: object) -> dict[str, Any]:
    plain: dict[str, Any] = to_builtins(value)
    return plain
