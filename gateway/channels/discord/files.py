"""Files of messages of Discord, as content blocks."""

from functools import partial
from typing import Final

import anyio
import hikari

from argentos.gateway.channels.blocks import File, file_block
from argentos.gateway.channels.discord.failures import asking_discord
from argentos.storage import RawBlock

__all__ = ["attached_block"]

_MOST_BYTES: Final = 32 * 1024**2
_LONGEST: Final = 60.0  # seconds for a file to come


async def attached_block(file: hikari.Attachment) -> RawBlock:
    """A file of a message, or a text that says why the agent cannot see it.

    Raises:
        ChannelError: Discord does not give it now.
    """
    media_type = (file.media_type or "").partition(";")[0]
    told = File("Discord", file.filename, media_type, file.size, _MOST_BYTES)
    return await file_block(told, partial(_bytes, file))


async def _bytes(file: hikari.Attachment) -> bytes:
    with asking_discord(), anyio.fail_after(_LONGEST):
        return await file.read()
