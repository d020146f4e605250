"""Long links made straight: each keeps to one place across as many layers as its neighbours leave room in."""

from collections.abc import Sequence
from typing import Final

from argentos.machines.layout.positions import gap
from argentos.machines.layout.ranks import Chain, Item

__all__ = ["straighten"]

_FAR: Final = 1e6


def straighten(ranks: Sequence[Sequence[Item]], chains: Sequence[Chain]) -> None:
    """Move the bends of each link, the longest links first."""
    for chain in sorted((each for each in chains if not each.is_detour), key=lambda chain: -len(chain.items)):
        bends = [(ranks[number], item) for number, item in zip(chain.numbers, chain.items, strict=True) if item.is_bend]
        while bends:
            bends = bends[_align(bends) :]


def _align(bends: Sequence[tuple[Sequence[Item], Item]]) -> int:
    """Set as many of the first bends as possible to one place; how many they are."""
    low, high, count = -_FAR, _FAR, 0
    for rank, item in bends:
        left, right = _room(rank, item)
        if max(low, left) > min(high, right):
            break
        low, high, count = max(low, left), min(high, right), count + 1
    if count > 1:
        places = sorted(item.at + item.middle for _, item in bends[:count])
        place = min(max(places[len(places) // 2], low), high)
        for _, item in bends[:count]:
            item.at = place - item.middle
    return max(count, 1)


def _room(rank: Sequence[Item], item: Item) -> tuple[float, float]:
    """The first and the last place at which its middle may be."""
    number = item.number
    left = rank[number - 1].at + gap(rank[number - 1], item) if number else -_FAR
    right = rank[number + 1].at - gap(item, rank[number + 1]) if number + 1 < len(rank) else _FAR
    return min(left, item.at) + item.middle, max(right, item.at) + item.middle
