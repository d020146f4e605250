"""Messages as plain texts, in parts that fit into one request: for a model that does not take part in them.

What of a message is no text is told in brackets; a message that is too long for a part is told in several.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from msgspec import structs

from argentos.storage import Message, RawBlock, text_of

__all__ = ["Part", "part_from", "plain"]

_LONGEST_CALL: Final = 2000  # characters


class Part(NamedTuple):
    """Messages for one request.

    Attributes:
        messages: as texts.
        until: the number of messages that are told to the end with these, from the first on.
        offset: the characters of the next one that have been told.
    """

    messages: tuple[Message, ...]
    until: int
    offset: int


def part_from(messages: Sequence[Message], begin: int, offset: int, room: int) -> Part:
    """The messages that follow, in this many local tokens: at least a piece of one, unless nothing is left."""
    taken: list[Message] = []
    used = 0
    at = begin
    while at < len(messages):
        message = plain(messages[at])
        if message is None:
            at, offset = at + 1, 0
            continue
        length = len(message.text)
        cost = -(-message.tokens * (length - offset) // length)
        if used + cost <= room:
            taken.append(_piece(message, offset, length) if offset else message)
            used += cost
            at, offset = at + 1, 0
            continue
        if not taken:
            end = min(length, offset + max(1, length * room // max(1, message.tokens)))
            return Part((_piece(message, offset, end),), at + (end == length), end % length)
        break
    return Part(tuple(taken), at, offset)


def plain(message: Message) -> Message | None:
    """The message as a text; None where there is nothing to tell of it."""
    if message.is_refused:
        return None
    text = message.text if not message.blocks else "\n".join(_told(message.blocks))
    if not text.strip():
        return None
    return structs.replace(message, text=text, blocks=(), stop_reason=None)


def _piece(message: Message, begin: int, end: int) -> Message:
    text = f"{'… ' if begin else ''}{message.text[begin:end]}{' …' if end < len(message.text) else ''}"
    return structs.replace(message, text=text)


def _told(blocks: Sequence[RawBlock]) -> Iterator[str]:
    for block in blocks:
        kind = block.get("type")
        if kind == "text":
            yield str(block.get("text", ""))
        elif kind in {"image", "document"}:
            yield f"[{kind} {block.get('title') or ''}]".replace(" ]", "]")
        elif kind == "tool_use":
            given = json.dumps(block.get("input"), ensure_ascii=False, default=str)
            yield f"[calls {block.get('name')} {given[:_LONGEST_CALL]}]"
        elif kind == "tool_result":
            yield f"[{'error' if block.get('is_error') else 'result'}: {_result(block)}]"


def _result(block: Mapping[str, Any]) -> str:
    content: object = block.get("content", "")
    if isinstance(content, str):
        return content
    return text_of(tuple(cast("Sequence[RawBlock]", content))) if isinstance(content, list | tuple) else ""
