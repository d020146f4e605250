"""The rules by which a turn ends: with its reply, without one, put off until later, or before its time."""

from collections.abc import Iterator, Sequence
from typing import Final

from argentos.actors.core.decisions.approvals import supersede_approvals
from argentos.actors.core.decisions.calls import close_calls, has_called_too_often, respond, shorten
from argentos.actors.core.decisions.compactions import ask_compaction, stop_compaction
from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.ids import is_owed, reply_id
from argentos.actors.core.decisions.responses import has_nothing_to_say
from argentos.actors.core.decisions.turn_facts import Facts, in_states, open_turn, pause_of
from argentos.actors.core.reports import TurnDone
from argentos.errors import ArgentError, ContextOverflowError, ModelError
from argentos.llm import Reply
from argentos.machines import Refused, Transition
from argentos.machines.lifecycles.turn import (
    CONTEXT_TOO_LARGE,
    DELAYED,
    ENDS,
    INTERRUPTED,
    MESSAGE_ACCEPTED,
    MODEL_FAILED,
    MODEL_NOT_AVAILABLE,
    MODEL_PAUSED,
    NEWER_MESSAGE,
    NOTHING_TO_SAY,
    PROCESS_DIED_OF_IT,
    READY,
    REFUSAL,
    REPLY,
    RESULTS_SHORTENED,
    STOP,
    TOOLS_CALLED,
    TURN,
    WAITING,
)
from argentos.storage import (
    REFUSAL as REFUSED,
)
from argentos.storage import (
    STOPPED,
    Address,
    CompactionRequest,
    Message,
    OpenTurn,
    Outcome,
    Replied,
    TurnDelayed,
    TurnEnded,
    raw_content,
)

__all__ = ["cancel", "end_attempt", "expect_turn", "give_up_turn", "stop"]

_PAUSED: Final = "pause_turn"
_FULL: Final = "model_context_window_exceeded"
_MOST_PAUSES: Final = 20  # one behind the other
_TOO_MANY: Final = "not run: the turn has ended, for it made too many calls"
_TOO_OFTEN: Final = "the model calls tools beyond turnCalls, though it was told to answer; raise it, or ask again"
_STOPPED_CALL: Final = "not done, or not known whether it was: the turn was ended meanwhile"
_DIED: Final = "not known whether it was done: the process died of it"
_ON_MESSAGE: Final = in_states(MESSAGE_ACCEPTED, NEWER_MESSAGE)


def end_attempt(draft: Draft, report: TurnDone) -> bool:
    """The model has answered a request, or there is a reason why not; tells whether the turn has ended."""
    turn, error = draft.metadata.turn, report.error
    if turn is None or (turn.turn, turn.attempt, turn.steps) != (report.turn, report.attempt, report.step):
        return False
    draft.has_task = False
    facts = Facts(draft, retry_after=error.retry_after if error else None)
    decisions = (draft.offer_turn(event, facts) for event in _endings(draft, turn, report))
    taken = next((decision for decision in decisions if isinstance(decision, Transition)), None)
    if taken is None:
        return False
    _follow(draft, turn, report, taken)
    return taken.target in ENDS


def _follow(draft: Draft, turn: OpenTurn, report: TurnDone, taken: Transition) -> None:
    """Make the records of what the model said, or why it did not."""
    reply, error = report.reply, report.error
    if taken.event != REFUSAL:
        draft.attach(report.attachments)
    if reply is not None and taken.event == REPLY:
        _reply(draft, turn.turn, turn.messages, reply, report.tokens)
        if reply.stop_reason == _FULL:
            ask_compaction(draft, CompactionRequest())
    elif taken.event == RESULTS_SHORTENED:
        shorten(draft, is_refused=True)
    elif reply is not None and taken.target == READY:
        respond(draft, turn, reply, report.tokens, report.calls)
    elif taken.event == REFUSAL:
        _refuse(draft, turn)
    elif taken.target == DELAYED and error is not None:
        _delay(draft, turn, error)
    elif taken.target in ENDS:
        reason = str(error or "")
        if reply is not None and report.calls:
            respond(draft, turn, reply, report.tokens, [each._replace(is_asked=False) for each in report.calls])
            close_calls(draft, _TOO_MANY)
            reason = _TOO_OFTEN
        _end(draft, turn, ENDS[taken.target], reason)


def _end(draft: Draft, turn: OpenTurn, outcome: Outcome, reason: str = "") -> None:
    draft.emit(TurnEnded(**draft.head(), turn=turn.turn, outcome=outcome, messages=turn.messages, reason=reason))


def _refuse(draft: Draft, turn: OpenTurn) -> None:
    """End a turn that the model refuses: all that was said in it stays, marked, and counts no more."""
    said = (each for each in draft.context.messages if each.number in turn.messages or each.turn == turn.turn)
    tokens = sum(each.tokens for each in said)
    head = draft.head()
    draft.emit(TurnEnded(**head, turn=turn.turn, outcome="refused", messages=turn.messages, tokens=tokens))


def _endings(draft: Draft, turn: OpenTurn, report: TurnDone) -> Iterator[str]:
    """The events that an answer of the model may be, in the order in which they are offered."""
    reply, error = report.reply, report.error
    if reply is not None:
        yield _ending(draft, turn, reply, has_calls=bool(report.calls))
        return
    if isinstance(error, ModelError) and error.is_transient:
        yield MODEL_NOT_AVAILABLE
    if isinstance(error, ContextOverflowError):
        yield CONTEXT_TOO_LARGE
        yield RESULTS_SHORTENED
    yield MODEL_FAILED


def _ending(draft: Draft, turn: OpenTurn, reply: Reply, *, has_calls: bool) -> str:
    if reply.stop_reason == REFUSED:
        return REFUSAL
    if has_calls:
        return MODEL_FAILED if has_called_too_often(draft, turn) else TOOLS_CALLED
    if reply.stop_reason == _PAUSED and turn.pauses < _MOST_PAUSES:
        return MODEL_PAUSED
    return NOTHING_TO_SAY if has_nothing_to_say(reply) else REPLY


def _reply(draft: Draft, turn: int, numbers: Sequence[int], reply: Reply, tokens: int) -> None:
    answered = draft.open_context.latest(numbers)
    address = answered[-1].address
    draft.emit(
        Replied(
            **draft.head(),
            id=reply.id or reply_id(answered[-1]),
            number=draft.metadata.messages + 1,
            content=raw_content(reply.content),
            tokens=tokens,
            turn=turn,
            reply_to=tuple([message.id for message in answered]),
            messages=tuple(numbers),
            sender=reply.sender,
            address=address,
            usage=reply.usage,
            stop_reason=reply.stop_reason,
            is_owed=is_owed(draft, address),
        )
    )


def stop(draft: Draft, event: str = STOP) -> None:
    """End the turn, and give up what waits behind it; a compaction is ended, its context kept."""
    ended = draft.offer_turn(event)
    if isinstance(ended, Transition):
        _end_early(draft, ENDS[ended.target], draft.waiting)
    stop_compaction(draft)


def cancel(draft: Draft, number: int) -> bool:
    """End the turn of this message, and no other; False where it has ended."""
    turn = draft.metadata.turn
    if turn is not None and number in turn.messages:
        if isinstance(ended := draft.offer_turn(STOP), Transition):
            _end_early(draft, ENDS[ended.target])
            return True
        return False
    waiting = [message for message in draft.waiting if message.number == number]
    ended = TURN.decide(WAITING, STOP, None)
    if not waiting or isinstance(ended, Refused):
        return False
    _give_up(draft, 0, ENDS[ended.target], (), waiting)
    return True


def _end_early(draft: Draft, outcome: Outcome, waiting: Sequence[Message] = ()) -> None:
    """End the turn that is open, if one is, before its reply, and give up these messages that wait."""
    turn = draft.metadata.turn
    if turn is not None:
        close_calls(draft, _STOPPED_CALL)
        _keep_text(draft, turn)
    running = turn.messages if turn else ()
    _give_up(draft, turn.turn if turn else draft.metadata.turns, outcome, running, waiting)


def _give_up(draft: Draft, turn: int, outcome: Outcome, running: Sequence[int], waiting: Sequence[Message]) -> None:
    messages = (*running, *(message.number for message in waiting))
    tokens = sum(message.tokens for message in waiting)
    draft.emit(TurnEnded(**draft.head(), turn=turn, outcome=outcome, messages=messages, tokens=tokens))


def _keep_text(draft: Draft, turn: OpenTurn) -> None:
    """Keep what has been said of the reply, which is owed to nobody."""
    said = draft.said
    if said is None or said.turn != turn.turn:
        return
    answered = draft.open_context.latest(turn.messages)
    draft.emit(
        Replied(
            **draft.head(),
            id=reply_id(answered[-1]),
            number=draft.metadata.messages + 1,
            content=said.text,
            tokens=said.tokens,
            turn=turn.turn,
            reply_to=tuple(message.id for message in answered),
            address=answered[-1].address,
            stop_reason=STOPPED,
        )
    )


def give_up_turn(draft: Draft) -> None:
    """End a turn that the process has died of too often."""
    if draft.turn == INTERRUPTED and isinstance(draft.offer_turn(PROCESS_DIED_OF_IT, Facts(draft)), Transition):
        close_calls(draft, _DIED)
        turn = open_turn(draft)
        reason = (
            f"the process died each of the {turn.alone} times that this was answered with nothing beside it; it is"
            " not tried again"
        )
        _end(draft, turn, "failed", reason)


def _delay(draft: Draft, turn: OpenTurn, error: ArgentError) -> None:
    """Have the turn tried again later."""
    seconds = pause_of(draft, turn, error.retry_after)
    draft.emit(TurnDelayed(**draft.head(), turn=turn.turn, attempt=turn.attempt, seconds=seconds, reason=str(error)))


def expect_turn(draft: Draft, address: Address | None) -> None:
    """A message comes from this address that is to be answered: the turn that is open may give way to it.

    Calls that wait for a person are given up in its favour, and the turn goes on.
    """
    if supersede_approvals(draft):
        return
    for event in _ON_MESSAGE[draft.turn]:
        decision = draft.offer_turn(event, Facts(draft, address=address))
        if isinstance(decision, Transition) and decision.target in ENDS:
            _end_early(draft, ENDS[decision.target])
