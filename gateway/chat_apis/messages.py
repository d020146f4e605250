"""Anthropic's messages."""

from collections.abc import Mapping
from typing import Any, Final

from argentos.gateway.api.streams.event_stream import Tell, frame
from argentos.gateway.chat_apis.asked import Asked, ChatApi, last_message, read, read_most, read_stops
from argentos.gateway.chat_apis.errors import ANTHROPIC_ERRORS
from argentos.gateway.chat_apis.fields import NO_TOOLS, OBEYED, ONE_TEXT, WITHOUT, Fields, Only
from argentos.gateway.chat_apis.parts import anthropic_content, anthropic_text
from argentos.gateway.chat_apis.told import Ended, Speech

__all__ = ["Messages"]

_FIELDS: Final[Fields] = {
    "model": OBEYED,
    "messages": OBEYED,
    "max_tokens": OBEYED,
    "system": OBEYED,
    "stream": OBEYED,
    "metadata": OBEYED,
    "cache_control": WITHOUT,
    "diagnostics": WITHOUT,
    "inference_geo": WITHOUT,
    "service_tier": WITHOUT,
    "user_profile_id": WITHOUT,
    "workspace_id": WITHOUT,
    "stop_sequences": OBEYED,
    "temperature": WITHOUT,
    "top_k": WITHOUT,
    "top_p": WITHOUT,
    "speed": WITHOUT,
    "thinking": WITHOUT,
    "output_config": Only(({},), ONE_TEXT, besides=frozenset({"effort"})),
    "tools": Only(([],), NO_TOOLS),
    "tool_choice": Only(({"type": "auto"}, {"type": "none"}), NO_TOOLS),
    "container": Only((), NO_TOOLS),
}
_ENDS: Final = frozenset({"max_tokens", "model_context_window_exceeded", "refusal", "stop_sequence"})


class Messages(ChatApi):
    """`POST /v1/messages`."""

    path = "/v1/messages"
    fields: Fields = _FIELDS
    errors = ANTHROPIC_ERRORS

    def read(self, body: Mapping[str, Any]) -> Asked:
        """See `ChatApi.read`."""
        system = body.get("system")
        metadata = read(body.get("metadata") or {}, dict[str, Any], "the metadata")
        return Asked(
            model=read(body.get("model"), str, "the model"),
            content=anthropic_content(last_message(body.get("messages"))),
            system=None if system is None else anthropic_text(system, "the system prompt"),
            max_tokens=read_most(body.get("max_tokens"), "max_tokens"),
            stops=read_stops(body.get("stop_sequences"), "stop_sequences"),
            user=read(metadata.get("user_id"), str | None, "the user_id of the metadata"),
            is_streamed=read(body.get("stream") or False, bool, "stream"),
        )

    def answer(self, asked: Asked, ended: Ended) -> dict[str, Any]:
        """See `ChatApi.answer`."""
        return {
            **_head(asked, ended.id),
            "content": [{"type": "text", "text": ended.text}],
            "stop_reason": _reason(ended),
            "stop_sequence": ended.stop_sequence,
            "usage": _usage(ended),
        }

    async def stream(self, asked: Asked, speech: Speech, created: int, tell: Tell) -> None:  # noqa: ARG002 - it has no times
        """See `ChatApi.stream`."""

        async def say(kind: str, **data: Any) -> None:
            await tell(frame(kind, {"type": kind, **data}))

        begun = _head(asked, speech.id) | {"usage": {"input_tokens": 0, "output_tokens": 0}}
        await say("message_start", message=begun)
        await say("content_block_start", index=0, content_block={"type": "text", "text": ""})
        async for piece in speech.pieces():
            await say("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        ended = await speech.end()
        await say("content_block_stop", index=0)
        delta = {"stop_reason": _reason(ended), "stop_sequence": ended.stop_sequence}
        await say("message_delta", delta=delta, usage=_usage(ended))
        await say("message_stop")


def _head(asked: Asked, message_id: str) -> dict[str, Any]:
    return {
        "id": f"msg_{message_id}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _reason(ended: Ended) -> str:
    reason = ended.stop_reason
    return reason if reason in _ENDS else "end_turn"


def _usage(ended: Ended) -> dict[str, int]:
    """The usage; here what came from the cache is no part of the input."""
    return {
        "input_tokens": max(0, ended.input - ended.cache_read - ended.cache_written),
        "output_tokens": ended.output,
        "cache_read_input_tokens": ended.cache_read,
        "cache_creation_input_tokens": ended.cache_written,
    }
