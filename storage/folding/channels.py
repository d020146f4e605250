"""The channels through which a session has had messages."""

from typing import Final

from argentos.storage.messages import Address

__all__ = ["with_channel"]

_MOST: Final = 32  # channels


def with_channel(known: tuple[str, ...], address: Address | None) -> tuple[str, ...]:
    """The channels, with that of an address."""
    if address is None or address.channel in known or len(known) == _MOST:
        return known
    return (*known, address.channel)
