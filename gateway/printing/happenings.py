"""Events of sessions, each in a line or two."""

from collections.abc import Sequence
from typing import Final

from msgspec.json import encode

from argentos.actors import (
    CursorExpired,
    Event,
    EventsMissed,
    PairingsChanged,
    RecordAppended,
    SessionDeleted,
    SessionParked,
    SessionRestarted,
    SessionUnparked,
)
from argentos.gateway.output import cell, counted, messages
from argentos.storage import (
    Accepted,
    ApprovalAsked,
    ApprovalDecided,
    CallEnded,
    Cleared,
    CompactionAsked,
    CompactionDeclined,
    Delivered,
    Forked,
    Kept,
    Message,
    OwedAgain,
    RawBlock,
    Record,
    Replied,
    Responded,
    Retried,
    Rewound,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    Undone,
    Updated,
    calls_in,
    results_in,
)

__all__ = ["happened", "happened_to", "message_line"]

_ENDS: Final = {
    "cleared": "ended, for the context was cleared",
    "failed": "failed",
    "no_reply": "ended without a reply",
    "refused": "was refused by the model",
    "stopped": "was stopped",
}


def happened(event: Event) -> str:
    """The line of an event, without its session; empty where it is of no interest to people."""
    match event:
        case RecordAppended(record=record):
            return happened_to(record)
        case SessionDeleted(by=by):
            return "was deleted" if by == "command" else "was deleted by the retention"
        case SessionRestarted(error=error):
            return f"raised {cell(repr(error))}, and begins anew from what is durable"
        case SessionParked(error=error):
            return f"was parked, for it failed too often; the last time with {cell(repr(error))}"
        case SessionUnparked():
            return "goes on, and is not parked any more"
        case PairingsChanged():
            return "pairings were changed; see `argent pairing list`"
        case EventsMissed(count=count):
            return f"({counted(count, 'event')} came too fast to be shown)"
        case CursorExpired():
            return "(some events were missed)"
        case _:
            return "the process that runs the sessions is about to end"


def happened_to(record: Record) -> str:
    """The line of a record; empty where the lines of others say it, or it is of no interest to people."""
    return _of_session(record) or _of_turn(record) or _of_context(record)


def _of_session(record: Record) -> str:
    match record:
        case Accepted() | Responded() | Replied():
            return _said(record)
        case Transitioned(source=source, target=target, label=label):
            return f"{source} → {target}: {label}"
        case Updated(title=title, archived=archived):
            return f"was updated{f', and is called {cell(title)}' if title else ''}{' (archived)' if archived else ''}"
        case Delivered(number=number, failure=failure):
            return (
                f"message {number} cannot be delivered{_why(failure)}" if failure else f"message {number} was delivered"
            )
        case OwedAgain(number=number):
            return f"message {number} is to be delivered after all"
        case Forked(messages=taken):
            return f"was forked, with {counted(len(taken), 'message')}"
        case _:
            return ""


def _of_turn(record: Record) -> str:
    match record:
        case CallEnded():
            return f"{'✗' if record.is_error else '←'} {cell(record.text) or '(nothing to show)'}"
        case ApprovalAsked(call_id=call_id):
            return f"call {cell(call_id)} waits for approval"
        case ApprovalDecided(call_id=call_id, outcome=outcome, reason=reason):
            return f"call {cell(call_id)}: {outcome}{f' by {cell(record.by)}' if record.by else ''}{_why(reason)}"
        case TurnDelayed(seconds=seconds, reason=reason):
            return f"the model cannot answer, and is asked again in {max(1, round(seconds))} s{_why(reason)}"
        case TurnEnded(outcome=outcome, reason=reason) if outcome in _ENDS:
            return f"the turn {_ENDS[outcome]}{_why(reason)}"
        case Retried(messages=numbers):
            return f"the turn that failed is tried again, with {counted(len(numbers), 'message')}"
        case _:
            return ""


def _of_context(record: Record) -> str:
    match record:
        case Summarised():
            replaced = messages(record.first, record.last)
            return f"{replaced} became a summary: {record.before} → {record.after} tokens, by {record.method}"
        case CompactionAsked(focus=focus):
            return f"a compaction was asked for{_why(focus)}"
        case CompactionDeclined(reason=reason):
            return f"no compaction{_why(reason)}"
        case Kept(reason=reason) if reason:
            return f"the context was not compacted, and is kept{_why(reason)}"
        case Cleared():
            return "the context was emptied"
        case Rewound(messages=numbers):
            return f"{counted(len(numbers), 'message')} went back to the archive"
        case Undone(messages=back):
            return f"{counted(len(back), 'message')} came back into the context"
        case _:
            return ""


def message_line(message: Message) -> str:
    """The line of a message."""
    return _line(message.number, message.sender or message.role, message.text, message.blocks)


def _said(record: Accepted | Responded | Replied) -> str:
    role = record.role if isinstance(record, Accepted) else "assistant"
    blocks = () if isinstance(record.content, str) else record.content
    return _line(record.number, record.sender or role, record.text, blocks)


def _line(number: int, who: str, text: str, blocks: Sequence[RawBlock]) -> str:
    calls = [f"→ {cell(each.name)}({cell(encode(each.input).decode())})" for each in calls_in(blocks)]
    results = [f"{'✗' if each.is_error else '←'} {cell(each.text)}" for each in results_in(blocks)]
    return f"[{number}] {cell(who)}: {' '.join(part for part in (cell(text), *calls, *results) if part)}"


def _why(reason: str) -> str:
    return f": {cell(reason)}" if reason else ""
