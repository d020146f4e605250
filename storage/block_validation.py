"""Validation of content blocks that come from outside: they can be stored, and are of plain values."""

from typing import Any, Final, cast

import msgspec

from argentos.errors import ArgentError, InputError
from argentos.inputs import as_text, in_words
from argentos.storage.blocks import Block, Content, RawBlock, raw_of

__all__ = ["MOST_BLOCKS", "as_content"]

MOST_BLOCKS: Final = 1000
"""The most content blocks of a message."""

_DEEPEST: Final = 64  # levels of lists and objects in a block
_PLAIN: Final = (bool, int, float, type(None))


def as_content(value: object, what: str, error: type[ArgentError] = InputError) -> Content:
    """Content that can be stored: a text, or content blocks as raw objects.

    Args:
        value: a text, a block, or several; blocks are of `argentos.storage.blocks`, or objects of the Messages API.
        what: names it, as in `the message`.
        error: what to raise.

    Raises:
        ArgentError: it is none, or has more than 1,000 blocks; the class is `error`.
    """
    if isinstance(value, str):
        return as_text(value, f"the text of {what}", error)
    if isinstance(value, Block | dict):
        value = (cast("object", value),)
    if not isinstance(value, list | tuple):
        raise error(f"{what} is {in_words(value)}; give a text, or content blocks")
    given = cast("list[object]", value)
    if len(given) > MOST_BLOCKS:
        raise error(f"{what} has {len(given)} content blocks; {MOST_BLOCKS} is the most")
    return tuple(_as_block(each, f"content block {at} of {what}", error) for at, each in enumerate(given, start=1))


def _as_block(value: object, what: str, error: type[ArgentError]) -> RawBlock:
    if not isinstance(value, Block | dict):
        raise error(f"{what} is {in_words(value)}; give an object with a `type`, or a block of argentos.storage")
    try:
        raw = raw_of(cast("Block | RawBlock", value))
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as wrong:
        raise error(f"{what} cannot be read: {wrong}; give plain values") from wrong
    kind = raw.get("type")
    if not isinstance(kind, str) or not kind:
        raise error(f"{what} has no `type`; give one, as 'text'")
    plain: RawBlock = _plain(raw, what, error, 0)
    return plain


def _plain(value: object, what: str, error: type[ArgentError], depth: int) -> Any:
    """A value of JSON, made of the built-in types themselves; what is changed outside later does not change it."""
    if depth > _DEEPEST:
        raise error(f"{what} is nested deeper than {_DEEPEST} levels; make it flatter")
    if type(value) is str and value.isascii():
        return value
    if isinstance(value, str):
        return as_text(value, f"a text in {what}", error)
    if type(value) in _PLAIN:
        return _number(value, what, error)
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return {as_text(name, f"a name in {what}", error): _plain(each, what, error, depth + 1) for name, each in items}
    if isinstance(value, list | tuple):
        return [_plain(each, what, error, depth + 1) for each in cast("list[object]", value)]
    raise error(f"{what} holds {in_words(value)}; give plain values of JSON")


def _number(value: object, what: str, error: type[ArgentError]) -> object:
    if isinstance(value, float) and value - value != 0:
        raise error(f"{what} holds {in_words(value)}, which JSON cannot write")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise error(f"{what} holds {in_words(value)}, which is out of range")
    return value
