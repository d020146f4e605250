"""The export of Claude's web and desktop programs: `conversations.json`, an array of conversations, or one of them.

A conversation has `chat_messages`, in which an edited message begins a branch. Calls of tools and their results stand
in one message, one behind the other.
"""

from collections.abc import Iterator
from typing import Any, Final

from argentos.actors import Transcript
from argentos.gateway.formats.conversation.content import Remarks, blocks_of, result_content, time_of, title_of
from argentos.gateway.formats.conversation.drafts import Draft, messages_of
from argentos.gateway.formats.conversation.thread import Node, latest_thread
from argentos.gateway.formats.conversation.tool_calls import settle_calls
from argentos.gateway.formats.files.companions import Companions
from argentos.gateway.formats.files.source import fields, listed, objects, text_in
from argentos.gateway.formats.foreign.web_export import WebExport
from argentos.storage import RawBlock, Role

__all__ = ["fits", "read"]

_ROOTS: Final = frozenset({"00000000-0000-4000-8000-000000000000", "00000000-0000-0000-0000-000000000000"})
_SIDES: Final[dict[str, Role]] = {"human": "user", "user": "user", "assistant": "assistant"}
_NOTES: Final = frozenset({"flag", "token_budget"})


def _transcript_of(value: dict[str, Any], remarks: Remarks, _: Companions) -> Transcript:
    messages: list[tuple[Remarks, dict[str, Any]]] = []
    for number, each in enumerate(value["chat_messages"], start=1):
        place = remarks.within(f"message {number}")
        if isinstance(each, dict):
            messages.append((place, fields(each)))
        else:
            place.add("a message that is no object")
    nodes = [_node(each) for _, each in messages]
    thread = latest_thread(nodes, text_in(value, "current_leaf_message_uuid") or None)
    drafts: list[Draft] = []
    for at, (place, each) in enumerate(messages):
        found = list(_drafts(each, place))
        if at in thread:
            drafts += found
        elif any(not draft.is_empty for draft in found):
            place.add("a message of another branch")
    return Transcript(
        session=text_in(value, "uuid", "id"),
        messages=messages_of(settle_calls(drafts)),
        created_at=time_of(value.get("created_at"), remarks),
        title=title_of(text_in(value, "name")),
    )


def _node(message: dict[str, Any]) -> Node:
    parent = text_in(message, "parent_message_uuid")
    return Node(text_in(message, "uuid") or None, parent or None, is_root=parent in _ROOTS)


def _drafts(message: dict[str, Any], remarks: Remarks) -> Iterator[Draft]:
    """The messages that one is: a result ends that of its call, and what follows it begins another."""
    sender = text_in(message, "sender", "role")
    if sender not in _SIDES:
        remarks.add(f"a message of {sender!a:.40}")
        return
    role, at, message_id = _SIDES[sender], time_of(message.get("created_at"), remarks), text_in(message, "uuid") or None
    content: list[Any] = listed(message.get("content"))
    content = content or [{"type": "text", "text": text_in(message, "text", "content")}]
    attached = [*_attachments(message, remarks)]
    blocks = attached if role == "user" else []
    for each in attached[len(blocks) :]:
        remarks.add(f"a document that the assistant attached: {each.get('title', '')!a:.80}")
    results: list[RawBlock] = []
    number = 1
    for part in content:
        kind = text_in(part, "type")
        if kind in _NOTES:
            continue
        if kind == "tool_result":
            results.append(_result(fields(part), blocks, results, remarks))
            continue
        if results:
            yield Draft(role=role, blocks=blocks, remarks=remarks, at=at, id=_id(message_id, number))
            yield Draft(role="user", blocks=results, remarks=remarks, at=at)
            blocks, results, number = [], [], number + 1
        blocks = [*blocks, *(_call(fields(part), remarks) if kind == "tool_use" else blocks_of(part, remarks))]
    yield Draft(role=role, blocks=blocks, remarks=remarks, at=at, id=_id(message_id, number))
    yield Draft(role="user", blocks=results, remarks=remarks, at=at)


def _id(message_id: str | None, number: int) -> str | None:
    return message_id if number == 1 or message_id is None else f"{message_id}:{number}"


def _call(part: RawBlock, remarks: Remarks) -> list[RawBlock]:
    del remarks
    return [{"type": "tool_use", "id": part.get("id") or "", "name": part.get("name"), "input": part.get("input")}]


def _result(part: RawBlock, blocks: list[RawBlock], results: list[RawBlock], remarks: Remarks) -> RawBlock:
    """A result; without an id it is that of the next call in its message."""
    call_id = text_in(part, "tool_use_id")
    if not call_id:
        calls = [block for block in blocks if block["type"] == "tool_use"]
        call_id = calls[len(results)]["id"] if len(results) < len(calls) else ""
    content = result_content(part.get("content"), remarks)
    result: RawBlock = {"type": "tool_result", "tool_use_id": call_id, "content": content}
    return {**result, "is_error": True} if part.get("is_error") is True else result


def _attachments(message: dict[str, Any], remarks: Remarks) -> Iterator[RawBlock]:
    for each in objects(message.get("attachments")):
        name = text_in(each, "file_name")
        if text := text_in(each, "extracted_content"):
            source = {"type": "text", "media_type": "text/plain", "data": text}
            yield {"type": "document", "source": source, **({"title": name} if name else {})}
        else:
            remarks.add(f"an attachment that is not in the file: {name!a:.80}")
    files = [*objects(message.get("files")), *objects(message.get("files_v2"))]
    for name in dict.fromkeys(text_in(each, "file_name", "file_uuid", "uuid") for each in files):
        remarks.add(f"an attachment that is not in the file: {name!a:.80}")


_EXPORT: Final = WebExport("chat_messages", list, "name", _transcript_of)

fits: Final = _EXPORT.fits
read: Final = _EXPORT.read
