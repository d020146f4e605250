"""Writing conversations as messages of the APIs of Anthropic and OpenAI, one conversation to a line, bit by bit.

A line is an object with `id`, `system` where the session has its own, and `messages`, which a request takes as they
are. All that was ever said is there, also what a summary replaced; ids, times and senders have no place in a request.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

import msgspec

from argentos.actors import SessionInfo, TranscriptMessage, TranscriptSummary
from argentos.gateway.formats.conversation.content import Remarks
from argentos.gateway.formats.files.losses import Losses
from argentos.llm.claude.blocks import is_taken, sendable
from argentos.storage import RawBlock, text_of

__all__ = ["AnthropicForm", "OpenAIForm"]

_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME: Final = 64


class _RequestForm(ABC):
    """A conversation as a line with `messages`; what has no place in these is listed by message.

    Args:
        losses: the list.
    """

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._session = ""
        self._number = 0  # of the message
        self._has_begun = False  # something stands in `messages`

    def begin(
        self,
        info: SessionInfo,
        summary: TranscriptSummary | None,  # noqa: ARG002 - the messages that it stands for are all there
    ) -> bytes:
        """The line up to the first message."""
        self._session, self._number, self._has_begun = info.id, 0, False
        fields, first = self._head(info)
        return msgspec.json.encode({"id": info.id, **fields})[:-1] + b',"messages":[' + self._added(first)

    def message(self, message: TranscriptMessage) -> bytes:
        """The messages of the API that a message becomes."""
        self._number += 1
        return self._added(self._of(message, Remarks(self._losses, self._number, f"session {self._session}")))

    def end(self) -> bytes:
        """The end of the line."""
        return b"]}\n"

    def _added(self, messages: Iterable[object]) -> bytes:
        added = b",".join(map(msgspec.json.encode, messages))
        comma = b"," if added and self._has_begun else b""
        self._has_begun = self._has_begun or bool(added)
        return comma + added

    @abstractmethod
    def _head(self, info: SessionInfo) -> tuple[dict[str, str], list[dict[str, str]]]:
        """The fields in front of `messages`, and what leads these."""

    @abstractmethod
    def _of(self, message: TranscriptMessage, remarks: Remarks) -> Iterator[dict[str, Any]]:
        """The messages of the API that a message becomes."""


# Anthropic ----------------------------------------------------------------------------------------------------


class AnthropicForm(_RequestForm):
    """Conversations as messages of the Messages API."""

    def _head(self, info: SessionInfo) -> tuple[dict[str, str], list[dict[str, str]]]:
        return {"system": info.system} if info.system else {}, []

    def _of(self, message: TranscriptMessage, remarks: Remarks) -> Iterator[dict[str, Any]]:
        if content := _of_anthropic(message, remarks):
            yield {"role": message.role, "content": content}


def _of_anthropic(message: TranscriptMessage, remarks: Remarks) -> str | list[RawBlock]:
    if not message.content:
        return message.text
    for block in message.content:
        if block.get("type") == "thinking" and not is_taken(block):
            remarks.add("thoughts without a signature, which the API does not take")
    return sendable(message.content)


# OpenAI -------------------------------------------------------------------------------------------------------


class OpenAIForm(_RequestForm):
    """Conversations as messages of Chat Completions."""

    def _head(self, info: SessionInfo) -> tuple[dict[str, str], list[dict[str, str]]]:
        return {}, [{"role": "system", "content": info.system}] if info.system else []

    def _of(self, message: TranscriptMessage, remarks: Remarks) -> Iterator[dict[str, Any]]:
        return _of_openai(message, remarks)


def _of_openai(message: TranscriptMessage, remarks: Remarks) -> Iterator[dict[str, Any]]:
    blocks = message.content or ({"type": "text", "text": message.text},)
    if message.role == "assistant":
        yield from _reply(blocks, remarks)
        return
    pictures: list[dict[str, Any]] = []
    for block in blocks:
        if block.get("type") == "tool_result":
            yield {
                "role": "tool",
                "tool_call_id": block.get("tool_use_id"),
                "content": _result(block, pictures, remarks),
            }
    parts = [part for block in blocks if block.get("type") != "tool_result" for part in _part(block, remarks)]
    parts = [*pictures, *parts]  # a result of a tool is a text there: what it shows follows it
    if not parts:
        return
    is_text = all(part["type"] == "text" for part in parts)
    name = {"name": message.sender} if message.sender and not _NAME.search(message.sender[:_LONGEST_NAME]) else {}
    content = "\n\n".join(part["text"] for part in parts) if is_text else parts
    yield {"role": "user", **name, "content": content}


def _reply(blocks: tuple[RawBlock, ...], remarks: Remarks) -> Iterator[dict[str, Any]]:
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    for block in blocks:
        kind = block.get("type")
        if kind == "text":
            texts.append(str(block.get("text", "")))
        elif kind == "tool_use":
            function = {"name": _NAME.sub("_", str(block.get("name"))), "arguments": _json(block.get("input", {}))}
            calls.append({"id": block.get("id"), "type": "function", "function": function})
        else:
            remarks.add(_unheld(kind))
    if texts or calls:
        made: dict[str, Any] = {"role": "assistant", "content": "\n\n".join(texts) if texts else None}
        yield {**made, "tool_calls": calls} if calls else made


def _result(block: RawBlock, pictures: list[dict[str, Any]], remarks: Remarks) -> str:
    content = block.get("content", "")
    if block.get("is_error"):
        remarks.add("that a result of a tool is an error")
    if isinstance(content, str):
        return content
    inner = cast("list[RawBlock]", content)
    for each in inner:
        if each.get("type") != "text":
            pictures += _part(each, remarks)
    return text_of(tuple(inner))


def _part(block: RawBlock, remarks: Remarks) -> list[dict[str, Any]]:
    kind = block.get("type")
    source = cast("dict[str, Any]", block.get("source") if isinstance(block.get("source"), dict) else {})
    if kind == "text":
        return [{"type": "text", "text": block.get("text", "")}]
    if kind == "document" and source.get("type") == "text":
        title = f"{block['title']}\n\n" if block.get("title") else ""
        return [{"type": "text", "text": f"{title}{source.get('data', '')}"}]
    url = source.get("url")
    if source.get("type") == "base64":
        url = f"data:{source.get('media_type')};base64,{source.get('data')}"
    if kind == "image" and url:
        return [{"type": "image_url", "image_url": {"url": url}}]
    if kind == "document" and source.get("type") == "base64":
        return [{"type": "file", "file": {"filename": block.get("title") or "document.pdf", "file_data": url}}]
    remarks.add(_unheld(kind))
    return []


def _unheld(kind: Any) -> str:
    named = {"thinking": "thoughts", "redacted_thinking": "thoughts"}
    return f"{named.get(str(kind), f'a block of the type {kind!a:.60}')} (there is no place for it)"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
