"""Files of messages of Discord, as content blocks."""

from typing import Final

import anyio
import hikari

from argentos.errors import ChannelError
from argentos.gateway.channels.blocks import block_of, is_readable, note
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
    if not is_readable(media_type):
        return note(f"{file.filename}, of a kind that I cannot read: {media_type or 'unknown'}")
    if file.size > _MOST_BYTES:
        return note(f"{file.filename}, which is too large for me to get")
    try:
        with asking_discord(), anyio.fail_after(_LONGEST):
            data = await file.read()
    except ChannelError as error:
        if error.is_transient:
            raise
        return note(f"{file.filename}, which Discord does not give me")
    return block_of(data, media_type, file.filename)
