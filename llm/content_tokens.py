"""Tokens of content blocks: text is counted, pictures and documents are worth what the provider's rules say."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import msgspec

from argentos.llm.tokens import TokenCounter
from argentos.storage import Content, RawBlock

__all__ = ["characters_of", "count_content"]

_IMAGE: Final = 1600  # tokens, at most
_DOCUMENT: Final = 3000  # tokens
_BYTES: Final = frozenset({"data", "signature", "encrypted_content"})
"""Fields of which the provider bills what they stand for, and never the characters."""


def count_content(content: Content, count: TokenCounter) -> int:
    """The local tokens of a message's content.

    Args:
        content: a text, or raw blocks.
        count: counts the tokens of a text.
    """
    if isinstance(content, str):
        return count(content)
    return sum(count(text) for text in _texts(content)) + _fixed(content)


def characters_of(content: Content) -> int:
    """The number of characters that are counted."""
    return len(content) if isinstance(content, str) else sum(map(len, _texts(content)))


def _texts(blocks: tuple[RawBlock, ...]) -> Iterator[str]:
    for block in blocks:
        if block["type"] not in {"image", "document"}:
            yield block["text"] if block["type"] == "text" and isinstance(block.get("text"), str) else _written(block)
        elif isinstance(title := block.get("title"), str):
            yield title


def _written(block: RawBlock) -> str:
    """A block as the model reads it, without bytes."""
    return msgspec.json.encode(_without_bytes(block)).decode()


def _without_bytes(value: object) -> object:
    if isinstance(value, dict):
        fields = cast("Mapping[str, Any]", value)
        return {name: _without_bytes(each) for name, each in fields.items() if name not in _BYTES}
    if isinstance(value, list | tuple):
        return [_without_bytes(each) for each in cast("list[object]", value)]
    return value


def _fixed(blocks: tuple[RawBlock, ...]) -> int:
    worth = {"image": _IMAGE, "document": _DOCUMENT}
    return sum(worth.get(block["type"], 0) for block in blocks)
