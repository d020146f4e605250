"""Results of tools, as content of a message."""

from collections.abc import Iterable
from typing import Any, Final, TypeGuard, cast

import msgspec

from argentos.errors import InputError
from argentos.storage import Content, as_content
from argentos.storage.blocks import Block, raw_of

__all__ = ["as_tool_result", "error_content", "written"]

_NEEDED: Final = {"text": "text", "image": "source", "document": "source", "search_result": "source"}
"""The types of blocks that a result may have, and a field without which an object is none of them."""


def as_tool_result(value: object, tool: str) -> Content:
    """Content of what a tool gave: a text, content blocks, or nothing.

    Args:
        value: what it gave.
        tool: its name.

    Raises:
        InputError: it cannot be sent to a model.
    """
    if value is None:
        return ""
    given: object = value
    if isinstance(value, Iterable) and not isinstance(value, str | dict | list | tuple):
        given = [*cast("Iterable[object]", value)]  # the SDK's tools may give any iterable
    return as_content(given, f"the result of tool {tool!a}")


def error_content(error: BaseException, tool: str) -> Content | None:
    """The content that the SDK's `ToolError` brings for the model; None of other errors, or where it is of no use."""
    if type(error).__name__ != "ToolError":  # its module may not be loaded
        return None
    content: object = getattr(error, "content", None)
    try:
        return as_tool_result(content, tool) or None
    except InputError:
        return None


def written(value: object, tool: str) -> str | list[dict[str, Any]] | None:
    """The result of a plain function as a tool gives it: texts and blocks as they are, else as JSON.

    Raises:
        InputError: it cannot be written as JSON.
    """
    if value is None or isinstance(value, str):
        return value
    each = cast("list[object]", value) if isinstance(value, list | tuple) else [value]
    if each and all(map(_is_block, each)):
        return [raw_of(block) for block in cast("list[Block]", each)]
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError) as wrong:
        raise InputError(
            f"the result of tool {tool!a} cannot be written as JSON: {wrong}; give a text, blocks, or plain values"
        ) from wrong


def _is_block(value: object) -> TypeGuard[Block | dict[str, Any]]:
    """Tell whether it is a content block; an object that only has a `type` of its own is none."""
    if isinstance(value, dict):
        raw = cast("dict[str, Any]", value)
        needed = _NEEDED.get(str(raw.get("type")))
        return needed is not None and needed in raw
    return isinstance(value, Block)
