"""Places in the history of a session: read, and put together again from its archive."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Final, NamedTuple

from argentos.actors.core.decisions.branching.loops import begin_of_loop
from argentos.concurrency.foreign_code import reading_a_store
from argentos.concurrency.threads import in_thread_if
from argentos.errors import CheckpointNotFoundError, MessageNotFoundError, StoreDamagedError, UndoRefusedError
from argentos.storage import (
    Checkpoint,
    FailedTurn,
    Message,
    Metadata,
    SessionKey,
    Snapshot,
    Span,
    Store,
    Summary,
    numbers_in,
)
from argentos.storage.folding.failures import with_failed
from argentos.storage.folding.moves import place_behind

__all__ = ["Window", "messages_taken", "place_to_undo", "places_of", "window_at"]

_MANY: Final = 1000  # messages that are looked through in a millisecond
_number: Final = attrgetter("number")


async def places_of(store: Store, key: SessionKey) -> Mapping[str, Checkpoint]:
    """The checkpoints of a session by their names, the oldest first."""
    with reading_a_store():
        return {each.name: each for each in await store.checkpoints(key)}


def place_to_undo(metadata: Metadata, places: Mapping[str, Checkpoint], name: str | None) -> Checkpoint | None:
    """The checkpoint to take back, which is the latest; None where the one that is named was taken back before.

    Raises:
        UndoRefusedError: there is none, or one that is named is not the latest.
        CheckpointNotFoundError: there is none of this name.
    """
    key, last = metadata.key, metadata.checkpoint
    if name is not None and name not in places:
        raise _unknown(key, places, name)
    if name is not None and name != last:
        if name in _line(places, last):
            raise UndoRefusedError(
                f"checkpoint {name} of session {key} is not the latest: take {last} back first, or fork from {name}"
            )
        return None
    if not last:
        raise UndoRefusedError(f"nothing has left the context of session {key} that could be taken back")
    if last not in places:
        raise StoreDamagedError(f"checkpoint {last} of session {key} is missing; restore its archive from a backup")
    return places[last]


def _line(places: Mapping[str, Checkpoint], last: str) -> set[str]:
    """The names of the checkpoints that were not taken back."""
    line = set[str]()
    while last in places and last not in line:
        line.add(last)
        last = places[last].before
    return line


def _unknown(key: SessionKey, places: Iterable[str], name: str) -> CheckpointNotFoundError:
    known = [*places]
    there = f"there are {known[0]} to {known[-1]}" if known else "it has none"
    return CheckpointNotFoundError(f"session {key} has no checkpoint {name!a:.100}; {there}")


async def messages_taken(store: Store, key: SessionKey, place: Checkpoint) -> tuple[Message, ...]:
    """The messages that left the context at a checkpoint, in its order."""
    return await _messages(store, key, place.taken, ())


async def _messages(
    store: Store, key: SessionKey, spans: Iterable[Span], context: Sequence[Message]
) -> tuple[Message, ...]:
    """The messages of these numbers, in this order, of which the context may have some.

    Raises:
        StoreDamagedError: one is missing.
    """
    ends = [end for span in spans for end in span]
    if not ends:
        return ()
    with reading_a_store():
        read = await store.read(key, min(ends), max(ends) + 1)
    together = partial(_together, key, spans, (*read, *context))
    return await in_thread_if(len(read) + len(context) > _MANY, together)


def _together(key: SessionKey, spans: Iterable[Span], messages: Iterable[Message]) -> tuple[Message, ...]:
    known = {each.number: each for each in messages}
    missing = next((each for each in numbers_in(spans) if each not in known), None)
    if missing is not None:
        raise StoreDamagedError(f"message {missing} of session {key} is missing; restore its archive from a backup")
    return tuple([known[each] for each in numbers_in(spans)])


class Window(NamedTuple):
    """A context as it was at a place.

    Attributes:
        failed: the turns that failed, with messages of which some are there.
        checkpoint: the name of the place; empty where it is none.
    """

    messages: Sequence[Message]
    summary: Summary | None
    failed: Sequence[FailedTurn]
    checkpoint: str = ""

    @property
    def last(self) -> int:
        """The highest number of a message that was there, or that the summary speaks for."""
        latest: int = max(map(_number, self.messages), default=0)
        return max(latest, self.summary.last if self.summary else 0)


async def window_at(store: Store, key: SessionKey, snapshot: Snapshot, at: int | str | None) -> Window:
    """The context of a session at a place; see `Session.fork`.

    Raises:
        CheckpointNotFoundError, MessageNotFoundError: there is no such place.
        StoreError: the archive cannot be read, or lacks something.
    """
    metadata, context = snapshot
    if at is None:
        return Window(_settled(snapshot), context.summary, metadata.failed)
    if isinstance(at, int) and at in map(_number, context.messages):
        return Window(_up_to(context.messages, at), context.summary, metadata.failed)
    places = await places_of(store, key)
    place = _place_with(metadata, places, at) if isinstance(at, int) else places.get(at)
    if place is None:
        raise _unknown(key, places, str(at))
    messages = await _messages(store, key, place.window, context.messages)
    failed = with_failed(metadata.failed, place.failed)
    if isinstance(at, int):
        return Window(_up_to(messages, at), place.summary, failed)
    return Window(messages, place.summary, failed, place.name)


def _settled(snapshot: Snapshot) -> Sequence[Message]:
    """The messages of the context without those of the turn that is open."""
    context, turn = snapshot.context, snapshot.metadata.turn
    if turn is None:
        return context.messages
    return [each for each in context.messages if each.number not in turn.messages and each.turn != turn.turn]


def _place_with(metadata: Metadata, places: Mapping[str, Checkpoint], number: int) -> Checkpoint:
    """The latest checkpoint at which this message left the context.

    Raises:
        MessageNotFoundError: there is none.
    """
    for place in reversed([*places.values()]):
        if any(first <= number <= last for first, last in place.taken):
            return place
    key, last = metadata.key, metadata.messages
    if number in metadata.waiting:
        raise MessageNotFoundError(f"message {number} of session {key} waits for its turn; fork when it has its reply")
    if number <= last:
        raise MessageNotFoundError(
            f"message {number} of session {key} is in no context that is known; see `argent sessions checkpoints`"
        )
    raise MessageNotFoundError(f"session {key} has no message of the number {number}; its last one is {last}")


def _up_to(messages: Sequence[Message], number: int) -> Sequence[Message]:
    """The messages up to this one; in a loop of tool calls those in front of it."""
    return messages[: begin_of_loop(messages, place_behind(messages, number))]
