"""Messages of Discord, as what the sessions take."""

import re
from typing import Final

import hikari

from argentos.gateway.channels.blocks import note
from argentos.gateway.channels.channel import Incoming
from argentos.gateway.channels.discord.files import attached_block
from argentos.gateway.channels.discord.places import Place, address_at
from argentos.storage import ContentLike, RawBlock

__all__ = ["incoming_of"]

_WRITTEN: Final = frozenset({hikari.MessageType.DEFAULT, hikari.MessageType.REPLY})


async def incoming_of(message: hikari.Message, place: Place, me: int, account: str | None) -> Incoming | None:
    """The message; None where it was written by no person, or there is nothing in it for the agent.

    Args:
        message: as it came.
        place: where its channel is.
        me: the id of our bot.
        account: its name, where we have several.

    Raises:
        ChannelError: Discord does not give a file now.
    """
    author = message.author
    if author.is_bot or author.is_system or message.webhook_id is not None or message.type not in _WRITTEN:
        return None
    content = await _content(message, me)
    if content is None:
        return None
    return Incoming(
        address=address_at(place, message.channel_id, author.id, account),
        message_id=str(message.id),
        content=content,
        sent_at=message.created_at,
        sender=_name(message),
        is_addressed=place.guild is None or _is_addressed(message, me),
    )


def _is_addressed(message: hikari.Message, me: int) -> bool:
    """Tell whether a message mentions us, or answers something of ours."""
    if isinstance(message.user_mentions, dict) and me in message.user_mentions:
        return True
    answered = message.referenced_message
    return answered is not None and isinstance(answered.author, hikari.User) and answered.author.id == me


def _name(message: hikari.Message) -> str:
    if isinstance(message.member, hikari.Member):
        return message.member.display_name
    return message.author.global_name or message.author.username


async def _content(message: hikari.Message, me: int) -> ContentLike | None:
    text = re.sub(rf"\A\s*<@!?{me}>\s*", "", message.content or "")
    blocks: list[RawBlock] = [await attached_block(each) for each in message.attachments]
    blocks += [note(f"the sticker {each.name}") for each in message.stickers]
    for snapshot in message.message_snapshots:
        blocks += [await attached_block(each) for each in snapshot.attachments]
        if snapshot.content:
            blocks.append({"type": "text", "text": f"Forwarded:\n{snapshot.content}"})
    if not blocks:
        return text or None
    return [*blocks, {"type": "text", "text": text}] if text else blocks
