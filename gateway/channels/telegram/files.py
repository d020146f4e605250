"""Pictures and documents of messages of Telegram, as content blocks."""

from functools import partial
from typing import Final

from aiogram import Bot
from aiogram.types import Document, Message, PhotoSize

from argentos.errors import ChannelError
from argentos.gateway.channels.blocks import File, file_block
from argentos.gateway.channels.telegram.failures import asking_telegram
from argentos.storage import RawBlock

__all__ = ["attached_block"]

_MOST_BYTES: Final = 20 * 1024**2  # that the Bot API gives


async def attached_block(bot: Bot, message: Message) -> RawBlock | None:
    """The picture or the document of a message, or a text that tells why the agent cannot see it; None without any.

    Raises:
        ChannelError: Telegram does not give it now.
    """
    if message.photo:
        largest = max(message.photo, key=lambda each: each.width * each.height)
        return await _block(bot, largest, "image/jpeg", "a picture")
    if message.document is not None:
        name = message.document.file_name or "a file"
        return await _block(bot, message.document, message.document.mime_type or "", name)
    return None


async def _block(bot: Bot, file: PhotoSize | Document, media_type: str, name: str) -> RawBlock:
    told = File("Telegram", name, media_type, file.file_size or 0, _MOST_BYTES)
    return await file_block(told, partial(_bytes, bot, file.file_id))


async def _bytes(bot: Bot, file_id: str) -> bytes:
    with asking_telegram(bot.token):
        found = await bot.get_file(file_id)
        if found.file_path is not None:
            data = await bot.download_file(found.file_path)
            if data is not None:
                return data.read()
    raise ChannelError("Telegram gives no path of a file", is_transient=False)
