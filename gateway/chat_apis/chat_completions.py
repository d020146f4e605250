"""OpenAI's chat completions."""

from collections.abc import Mapping
from typing import Any, Final

from argentos.gateway.api.streams.event_stream import Tell
from argentos.gateway.chat_apis.asked import Asked, ChatApi, last_message, read, read_most, read_stops
from argentos.gateway.chat_apis.errors import OPENAI_ERRORS, data_frame
from argentos.gateway.chat_apis.fields import (
    MODEL_DECIDES,
    NO_TOOLS,
    OBEYED,
    ONE_TEXT,
    OPENAI_FIELDS,
    WITHOUT,
    Fields,
    Only,
)
from argentos.gateway.chat_apis.parts import openai_content, openai_text
from argentos.gateway.chat_apis.told import Ended, Speech

__all__ = ["ChatCompletions"]

_FIELDS: Final[Fields] = {
    **OPENAI_FIELDS,
    "messages": OBEYED,
    "max_completion_tokens": OBEYED,
    "max_tokens": OBEYED,
    "stream_options": OBEYED,
    "stop": OBEYED,
    "frequency_penalty": WITHOUT,
    "min_p": WITHOUT,
    "prediction": WITHOUT,
    "presence_penalty": WITHOUT,
    "reasoning_effort": WITHOUT,
    "repetition_penalty": WITHOUT,
    "seed": WITHOUT,
    "top_k": WITHOUT,
    "verbosity": WITHOUT,
    "logit_bias": Only(({},), MODEL_DECIDES),
    "functions": Only(([],), NO_TOOLS),
    "function_call": Only(("auto", "none"), NO_TOOLS),
    "web_search_options": Only((), NO_TOOLS),
    "n": Only((1,), ONE_TEXT),
    "audio": Only((), ONE_TEXT),
    "modalities": Only((["text"],), ONE_TEXT),
    "response_format": Only(({"type": "text"},), ONE_TEXT),
    "logprobs": Only((False,), ONE_TEXT),
    "top_logprobs": Only((0,), ONE_TEXT),
}
_SYSTEM: Final = frozenset({"developer", "system"})
_REASONS: Final = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


class ChatCompletions(ChatApi):
    """`POST /v1/chat/completions`."""

    path = "/v1/chat/completions"
    fields: Fields = _FIELDS
    errors = OPENAI_ERRORS

    def read(self, body: Mapping[str, Any]) -> Asked:
        """See `ChatApi.read`."""
        messages = body.get("messages")
        system = [
            openai_text(each.get("content"), "the system prompt")
            for each in read(messages, list[dict[str, Any]], "the messages")
            if each.get("role") in _SYSTEM
        ]
        options = read(body.get("stream_options") or {}, dict[str, Any], "stream_options")
        most = body.get("max_completion_tokens")
        return Asked(
            model=read(body.get("model"), str, "the model"),
            content=openai_content(last_message(messages)),
            system="\n\n".join(system) if system else None,
            max_tokens=read_most(body.get("max_tokens") if most is None else most, "max_tokens"),
            stops=read_stops(body.get("stop"), "stop"),
            user=read(body.get("user"), str | None, "the user"),
            is_streamed=read(body.get("stream") or False, bool, "stream"),
            has_usage=read(options.get("include_usage") or False, bool, "include_usage"),
        )

    def answer(self, asked: Asked, ended: Ended) -> dict[str, Any]:
        """See `ChatApi.answer`."""
        message = {"role": "assistant", "content": ended.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(ended)}
        return {
            "id": f"chatcmpl-{ended.id}",
            "object": "chat.completion",
            "created": ended.at,
            "model": asked.model,
            "choices": [choice],
            "usage": _usage(ended),
        }

    async def stream(self, asked: Asked, speech: Speech, created: int, tell: Tell) -> None:
        """See `ChatApi.stream`."""
        head: dict[str, Any] = {
            "id": f"chatcmpl-{speech.id}",
            "object": "chat.completion.chunk",
            "created": created,
            "model": asked.model,
        }

        async def say(delta: dict[str, Any], reason: str | None = None) -> None:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
            await tell(data_frame(head | {"choices": [choice]}))

        await say({"role": "assistant", "content": ""})
        async for piece in speech.pieces():
            await say({"content": piece})
        ended = await speech.end()
        await say({}, _reason(ended))
        if asked.has_usage:
            last: dict[str, Any] = {**head, "choices": [], "usage": _usage(ended)}
            await tell(data_frame(last))
        await tell(data_frame(b"[DONE]"))


def _reason(ended: Ended) -> str:
    return _REASONS.get(ended.stop_reason or "", "stop")


def _usage(ended: Ended) -> dict[str, Any]:
    return {
        "prompt_tokens": ended.input,
        "completion_tokens": ended.output,
        "total_tokens": ended.input + ended.output,
        "prompt_tokens_details": {"cached_tokens": ended.cache_read},
    }
