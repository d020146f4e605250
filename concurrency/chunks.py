"""Long work in the event loop, in chunks that are short."""

import heapq
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

__all__ = ["in_chunks", "merged_in_chunks"]

T = TypeVar("T")

_CHUNK: Final = 100  # items
_MERGED: Final = 500  # items, which takes as long


def in_chunks(items: Sequence[T], size: int = _CHUNK) -> Iterator[Sequence[T]]:
    """Divide items into chunks, each done in a moment; let others go on between one and the next."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def merged_in_chunks(
    chunks: Sequence[Sequence[T]], key: Callable[[T], Any], give_way: Callable[[], Awaitable[None]]
) -> list[T]:
    """Merge chunks, each of which has its greatest item first, into one list in this order.

    Args:
        chunks: sorted, the greatest item first.
        key: that they are sorted by.
        give_way: lets others go on.
    """
    found: list[T] = []
    left = heapq.merge(*chunks, key=key, reverse=True)
    while some := list(islice(left, _MERGED)):
        found += some
        await give_way()
    return found
