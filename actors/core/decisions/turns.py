"""The rules of turns: where one begins, is tried again, and ends."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final
from zlib import crc32

from argentos.actors.core.commands import TurnDone
from argentos.actors.core.deadlines import collected_at, is_delayed
from argentos.actors.core.decisions.compactions import stop_compaction
from argentos.actors.core.decisions.draft import Draft
from argentos.errors import ArgentError, ContextOverflowError, ModelError, NothingToRetryError
from argentos.inputs import MAX_ID_BYTES
from argentos.llm import Reply, is_blank
from argentos.machines import Refused, Transition
from argentos.machines.lifecycles.session import NEW_MESSAGE, TURNS_RUN_IN
from argentos.machines.lifecycles.turn import (
    CONTEXT_TOO_LARGE,
    DELAY_OVER,
    DELAYED,
    ENDS,
    FAILED,
    INTERRUPTED,
    MESSAGE_ACCEPTED,
    MODEL_FAILED,
    MODEL_NOT_AVAILABLE,
    NEWER_MESSAGE,
    NEXT_ATTEMPT,
    NOTHING_TO_SAY,
    PROCESS_DIED_OF_IT,
    REPLY,
    RETRY,
    STOP,
    TASK_LOST,
    TURN,
    TURN_BEGINS,
    WAITING,
)
from argentos.storage import (
    STOPPED,
    Address,
    FailedTurn,
    Message,
    Metadata,
    OpenTurn,
    Outcome,
    Replied,
    Retried,
    SessionKey,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
)

__all__ = [
    "begin_turn",
    "cancel",
    "end_attempt",
    "expect_turn",
    "failed_turn",
    "give_up_turn",
    "is_owed",
    "look_after_turn",
    "pause",
    "retry",
    "stop",
]


def _in_states(*events: str) -> Mapping[str, tuple[str, ...]]:
    """For each state of a turn those of the events that it knows."""
    return {state: tuple(event for event in events if TURN.knows(state, event)) for state in TURN.states}


_SEEN_IN: Final = _in_states(TASK_LOST, DELAY_OVER)
_ON_MESSAGE: Final = _in_states(MESSAGE_ACCEPTED, NEWER_MESSAGE)
_BEGINNING_IN: Final = _in_states(TURN_BEGINS, NEXT_ATTEMPT)
_REPLY: Final = ":reply"
_FIRST: Final = 1.0  # seconds
_LONGEST: Final = 60.0  # seconds
_SPREAD: Final = 0.5


class _Facts:
    """Facts for the guards, read off the draft when they ask: see `argentos.machines.lifecycles.turn.TurnFacts`.

    Args:
        draft: of the session.
        retry_after: seconds for which the model asks, where it is not available.
        address: of the newer message.
    """

    def __init__(self, draft: Draft, *, retry_after: float | None = None, address: Address | None = None) -> None:
        self._draft = draft
        self._retry_after = retry_after
        self._address = address

    @property
    def may_begin(self) -> bool:
        return self._draft.may_begin_turns and self._draft.metadata.state in TURNS_RUN_IN

    @property
    def is_collected(self) -> bool:
        draft = self._draft
        due = collected_at(draft.metadata, draft.marks, draft.config)
        return due is None or draft.moment >= due

    @property
    def has_task(self) -> bool:
        return self._draft.has_task

    @property
    def delay_is_over(self) -> bool:
        return not is_delayed(self._draft.metadata, self._draft.marks, self._draft.moment)

    @property
    def may_be_delayed(self) -> bool:
        turn, config = _open(self._draft), self._draft.config
        seconds = _pause(self._draft, turn, self._retry_after)
        return turn.delays < config.retry_attempts and turn.delayed + seconds <= config.retry_for

    @property
    def has_replaceable(self) -> bool:
        return self._draft.gauge.replaceable(self._draft.snapshot) > 0

    @property
    def gives_way(self) -> bool:
        draft = self._draft
        if draft.config.queue_mode != "interrupt":
            return False
        return draft.open_context.latest(_open(draft).messages)[-1].address == self._address

    @property
    def was_fatal(self) -> bool:
        draft = self._draft
        return draft.runs_alone and _open(draft).alone >= draft.config.max_crashes


def _open(draft: Draft) -> OpenTurn:
    turn = draft.metadata.turn
    if turn is None:
        raise ValueError(f"session {draft.key} has no open turn")
    return turn


def look_after_turn(draft: Draft) -> None:
    """See whether the turn has lost its task, or is to be tried again, at the beginning of a step."""
    for event in _SEEN_IN[draft.turn]:
        draft.offer_turn(event, _Facts(draft))


def begin_turn(draft: Draft) -> None:
    """Begin a turn with what waits, or the next attempt of the one that is open, if it may."""
    for event in _BEGINNING_IN[draft.turn]:
        if isinstance(draft.offer_turn(event, _Facts(draft)), Transition):
            (_begin if event == TURN_BEGINS else _begin_again)(draft)


def _begin_again(draft: Draft) -> None:
    metadata, turn = draft.metadata, _open(draft)
    draft.emit(
        TurnStarted(
            **draft.head(),
            turn=turn.turn,
            attempt=turn.attempt + 1,
            messages=turn.messages,
            tokens=0,
            request_tokens=metadata.tokens + draft.gauge.system_of(metadata),
            alone=turn.alone + draft.runs_alone,
        )
    )


def _begin(draft: Draft) -> None:
    metadata, waiting = draft.metadata, draft.waiting
    fitting = draft.gauge.fitting(waiting, metadata)
    taken = _of_one_address(waiting[: min(fitting, draft.config.most_together)])
    tokens = sum(message.tokens for message in taken)
    request_tokens = metadata.tokens + tokens + draft.gauge.system_of(metadata)
    if len(taken) != 1 or not draft.begin_with(taken[0], request_tokens):
        draft.emit(
            TurnStarted(
                **draft.head(),
                turn=metadata.turns + 1,
                attempt=1,
                messages=tuple(message.number for message in taken),
                tokens=tokens,
                request_tokens=request_tokens,
            )
        )


def _of_one_address(waiting: Sequence[Message]) -> tuple[Message, ...]:
    """The first of the messages, and those right behind it from the same address: to which one reply can go."""
    return tuple(takewhile(lambda message: message.address == waiting[0].address, waiting))


def expect_turn(draft: Draft, address: Address | None) -> None:
    """A message comes from this address that is to be answered: the turn that is open may give way to it."""
    for event in _ON_MESSAGE[draft.turn]:
        decision = draft.offer_turn(event, _Facts(draft, address=address))
        if isinstance(decision, Transition) and decision.target in ENDS:
            _end_early(draft, ENDS[decision.target])


def end_attempt(draft: Draft, report: TurnDone) -> bool:
    """An attempt has ended, with a reply or for a reason; tells whether the turn has."""
    turn, reply, error = draft.metadata.turn, report.reply, report.error
    if turn is None or (turn.turn, turn.attempt) != (report.turn, report.attempt):
        return False
    facts = _Facts(draft, retry_after=error.retry_after if error else None)
    decisions = (draft.offer_turn(event, facts) for event in _endings(reply, error))
    taken = next((decision for decision in decisions if isinstance(decision, Transition)), None)
    if taken is None:
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
        yield NOTHING_TO_SAY if is_blank(reply.text) else REPLY
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
            content=reply.text,
            tokens=tokens,
            turn=turn,
            reply_to=tuple(message.id for message in answered),
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
    if draft.turn == INTERRUPTED and isinstance(draft.offer_turn(PROCESS_DIED_OF_IT, _Facts(draft)), Transition):
        turn = _open(draft)
        reason = (
            f"the process died each of the {turn.alone} times that this was answered with nothing beside it; it is"
            " not tried again"
        )
        _end(draft, turn, "failed", reason)


def _delay(draft: Draft, turn: OpenTurn, error: ArgentError) -> None:
    """Have the turn tried again later."""
    seconds = _pause(draft, turn, error.retry_after)
    draft.emit(TurnDelayed(**draft.head(), turn=turn.turn, attempt=turn.attempt, seconds=seconds, reason=str(error)))


def _pause(draft: Draft, turn: OpenTurn, retry_after: float | None) -> float:
    return pause(draft.key, turn.turn, turn.delays, retry_after)


def pause(key: SessionKey, turn: int, delays: int, retry_after: float | None) -> float:
    """Seconds before the next attempt of a turn: twice as long each time, and as long as the provider asks at least.

    Sessions that fail together do not come back together: each has a part of its own, the same in every life.

    Args:
        key: the session.
        turn: its turn.
        delays: how many there were.
        retry_after: what the provider asks for, in seconds.
    """
    part = crc32(f"{key} {turn} {delays}".encode()) / 2**32
    seconds = min(_FIRST * 2.0**delays, _LONGEST) * (1 - _SPREAD * part)
    asked = (retry_after or 0.0) * (1 + _SPREAD * part / 5)
    return max(seconds, asked)


def retry(draft: Draft, failed: FailedTurn) -> None:
    """Have the messages of a turn that failed answered once more."""
    if isinstance(TURN.decide(FAILED, RETRY, None), Refused):
        raise NothingToRetryError(f"no turn of session {draft.key} that failed is tried again")
    messages = [each for each in draft.context.messages if each.number in failed.messages]
    draft.emit(
        Retried(
            **draft.head(),
            turn=failed.turn,
            messages=tuple(each.number for each in messages),
            tokens=sum(each.tokens for each in messages),
        )
    )
    draft.offer(NEW_MESSAGE)


def failed_turn(metadata: Metadata, message_id: str | None, number: int | None) -> FailedTurn:
    """The turn that failed with a message, or the latest that did.

    Args:
        metadata: of the session.
        message_id: of the message; None for the latest turn.
        number: of the message; 0 if it is in the archive, None if there is none of this id.

    Raises:
        NothingToRetryError: there is none.
    """
    key = metadata.key
    if message_id is None:
        if not metadata.failed:
            raise NothingToRetryError(f"no message of session {key} waits to be tried again")
        return metadata.failed[-1]
    if number is None:
        raise NothingToRetryError(
            f"session {key} has no message {message_id!r}, or had it too long ago; send its text again"
        )
    found = next((each for each in metadata.failed if number in each.messages), None)
    if found is None and number == 0:
        raise NothingToRetryError(
            f"message {message_id!r} of session {key} has left the context; send its text with another id"
        )
    if found is None:
        raise NothingToRetryError(f"message {message_id!r} of session {key} did not fail")
    return found
