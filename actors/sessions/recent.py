"""Messages that are asked for by their numbers and stand at the end of the context: the store is not asked for them."""

from itertools import chain, islice
from typing import Final

from argentos.storage import Message, Snapshot

__all__ = ["latest_in"]

_SPARE: Final = 100  # messages looked at besides, for those that waited stand behind later ones


def latest_in(snapshot: Snapshot, start: int, stop: int) -> tuple[Message, ...] | None:
    """The messages with numbers from `start` up to, not including, `stop`; None where not all are among the latest."""
    metadata, context = snapshot
    wanted = range(start, min(stop, metadata.messages + 1))
    found: dict[int, Message] = {}
    latest = chain(reversed(context.waiting), reversed(context.messages))
    for message in islice(latest, len(wanted) + len(context.waiting) + _SPARE):
        if message.number in wanted:
            found[message.number] = message
    return tuple(found[number] for number in wanted) if len(found) == len(wanted) else None
