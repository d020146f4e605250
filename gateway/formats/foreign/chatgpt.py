"""The export of ChatGPT: `conversations.json`, an array of conversations, or one of them.

Each has a `mapping` of nodes, a tree, and the `current_node`, where the conversation stands. What the model sends to a
tool is a message with another `recipient` than `all`, and what a tool answers is one of the role `tool`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from argentos.actors import Transcript
from argentos.gateway.formats.conversation.content import Remarks, arguments_of, time_of, title_of
from argentos.gateway.formats.conversation.drafts import Draft, messages_of, said
from argentos.gateway.formats.conversation.system_prompt import SystemPrompt
from argentos.gateway.formats.conversation.tool_calls import settle_calls
from argentos.gateway.formats.files.companions import Companions
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import fields, listed, objects, text_in
from argentos.gateway.formats.foreign.web_export import WebExport
from argentos.storage import STOPPED, RawBlock

__all__ = ["fits", "read"]

_A_NOTE: Final = "a note of the program"
_HIDDEN: Final = frozenset(
    {"user_editable_context", "model_editable_context", "reasoning_recap", "app_pairing_content"}
)
_STOP_REASONS: Final[Mapping[str, str]] = {"interrupted": STOPPED, "max_tokens": "max_tokens"}
_IMAGES: Final = frozenset({"image_asset_pointer", "image"})


def _transcript_of(value: dict[str, Any], remarks: Remarks, companions: Companions) -> Transcript:
    conversation = _Conversation(value, remarks, companions)
    return Transcript(
        session=text_in(value, "conversation_id", "id"),
        messages=messages_of(settle_calls(conversation.drafts())),
        system=conversation.system.text,
        title=title_of(text_in(value, "title")),
        created_at=time_of(value.get("create_time"), remarks),
    )


class _Conversation:
    def __init__(self, value: dict[str, Any], remarks: Remarks, companions: Companions) -> None:
        self._nodes: dict[str, dict[str, Any]] = {key: fields(node) for key, node in fields(value["mapping"]).items()}
        self._parents = {
            child: key
            for key, node in self._nodes.items()
            for child in listed(node.get("children"))
            if isinstance(child, str)
        }
        self._current = text_in(value, "current_node")
        self._remarks = remarks
        self._companions = companions
        self.system = SystemPrompt()

    def drafts(self) -> list[Draft]:
        path = self._path()
        on_path = set(path)
        for number, (key, node) in enumerate(self._nodes.items(), start=1):
            if key not in on_path and _is_said(node):
                self._remarks.within(f"node {number}").add("a message of another branch")
        numbers = {key: number for number, key in enumerate(self._nodes, start=1)}
        drafts: list[Draft] = []
        for key in path:
            message = self._nodes[key].get("message")
            remarks = self._remarks.within(f"node {numbers[key]}")
            if isinstance(message, dict):
                self._add(drafts, fields(message), remarks)
            elif message is not None:
                remarks.add("a message that is no object")
        return drafts

    def _add(self, drafts: list[Draft], message: dict[str, Any], remarks: Remarks) -> None:
        if text_in(message.get("author"), "role") == "system":
            text = _text(fields(message.get("content")), Remarks(Losses(), 0))
            self.system.take(text, remarks, has_begun=bool(drafts))
        else:
            _add(drafts, message, remarks, self._companions)

    def _path(self) -> list[str]:
        """The nodes that lead to the current one, from the first."""
        path: list[str] = []
        seen: set[str] = set()
        key = self._current if self._current in self._nodes else self._latest(seen)
        while key and key not in seen:
            seen.add(key)
            path.append(key)
            key = self._before(key, seen)
        return path[::-1]

    def _before(self, key: str, seen: set[str]) -> str:
        parent = self._nodes[key].get("parent")
        if isinstance(parent, str) and parent in self._nodes:
            return parent
        if key in self._parents:
            return self._parents[key]
        if parent is None or not _is_said(self._nodes[key]):
            return ""
        return self._latest(seen, before=key)  # its parent is missing: it follows what was said before it

    def _latest(self, seen: set[str], before: str = "") -> str:
        """The node that was said last, of those not seen; before another one, if that is given."""
        limit = _time(self._nodes[before]) if before else float("inf")
        nodes = (
            (_time(node), number, key) for number, (key, node) in enumerate(self._nodes.items()) if key not in seen
        )
        return max((each for each in nodes if each[0] < limit), default=(0.0, 0, ""))[2]


def _time(node: dict[str, Any]) -> float:
    time = fields(node.get("message")).get("create_time")
    return float(time) if isinstance(time, int | float) else 0.0


def _is_said(node: dict[str, Any]) -> bool:
    message = fields(node.get("message"))
    hidden = fields(message.get("metadata")).get("is_visually_hidden_from_conversation")
    parts = listed(fields(message.get("content")).get("parts"))
    has_text = bool(text_in(message.get("content"), "text")) or any(parts)
    return text_in(message.get("author"), "role") in {"user", "assistant"} and has_text and hidden is not True


def _add(drafts: list[Draft], message: dict[str, Any], remarks: Remarks, companions: Companions) -> None:
    author, content = fields(message.get("author")), message.get("content")
    metadata = fields(message.get("metadata"))
    role = text_in(author, "role")
    content = {"content_type": "text", "parts": [content]} if isinstance(content, str) else fields(content)
    kind = text_in(content, "content_type")
    if metadata.get("is_visually_hidden_from_conversation") is True or kind in _HIDDEN:
        remarks.add(_A_NOTE)
        return
    beside = Companions() if role == "assistant" else companions  # whom the Messages API lets show no pictures
    media = [*_attachments(content, metadata, remarks, beside), *_pictures(content, remarks, beside)]
    draft = Draft(
        role="assistant" if role == "assistant" else "user",
        blocks=[],
        remarks=remarks,
        at=time_of(message.get("create_time"), remarks),
        id=text_in(message, "id") or None,
        sender=text_in(author, "name") or None if role == "user" else None,
        stop_reason=_STOP_REASONS.get(text_in(metadata.get("finish_details"), "type")),
    )
    if role == "tool":
        _add_result(drafts, draft, text_in(author, "name"), content, media)
    elif role in {"user", "assistant"}:
        _add_said(drafts, draft, text_in(message, "recipient"), content, media)
    else:
        remarks.add(f"a message of the role {role!a:.40}")


def _pictures(content: dict[str, Any], remarks: Remarks, companions: Companions) -> Iterator[RawBlock]:
    """The pictures in a message; those that are not in the export are listed."""
    for part in objects(content.get("parts")):
        if text_in(part, "content_type") in _IMAGES:
            pointer = text_in(part, "asset_pointer")
            block = companions.block(_file_of(pointer))
            if block is not None:
                yield block
            else:
                remarks.add(f"an image that is not in the file: {pointer!a:.100}")


def _attachments(
    content: dict[str, Any], metadata: dict[str, Any], remarks: Remarks, companions: Companions
) -> Iterator[RawBlock]:
    """The files that a message came with, but for the pictures in it; likewise."""
    shown = {_file_of(text_in(part, "asset_pointer")) for part in objects(content.get("parts"))} - {""}
    for each in objects(metadata.get("attachments")):
        file_id, name = text_in(each, "id"), text_in(each, "name", "id")
        block = companions.block(file_id, name) if file_id not in shown else None
        if block is not None:
            yield block
        elif file_id not in shown:
            remarks.add(f"an attachment that is not in the file: {name!a:.80}")


def _file_of(pointer: str) -> str:
    """The id in `file-service://file-1` or `sediment://file_1`, with which the name of the file begins."""
    return pointer.rpartition("://")[2]


def _add_said(
    drafts: list[Draft], draft: Draft, recipient: str, content: dict[str, Any], media: list[RawBlock]
) -> None:
    if content.get("content_type") == "thoughts":
        told = content.get("thoughts")
        thoughts = (
            "\n".join(filter(None, (text_in(each, "summary"), text_in(each, "content")))) for each in objects(told)
        )
        thought = told if isinstance(told, str) else "\n\n".join(each for each in thoughts if each)
        draft.blocks = [{"type": "thinking", "thinking": thought, "signature": ""}] if thought else []
    elif draft.role == "assistant" and recipient not in {"", "all"}:
        text = _text(content, draft.remarks)
        key = "code" if content.get("content_type") == "code" else "input"
        given = arguments_of(text)
        given = {key: text} if given == {"input": text} else given
        draft.blocks = [{"type": "tool_use", "id": draft.id or "", "name": recipient, "input": given}]
    else:
        draft.blocks = [*media, *said(_text(content, draft.remarks))]
    before = drafts[-1] if drafts else None
    is_thought = before is not None and all(block["type"] == "thinking" for block in before.blocks)
    if before is not None and is_thought and before.role == draft.role and draft.blocks:
        before.blocks = [*before.blocks, *draft.blocks]
        before.at, before.id, before.stop_reason = draft.at, draft.id, draft.stop_reason
    elif draft.blocks:
        drafts.append(draft)


def _add_result(drafts: list[Draft], draft: Draft, name: str, content: dict[str, Any], media: list[RawBlock]) -> None:
    """Add what a tool answers to the result of the latest call; of several answers, one result."""
    text = _text(content, draft.remarks)
    told: str | list[RawBlock] = [*media, *said(text)] if media else text
    before = drafts[-1] if drafts else None
    results: list[RawBlock] = (
        [] if before is None else [each for each in before.blocks if each["type"] == "tool_result"]
    )
    if before is not None and before.role == "user" and results:
        results[-1]["content"] = _joined(results[-1]["content"], told)
        return
    calls = [] if before is None else [each for each in before.blocks if each["type"] == "tool_use"]
    call_id = calls[-1]["id"] if calls else f"{name} {draft.id or ''}"
    result: RawBlock = {"type": "tool_result", "tool_use_id": call_id, "content": told}
    if content.get("content_type") == "system_error":
        result["is_error"] = True
    draft.blocks = [result]
    drafts.append(draft)


def _joined(before: str | list[RawBlock], then: str | list[RawBlock]) -> str | list[RawBlock]:
    if isinstance(before, str) and isinstance(then, str):
        return "\n\n".join(filter(None, (before, then)))
    return [*(said(before) if isinstance(before, str) else before), *(said(then) if isinstance(then, str) else then)]


def _text(content: dict[str, Any], remarks: Remarks) -> str:
    """The text of a message; what in it is none is listed."""
    told = [text_in(content, name) for name in ("title", "url") if content.get("content_type") == "tether_quote"]
    told += [text_in(content, "text", "result", "content")]
    for part in listed(content.get("parts")):
        told.append(part if isinstance(part, str) else _part(part, remarks))
    return "\n\n".join(each for each in told if each and each.strip())


def _part(part: Any, remarks: Remarks) -> str:
    value = fields(part)
    kind = text_in(value, "content_type")
    if kind == "audio_transcription":
        return text_in(value, "text")
    if kind in _IMAGES:
        return ""  # they are looked for in the export
    if "audio" in kind or "video" in kind:
        remarks.add("sound or film that is not in the file")
    elif text := text_in(value, "text"):
        return text
    elif part:
        remarks.add(
            f"a part of a message of the type {kind!a:.60}" if kind else f"a part of a message: {json.dumps(part):.60}"
        )
    return ""


_EXPORT: Final = WebExport("mapping", dict, "title", _transcript_of)

fits: Final = _EXPORT.fits
read: Final = _EXPORT.read
