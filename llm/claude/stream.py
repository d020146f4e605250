"""A reply from the events of its stream: whole content blocks, and the pieces of which they come."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from argentos.errors import ReplyInterruptedError
from argentos.llm.claude.prices import Prices
from argentos.llm.model import Reply
from argentos.llm.pieces import Piece, TextDelta, ThinkingDelta, ToolAnswer, ToolCall
from argentos.storage import RawBlock, Usage

if TYPE_CHECKING:
    from anthropic.types import RawMessageStreamEvent

__all__ = ["Progress", "compaction_of"]

_WHOLE: Final = frozenset({"end_turn", "stop_sequence"})
_SERVER_CALLS: Final = frozenset({"server_tool_use", "mcp_tool_use"})
_NEW: Final[Mapping[str, RawBlock]] = {
    "text_delta": {"type": "text", "text": ""},
    "thinking_delta": {"type": "thinking", "thinking": ""},
}
"""Blocks that some servers begin without saying so."""
_TEXT: Final = frozenset({"type", "text"})
_SIGN_OF_LIFE: Final = TextDelta("")
_BYTES_A_TOKEN: Final = 3  # roughly, in any language
_REPORTED: Final = 300  # bytes of a reply between two reports of its usage


class Progress:
    """The part of a reply that has come.

    Args:
        model: its name, for the usage.
        prices: of its tokens.
    """

    def __init__(self, model: str, prices: Prices | None) -> None:
        self._usage = _Tokens(model, prices)
        self._blocks: dict[int, RawBlock] = {}
        self._inputs: dict[int, str] = {}
        self._calls: dict[str, str] = {}
        self._stop_reason: str | None = None
        self._said, self._next_report = 0, 0  # bytes

    def usage_so_far(self) -> Usage | None:
        """The usage up to here, the output as an estimate; None where that is hardly more than when last asked."""
        if self._said < self._next_report:
            return None
        usage = self._usage.report(least_output=self._said // _BYTES_A_TOKEN)
        if usage is not None:
            self._next_report = self._said + _REPORTED
        return usage

    def take(self, event: "RawMessageStreamEvent") -> Piece:
        """Note an event; gives the piece it brings, which may be no more than a sign of life.

        Raises:
            AttributeError, ValueError: it is not as the API documents.
        """
        match event.type:
            case "content_block_delta":
                return self._take_delta(event.index, event.delta)
            case "content_block_start":
                return self._begin(event.index, event.content_block.to_dict())
            case "content_block_stop":
                return self._end(event.index)
            case "message_start":
                self._usage.note(event.message.usage)
            case "message_delta":
                self._usage.note(event.usage)
                self._stop_reason = event.delta.stop_reason or self._stop_reason
            case _:
                pass
        return _SIGN_OF_LIFE

    def _begin(self, index: int, block: RawBlock) -> Piece:
        self._blocks[index] = block
        kind = str(block.get("type"))
        if kind == "text":
            return TextDelta(block["text"])
        if kind.endswith("_tool_result"):
            return self._server_answer(block)
        return _SIGN_OF_LIFE

    def _take_delta(self, index: int, delta: Any) -> Piece:
        kind: str = delta.type
        if kind == "input_json_delta":
            self._said += len(delta.partial_json)
            self._inputs[index] = self._inputs.get(index, "") + delta.partial_json
            return _SIGN_OF_LIFE
        if index not in self._blocks and kind in _NEW:
            self._blocks[index] = {**_NEW[kind]}
        block = self._blocks.get(index, {})
        if kind == "text_delta":
            block["text"] += delta.text
            self._said += len(delta.text.encode(errors="replace"))
            return TextDelta(delta.text)
        if kind == "thinking_delta":
            block["thinking"] += delta.thinking
            self._said += len(delta.thinking.encode(errors="replace"))
            return ThinkingDelta(delta.thinking)
        _merge(block, delta.to_dict())
        return _SIGN_OF_LIFE

    def _end(self, index: int) -> Piece:
        block = self._blocks.get(index, {})
        if (written := self._inputs.get(index, "")) and _is_whole(written):
            block["input"] = json.loads(written)
            del self._inputs[index]
        if block.get("type") in _SERVER_CALLS:
            call = ToolCall(block["id"], block["name"], block["input"])
            self._calls[call.id] = call.name
            return call
        return _SIGN_OF_LIFE

    def _server_answer(self, block: RawBlock) -> Piece:
        """The result of a tool that the provider runs."""
        call: str = block["tool_use_id"]
        given: Any = block.get("content")
        is_single = isinstance(given, dict)  # an error
        content: tuple[RawBlock, ...] = (block["content"],) if is_single else tuple(block.get("content") or ())
        is_error = block.get("is_error") is True or is_single
        return ToolAnswer(call, self._calls.get(call, str(block["type"])), content, is_error)

    def reply(self) -> Reply:
        """The whole reply.

        Raises:
            ReplyInterruptedError: the stream just stopped, or a call in it is not whole.
        """
        reason = self._stop_reason
        if reason is None:
            raise ReplyInterruptedError("the model's reply broke off; what had come of it was not kept, so ask again")
        cut = {index for index, written in self._inputs.items() if written}
        if cut and reason == "tool_use":
            raise ReplyInterruptedError("the model's reply was garbled (the input of a call is no JSON); ask again")
        blocks = [block for index, block in sorted(self._blocks.items()) if index not in cut]
        return Reply(_content(blocks), self._usage.report(), stop_reason=None if reason in _WHOLE else str(reason))


def _is_whole(written: str) -> bool:
    """Tell whether the input of a call is an object; one that was cut off by `max_tokens` is not."""
    try:
        return isinstance(json.loads(written), dict)
    except ValueError:
        return False


def _merge(block: RawBlock, delta: dict[str, object]) -> None:
    """Add to a block what a delta of another type brings."""
    if delta.get("type") == "citations_delta":
        block["citations"] = [*(block.get("citations") or []), delta.get("citation")]
        return
    block.update({name: value for name, value in delta.items() if name != "type"})


def _content(blocks: list[RawBlock]) -> str | list[RawBlock]:
    """A text, where the blocks are nothing more."""
    return "".join(block["text"] for block in blocks) if all(map(_is_plain, blocks)) else blocks


def _is_plain(block: RawBlock) -> bool:
    return block.get("type") == "text" and not any(value for name, value in block.items() if name not in _TEXT)


def compaction_of(made: Any, model: str, prices: Prices | None) -> Reply | None:
    """The answer to a request to compact; None where it holds no summary, as where that failed.

    Raises:
        AttributeError, ValueError: it is not as the API documents.
    """
    usage = _Tokens(model, prices)
    for each in getattr(made.usage, "iterations", None) or (made.usage,):  # what it takes is told there alone
        usage.note(each)
    block = next((each for each in made.content if each.type == "compaction" and each.content), None)
    if block is None:
        return None
    return Reply([{name: value for name, value in block.to_dict().items() if value is not None}], usage.report())


class _Tokens:
    """Tokens that a server reports, of which some say nothing, or only at the end."""

    def __init__(self, model: str, prices: Prices | None) -> None:
        self._model = model
        self._prices = prices
        self._new = self._read = self._written = self._output = 0

    def note(self, usage: object) -> None:
        """Note a report; those of a stream are cumulative."""
        self._new = max(self._new, _count(usage, "input_tokens"))
        self._read = max(self._read, _count(usage, "cache_read_input_tokens"))
        self._written = max(self._written, _count(usage, "cache_creation_input_tokens"))
        self._output = _count(usage, "output_tokens") or self._output

    def report(self, least_output: int = 0) -> Usage | None:
        """The usage; None where nothing was reported.

        Args:
            least_output: tokens that were said, whatever is reported.
        """
        sent = self._new + self._read + self._written
        if not sent:
            return None
        output = max(self._output, least_output)
        return Usage(self._model, sent, output, self._read, self._written, self._cost(output))

    def _cost(self, output: int) -> float | None:
        if self._prices is None:
            return None
        return self._prices.cost(new=self._new, read=self._read, written=self._written, output=output)


def _count(usage: object, name: str) -> int:
    count = getattr(usage, name, None)
    return max(0, count) if isinstance(count, int) else 0
