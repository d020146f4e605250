"""Tokens of pictures and documents, by the provider's rules: from pixels and pages, never from bytes.

Claude cuts a picture into squares of 28 pixels, a token each, and first scales down what has more than 2,576 pixels on
an edge, or more than 4,784 squares; older models take fewer. A page of a PDF is worth its text and its picture.
Where the bytes are elsewhere, as behind an address, the most that it may be is taken for a picture.
"""

import io
import logging
import math
from importlib import import_module
from typing import Any, Final, cast

from argentos.storage import RawBlock, decode_base64

__all__ = ["measured_media", "media_tokens"]

_SQUARE: Final = 28  # pixels
_LONGEST_EDGE: Final = 2576  # pixels
_MOST_SQUARES: Final = 4784
_PAGE: Final = 3000  # tokens
_BYTES_A_PAGE: Final = 50_000  # of a PDF that cannot be read
_MOST_PAGES: Final = 600
_HEADER: Final = 64 * 1024  # characters of base64, in which most pictures tell their size


def media_tokens(block: RawBlock) -> int:
    """The tokens of a picture or of a document, without its title.

    Args:
        block: of the type `image` or `document`, raw.
    """
    source: object = block.get("source")
    if not isinstance(source, dict):
        return _MOST_SQUARES
    known = cast("dict[str, Any]", source)
    if isinstance(tokens := known.get("tokens"), int):
        return max(0, tokens)
    data: object = known.get("data")
    if known.get("type") != "base64" or not isinstance(data, str):
        return _MOST_SQUARES if block["type"] == "image" else _PAGE
    return _picture(data) if block["type"] == "image" else _pages(data) * _PAGE


def measured_media(block: RawBlock) -> int | None:
    """The tokens of a block of any type with its bytes, to be noted beside them; None where its bytes do not count."""
    return media_tokens(block) if block.get("type") in {"document", "image"} else None


def _picture(data: str) -> int:
    imagesize: Any = import_module("imagesize")  # which has no types; and most sessions have no pictures
    for characters in (_HEADER, len(data)):
        width, height = imagesize.get(io.BytesIO(_decoded(data[: characters // 4 * 4])))
        if width > 0 and height > 0:
            return _squares(int(width), int(height))
        if characters >= len(data):
            break
    return _MOST_SQUARES


def _squares(width: int, height: int) -> int:
    """The squares of a picture, once it is scaled down to what a model takes."""
    scale = min(1.0, _LONGEST_EDGE / max(width, height))
    while (squares := math.ceil(width * scale / _SQUARE) * math.ceil(height * scale / _SQUARE)) > _MOST_SQUARES:
        scale *= min(0.99, math.sqrt(_MOST_SQUARES / squares))
    return squares


def _pages(data: str) -> int:
    logging.getLogger("pypdf").addHandler(logging.NullHandler())  # what it says of a file is no concern of a user
    from pypdf import PdfReader  # noqa: PLC0415 - most sessions have no documents

    content = _decoded(data)
    try:
        pages = len(PdfReader(io.BytesIO(content), strict=False).pages)
    except Exception:  # noqa: BLE001 - a file of anybody's, read by a library: whatever it raises, it is estimated
        pages = len(content) // _BYTES_A_PAGE
    return min(max(1, pages), _MOST_PAGES)


def _decoded(data: str) -> bytes:
    try:
        return decode_base64(data)
    except ValueError:
        return b""
