"""Messages by their numbers, in a context that is known: the store is not asked for those that stand there."""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Final

from argentos.concurrency.threads import in_thread_if
from argentos.storage import Message, Snapshot

__all__ = ["left_of", "messages_of"]

_SPARE: Final = 100  # messages looked at besides, for those that waited stand behind later ones
_MANY: Final = 1000  # messages that are looked at in a moment


async def messages_of(snapshot: Snapshot, start: int, stop: int) -> tuple[Message, ...] | None:
    """The messages with numbers from `start` up to, not including, `stop`; None where one is not in the context."""
    wanted = _numbers(snapshot, start, stop)
    if not wanted:
        return ()
    found = await _found(snapshot, wanted)
    return tuple(found[number] for number in wanted) if len(found) == len(wanted) else None


async def left_of(snapshot: Snapshot, start: int, stop: int) -> tuple[int, ...]:
    """The numbers from `start` up to, not including, `stop` of messages that have left the context."""
    wanted = _numbers(snapshot, start, stop)
    found = await _found(snapshot, wanted) if wanted else {}
    return tuple(number for number in wanted if number not in found)


def _numbers(snapshot: Snapshot, start: int, stop: int) -> range:
    return range(start, min(stop, snapshot.metadata.messages + 1))


async def _found(snapshot: Snapshot, wanted: range) -> dict[int, Message]:
    context = snapshot.context
    latest = chain(reversed(context.waiting), reversed(context.messages))
    found = _among(islice(latest, len(wanted) + len(context.waiting) + _SPARE), wanted)
    if len(found) == len(wanted):
        return found
    everything = chain(context.messages, context.waiting)
    return await in_thread_if(len(context.messages) > _MANY, lambda: _among(everything, wanted))


def _among(messages: Iterable[Message], wanted: range) -> dict[int, Message]:
    first, behind = wanted.start, wanted.stop
    return {message.number: message for message in messages if first <= message.number < behind}
