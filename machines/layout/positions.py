"""Places across the flow: near the neighbours in the layers above and below, apart from those in the same one."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from argentos.machines.layout.ranks import Item

__all__ = ["gap", "place", "separated"]

_SWEEPS: Final = 14
_STRAIGHT: Final = 6.0  # how much more it counts that a long link is straight than that a node is in the middle


def place(ranks: Sequence[Sequence[Item]]) -> None:
    """Give each item its place; the order within each rank is kept."""
    for rank in ranks:
        at = 0.0
        for previous, item in zip((None, *rank), rank, strict=False):
            at += gap(previous, item) if previous else 0.0
            item.at = at
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for rank in ranks if down else reversed(ranks):
            _move(rank, above=down or sweep >= _SWEEPS - 2, below=not down or sweep >= _SWEEPS - 2)


def _move(rank: Sequence[Item], *, above: bool, below: bool) -> None:
    """Move the items of a rank towards their neighbours, as far as there is room."""
    wanted: list[float] = []
    weights: list[float] = []
    for item in rank:
        total = weight = 0.0
        if above:
            for segment in item.above:
                heavy = _STRAIGHT if item.is_bend and segment.upper.is_bend else 1.0
                total += heavy * (segment.upper.at + segment.upper_at - segment.lower_at)
                weight += heavy
        if below:
            for segment in item.below:
                heavy = _STRAIGHT if item.is_bend and segment.lower.is_bend else 1.0
                total += heavy * (segment.lower.at + segment.lower_at - segment.upper_at)
                weight += heavy
        wanted.append(total / weight if weight else item.at)
        weights.append(weight or 0.1)
    gaps = [gap(one, other) for one, other in pairwise(rank)]
    for item, at in zip(rank, separated(wanted, weights, gaps), strict=True):
        item.at = at


def gap(left: Item, right: Item) -> float:
    """The distance between the beginnings of two neighbours, at least."""
    return left.across + (left.margin + right.margin) / 2


def separated(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The places nearest to those wanted, by weighted squares, that are as far apart as the gaps say.

    Args:
        wanted: the places.
        weights: how much each of them counts.
        gaps: between each place and the next one.
    """
    shifts = [0.0]
    for gap in gaps:
        shifts.append(shifts[-1] + gap)
    blocks: list[tuple[float, float, int]] = []  # the place, the weight, how many items
    for place, weight, shift in zip(wanted, weights, shifts, strict=False):
        at, heavy, count = place - shift, weight, 1
        while blocks and blocks[-1][0] > at:
            before, more, number = blocks.pop()
            at = (at * heavy + before * more) / (heavy + more)
            heavy, count = heavy + more, count + number
        blocks.append((at, heavy, count))
    places = (at for at, _, count in blocks for _ in range(count))
    return [at + shift for at, shift in zip(places, shifts, strict=False)]
