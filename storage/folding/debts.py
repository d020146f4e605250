"""Debts of a session to channels, as its records make and pay them."""

from typing import Final

from argentos.storage.records import Accepted, Delivered, Replied, Responded
from argentos.storage.snapshot import Metadata, Undeliverable

__all__ = ["owing", "still_owed", "undeliverable"]

_REMEMBERED: Final = 100  # deliveries that failed


def owing(old: Metadata, record: Accepted | Responded | Replied) -> dict[str, tuple[int, ...]]:
    """The messages that are owed, with that of the record."""
    before = old.undelivered
    if record.address is None:
        return before
    channel = record.address.channel
    return {**before, channel: (*before.get(channel, ()), record.number)}


def still_owed(old: Metadata, record: Delivered) -> dict[str, tuple[int, ...]]:
    """The messages that are owed, without that of the record."""
    left = {
        channel: tuple(each for each in numbers if each != record.number)
        for channel, numbers in old.undelivered.items()
    }
    return {channel: numbers for channel, numbers in left.items() if numbers}


def undeliverable(old: Metadata, record: Delivered) -> tuple[Undeliverable, ...]:
    """The messages that can never be delivered, once the record tells of one more or of none."""
    if not record.failure:
        return old.undeliverable
    channels = [channel for channel, numbers in old.undelivered.items() if record.number in numbers]
    failed = [Undeliverable(record.number, channel, record.at, record.failure) for channel in channels]
    return (*old.undeliverable, *failed)[-_REMEMBERED:]
