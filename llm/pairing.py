"""Calls and their results, side by side, as providers demand them.

A session's own calls always have their results. What was imported, or sent by a host, may not: a call without a result
gets one that says so, and a result without a call becomes a text.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final, cast

from msgspec import structs

from argentos.storage import Message, RawBlock, text_of

__all__ = ["is_between", "with_results"]

_MISSING: Final = "no result is known of this call"
_blocks: Final = attrgetter("blocks")


def with_results(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages, each that calls something with the results right behind it."""
    if not any(map(_blocks, messages)) or _are_paired(messages):
        return messages
    results = {call_id: block for each in messages for call_id, block in _results(each)}
    calls = {call_id for each in messages for call_id in _calls(each)}
    paired: list[Message] = []
    for message in messages:
        ids = _calls(message)
        if paired and (wanted := _calls(paired[-1])) and _answers(message, wanted):
            paired.append(message)
            continue
        if paired and (wanted := _calls(paired[-1])):
            paired.append(_made(paired[-1], [results.get(each) or _missing(each) for each in wanted]))
        rest = _without(message, results, calls) if not ids else message
        if rest.blocks or not message.blocks:
            paired.append(rest)
    if paired and (wanted := _calls(paired[-1])):
        paired.append(_made(paired[-1], [results.get(each) or _missing(each) for each in wanted]))
    return tuple(paired)


def _are_paired(messages: Sequence[Message]) -> bool:
    """They are as they have to be, as those of a session of its own always are."""
    wanted: list[object] = []
    for message in messages:
        calls: list[object] = []
        results: list[object] = []
        for block in message.blocks:
            kind = block.get("type")
            if kind == "tool_use":
                calls.append(block.get("id"))
            elif kind == "tool_result":
                results.append(block.get("tool_use_id"))
        if results != wanted and set(results) != set(wanted):
            return False
        if calls and message.role != "assistant":
            return False
        wanted = calls
    return not wanted


def _calls(message: Message) -> list[str]:
    if message.role != "assistant" or not message.blocks:
        return []
    ids = [block.get("id") for block in message.blocks if block.get("type") == "tool_use"]
    return [call_id for call_id in ids if isinstance(call_id, str)]


def _results(message: Message) -> list[tuple[str, RawBlock]]:
    if message.role != "user" or not message.blocks:
        return []
    return [
        (block["tool_use_id"], block)
        for block in message.blocks
        if block.get("type") == "tool_result" and isinstance(block.get("tool_use_id"), str)
    ]


def _answers(message: Message, wanted: Sequence[str]) -> bool:
    """It has the results of these calls, each once, and no others."""
    return sorted(call_id for call_id, _ in _results(message)) == sorted(wanted)


def _missing(call_id: str) -> RawBlock:
    return {"type": "tool_result", "tool_use_id": call_id, "content": _MISSING, "is_error": True}


def _made(calling: Message, results: list[RawBlock]) -> Message:
    return structs.replace(calling, role="user", text="", blocks=tuple(results), reply_to=(), stop_reason=None)


def _without(message: Message, results: dict[str, RawBlock], calls: set[str]) -> Message:
    """The message without results that stand behind their calls, and with those that have none as texts."""
    if not any(block.get("type") == "tool_result" for block in message.blocks):
        return message
    kept: list[RawBlock] = []
    for block in message.blocks:
        if block.get("type") != "tool_result":
            kept.append(block)
        elif block.get("tool_use_id") not in calls or results.get(block["tool_use_id"]) is not block:
            kept.append({"type": "text", "text": f"[result of a call that is not shown] {_text_of(block)}"})
    return structs.replace(message, blocks=tuple(kept))


def _text_of(block: RawBlock) -> str:
    content = block.get("content", "")
    if isinstance(content, str):
        return content
    return text_of(tuple(cast("Sequence[RawBlock]", content))) if isinstance(content, list | tuple) else ""


def is_between(messages: Sequence[Message], count: int) -> bool:
    """A cut behind so many messages parts a call from its result."""
    if not 0 < count < len(messages):
        return False
    near = range(count, min(count + _NEAR, len(messages)))
    wanted = {call_id for at in near if messages[at].blocks for call_id, _ in _results(messages[at])}
    if not wanted:
        return False
    before = range(max(0, count - _NEAR), count)
    return any(not wanted.isdisjoint(_calls(messages[at])) for at in before if messages[at].blocks)


_NEAR: Final = 50  # messages that may stand between a call and its result
