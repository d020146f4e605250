"""Debts of a session to channels, as its records make and pay them."""

from collections.abc import Collection
from typing import Final

from argentos.storage.branching.records import Rewound, Undone
from argentos.storage.records import Accepted, Delivered, OwedAgain, Replied, Responded
from argentos.storage.snapshot import Metadata, Undeliverable

__all__ = ["owed_again", "owing", "still_owed", "tried_again", "undeliverable", "withheld"]

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
    return _without(old, (record.number,))


def withheld(old: Metadata, record: Rewound) -> dict[str, tuple[int, ...]]:
    """The messages that are owed, without those that the record withholds."""
    return _without(old, record.withheld)


def _without(old: Metadata, gone: Collection[int]) -> dict[str, tuple[int, ...]]:
    left = {channel: tuple(n for n in numbers if n not in gone) for channel, numbers in old.undelivered.items()}
    return {channel: numbers for channel, numbers in left.items() if numbers}


def owed_again(old: Metadata, record: Undone) -> dict[str, tuple[int, ...]]:
    """The messages that are owed, in their order, with those that the record brings back."""
    owed = {**old.undelivered}
    for message in record.messages:
        if message.number in record.owed and message.address is not None:
            _owe(owed, message.address.channel, message.number)
    return owed


def tried_again(old: Metadata, record: OwedAgain) -> dict[str, tuple[int, ...]]:
    """The messages that are owed, in their order, with that of the record, which could not be delivered."""
    owed = {**old.undelivered}
    for each in old.undeliverable:
        if each.number == record.number:
            _owe(owed, each.channel, each.number)
    return owed


def _owe(owed: dict[str, tuple[int, ...]], channel: str, number: int) -> None:
    owed[channel] = tuple(sorted({*owed.get(channel, ()), number}))


def undeliverable(old: Metadata, record: Delivered) -> tuple[Undeliverable, ...]:
    """The messages that can never be delivered, once the record tells of one more or of none."""
    if not record.failure:
        return old.undeliverable
    channels = [channel for channel, numbers in old.undelivered.items() if record.number in numbers]
    failed = [Undeliverable(record.number, channel, record.at, record.failure) for channel in channels]
    return (*old.undeliverable, *failed)[-_REMEMBERED:]
