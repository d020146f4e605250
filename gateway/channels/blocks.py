"""Files of messages as content blocks, whatever platform they came by."""

import base64
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from argentos.errors import ChannelError
from argentos.storage import RawBlock

__all__ = ["File", "file_block", "note"]

_PICTURES: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
_PDF: Final = "application/pdf"
_TEXT: Final = "text/"


class File(NamedTuple):
    """A file of a message, as its platform tells of it.

    Attributes:
        platform: its name, for people.
        name: of the file.
        media_type: empty where it is not known.
        size: in bytes; 0 where it is not known.
        most: bytes that the platform gives, or that we take.
    """

    platform: str
    name: str
    media_type: str
    size: int
    most: int


async def file_block(file: File, read: Callable[[], Awaitable[bytes]]) -> RawBlock:
    """A file, or a remark that says why the agent cannot see it.

    Args:
        file: of a message.
        read: gets its bytes of the platform.

    Raises:
        ChannelError: the platform does not give it now.
    """
    if not _is_readable(file.media_type):
        return note(f"{file.name}, of a kind that I cannot read: {file.media_type or 'unknown'}")
    if file.size > file.most:
        return note(f"{file.name}, which is too large for me to get")
    try:
        return _block(file, await read())
    except ChannelError as error:
        if error.is_transient:
            raise
        return note(f"{file.name}, which {file.platform} does not give me")


def _is_readable(media_type: str) -> bool:
    return media_type in _PICTURES or media_type == _PDF or media_type.startswith(_TEXT)


def _block(file: File, data: bytes) -> RawBlock:
    if file.media_type.startswith(_TEXT):
        return {"type": "text", "text": f"{file.name}:\n{data.decode(errors='replace')}"}
    source = {"type": "base64", "media_type": file.media_type, "data": base64.b64encode(data).decode()}
    return {"type": "image" if file.media_type in _PICTURES else "document", "source": source}


def note(what: str) -> RawBlock:
    """A remark in the place of what an agent cannot be shown."""
    return {"type": "text", "text": f"[{what}]"}
