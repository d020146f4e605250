"""OpenAI's responses."""

from collections.abc import Mapping
from typing import Any, Final

from argentos.errors import ArgentError, InputError
from argentos.gateway.api.streams.event_stream import Tell
from argentos.gateway.chat_apis.asked import Asked, ChatApi, last_message, read, read_most
from argentos.gateway.chat_apis.errors import OPENAI_ERRORS
from argentos.gateway.chat_apis.fields import NO_TOOLS, OBEYED, ONE_TEXT, OPENAI_FIELDS, WITHOUT, Fields, Only
from argentos.gateway.chat_apis.parts import openai_content, openai_text
from argentos.gateway.chat_apis.response_events import ResponseEvents, whole_response
from argentos.gateway.chat_apis.told import Ended, Speech

__all__ = ["Responses"]

_AT_ONCE: Final = "the answer is given to the request itself"
_SESSION: Final = "the conversation is that of the session; name it with X-Session"

_FIELDS: Final[Fields] = {
    **OPENAI_FIELDS,
    "input": OBEYED,
    "instructions": OBEYED,
    "max_output_tokens": OBEYED,
    "previous_response_id": OBEYED,
    "access_programs": WITHOUT,
    "include": WITHOUT,
    "stream_options": WITHOUT,
    "truncation": WITHOUT,
    "reasoning": WITHOUT,
    "max_tool_calls": Only((), NO_TOOLS),
    "background": Only((False,), _AT_ONCE),
    "background_options": Only((), _AT_ONCE),
    "context_management": Only(([],), _SESSION),
    "conversation": Only((), _SESSION),
    "prompt": Only((), "there are no stored prompts"),
    "image": Only((), ONE_TEXT),
    "text": Only(({}, {"format": {"type": "text"}}), ONE_TEXT, besides=frozenset({"verbosity"})),
    "top_logprobs": Only((0,), ONE_TEXT),
}
_SYSTEM: Final = frozenset({"developer", "system"})


class Responses(ChatApi):
    """`POST /v1/responses`."""

    path = "/v1/responses"
    fields: Fields = _FIELDS
    errors = OPENAI_ERRORS

    def read(self, body: Mapping[str, Any]) -> Asked:
        """See `ChatApi.read`."""
        given = body.get("input")
        items: list[dict[str, Any]] = [] if isinstance(given, str) else read(given, list[dict[str, Any]], "the input")
        system = [
            *([read(body["instructions"], str, "the instructions")] if body.get("instructions") is not None else []),
            *(openai_text(each.get("content"), "the system prompt") for each in items if each.get("role") in _SYSTEM),
        ]
        return Asked(
            model=read(body.get("model"), str, "the model"),
            content=given if isinstance(given, str) else openai_content(_newest(items)),
            system="\n\n".join(system) if system else None,
            max_tokens=read_most(body.get("max_output_tokens"), "max_output_tokens"),
            user=read(body.get("user"), str | None, "the user"),
            is_streamed=read(body.get("stream") or False, bool, "stream"),
            follows=read(body.get("previous_response_id") or "", str, "previous_response_id"),
        )

    def answer(self, asked: Asked, ended: Ended) -> dict[str, Any]:
        """See `ChatApi.answer`."""
        return whole_response(asked, ended)

    async def stream(self, asked: Asked, speech: Speech, created: int, tell: Tell) -> None:
        """See `ChatApi.stream`."""
        events = ResponseEvents(asked, speech.id, created, tell)
        await events.begin()
        try:
            async for piece in speech.pieces():
                await events.grow(piece)
            await events.end(await speech.end())
        except ArgentError as error:
            await events.fail(error)


def _newest(items: list[dict[str, Any]]) -> object:
    """The content of the newest item, which has to be a message of the user.

    Raises:
        InputError: it is none.
    """
    kind = items[-1].get("type", "message") if items else "message"
    if kind != "message":
        raise InputError(
            f"the newest item is a {kind!a:.40}, and has to be a message of the user: the agent runs its own tools here"
        )
    return last_message(items)
