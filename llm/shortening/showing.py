"""Messages as requests show them: results of calls in part, with a mark of how much is left out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, cast

from msgspec import structs

from argentos.storage import Message, RawBlock, calls_in

__all__ = ["as_shown"]

_HEAD: Final = 2 / 3  # of what is shown; the rest is the end
_NAMED: Final = 10  # tools in a sentence
_cut_of: Final = attrgetter("cut")
_is_omitted: Final = attrgetter("is_omitted")


def as_shown(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages, results in part where they are cut, and one that says so in the place of those left out."""
    if not any(map(_cut_of, messages)) and not any(map(_is_omitted, messages)):
        return messages
    shown: list[Message] = []
    for is_omitted, run in groupby(messages, key=_is_omitted):
        if is_omitted:
            shown.append(_standing_for(list(run)))
        else:
            shown += [_in_part(each) if each.cut else each for each in run]
    return tuple(shown)


def _standing_for(omitted: Sequence[Message]) -> Message:
    """A message in the place of rounds of calls."""
    names = Counter(call.name for message in omitted for call in calls_in(message.blocks))
    called = ", ".join(f"{name} × {count}" for name, count in names.most_common(_NAMED))
    text = f"[shortened: {len(omitted)} earlier messages of this turn are left out here; they called {called}]"
    return structs.replace(omitted[0], role="user", text=text, blocks=(), stop_reason=None, turn=0)


def _in_part(message: Message) -> Message:
    blocks = tuple(_cut(each, message.cut) if each.get("type") == "tool_result" else each for each in message.blocks)
    return structs.replace(message, blocks=blocks)


def _cut(result: RawBlock, characters: int) -> RawBlock:
    content: object = result.get("content")
    text = "\n".join(_texts(content))
    if len(text) <= characters:
        return {**result, "content": text} if content else result
    return {**result, "content": _ends_of(text, characters)}


def _texts(content: object) -> Iterator[str]:
    """The texts of a result; a block of another kind is named."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list | tuple):
        for block in cast("Sequence[Any]", content):
            fields = cast("dict[str, Any]", block) if isinstance(block, dict) else {}
            text, kind = fields.get("text"), fields.get("type")
            yield text if isinstance(text, str) else f"[shortened: a block of type {kind} is left out here]"


def _ends_of(text: str, characters: int) -> str:
    """The beginning and the end of a text, and a mark in between."""
    head = int(characters * _HEAD)
    tail = characters - head
    mark = f"[shortened: {len(text) - characters:,} of {len(text):,} characters are left out here]"
    return f"{text[:head]}\n{mark}\n{text[len(text) - tail :]}"
