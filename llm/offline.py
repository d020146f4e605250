"""A model that answers without any service."""

import contextlib
import json
import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final, cast

import anyio.lowlevel

from argentos.llm.model import Emit, Reply, Request
from argentos.storage import Message, ToolResult, ToolUse, results_in

__all__ = ["OfflineModel"]

_QUOTED: Final = 80  # characters


class OfflineModel:
    """A stand-in that answers without any model, the same to the same request, and says so.

    For trying things out without a key. A message that names a tool makes it call that: with the JSON object behind the
    name, or else with the words behind it as the first argument. Its tokens are the locally counted ones, exactly.
    """

    name = "offline"
    token_ratio: float = 1.0  # nobody counts otherwise

    async def reply(self, request: Request, emit: Emit, /) -> Reply:
        """See `Model.reply`."""
        asked = request.messages[-1]
        if results := results_in(asked.blocks):
            text = _told(results)
        elif call := _call(request, asked):
            return Reply([call], sender="offline", stop_reason="tool_use")
        else:
            text = _reply(request)
        for piece in re.findall(r"\S+\s*", text):
            await anyio.lowlevel.checkpoint()
            await emit(piece)
        return Reply(text, sender="offline")


def _call(request: Request, asked: Message) -> ToolUse | None:
    """A call of the first tool that the message names."""
    if request.instruction:
        return None
    found = [(match.start(), match.end(), tool) for tool in request.tools if (match := _named(tool, asked.text))]
    if not found:
        return None
    _, end, tool = min(found, key=itemgetter(0))
    given = _input(tool, asked.text[end:])
    return ToolUse(id=f"offline-{asked.number}", name=tool["name"], input=given)


def _named(tool: dict[str, Any], text: str) -> re.Match[str] | None:
    return re.search(rf"(?<![\w-]){re.escape(tool['name'])}(?![\w-])", text)


def _input(tool: dict[str, Any], behind: str) -> dict[str, Any]:
    if (at := behind.find("{")) >= 0:
        with contextlib.suppress(ValueError):
            given: object = json.JSONDecoder().raw_decode(behind, at)[0]
            return cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    first = next(iter(tool.get("input_schema", {}).get("properties", {}).items()), None)
    words = behind.strip(" \t\n.,:;!?()\"'")
    return {first[0]: _value(first[1].get("type"), words)} if first and words else {}


def _value(kind: object, words: str) -> object:
    """The words as the schema has them, where they can be that."""
    number = re.search(r"-?\d+(\.\d+)?", words)
    if kind not in {"integer", "number"} or number is None:
        return words
    return float(number[0]) if number[1] else int(number[0])


def _told(results: Sequence[ToolResult]) -> str:
    """The results of calls, in words."""
    said = [f"{'failed: ' if each.is_error else 'gave: '}{_quoted(each.text)}" for each in results]
    return f"I am offline, so all I can say is what the tools gave. {'; '.join(f'One {each}' for each in said)}"


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _QUOTED else f"{words[: _QUOTED - 1].rsplit(' ', 1)[0]} …"


def _messages(first: int, last: int) -> str:
    return f"message {first}" if first == last else f"messages {first}–{last}"


def _reply(request: Request) -> str:
    asked = request.messages[-1]
    seen = _messages(request.messages[0].number, asked.number)
    if request.summary:
        seen = f"a summary of {_messages(request.summary.first, request.summary.last)}, and {seen} in full"
    return (
        f"I am offline: no model answers here, so all I can say is that your message {asked.number},"
        f" “{_quoted(asked.text)}”, is stored. A model would see {seen}. Set ANTHROPIC_API_KEY for a real reply."
    )
