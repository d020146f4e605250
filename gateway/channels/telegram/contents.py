"""Messages of Telegram, alone or as an album, as what the sessions take."""

import re
from collections.abc import Sequence
from typing import Final

from aiogram import Bot
from aiogram.types import Message, User

from argentos.actors import telegram_address
from argentos.gateway.channels.channel import Incoming
from argentos.gateway.channels.telegram.files import attached_block
from argentos.storage import ContentLike, RawBlock

__all__ = ["incoming_of"]

_COMMAND: Final = re.compile(r"/\w+(?:@(\w+))?")
_UNREAD: Final = {
    "voice": "a voice message, which I cannot hear",
    "audio": "a piece of audio, which I cannot hear",
    "video": "a video, which I cannot see",
    "video_note": "a video, which I cannot see",
    "animation": "an animation, which I cannot see",
    "contact": "a contact",
    "poll": "a poll",
}


async def incoming_of(bot: Bot, me: User, album: Sequence[Message], account: str | None) -> Incoming | None:
    """The message that an album is, or a single message; None where there is nothing in it for the agent.

    Args:
        bot: fetches pictures and documents.
        me: our account.
        album: the messages, in their order.
        account: its name, where we have several.

    Raises:
        ChannelError: Telegram does not give a file now.
    """
    first = album[0]
    if _is_of_a_bot(first) or _is_for_another_bot(first, me):
        return None
    content = await _content(bot, album)
    if content is None:
        return None
    raw = first.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return Incoming(
        address=telegram_address(raw, account),
        message_id=str(first.message_id),
        content=content,
        sent_at=first.date,
        sender=_name(first),
        is_addressed=first.chat.type == "private" or any(_is_addressed(each, me) for each in album),
    )


def _is_of_a_bot(message: Message) -> bool:
    """Tell whether a bot wrote it, or Telegram itself; who writes in a chat's name is shown as a bot of Telegram's."""
    if message.is_automatic_forward:
        return True
    return message.sender_chat is None and (message.from_user is None or message.from_user.is_bot)


def _is_for_another_bot(message: Message, me: User) -> bool:
    command = _COMMAND.match(message.text or "")
    name = command[1] if command else None
    return name is not None and name.lower() != (me.username or "").lower()


def _is_addressed(message: Message, me: User) -> bool:
    text = message.text or message.caption or ""
    if _COMMAND.match(text):
        return True
    answered = message.reply_to_message
    is_answer = answered is not None and answered.from_user is not None and answered.from_user.id == me.id
    if is_answer and answered is not None and answered.forum_topic_created is None:
        return True
    for each in message.entities or message.caption_entities or ():
        if each.type == "text_mention" and each.user is not None and each.user.id == me.id:
            return True
        if each.type == "mention" and each.extract_from(text).lower() == f"@{me.username}".lower():
            return True
    return False


def _name(message: Message) -> str | None:
    if message.sender_chat is not None:
        return message.sender_chat.title
    return message.from_user.full_name if message.from_user else None


async def _content(bot: Bot, album: Sequence[Message]) -> ContentLike | None:
    if len(album) == 1 and album[0].text:
        return album[0].text
    blocks: list[RawBlock] = []
    for message in album:
        found = await attached_block(bot, message) if message.animation is None else None
        if found is None and (text := _told(message)):
            found = {"type": "text", "text": text}
        blocks += [found] if found else []
        if words := message.caption or message.text:
            blocks.append({"type": "text", "text": words})
    return blocks or None


def _told(message: Message) -> str:
    """The words by which the agent is told of something that it cannot read."""
    if message.sticker is not None:
        return message.sticker.emoji or "[a sticker]"
    if message.location is not None:
        return f"[a place: {message.location.latitude}, {message.location.longitude}]"
    return next((f"[{told}]" for name, told in _UNREAD.items() if getattr(message, name) is not None), "")
