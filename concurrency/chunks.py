"""Long work in the event loop, in steps that are short."""

import heapq
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

__all__ = ["in_steps", "merged"]

T = TypeVar("T")

_STEP: Final = 100
_MERGED: Final = 500  # which takes as long


def in_steps(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, so many at a time that nobody else has to wait long; let them go on between one and the next."""
    for start in range(0, len(items), _STEP):
        yield items[start : start + _STEP]


async def merged(
    steps: Sequence[Sequence[T]], key: Callable[[T], Any], give_way: Callable[[], Awaitable[None]]
) -> list[T]:
    """All items, the greatest first, of steps that are in this order themselves."""
    found: list[T] = []
    left = heapq.merge(*steps, key=key, reverse=True)
    while some := list(islice(left, _MERGED)):
        found += some
        await give_way()
    return found
