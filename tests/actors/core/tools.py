"""Parts of the tests of the tool loop: a model that follows a script, and checks every request by the SDK's types."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from anthropic.types.beta import BetaMessageParam
from pydantic import TypeAdapter

from argentos import Emit, Message, Reply, Request, ToolUse

__all__ = ["Scripted", "call", "check_request", "said"]

_MESSAGES: Final = TypeAdapter(list[BetaMessageParam])

Line: TypeAlias = str | Reply | Exception | Callable[[Request], Reply]


def call(name: str, call_id: str, /, **given: Any) -> ToolUse:
    return ToolUse(id=call_id, name=name, input=given)


def check_request(messages: Sequence[Message]) -> None:
    """Hold that a provider takes these: by the SDK's types, and every call with its results in the next message."""
    _MESSAGES.validate_python([{"role": each.role, "content": [*each.blocks] or each.text} for each in messages])
    open_: list[str] = []
    for message in messages:
        results = [block["tool_use_id"] for block in message.blocks if block["type"] == "tool_result"]
        assert sorted(results) == sorted(open_), f"{results} behind {open_}"
        open_ = [block["id"] for block in message.blocks if block["type"] == "tool_use"]
        assert len(set(open_)) == len(open_)
    assert not open_


class Scripted:
    """Says one line for each request; it has the requests that it was sent."""

    name = "scripted"

    def __init__(self, *lines: Line) -> None:
        self.lines = list(lines)
        self.requests: list[Request] = []

    async def reply(self, request: Request, emit: Emit, /) -> Reply:
        check_request(request.messages)
        self.requests.append(request)
        line = self.lines.pop(0)
        if isinstance(line, Exception):
            raise line
        reply = Reply(line) if isinstance(line, str) else line if isinstance(line, Reply) else line(request)
        if reply.text:
            await emit(reply.text)
        return reply


def said(message: Message) -> list[tuple[str, str]]:
    """The blocks of a message in short."""
    short: list[tuple[str, str]] = []
    for block in message.blocks or ({"type": "text", "text": message.text},):
        what = block.get("name") or block.get("content") or block.get("text") or ""
        short.append((block["type"], what if isinstance(what, str) else str(what)))
    return short
