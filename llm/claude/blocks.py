"""Blocks as the Messages API takes them, which may have come from other models.

Left out are texts of white space and thoughts that nobody signed; ids and names of tools have only the characters that
the API allows, each other one a `_`.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from argentos.storage import RawBlock

__all__ = ["is_taken", "sendable"]

_NOT_ALLOWED: Final = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST: Final = 128  # characters
_NAMED: Final[dict[Any, tuple[str, ...]]] = {"tool_use": ("id", "name"), "tool_result": ("tool_use_id",)}


def is_taken(block: RawBlock) -> bool:
    """The API takes the block."""
    kind = block.get("type")
    if kind == "text":
        return bool(str(block.get("text", "")).strip())
    return kind != "thinking" or bool(block.get("signature"))


def sendable(blocks: Iterable[RawBlock]) -> list[RawBlock]:
    """The blocks that the API takes, with ids and names that it takes."""
    return [_named(block) for block in blocks if is_taken(block)]


def _named(block: RawBlock) -> RawBlock:
    names = _NAMED.get(block.get("type"), ())
    wrong = {name: _allowed(str(block.get(name, ""))) for name in names if not _is_allowed(block.get(name))}
    return {**block, **wrong} if wrong else block


def _is_allowed(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _LONGEST and _NOT_ALLOWED.search(name) is None


def _allowed(name: str) -> str:
    return _NOT_ALLOWED.sub("_", name)[:_LONGEST] or "_"
