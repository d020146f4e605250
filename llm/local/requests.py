"""Requests as chat templates take them: user and assistant in turns, and nothing that the model cannot read."""

from typing import TYPE_CHECKING, Final, cast

import msgspec
from msgspec import structs

from argentos.llm.context import summary_text
from argentos.llm.model import Request
from argentos.storage import Message, RawBlock, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["readable"]

_UNSEEN: Final = {
    "image": "(a picture, which this model cannot see)",
    "document": "(a document, which this model cannot read)",
}


def readable(request: Request, *, sees: bool, takes_tools: bool) -> Request:
    """The request for a model of its kind.

    Args:
        request: as any model is given it.
        sees: the model takes pictures.
        takes_tools: it can be told of tools; otherwise it is told of none.
    """
    messages: list[Message] = []
    for each in request.messages:
        told = structs.replace(each, blocks=tuple(_seen(block, sees, takes_tools) for block in _blocks(each)))
        if messages and messages[-1].role == told.role:
            told = structs.replace(messages[-1], blocks=messages.pop().blocks + told.blocks)
        messages.append(told)
    return _with_ends(
        structs.replace(request, messages=tuple(messages), tools=request.tools if takes_tools else ()),
    )


def _with_ends(request: Request) -> Request:
    """Put the summary into the first message, and the instruction into the last, where these are the user's."""
    messages = [*request.messages]
    summary, instruction = request.summary, request.instruction
    if summary and messages and messages[0].role == "user":
        messages[0] = structs.replace(messages[0], blocks=(_text(summary_text(summary)), *messages[0].blocks))
        summary = None
    if instruction and messages and messages[-1].role == "user":
        messages[-1] = structs.replace(messages[-1], blocks=(*messages[-1].blocks, _text(instruction)))
        instruction = ""
    return structs.replace(request, messages=tuple(messages), summary=summary, instruction=instruction)


def _blocks(message: Message) -> tuple[RawBlock, ...]:
    return message.blocks or (_text(message.text),)


def _text(text: str) -> RawBlock:
    return {"type": "text", "text": text}


def _seen(block: RawBlock, sees: bool, takes_tools: bool) -> RawBlock:  # noqa: FBT001 - of every block
    """A block, or a text for what the model cannot be shown; also in the results of calls."""
    kind = str(block.get("type"))
    if kind in _UNSEEN and not (sees and kind == "image"):
        return _text(_UNSEEN[kind])
    if kind == "tool_result":
        return _result(block, sees, takes_tools)
    if kind == "tool_use" and not takes_tools:
        return _text(f"(calls {block.get('name')} with {msgspec.json.encode(block.get('input')).decode()})")
    return block


def _result(block: RawBlock, sees: bool, takes_tools: bool) -> RawBlock:  # noqa: FBT001 - likewise
    given: object = block.get("content")
    if isinstance(given, list | tuple):
        content = [_seen(each, sees, takes_tools) for each in cast("Sequence[RawBlock]", given)]
        if takes_tools:
            return {**block, "content": content}
        given = "\n".join(text_of((each,)) for each in content)
    return block if takes_tools else _text(f"(the result: {given or ''})")
