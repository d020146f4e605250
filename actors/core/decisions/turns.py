"""The rules of turns: where one begins, is tried again, and ends."""

import hashlib
from collections.abc import Sequence
from itertools import takewhile
from typing import Final, Literal
from zlib import crc32

from argentos.actors.core.decisions.compactions import keep
from argentos.actors.core.decisions.draft import Draft, is_compacting
from argentos.errors import ModelError, NothingToRetryError
from argentos.inputs import MAX_ID_BYTES
from argentos.llm import Reply, is_blank
from argentos.storage import (
    Address,
    FailedTurn,
    Message,
    Metadata,
    Replied,
    Retried,
    SessionKey,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
)

__all__ = [
    "begin_turn",
    "delay_turn",
    "failed_turn",
    "finish_turn",
    "interrupt",
    "is_owed",
    "overflow",
    "pause",
    "retry",
    "stop",
]

_REPLY: Final = ":reply"
_FIRST: Final = 1.0  # seconds
_LONGEST: Final = 60.0  # seconds
_SPREAD: Final = 0.5


def begin_turn(draft: Draft) -> None:
    """Begin a turn with what waits, or the next attempt of the one that is open."""
    metadata, waiting = draft.metadata, draft.waiting
    if metadata.turn is not None:
        draft.emit(
            TurnStarted(
                **draft.head(),
                turn=metadata.turn.turn,
                attempt=metadata.turn.attempt + 1,
                messages=metadata.turn.messages,
                tokens=0,
                request_tokens=metadata.tokens + draft.gauge.system_of(metadata),
                alone=metadata.turn.alone + draft.runs_alone,
            )
        )
    elif waiting:
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
    draft.is_interrupted = False


def _of_one_address(waiting: Sequence[Message]) -> tuple[Message, ...]:
    """The first of the messages, and those right behind it from the same address: to which one reply can go."""
    return tuple(takewhile(lambda message: message.address == waiting[0].address, waiting))


def interrupt(draft: Draft, address: Address | None) -> None:
    """End the turn that runs, in favour of a message that has come from the same address."""
    turn = draft.metadata.turn
    if turn is not None and draft.open_context.latest(turn.messages)[-1].address == address:
        draft.emit(TurnEnded(**draft.head(), turn=turn.turn, outcome="stopped", messages=turn.messages))


def finish_turn(draft: Draft, turn: int, attempt: int, reply: Reply | None, tokens: int, *, reason: str = "") -> bool:
    """End a turn with its reply, without one, or for a reason; False if it had been ended already."""
    open_turn = draft.metadata.turn
    if open_turn is None or (open_turn.turn, open_turn.attempt) != (turn, attempt):
        return False
    if reply is not None and not is_blank(reply.text):
        _reply(draft, turn, open_turn.messages, reply, tokens)
    else:
        outcome: Literal["no_reply", "failed"] = "failed" if reply is None else "no_reply"
        draft.emit(TurnEnded(**draft.head(), turn=turn, outcome=outcome, messages=open_turn.messages, reason=reason))
    return True


def _reply(draft: Draft, turn: int, numbers: Sequence[int], reply: Reply, tokens: int) -> None:
    answered = draft.open_context.latest(numbers)
    address = answered[-1].address
    draft.emit(
        Replied(
            **draft.head(),
            id=reply.id or _reply_id(answered[-1].id),
            number=draft.metadata.messages + 1,
            text=reply.text,
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


def overflow(draft: Draft, turn: int, attempt: int, reason: str) -> bool:
    """The model's window was too small: compact and try again, or end the turn; False as above.

    As often as there is something left to be replaced, each time more of it.
    """
    if draft.gauge.replaceable(draft.snapshot) == 0:
        return finish_turn(draft, turn, attempt, None, 0, reason=reason)
    draft.overflowed = draft.is_interrupted = True
    return False


def stop(draft: Draft, outcome: Literal["stopped", "cleared"] = "stopped") -> None:
    """End the turn, and give up what waits behind it; a compaction is ended, its context kept."""
    metadata = draft.metadata
    if not metadata.is_settled:
        running = metadata.turn.messages if metadata.turn else ()
        turn = metadata.turn.turn if metadata.turn else metadata.turns
        draft.emit(TurnEnded(**draft.head(), turn=turn, outcome=outcome, messages=(*running, *metadata.waiting)))
    if is_compacting(metadata):
        keep(draft)


def delay_turn(draft: Draft, turn: int, error: ModelError) -> bool:
    """Have the turn tried again later; False if it has been tried often enough, or would have to wait too long."""
    open_turn = draft.metadata.turn
    if open_turn is None or open_turn.turn != turn or open_turn.delays >= draft.config.retry_attempts:
        return False
    seconds = pause(draft.key, turn, open_turn.delays, error.retry_after)
    if open_turn.delayed + seconds > draft.config.retry_for:
        return False
    attempt = open_turn.attempt
    draft.emit(TurnDelayed(**draft.head(), turn=turn, attempt=attempt, seconds=seconds, reason=str(error)))
    return True


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
    messages = [each for each in draft.context.messages if each.number in failed.messages]
    draft.emit(
        Retried(
            **draft.head(),
            turn=failed.turn,
            messages=tuple(each.number for each in messages),
            tokens=sum(each.tokens for each in messages),
        )
    )
    draft.offer("new_message")


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
