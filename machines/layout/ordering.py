"""The order of items within each layer: by the middle of their neighbours, as long as crossings become fewer."""

from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from typing import Final

from argentos.machines.layout.ranks import Item, Segment

__all__ = ["order"]

_SWEEPS: Final = 12
_FRUITLESS: Final = 4  # sweeps without fewer crossings, after which nothing more is to be expected
_SWAPPED: Final = 4000  # segments up to which neighbours are tried in both orders


def order(ranks: list[list[Item]]) -> None:
    """Order the items of each rank in place."""
    _first_order(ranks)
    best, fewest, fruitless = [list(rank) for rank in ranks], _crossings(ranks), 0
    for sweep in range(_SWEEPS):
        if not fewest or fruitless == _FRUITLESS:
            break
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            _sort(rank, _from_above if sweep % 2 == 0 else _from_below)
        found = _crossings(ranks)
        fruitless = 0 if found < fewest else fruitless + 1
        if found < fewest:
            best, fewest = [list(rank) for rank in ranks], found
    for rank, kept in zip(ranks, best, strict=True):
        rank[:] = kept
        _number(rank)
    if fewest and sum(len(item.below) for rank in ranks for item in rank) <= _SWAPPED:
        _swap(ranks)


def _first_order(ranks: list[list[Item]]) -> None:
    """The order in which a walk from the first items comes upon them."""
    seen: dict[Item, None] = {}
    for item in (item for rank in ranks for item in rank):
        waiting = [item]
        while waiting:
            found = waiting.pop()
            if found not in seen:
                seen[found] = None
                waiting += [segment.lower for segment in reversed(found.below)]
    numbers = {item: number for number, item in enumerate(seen)}
    for rank in ranks:
        rank.sort(key=numbers.__getitem__)
        _number(rank)


def _number(rank: Sequence[Item]) -> None:
    for number, item in enumerate(rank):
        item.number = number


def _sort(rank: list[Item], middle: Callable[[Item], float | None]) -> None:
    """Sort by the middle of neighbours; items that have none stay where they are."""
    found = [(middle(item), item) for item in rank]
    moving = iter(sorted((each for each in found if each[0] is not None), key=lambda each: each[0] or 0.0))
    rank[:] = [item if value is None else next(moving)[1] for value, item in found]
    _number(rank)


def _from_above(item: Item) -> float | None:
    places = [segment.upper.number + segment.upper_share for segment in item.above]
    return sum(places) / len(places) if places else None


def _from_below(item: Item) -> float | None:
    places = [segment.lower.number + segment.lower_share for segment in item.below]
    return sum(places) / len(places) if places else None


def _crossings(ranks: Sequence[Sequence[Item]]) -> int:
    return sum(_crossed([segment for item in rank for segment in item.below]) for rank in ranks)


def _crossed(segments: list[Segment]) -> int:
    """The number of pairs that cross each other."""
    places = sorted((each.upper.number + each.upper_share, each.lower.number + each.lower_share) for each in segments)
    passed: list[float] = []
    crossings = 0
    for _, lower in places:
        crossings += len(passed) - bisect_right(passed, lower)
        insort(passed, lower)
    return crossings


def _swap(ranks: Sequence[list[Item]]) -> None:
    """Exchange neighbours as long as that helps, in two passes at most."""
    for _ in range(2):
        helped = False
        for rank in ranks:
            for number in range(len(rank) - 1):
                helped |= _exchange(rank, number)
        if not helped:
            return


def _exchange(rank: list[Item], number: int) -> bool:
    left, right = rank[number], rank[number + 1]
    before = _between(left, right)
    if not before or before <= _between(right, left):
        return False
    rank[number], rank[number + 1] = right, left
    left.number, right.number = right.number, left.number
    return True


def _between(left: Item, right: Item) -> int:
    """The crossings of the segments of two neighbours, if they stand in this order."""
    above = [[each.upper.number + each.upper_share for each in item.above] for item in (left, right)]
    below = [[each.lower.number + each.lower_share for each in item.below] for item in (left, right)]
    pairs = (above, below)
    return sum(one > other for ones, others in pairs for one in ones for other in others)
