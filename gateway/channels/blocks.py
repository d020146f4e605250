"""Files of messages as content blocks, whatever platform they came by."""

import base64
from typing import Final

from argentos.storage import RawBlock

__all__ = ["block_of", "is_readable", "note"]

_PICTURES: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
_PDF: Final = "application/pdf"
_TEXT: Final = "text/"


def is_readable(media_type: str) -> bool:
    """Whether an agent can be shown a file of this type."""
    return media_type in _PICTURES or media_type == _PDF or media_type.startswith(_TEXT)


def block_of(data: bytes, media_type: str, name: str) -> RawBlock:
    """A file of a type that is readable."""
    if media_type.startswith(_TEXT):
        return {"type": "text", "text": f"{name}:\n{data.decode(errors='replace')}"}
    source = {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}
    return {"type": "image" if media_type in _PICTURES else "document", "source": source}


def note(what: str) -> RawBlock:
    """A remark in the place of what an agent cannot be shown."""
    return {"type": "text", "text": f"[{what}]"}
