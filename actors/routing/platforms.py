"""Addresses of messages as the platforms' own APIs give them, decoded from JSON.

What the two functions take is what they name; the rest of a message does not matter to them.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from argentos.errors import InputError
from argentos.inputs import as_id
from argentos.storage import Address

__all__ = ["discord_address", "telegram_address"]

_GENERAL: Final = "1"  # the topic of a forum that messages do not name


def telegram_address(message: Mapping[str, Any], account: str | None = None) -> Address:
    """The address of a `Message` of Telegram's Bot API.

    Args:
        message: has `chat`, and `from` or `sender_chat`.
        account: the name of the bot that received it, where there are several.

    Raises:
        InputError: it is no such message.
    """
    chat = _part(message, "chat", "Telegram")
    return Address(
        "telegram",
        _writer(message),
        channel_id=as_id(chat.get("id"), "the id of the chat"),
        thread=_topic(message, chat),
        account=account,
    )


def _writer(message: Mapping[str, Any]) -> str:
    """The user who wrote, or the chat in whose name somebody did, which is no user."""
    if "sender_chat" in message:
        return f"chat{as_id(_part(message, 'sender_chat', 'Telegram').get('id'), 'the id of the sender')}"
    return as_id(_part(message, "from", "Telegram").get("id"), "the id of the sender")


def _topic(message: Mapping[str, Any], chat: Mapping[str, Any]) -> str | None:
    """The topic that a message is in.

    In groups without topics `message_thread_id` only says what a message replies to, and so it does in General.
    """
    found = message.get("message_thread_id")
    if chat.get("type") == "private":
        return None if found is None else as_id(found, "the id of the topic")
    if chat.get("is_forum") is not True:
        return None
    if found is None:
        return _GENERAL
    answered = message.get("reply_to_message")
    is_first = isinstance(answered, Mapping) and "forum_topic_created" in answered
    is_in_topic = message.get("is_topic_message") is True or "forum_topic_created" in message or is_first
    return as_id(found, "the id of the topic") if is_in_topic else _GENERAL


def discord_address(message: Mapping[str, Any], parent_id: str | None = None, account: str | None = None) -> Address:
    """The address of a message of Discord's gateway.

    Args:
        message: has `author` and `channel_id`, and `guild_id` where it is in a guild.
        parent_id: of the channel that the thread is in, where the message is in a thread.
        account: the name of the bot that received it, where there are several.

    Raises:
        InputError: it is no such message.
    """
    user = as_id(_part(message, "author", "Discord").get("id"), "the id of the author")
    place = as_id(message.get("channel_id"), "the id of the channel")
    guild = message.get("guild_id")
    return Address(
        "discord",
        user,
        guild=None if guild is None else as_id(guild, "the id of the guild"),
        channel_id=place if parent_id is None else as_id(parent_id, "the id of the thread's channel"),
        thread=None if parent_id is None else place,
        account=account,
    )


def _part(message: Mapping[str, Any], name: str, platform: str) -> Mapping[str, Any]:
    found = message.get(name)
    if not isinstance(found, Mapping):
        raise InputError(f"the message of {platform} has no {name!a}; give a whole one, decoded from JSON")
    return cast("Mapping[str, Any]", found)
