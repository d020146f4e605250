"""The rules by which a turn begins, is begun again, and is tried once more after it failed."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from argentos.actors.core.decisions.approvals import expire_approvals
from argentos.actors.core.decisions.calls import answer_lost, shorten
from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.turn_facts import Facts, in_states, open_turn
from argentos.errors import NothingToRetryError
from argentos.machines import Refused, Transition
from argentos.machines.lifecycles.session import NEW_MESSAGE
from argentos.machines.lifecycles.turn import (
    APPROVAL_NEEDED,
    APPROVING,
    CALLS_BEGIN,
    CALLS_RESUMED,
    DELAY_OVER,
    DUE,
    FAILED,
    INTERRUPTED,
    NEXT_ATTEMPT,
    NEXT_STEP,
    RETRY,
    RUNNING,
    TASK_LOST,
    TURN,
    TURN_BEGINS,
)
from argentos.storage import (
    FailedTurn,
    Message,
    Metadata,
    Retried,
    TurnStarted,
)
from argentos.storage.folding.moves import place_of

__all__ = ["begin_turn", "failed_turn", "look_after_turn", "retry"]

_SEEN_IN: Final = in_states(TASK_LOST, DELAY_OVER)
_BEGINNING_IN: Final = in_states(TURN_BEGINS, CALLS_BEGIN, APPROVAL_NEEDED, NEXT_STEP, NEXT_ATTEMPT, CALLS_RESUMED)
_RESUMED_FROM: Final = frozenset({INTERRUPTED, DUE})


def look_after_turn(draft: Draft) -> None:
    """See whether the turn has lost its task, or is to be tried again, at the beginning of a step."""
    for event in _SEEN_IN[draft.turn]:
        draft.offer_turn(event, Facts(draft))
    if draft.turn == APPROVING:
        expire_approvals(draft)


def begin_turn(draft: Draft) -> None:
    """Begin a turn with what waits, or go on with the one that is open, if it may."""
    if draft.turn in _RESUMED_FROM and Facts(draft).may_begin:
        answer_lost(draft)
    for event in _BEGINNING_IN[draft.turn]:
        if isinstance(draft.offer_turn(event, Facts(draft)), Transition):
            if event == TURN_BEGINS:
                _begin(draft)
            elif event in {NEXT_ATTEMPT, CALLS_RESUMED}:
                _begin_again(draft)
            if draft.turn == RUNNING:
                shorten(draft)
            return


def _begin_again(draft: Draft) -> None:
    metadata, turn = draft.metadata, open_turn(draft)
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


def retry(draft: Draft, failed: FailedTurn) -> None:
    """Have the messages of a turn that failed answered once more."""
    if isinstance(TURN.decide(FAILED, RETRY, None), Refused):
        raise NothingToRetryError(f"no turn of session {draft.key} that failed is tried again")
    context = draft.context.messages
    places = sorted(at for each in failed.messages if (at := place_of(context, each)) is not None)
    messages = [context[at] for at in places]
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
