"""Items of OpenAI's Responses API, which Codex writes down as well, as messages."""

from collections.abc import Mapping
from typing import Any, Final

from argentos.gateway.formats.conversation.content import Remarks, arguments_of, blocks_of, result_content
from argentos.gateway.formats.conversation.drafts import Draft
from argentos.gateway.formats.files.source import fields, text_in
from argentos.storage import RawBlock

__all__ = ["add_item", "is_item"]

_CALL: Final = "_call"
_OUTPUT: Final = "_output"
_NO_ARGUMENTS: Final = frozenset({"type", "id", "call_id", "status", "name", "namespace", "metadata"})
_RESULTS: Final = ("output", "outputs", "result", "results", "error", "tools")
_NAMES: Final[Mapping[str, str]] = {"function_call": "unknown", "custom_tool_call": "unknown", "mcp_call": "unknown"}
_OTHERS: Final = frozenset({"item_reference", "message", "reasoning"})
_SYSTEM: Final = frozenset({"developer", "system"})


def is_item(value: Any) -> bool:
    """Tell whether a value is an item other than a message with a role."""
    kind = text_in(value, "type")
    return kind in _OTHERS - {"message"} or (kind.endswith((_CALL, _OUTPUT)) and "role" not in fields(value))


def add_item(drafts: list[Draft], item: dict[str, Any], draft: Draft) -> None:
    """Add an item to the messages; a call goes into the reply before it, where nothing stands between them.

    Args:
        drafts: those before it.
        item: the item.
        draft: an empty message for it, which knows place, time and id.
    """
    kind, remarks = text_in(item, "type"), draft.remarks
    if kind == "reasoning":
        draft.role, draft.blocks = "assistant", blocks_of(item, remarks)
        _join(drafts, draft)
    elif kind.endswith(_OUTPUT):
        draft.role, draft.blocks = "user", [_result(item, remarks)]
        _join(drafts, draft)
    elif kind.endswith(_CALL):
        draft.role, draft.blocks = "assistant", [_call(item, kind)]
        _join(drafts, draft)
        if result := _own_result(item, remarks):
            drafts.append(Draft(role="user", blocks=[result], remarks=remarks, at=draft.at))
    elif kind in {"message", ""}:
        _add_message(drafts, item, draft)
    else:
        remarks.add(f"an item of the type {kind!a:.60}")


def _add_message(drafts: list[Draft], item: dict[str, Any], draft: Draft) -> None:
    role = text_in(item, "role")
    if role in _SYSTEM:
        draft.remarks.add("a system message")
    elif role in {"user", "assistant"}:
        draft.role = "assistant" if role == "assistant" else "user"
        draft.blocks = blocks_of(item.get("content"), draft.remarks)
        before = drafts[-1] if drafts else None
        if draft.role == "assistant" and before is not None and _is_thought(before):
            before.blocks = [*before.blocks, *draft.blocks]
            before.at, before.id = draft.at, draft.id
        else:
            drafts.append(draft)
    else:
        draft.remarks.add(f"a message of the role {role!a:.40}")


def _join(drafts: list[Draft], draft: Draft) -> None:
    """Add a part to the message of its side before it, unless a text has ended that."""
    before = drafts[-1] if drafts else None
    kind = draft.blocks[0]["type"] if draft.blocks else ""
    if before is None or before.role != draft.role or before.archived != draft.archived:
        drafts.append(draft)
    elif kind == "tool_use" or (kind == "tool_result" and before.blocks and before.blocks[-1]["type"] == kind):
        before.blocks = [*before.blocks, *draft.blocks]
    else:
        drafts.append(draft)


def _is_thought(draft: Draft) -> bool:
    return draft.role == "assistant" and all(block["type"] == "thinking" for block in draft.blocks)


def _call(item: dict[str, Any], kind: str) -> RawBlock:
    name = text_in(item, "name") or _NAMES.get(kind, kind.removesuffix(_CALL))
    if kind in _NAMES:
        given = arguments_of(item.get("arguments", item.get("input")))
    elif isinstance(action := item.get("action"), dict):
        given = arguments_of(action)
    else:
        given = {key: each for key, each in item.items() if key not in _NO_ARGUMENTS and key not in _RESULTS}
    return {"type": "tool_use", "id": text_in(item, "call_id", "id"), "name": name, "input": given}


def _result(item: dict[str, Any], remarks: Remarks) -> RawBlock:
    output = item.get("output", item.get("tools"))
    result: RawBlock = {
        "type": "tool_result",
        "tool_use_id": text_in(item, "call_id", "id"),
        "content": result_content(output, remarks),
    }
    has_failed = fields(output).get("success") is False or item.get("status") == "failed"
    return {**result, "is_error": True} if has_failed else result


def _own_result(item: dict[str, Any], remarks: Remarks) -> RawBlock | None:
    """The result that stands in the call itself, of tools that OpenAI runs."""
    found = next((key for key in _RESULTS if item.get(key) is not None), None)
    if found is None:
        return None
    value = item[found]
    if text_in(item, "type") == "image_generation_call" and isinstance(value, str):
        value = [{"type": "image", "data": value}]
    result: RawBlock = {
        "type": "tool_result",
        "tool_use_id": text_in(item, "call_id", "id"),
        "content": result_content(value, remarks),
    }
    return {**result, "is_error": True} if found == "error" else result
