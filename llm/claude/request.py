"""A request as the Messages API takes it, with marks for the provider's cache.

The provider reads from its cache what begins like an earlier request, up to a mark. There are four, as many as there
may be: the end of the system prompt, and with it the tools; the summary; the end of the request before, which this
one begins with; the end of this one. All but the marks stays the same, byte for byte, until a compaction.
"""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import structs

from argentos.llm.claude.blocks import sendable
from argentos.llm.claude.options import Options
from argentos.llm.context import summary_text
from argentos.llm.model import Request
from argentos.storage import Message, RawBlock

__all__ = ["count_parameters", "parameters"]

_COMPACTION_BETA: Final = "compact-2026-09-04"
_BEGIN: Final = "(The agent speaks first.)"
_MARK: Final[dict[str, Any]] = {"type": "ephemeral"}
_MARKED: Final = frozenset({"text", "image", "document", "tool_use", "tool_result", "search_result"})
"""The types of blocks that may have a mark."""


def parameters(request: Request, model: str, options: Options, max_tokens: int) -> dict[str, Any]:
    """The arguments of a call of the API.

    Args:
        request: to make.
        model: its name.
        options: of the model.
        max_tokens: of a reply, at most.
    """
    tool_choice = None if request.instruction and options.forces_a_tool else options.tool_choice
    found = {
        **count_parameters(request, model, options),
        "max_tokens": min(max_tokens, request.max_tokens or max_tokens) + options.thinking_budget,
        "tool_choice": tool_choice,
        "extra_headers": options.all_headers(*([_COMPACTION_BETA] if _has_block(request, options) else [])),
        "extra_body": options.extra_body,
    }
    return {name: value for name, value in found.items() if value}


def compaction_parameters(request: Request, model: str, options: Options, max_tokens: int) -> dict[str, Any]:
    """The arguments of a call of the API that has the provider compact: the conversation, and how."""
    found = parameters(structs.replace(request, instruction=""), model, options, max_tokens)
    headers = {name: value for name, value in options.headers.items() if name.casefold() != "anthropic-beta"}
    return {
        **{name: value for name, value in found.items() if name not in {"tool_choice", "extra_headers"}},
        "compaction": {"type": "summarize", "instructions": request.instruction},
        "betas": [*options.betas, _COMPACTION_BETA],
        **({"extra_headers": headers} if headers else {}),
    }


def count_parameters(request: Request, model: str, options: Options) -> dict[str, Any]:
    """The arguments of a call of the API that counts the tokens of a request."""
    tools = [*request.tools, *options.server_tools]
    mark = _MARK if options.cache_time == "5m" else {**_MARK, "ttl": options.cache_time}
    if tools and not request.system:
        tools[-1] = {**tools[-1], "cache_control": mark}
    found: dict[str, Any] = {
        "model": model,
        "tools": tools,
        "system": [{"type": "text", "text": request.system, "cache_control": mark}] if request.system else [],
        "messages": _messages(request, options),
        "thinking": options.thinking,
    }
    return {name: value for name, value in found.items() if value}


def _has_block(request: Request, options: Options) -> bool:
    """It begins with a summary of the provider's own."""
    return options.compacts and request.summary is not None and request.summary.block is not None


def _messages(request: Request, options: Options) -> list[dict[str, Any]]:
    """The conversation; the summary comes first, as something the user's side shows, never as an instruction."""
    messages = _begin(request, options)
    ends = _ends(request.messages)
    for index, message in enumerate(request.messages):
        if parts := sendable(message.blocks or ({"type": "text", "text": message.text},)):
            messages.append({"role": message.role, "content": _marked(parts) if index in ends else parts})
    if request.instruction:
        messages.append({"role": "user", "content": request.instruction})
    return messages


def _begin(request: Request, options: Options) -> list[dict[str, Any]]:
    if options.compacts and request.summary and request.summary.block:
        return _begin_with(request.summary.block, request.summary.text, request.messages)
    if request.summary:
        text = {"type": "text", "text": summary_text(request.summary), "cache_control": _MARK}
        return [{"role": "user", "content": [text]}]
    if request.messages and request.messages[0].role == "assistant":
        return [{"role": "user", "content": _BEGIN}]
    return []


def _begin_with(block: RawBlock, text: str, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The provider's summary as it gave it, and what was added to it."""
    begun: list[dict[str, Any]] = [{"role": "assistant", "content": [{**block, "cache_control": _MARK}]}]
    added = text.removeprefix(str(block.get("content"))).strip()
    if added or not messages or messages[0].role == "assistant":
        begun.append({"role": "user", "content": added or _BEGIN})
    return begun


def _ends(messages: Sequence[Message]) -> set[int]:
    """The places of the messages at which this request ends, and the one before it ended."""
    last = len(messages) - 1
    replied = next((index for index in range(last, 0, -1) if messages[index].role == "assistant"), 0)
    return {last, replied - 1} if replied else {last}


def _marked(parts: Sequence[RawBlock]) -> list[RawBlock]:
    """The blocks, the last that may have one with a mark."""
    at = next((index for index in range(len(parts) - 1, -1, -1) if parts[index].get("type") in _MARKED), None)
    return [{**part, "cache_control": _MARK} if index == at else part for index, part in enumerate(parts)]
