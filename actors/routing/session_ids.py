"""Ids of sessions that routing makes: no two places share one, and the same place always has the same.

An id is a row of parts between colons. In a part `%`, `:`, `@` and `~` are written as `%25`, `%3A`, `%40` and `%7E`, so
that the parts can be read back; what is too long for an id ends in `~` and a hash of all of it.
"""

import hashlib
import re
from typing import Final
from urllib.parse import unquote

from argentos.inputs import MAX_ID_BYTES

__all__ = ["is_made_by_routing", "joined_id", "quoted", "unquoted"]

_RESERVED: Final = re.compile("[%:@~]")
_DIGEST: Final = 64  # hexadecimal digits


def quoted(part: str) -> str:
    """A part of an id, without the characters that hold parts together."""
    return _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", part)


def unquoted(part: str) -> str:
    """The text of which `quoted` made a part."""
    return unquote(part, errors="surrogatepass")


def joined_id(*parts: str) -> str:
    """The id of these parts, which are quoted already."""
    whole = ":".join(parts)
    data = whole.encode("utf-8", "surrogatepass")
    if len(data) <= MAX_ID_BYTES:
        return whole
    begin = data[: MAX_ID_BYTES - _DIGEST - 1].decode("utf-8", "ignore")
    return f"{begin}~{hashlib.sha256(data).hexdigest()}"


def is_made_by_routing(session_id: str) -> bool:
    """Tell whether routing may make this id: those that people give to sessions of persons are others."""
    return ":" in session_id or "~" in session_id
