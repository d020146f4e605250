"""The messages that records make, and the summary."""

from collections.abc import Iterable, Sequence

from argentos.storage.blocks import RawBlock, ToolUse, blocks_of, calls_in
from argentos.storage.messages import Message, Role, Summary, Usage
from argentos.storage.records import Accepted, CallEnded, Replied, Responded, Summarised
from argentos.storage.snapshot import CallResult

__all__ = [
    "accepted_of",
    "latest_calls",
    "reply_of",
    "response_of",
    "result_of",
    "results_of",
    "summary_of",
]


def summary_of(record: Summarised) -> Summary:
    """The summary that the record makes."""
    return Summary(
        text=record.text,
        first=record.first,
        last=record.last,
        tokens=record.tokens,
        method=record.method,
        at=record.at,
        before=record.before,
        after=record.after,
        block=record.block,
    )


def accepted_of(record: Accepted) -> Message:
    """The message that the record makes."""
    return _message_of(record, record.role)


def reply_of(record: Replied) -> Message:
    """The message that the record makes."""
    return _message_of(
        record, "assistant", reply_to=record.reply_to, stop_reason=record.stop_reason, usage=record.usage
    )


def response_of(record: Responded) -> Message:
    """The message that the record makes."""
    return _message_of(record, "assistant", stop_reason=record.stop_reason, turn=record.turn, usage=record.usage)


def _message_of(
    record: Accepted | Replied | Responded,
    role: Role,
    *,
    reply_to: tuple[str, ...] = (),
    stop_reason: str | None = None,
    turn: int = 0,
    usage: Usage | None = None,
) -> Message:
    return Message(
        id=record.id,
        number=record.number,
        role=role,
        text=record.text,
        at=record.at,
        tokens=record.tokens,
        sender=record.sender,
        address=record.address,
        reply_to=reply_to,
        stop_reason=stop_reason,
        blocks=blocks_of(record.content),
        turn=turn,
        usage=usage,
    )


def latest_calls(latest_first: Iterable[Message]) -> tuple[ToolUse, ...]:
    """The calls of the latest response that makes any."""
    return next((found for each in latest_first if each.blocks and (found := calls_in(each.blocks))), ())


def result_of(record: CallEnded) -> CallResult:
    """The result that the record tells of."""
    return CallResult(record.call_id, record.content, record.tokens, record.is_error)


def results_of(record: CallEnded, messages: Sequence[Message], results: Sequence[CallResult]) -> Message:
    """The message of all results of a response, in the order of its calls; the record has the last one.

    Args:
        record: of the last result.
        messages: the response is the last of them that calls something.
        results: all of them.
    """
    known = {each.call_id: each for each in results}
    calls = latest_calls(reversed(messages))
    order = dict.fromkeys((*(each.id for each in calls if each.id in known), *known))
    return Message(
        id=record.id,
        number=record.number,
        role="user",
        text="",
        at=record.at,
        tokens=sum(each.tokens for each in results),
        blocks=tuple(_block(known[call_id]) for call_id in order),
        turn=record.turn,
    )


def _block(result: CallResult) -> RawBlock:
    block: RawBlock = {"type": "tool_result", "tool_use_id": result.call_id}
    if result.content:
        block["content"] = result.content if isinstance(result.content, str) else list(result.content)
    return {**block, "is_error": True} if result.is_error else block
