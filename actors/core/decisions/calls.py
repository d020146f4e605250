"""The rules by which a turn calls tools: every call has its result, whatever happens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.ids import is_owed, step_id
from argentos.actors.core.decisions.turn_facts import open_turn
from argentos.actors.core.reports import CallDone, PlannedCall
from argentos.llm import Reply, find_cuts
from argentos.machines.lifecycles.turn import CALLS_ENDED
from argentos.storage import (
    MESSAGE_TOKENS,
    ApprovalAsked,
    CallEnded,
    CallStarted,
    Content,
    OpenTurn,
    Responded,
    Shortened,
    raw_content,
)

__all__ = [
    "answer_lost",
    "close_calls",
    "end_call",
    "finish_call",
    "has_called_too_often",
    "respond",
    "shorten",
    "start_call",
]

_LOST: Final = "interrupted: it is not known whether this was done"


def respond(draft: Draft, turn: OpenTurn, reply: Reply, tokens: int, calls: Sequence[PlannedCall]) -> None:
    """Take a response of the model with which the turn goes on."""
    answered = draft.open_context.latest(turn.messages)
    asks = any(each.is_asked for each in calls)
    draft.emit(
        Responded(
            **draft.head(),
            id=reply.id or step_id(answered[-1], f"step-{turn.steps + 1}"),
            number=draft.metadata.messages + 1,
            content=raw_content(reply.content),
            tokens=tokens,
            turn=turn.turn,
            sender=reply.sender,
            address=answered[-1].address,
            usage=reply.usage,
            stop_reason=reply.stop_reason,
            is_owed=asks and is_owed(draft, answered[-1].address),
        )
    )
    for each in calls:
        if each.refusal:
            end_call(draft, each.id, each.refusal, tokens=each.tokens)
        elif each.is_asked:
            until = draft.now + timedelta(seconds=draft.config.approval_expires)
            draft.emit(ApprovalAsked(**draft.head(), turn=turn.turn, call_id=each.id, expires_at=until))


def has_called_too_often(draft: Draft, turn: OpenTurn) -> bool:
    """The model was told to call no more tools in this turn."""
    return turn.made >= draft.config.turn_calls > 0 or turn.made > draft.config.turn_calls


def end_call(draft: Draft, call_id: str, content: Content, *, tokens: int, is_error: bool = True) -> None:
    """Give a call its result; the last one makes the message of all of them."""
    turn = open_turn(draft)
    is_last = len(turn.calls) == 1
    number = draft.metadata.messages + 1 if is_last else 0
    asked = draft.open_context.latest(turn.messages)[-1] if is_last else None
    draft.emit(
        CallEnded(
            **draft.head(),
            turn=turn.turn,
            call_id=call_id,
            content=content,
            is_error=is_error,
            tokens=tokens + (MESSAGE_TOKENS if is_last else 0),
            number=number,
            id=step_id(asked, f"results-{turn.steps}") if asked else "",
        )
    )


def end_with(draft: Draft, call_id: str, sentence: str) -> None:
    """Give a call a sentence for its result, which is not worth a counter's time."""
    end_call(draft, call_id, sentence, tokens=len(sentence) // 4 + 1)


def close_calls(draft: Draft, sentence: str) -> None:
    """Give all calls that have no result this one."""
    for call in open_turn(draft).calls:
        end_with(draft, call.id, sentence)


def answer_lost(draft: Draft) -> None:
    """Give those calls a result that had begun when the process died, and must not be repeated."""
    for call in open_turn(draft).calls:
        if call.state == "started":
            end_with(draft, call.id, _LOST)


def start_call(draft: Draft, call_id: str) -> bool:
    """Note that a call begins that must not be repeated; False where it is not waited for any more."""
    turn = draft.metadata.turn if draft.exists else None
    if turn is None or not any(each.id == call_id and each.state == "ready" for each in turn.calls):
        return False
    draft.emit(CallStarted(**draft.head(), turn=turn.turn, call_id=call_id))
    return True


def finish_call(draft: Draft, report: CallDone) -> None:
    """A call has ended, and perhaps all that were run together."""
    turn = draft.metadata.turn if draft.exists else None
    if turn is None or turn.turn != report.tag[1]:  # it was stopped in the same step
        return
    if report.content is not None and any(each.id == report.call_id for each in turn.calls):
        draft.attach(report.attachments)
        end_call(draft, report.call_id, report.content, tokens=report.tokens, is_error=report.is_error)
    if report.is_last:
        draft.has_task = False
        draft.offer_turn(CALLS_ENDED)


def shorten(draft: Draft, *, is_refused: bool = False) -> None:
    """Have the next request show less of them where the window is full, or where the model refuses it for its size."""
    cuts = find_cuts(draft.snapshot, draft.gauge, is_refused=is_refused)
    if cuts:
        before = {message.number: message.tokens for message in draft.context.messages}
        freed = sum(before[each.number] - each.tokens for each in cuts)
        draft.emit(Shortened(**draft.head(), cuts=cuts, freed=freed))
