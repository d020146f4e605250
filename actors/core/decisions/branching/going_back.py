"""The rules by which a conversation goes back: a checkpoint is taken back, messages go, a reply is made once more."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from argentos.actors.core.decisions.branching.loops import begin_of_loop, steps_of
from argentos.actors.core.decisions.draft import Draft, is_compacting
from argentos.actors.core.decisions.turn_ends import cancel, stop
from argentos.concurrency.chunks import in_chunks
from argentos.errors import MessageNotFoundError, NothingToRegenerateError, UndoRefusedError
from argentos.machines.lifecycles.session import NEW_MESSAGE
from argentos.storage import Checkpoint, Message, Rewound, Undone
from argentos.storage.branching.records import MOST_TOGETHER
from argentos.storage.fold import apply
from argentos.storage.folding.failures import failed_among
from argentos.storage.folding.moves import place_of

__all__ = ["regenerate", "rewind", "undo"]

_number: Final = attrgetter("number")  # of a hundred thousand messages, now and then
_tokens: Final = attrgetter("tokens")


def undo(draft: Draft, place: Checkpoint, messages: Sequence[Message]) -> None:
    """Take the latest checkpoint back: what left the context there is in it again, in front of what is newer.

    A turn goes on meanwhile, unless it makes the reply once more that comes back.

    Raises:
        UndoRefusedError: it cannot be; the sentence says why.
    """
    metadata = draft.metadata
    if is_compacting(metadata):
        raise UndoRefusedError(f"session {draft.key} is being compacted; wait for that or stop it, and undo then")
    if metadata.checkpoint != place.name:
        raise UndoRefusedError(
            f"{place.name} is the last checkpoint of session {draft.key} no more, for it has changed meanwhile; look at"
            " `argent sessions checkpoints`, and undo again"
        )
    _check_room(draft, _undone(draft, place, (), sum(map(_tokens, messages))))
    if place.kind == "regeneration":
        _end_regeneration(draft, messages)
    # The last ones first: each time they are put in front of what is there.
    for chunk in [*in_chunks(messages, MOST_TOGETHER)][::-1] or [()]:
        draft.emit(_undone(draft, place, tuple(chunk), sum(map(_tokens, chunk))))


def _undone(draft: Draft, place: Checkpoint, messages: tuple[Message, ...], tokens: int) -> Undone:
    numbers = set(map(_number, messages))
    return Undone(
        **draft.head(),
        checkpoint=place.name,
        parent=place.before or None,
        messages=messages,
        behind=place.behind,
        tokens=tokens,
        summary=place.summary,
        failed=failed_among(place.failed, numbers),
        owed=tuple([each for each in place.withheld if each in numbers]),
    )


def _check_room(draft: Draft, record: Undone) -> None:
    after, waiting = apply(draft.key, draft.metadata, record), draft.waiting
    if not draft.gauge.fits(after, waiting[0] if waiting else None):
        raise UndoRefusedError(
            f"with what left it at {record.checkpoint} the context of session {draft.key} would have about"
            f" {draft.gauge.estimate(after)} tokens, and its window has {draft.gauge.window}; fork from"
            f" {record.checkpoint} instead"
        )


def _end_regeneration(draft: Draft, messages: Sequence[Message]) -> None:
    """End the turn that makes a reply once more, where it has not ended."""
    asked = {each for message in messages for each in message.reply_to}
    turn = draft.metadata.turn
    open_ = draft.open_context.latest(turn.messages) if turn else []
    for message in (*open_, *draft.waiting):
        if message.id in asked and message.is_from_outside:
            cancel(draft, message.number)


def rewind(draft: Draft, before: int) -> None:
    """Send a message to the archive, and what is behind it; in a loop of tool calls, from its first step on.

    A turn, or a compaction, is ended as by a stop, and so are messages given up that wait.

    Raises:
        MessageNotFoundError: the context has no message of this number.
    """
    _check_there(draft, before)
    stop(draft)  # whereby what waits comes into the context
    messages = draft.context.messages
    left = messages[begin_of_loop(messages, place_of(messages, before) or 0) :]
    draft.emit(
        Rewound(
            **draft.head(),
            **draft.place(),
            messages=tuple(map(_number, left)),
            freed=sum(map(_tokens, left)),
            failed=failed_among(draft.metadata.failed, set(map(_number, left))),
        )
    )


def _check_there(draft: Draft, number: int) -> None:
    if number in map(_number, (*draft.context.messages, *draft.waiting)):
        return
    last = draft.metadata.messages
    if not 0 < number <= last:
        there = f"its last one is {last}" if last else "it has none at all"
        raise MessageNotFoundError(f"session {draft.key} has no message of the number {number}; {there}")
    raise MessageNotFoundError(
        f"message {number} of session {draft.key} has left its context; undo what took it out, or fork at it"
    )


def regenerate(draft: Draft) -> int:
    """Send the latest reply to the archive, with the steps of its turn, and have what it answers answered again.

    Returns:
        The number of the last message that it answers.

    Raises:
        NothingToRegenerateError: there is none, or not now; the sentence says why.
    """
    messages, key = draft.context.messages, draft.key
    if not draft.metadata.is_settled:
        raise NothingToRegenerateError(f"session {key} is answering; wait for its reply, or stop it")
    at = next((place for place in range(len(messages) - 1, -1, -1) if messages[place].reply_to), None)
    if at is None:
        raise NothingToRegenerateError(f"the context of session {key} has no reply; ask for one first")
    if any(each.failure or each.is_refused for each in messages[at + 1 :]):
        raise NothingToRegenerateError(f"the last turn of session {key} had no reply; try it again with `retry`")
    reply = messages[at]
    asked, steps = steps_of(messages, at)
    if len(asked) < len({*reply.reply_to}):
        raise NothingToRegenerateError(
            f"what the last reply of session {key} answers has left the context; undo that, or ask again"
        )
    left = (*steps, reply)
    draft.emit(
        Rewound(
            **draft.head(),
            **draft.place(),
            messages=tuple(each.number for each in left),
            freed=sum(each.tokens for each in left),
            again=tuple(each.number for each in asked),
            tokens=sum(each.tokens for each in asked),
            withheld=_owed_of(draft, left),
        )
    )
    draft.offer(NEW_MESSAGE)
    return asked[-1].number


def _owed_of(draft: Draft, messages: Sequence[Message]) -> tuple[int, ...]:
    """The numbers of those of the messages that are owed to a channel."""
    owed = {number for numbers in draft.metadata.undelivered.values() for number in numbers}
    return tuple([each.number for each in messages if each.number in owed])
