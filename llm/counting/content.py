"""Tokens of content blocks: text is counted, pictures and documents are worth what the provider's rules say."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

import msgspec

from argentos.llm.counting.media import media_tokens
from argentos.llm.counting.tokens import TokenCounter
from argentos.storage import Content, RawBlock

__all__ = ["characters_of", "count_content", "count_texts", "texts_of"]

_MEDIA: Final = frozenset({"image", "document"})
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
    return count_texts(texts_of(content), content, count)


def texts_of(blocks: Iterable[RawBlock]) -> list[str]:
    """The texts of blocks that are counted."""
    return list(_texts(blocks))


def count_texts(texts: Iterable[str], blocks: Iterable[RawBlock], count: TokenCounter) -> int:
    """The local tokens of blocks, of which the texts are known; see `count_content`."""
    return sum(map(count, texts)) + sum(map(media_tokens, _media(blocks)))


def characters_of(content: Content) -> int:
    """The number of characters that are counted."""
    return len(content) if isinstance(content, str) else sum(map(len, _texts(content)))


def _texts(blocks: Iterable[RawBlock]) -> Iterator[str]:
    for block in blocks:
        kind = block.get("type")
        if kind in _MEDIA:
            yield from _texts_of_media(block)
        elif kind == "text" and isinstance(text := block.get("text"), str):
            yield text
        elif kind == "tool_result" and not isinstance(block.get("content"), str):
            yield _written({**block, "content": ""})
            yield from _texts(_blocks_in(block))
        else:
            yield _written(block)


def _texts_of_media(block: RawBlock) -> Iterator[str]:
    source = _source(block)
    texts = [block.get("title"), block.get("context"), source.get("data") if source.get("type") == "text" else None]
    yield from (text for text in texts if isinstance(text, str))


def _media(blocks: Iterable[RawBlock]) -> Iterator[RawBlock]:
    """The pictures and documents whose bytes count, also in the results of tools."""
    for block in blocks:
        if block.get("type") in _MEDIA and _source(block).get("type") != "text":
            yield block
        elif block.get("type") == "tool_result":
            yield from _media(_blocks_in(block))


def _source(block: RawBlock) -> Mapping[str, Any]:
    source: object = block.get("source")
    return cast("Mapping[str, Any]", source) if isinstance(source, dict) else {}


def _blocks_in(result: RawBlock) -> Iterator[RawBlock]:
    inner: object = result.get("content")
    if isinstance(inner, list | tuple):
        yield from (cast("RawBlock", each) for each in cast("list[object]", inner) if isinstance(each, dict))


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
