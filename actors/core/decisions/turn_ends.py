"""The rules by which a turn ends: with its reply, without one, put off until later, or before its time."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from argentos.actors.core.commands import TurnDone
from argentos.actors.core.decisions.compactions import stop_compaction
from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.turn_facts import Facts, in_states, open_turn, pause_of
from argentos.errors import ArgentError, ContextOverflowError, ModelError
from argentos.inputs import MAX_ID_BYTES
from argentos.llm import Reply, is_blank
from argentos.machines import Refused, Transition
from argentos.machines.lifecycles.turn import (
    CONTEXT_TOO_LARGE,
    DELAYED,
    ENDS,
    INTERRUPTED,
    MESSAGE_ACCEPTED,
    MODEL_FAILED,
    MODEL_NOT_AVAILABLE,
    NEWER_MESSAGE,
    NOTHING_TO_SAY,
    PROCESS_DIED_OF_IT,
    REPLY,
    STOP,
    TURN,
    WAITING,
)
from argentos.storage import (
    STOPPED,
    Address,
    Message,
    OpenTurn,
    Outcome,
    Replied,
    TurnDelayed,
    TurnEnded,
    raw_content,
)

__all__ = ["cancel", "end_attempt", "expect_turn", "give_up_turn", "is_owed", "stop"]

_ON_MESSAGE: Final = in_states(MESSAGE_ACCEPTED, NEWER_MESSAGE)
_REPLY: Final = ":reply"


def end_attempt(draft: Draft, report: TurnDone) -> bool:
    """An attempt has ended, with a reply or for a reason; tells whether the turn has."""
    turn, reply, error = draft.metadata.turn, report.reply, report.error
    if turn is None or (turn.turn, turn.attempt) != (report.turn, report.attempt):
        return False
    facts = Facts(draft, retry_after=error.retry_after if error else None)
    for event in _endings(reply, error):
        taken = draft.offer_turn(event, facts)
        if isinstance(taken, Transition):
            break
    else:
        return False
    if reply is not None and taken.event == REPLY:
        _reply(draft, turn.turn, turn.messages, reply, report.tokens)
    elif taken.target == DELAYED and error is not None:
        _delay(draft, turn, error)
    elif taken.target in ENDS:
        _end(draft, turn, ENDS[taken.target], str(error or ""))
    return taken.target in ENDS


def _end(draft: Draft, turn: OpenTurn, outcome: Outcome, reason: str = "") -> None:
    draft.emit(TurnEnded(**draft.head(), turn=turn.turn, outcome=outcome, messages=turn.messages, reason=reason))


def _endings(reply: Reply | None, error: ArgentError | None) -> Iterator[str]:
    """The events that an end of an attempt may be, in the order in which they are offered."""
    if reply is not None:
        yield NOTHING_TO_SAY if is_blank(reply.text) and not reply.blocks else REPLY
        return
    if isinstance(error, ModelError) and error.is_transient:
        yield MODEL_NOT_AVAILABLE
    if isinstance(error, ContextOverflowError):
        yield CONTEXT_TOO_LARGE
    yield MODEL_FAILED


def _reply(draft: Draft, turn: int, numbers: Sequence[int], reply: Reply, tokens: int) -> None:
    answered = draft.open_context.latest(numbers)
    address = answered[-1].address
    draft.emit(
        Replied(
            **draft.head(),
            id=reply.id or _reply_id(answered[-1].id),
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


def _reply_id(asked: str) -> str:
    """An id for the reply to a message; like that one, it has no more than `MAX_ID_BYTES`."""
    made = f"{asked}{_REPLY}"
    if len(made.encode()) <= MAX_ID_BYTES:
        return made
    digest = hashlib.sha256(asked.encode()).hexdigest()
    room = MAX_ID_BYTES - len(digest) - len(_REPLY) - 1
    return f"{asked.encode()[:room].decode(errors='ignore')}~{digest}{_REPLY}"


def is_owed(draft: Draft, address: Address | None) -> bool:
    """Whether messages to this address go through the outbox."""
    return address is not None and address.channel in draft.channels


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
            id=_reply_id(answered[-1].id),
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
    """A message comes from this address that is to be answered: the turn that is open may give way to it."""
    for event in _ON_MESSAGE[draft.turn]:
        decision = draft.offer_turn(event, Facts(draft, address=address))
        if isinstance(decision, Transition) and decision.target in ENDS:
            _end_early(draft, ENDS[decision.target])
