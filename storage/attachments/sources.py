"""Attachments: the bytes of pictures and documents, which stand beside the records of a session and never in them.

What comes with bytes has them in base64, as the Messages API does; a record refers to them by their hash:

    {"type": "base64", "media_type": "image/png", "data": "iVBORw0…"}
    {"type": "attachment", "media_type": "image/png", "sha256": "9f86d0…", "size": 70}

Both are the `source` of a block, of a block in the content of another, or in the content of a source. All of this is
for threads: what it does takes as long as there are bytes.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias, cast

from argentos.errors import ArgentError, AttachmentTooLargeError, InputError
from argentos.inputs import in_words
from argentos.storage.blocks import Content, RawBlock

__all__ = [
    "AttachmentLimits",
    "Detached",
    "as_sha256",
    "attach_inline",
    "check_references",
    "decode_base64",
    "detach",
    "has_bytes",
    "has_sources",
    "hashes_in",
    "placeholder",
    "sha256_of",
    "sources_in",
]

Source: TypeAlias = dict[str, Any]

_BASE64: Final = "base64"
_ATTACHMENT: Final = "attachment"
_OURS: Final = frozenset({"sha256", "size", "tokens"})
"""Fields of a source that refers to bytes, and of no other."""

_PIECE: Final = 1 << 16
"""Bytes, by threes or fours, that are worked at in a moment, in which no other thread runs."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class AttachmentLimits(NamedTuple):
    """Bounds of the attachments of a message.

    Attributes:
        largest: bytes of one.
        together: bytes of all.
        most: how many there may be.
    """

    largest: int
    together: int
    most: int


class Detached(NamedTuple):
    """Content that refers to its bytes, and the bytes by their hashes."""

    content: Content
    attachments: Mapping[str, bytes]


def sha256_of(data: bytes) -> str:
    """The name of bytes: their SHA-256, in small hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def as_sha256(value: object) -> str:
    """The hash of an attachment.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, str) and _SHA256.fullmatch(value):
        return str.__str__(value)
    raise InputError(f"the hash of an attachment is {in_words(value)}; give its SHA-256 in 64 small hexadecimal digits")


# Sources ------------------------------------------------------------------------------------------------------------


def sources_in(content: Content) -> Iterator[Source]:
    """The sources in content that have bytes or refer to some, in their order."""
    if not isinstance(content, str):
        for block in content:
            if has_sources((block,)):
                yield from _sources_of(block)


def has_sources(blocks: Iterable[RawBlock]) -> bool:
    """Tell whether one of some blocks may have a source, which few do; a quick look at many."""
    return any("source" in block or not isinstance(block.get("content", ""), str) for block in blocks)


def _sources_of(block: RawBlock) -> Iterator[Source]:
    source = _object(block.get("source"))
    if source.get("type") in {_BASE64, _ATTACHMENT}:
        yield source
    for each in (*_blocks(source.get("content")), *_blocks(block.get("content"))):
        yield from _sources_of(each)


def has_bytes(content: Content) -> bool:
    """Tell whether bytes stand in the content itself."""
    return any(source["type"] == _BASE64 for source in sources_in(content))


def hashes_in(content: Content) -> tuple[str, ...]:
    """The hashes of the attachments that content refers to, each once."""
    found = (source.get("sha256") for source in sources_in(content) if source["type"] == _ATTACHMENT)
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str)))


def _changed(content: Content, change: Callable[[RawBlock, Source], RawBlock]) -> Content:
    """The content with each block changed that has a source of bytes; others stay the same objects."""
    return content if isinstance(content, str) else tuple(_changed_block(each, change) for each in content)


def _changed_block(block: RawBlock, change: Callable[[RawBlock, Source], RawBlock]) -> RawBlock:
    source = _object(block.get("source"))
    if source.get("type") in {_BASE64, _ATTACHMENT}:
        return change(block, source)
    if any(True for _ in _sources_of(block)):
        block = dict(block)
        if _blocks(source.get("content")):
            block["source"] = {**source, "content": _changed_list(source["content"], change)}
        if _blocks(block.get("content")):
            block["content"] = _changed_list(block["content"], change)
    return block


def _changed_list(content: Iterable[object], change: Callable[[RawBlock, Source], RawBlock]) -> list[object]:
    return [_changed_block(block, change) if (block := _object(each)) else each for each in content]


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _blocks(value: object) -> list[RawBlock]:
    if not isinstance(value, list | tuple):
        return []
    return [cast("RawBlock", each) for each in cast("list[object]", value) if isinstance(each, dict)]


# Taking bytes out, and putting them back ----------------------------------------------------------------------------


def detach(
    content: Content,
    limits: AttachmentLimits,
    what: str = "the message",
    error: type[ArgentError] = InputError,
    measure: Callable[[RawBlock], int | None] | None = None,
) -> Detached:
    """Take the bytes out of content.

    Args:
        content: a text, or raw blocks.
        limits: of its attachments, those that it refers to already left out.
        what: names the content, as in `the message`.
        error: what to raise.
        measure: counts the tokens of a block with its bytes; noted in the source, as `tokens`, where it gives a number.

    Raises:
        AttachmentTooLargeError: they are too large, or too many.
        ArgentError: a source is no base64; the class is `error`.
    """
    detaching = _Detaching(limits, what, error, measure)
    return Detached(_changed(content, detaching.take_out), detaching.attachments)


class _Detaching:
    """Takes the bytes out of one block after the other."""

    def __init__(
        self,
        limits: AttachmentLimits,
        what: str,
        error: type[ArgentError],
        measure: Callable[[RawBlock], int | None] | None,
    ) -> None:
        self.attachments: dict[str, bytes] = {}
        self._limits = limits
        self._what = what
        self._error = error
        self._measure = measure
        self._count = self._size = 0

    def take_out(self, block: RawBlock, source: Source) -> RawBlock:
        """The block, referring to its bytes."""
        name = f"the {str(block.get('type'))[:40]} in {self._what}"
        if not isinstance(source.get("media_type"), str):
            raise self._error(f"{name} has no `media_type` in its source; give one, as 'image/png'")
        if source["type"] == _ATTACHMENT:
            return block
        data = self._decoded(source, name)
        sha256 = sha256_of(data)
        self.attachments[sha256] = data
        kept = {field: value for field, value in source.items() if field not in _OURS}
        reference = {**kept, "type": _ATTACHMENT, "sha256": sha256, "size": len(data)}
        del reference["data"]
        tokens = self._measure({**block, "source": kept}) if self._measure is not None else None
        return {**block, "source": reference if tokens is None else {**reference, "tokens": tokens}}

    def _decoded(self, source: Source, name: str) -> bytes:
        text = source.get("data")
        if not isinstance(text, str) or not text:
            raise self._error(f"{name} has no `data` in its source; give its bytes in base64")
        self._count += 1
        self._size += (size := len(text) * 3 // 4 - text[-2:].count("="))
        self._check_size(size, name)
        try:
            return decode_base64(text)
        except (binascii.Error, ValueError) as wrong:
            raise self._error(f"{name} is no base64: {wrong}; encode its bytes with base64.b64encode") from wrong

    def _check_size(self, size: int, name: str) -> None:
        limits = self._limits
        if size > limits.largest:
            raise AttachmentTooLargeError(
                f"{name} has {size} bytes; attachmentBytes allows {limits.largest}: send a smaller one, or raise that"
            )
        if self._count > limits.most:
            raise AttachmentTooLargeError(
                f"{self._what} has more than {limits.most} pictures and documents, which is what messageAttachments"
                " allows: send them in several, or raise the setting"
            )
        if self._size > limits.together:
            raise AttachmentTooLargeError(
                f"the pictures and documents in {self._what} have more than {limits.together} bytes, which is what"
                " messageAttachmentBytes allows: send them in several, or raise the setting"
            )


def check_references(content: Content, what: str, error: type[ArgentError] = InputError) -> None:
    """Refuse content that refers to nothing.

    Args:
        content: a text, or raw blocks.
        what: names it, as in `the message`.
        error: what to raise.

    Raises:
        ArgentError: so it does; the class is `error`.
    """
    for source in sources_in(content):
        if source["type"] == _ATTACHMENT:
            try:
                as_sha256(source.get("sha256"))
            except InputError as wrong:
                raise error(f"a block in {what} refers to nothing: {wrong}") from wrong


def attach_inline(content: Content, attachments: Mapping[str, bytes]) -> Content:
    """Content with the bytes that it refers to, in base64; where those are not given, a placeholder."""

    def put_back(block: RawBlock, source: Source) -> RawBlock:
        if source["type"] == _BASE64:
            return block
        data = attachments.get(str(source.get("sha256")))
        if data is None:
            return placeholder(block)
        kept = {field: value for field, value in source.items() if field not in _OURS}
        return {**block, "source": {**kept, "type": _BASE64, "data": _encoded(data)}}

    return _changed(content, put_back)


def decode_base64(text: str) -> bytes:
    """Base64 as bytes, a piece after the other, so that other threads come to their turn.

    Raises:
        ValueError: it is none.
    """
    if text.find("=", 0, len(text) - 2) >= 0:
        raise ValueError("Excess data after padding")
    pieces = (text[at : at + 4 * _PIECE] for at in range(0, len(text), 4 * _PIECE))
    return b"".join([base64.b64decode(piece, validate=True) for piece in pieces])


def _encoded(data: bytes) -> str:
    """Bytes as base64, likewise."""
    pieces = (data[at : at + 3 * _PIECE] for at in range(0, len(data), 3 * _PIECE))
    return "".join([base64.b64encode(piece).decode() for piece in pieces])


def placeholder(block: RawBlock) -> RawBlock:
    """A text in the place of a block whose bytes are gone."""
    source = _object(block.get("source"))
    size = source.get("size")
    known = f", {size} bytes" if isinstance(size, int) else ""
    kind, media_type = str(block.get("type", "file"))[:40], str(source.get("media_type", "of unknown kind"))[:100]
    return {"type": "text", "text": f"[a missing {kind}: {media_type}{known}; its file is gone]"}
