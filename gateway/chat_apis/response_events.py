"""Responses in OpenAI's form: whole, and the events by which one grows."""

from typing import Any, Final

from argentos.errors import ArgentError
from argentos.gateway.api.streams.event_stream import Tell, frame
from argentos.gateway.chat_apis.asked import Asked
from argentos.gateway.chat_apis.errors import openai_error
from argentos.gateway.chat_apis.told import Ended

__all__ = ["ResponseEvents", "response_id", "whole_response"]

_REASONS: Final = {
    "max_tokens": "max_output_tokens",
    "model_context_window_exceeded": "max_output_tokens",
    "refusal": "content_filter",
}


def response_id(message_id: str) -> str:
    """The id of the response to a message."""
    return f"resp_{message_id}"


def whole_response(asked: Asked, ended: Ended) -> dict[str, Any]:
    """The response, once the reply is there."""
    reason = _REASONS.get(ended.stop_reason or "")
    status = "incomplete" if reason else "completed"
    return {
        **_head(asked, ended.id, ended.at, status),
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [_item(ended.id, status, [_text(ended.text)])],
        "usage": {
            "input_tokens": ended.input,
            "input_tokens_details": {
                "cached_tokens": ended.cache_read,
                "cache_write_tokens": ended.cache_written,
            },
            "output_tokens": ended.output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": ended.input + ended.output,
        },
    }


class ResponseEvents:
    """The events of a response, each with its number.

    Args:
        asked: for what.
        message_id: of the message that is answered.
        created: the time, in seconds.
        tell: takes them.
    """

    def __init__(self, asked: Asked, message_id: str, created: int, tell: Tell) -> None:
        self._asked = asked
        self._message_id = message_id
        self._created = created
        self._tell = tell
        self._number = 0

    async def begin(self) -> None:
        """Tell that it begins."""
        begun = _head(self._asked, self._message_id, self._created, "in_progress")
        await self._say("response.created", response=begun)
        await self._say("response.in_progress", response=begun)
        item = _item(self._message_id, "in_progress", [])
        await self._say("response.output_item.added", output_index=0, item=item)
        await self._say("response.content_part.added", **self._place(), part=_text(""))

    async def grow(self, text: str) -> None:
        """Tell more of its text."""
        await self._say("response.output_text.delta", **self._place(), delta=text, logprobs=[])

    async def end(self, ended: Ended) -> None:
        """Tell that it is whole, or why it is not."""
        response = whole_response(self._asked, ended)
        (item,) = response["output"]
        await self._say("response.output_text.done", **self._place(), text=ended.text, logprobs=[])
        await self._say("response.content_part.done", **self._place(), part=_text(ended.text))
        await self._say("response.output_item.done", output_index=0, item=item)
        await self._say(f"response.{response['status']}", response=response)

    async def fail(self, error: ArgentError) -> None:
        """Tell that there will be no reply."""
        response = _head(self._asked, self._message_id, self._created, "failed")
        await self._say(
            "response.failed", response=response | {"error": openai_error(error) | {"code": "server_error"}}
        )

    def _place(self) -> dict[str, Any]:
        return {"item_id": _item_id(self._message_id), "output_index": 0, "content_index": 0}

    async def _say(self, kind: str, **data: Any) -> None:
        event = {"type": kind, "sequence_number": self._number, **data}
        self._number += 1
        await self._tell(frame(kind, event))


def _head(asked: Asked, message_id: str, created: int, status: str) -> dict[str, Any]:
    """The fields that a response has from its beginning on."""
    return {
        "id": response_id(message_id),
        "object": "response",
        "created_at": created,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.system,
        "max_output_tokens": asked.max_tokens,
        "model": asked.model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": asked.follows or None,
        "store": True,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "truncation": "auto",
        "usage": None,
        "user": asked.user,
        "metadata": {},
    }


def _item_id(message_id: str) -> str:
    return f"msg_{message_id}"


def _item(message_id: str, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": _item_id(message_id),
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
