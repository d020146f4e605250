"""The open turn, with its calls, to which records are applied."""

from collections.abc import Callable

from msgspec import structs

from argentos.storage.blocks import blocks_of, calls_in
from argentos.storage.records import (
    ApprovalAsked,
    ApprovalDecided,
    CallEnded,
    CallStarted,
    Responded,
    Shortened,
    TurnDelayed,
    TurnStarted,
)
from argentos.storage.snapshot import Delay, Metadata, OpenCall, OpenTurn

__all__ = [
    "begun",
    "call_asked",
    "call_decided",
    "call_ended",
    "call_started",
    "delayed",
    "responded",
    "turn_shortened",
]


def begun(before: OpenTurn | None, record: TurnStarted, tokens: int) -> OpenTurn:
    """The turn once it has begun, or begins once more, with a context of so many tokens."""
    turn = OpenTurn(record.turn, record.attempt, record.messages, record.request_tokens, tokens, record.alone)
    if before is None or before.turn != record.turn:
        return turn
    return structs.replace(
        turn,
        delays=before.delays,
        delayed=before.delayed,
        steps=before.steps,
        pauses=before.pauses,
        made=before.made,
        calls=before.calls,
    )


def delayed(old: Metadata, record: TurnDelayed) -> OpenTurn | None:
    """The turn once it waits for its next attempt."""
    turn = old.turn
    if turn is None:
        return None
    delay = Delay(record.at, record.seconds, record.reason)
    return structs.replace(turn, delay=delay, delays=turn.delays + 1, delayed=turn.delayed + record.seconds)


def responded(old: Metadata, record: Responded) -> OpenTurn | None:
    """The turn once the model has responded, and goes on."""
    turn = old.turn
    if turn is None:
        return None
    calls = tuple(OpenCall(each.id, each.name) for each in calls_in(blocks_of(record.content)))
    stepped = structs.replace(
        turn,
        steps=turn.steps + 1,
        pauses=0 if calls else turn.pauses + 1,
        made=turn.made + len(calls),
        calls=calls,
    )
    return stepped if calls else _asking_again(stepped, old.tokens + record.tokens)


def _asking_again(turn: OpenTurn, tokens: int) -> OpenTurn:
    """The turn, whose next request has so many tokens, and the system prompt as before."""
    system = turn.request_tokens - turn.context_tokens
    return structs.replace(turn, request_tokens=tokens + system, context_tokens=tokens)


def call_started(old: Metadata, record: CallStarted) -> OpenTurn | None:
    """The turn once a call has begun that must not be repeated."""
    return _with_call(old.turn, record.call_id, lambda call: structs.replace(call, state="started"))


def call_ended(old: Metadata, record: CallEnded) -> OpenTurn | None:
    """The turn once a call has its result."""
    turn = old.turn
    if turn is None:
        return None
    left = tuple(each for each in turn.calls if each.id != record.call_id)
    ended = structs.replace(turn, calls=left)
    return ended if left else _asking_again(ended, old.tokens + record.tokens)


def call_asked(old: Metadata, record: ApprovalAsked) -> OpenTurn | None:
    """The turn once a call waits for a person."""
    at, until = record.at, record.expires_at
    return _with_call(old.turn, record.call_id, lambda call: OpenCall(call.id, call.name, "asked", at, until))


def call_decided(old: Metadata, record: ApprovalDecided) -> OpenTurn | None:
    """The turn once a call waits for a person no more."""
    return _with_call(old.turn, record.call_id, lambda call: OpenCall(call.id, call.name))


def turn_shortened(old: Metadata, record: Shortened) -> OpenTurn | None:
    """The turn once requests show less of some messages, as the one does that it is about to make."""
    if old.turn is None:
        return None
    return _asking_again(old.turn, old.turn.context_tokens - record.freed)


def _with_call(turn: OpenTurn | None, call_id: str, change: Callable[[OpenCall], OpenCall]) -> OpenTurn | None:
    if turn is None:
        return None
    return structs.replace(turn, calls=tuple(change(each) if each.id == call_id else each for each in turn.calls))
