"""Layers: links lead down, but for those that close a circle, and are short."""

from collections.abc import Sequence
from typing import Final, NamedTuple

__all__ = ["Arc", "Layering", "layer"]

_SWEEPS: Final = 4
_NONE: Final = -1
_ROW: Final = 5  # nodes without links that stand side by side


class Arc(NamedTuple):
    """A link between two nodes, by their numbers."""

    source: int
    target: int


class Layering(NamedTuple):
    """The layer of each node, from 0, and for each arc whether it leads up.

    Attributes:
        last: the last layer, which may have no nodes.
    """

    layers: list[int]
    flipped: list[bool]
    last: int


def layer(count: int, arcs: Sequence[Arc], least: Sequence[int], tail: Sequence[int]) -> Layering:
    """Assign layers.

    Args:
        count: the number of nodes; the first ones are drawn first.
        arcs: the links between them, none from a node to itself.
        least: the first layer in which each node may stand.
        tail: how many layers have to follow that of each node.
    """
    flipped = _back_arcs(count, arcs)
    down = [Arc(arc.target, arc.source) if flip else arc for arc, flip in zip(arcs, flipped, strict=True)]
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for arc in down:
        above[arc.target].append(arc.source)
        below[arc.source].append(arc.target)
    order = _topological(above, below)
    layers = list(least)
    for node in order:
        layers[node] = max([layers[node], *(layers[each] + 1 for each in above[node])])
    last = max((layers[node] + tail[node] for node in range(count)), default=0)
    for _ in range(_SWEEPS):
        for node in reversed(order):
            _settle(node, layers, above[node], below[node], last - tail[node])
    _spread(layers, [node for node in range(count) if not above[node] and not below[node]], least, tail)
    return Layering(layers, flipped, max(last, *layers, 0))


def _settle(node: int, layers: list[int], above: Sequence[int], below: Sequence[int], last: int) -> None:
    """Move a node down to where its links are shorter in all."""
    if len(below) > len(above):
        layers[node] = max(layers[node], min([last, *(layers[each] - 1 for each in below)]))


def _spread(layers: list[int], alone: Sequence[int], least: Sequence[int], tail: Sequence[int]) -> None:
    """Set nodes without links in rows."""
    free = [node for node in alone if not least[node] and not tail[node]]
    for number, node in enumerate(free):
        layers[node] = number // _ROW


def _back_arcs(count: int, arcs: Sequence[Arc]) -> list[bool]:
    """For each arc whether it closes a circle, as a walk from the first nodes comes upon it."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    entered = [False] * count
    for number, arc in enumerate(arcs):
        leaving[arc.source].append(number)
        entered[arc.target] = True
    flipped, seen, walking = [False] * len(arcs), [False] * count, [False] * count
    for root in sorted(range(count), key=lambda node: entered[node]):
        if seen[root]:
            continue
        seen[root] = walking[root] = True
        path = [(root, iter(leaving[root]))]
        while path:
            node, ahead = path[-1]
            number = next(ahead, _NONE)
            if number == _NONE:
                walking[node] = False
                path.pop()
                continue
            target = arcs[number].target
            flipped[number] = walking[target]
            if not seen[target]:
                seen[target] = walking[target] = True
                path.append((target, iter(leaving[target])))
    return flipped


def _topological(above: Sequence[Sequence[int]], below: Sequence[Sequence[int]]) -> list[int]:
    waiting = [len(each) for each in above]
    order = [node for node, number in enumerate(waiting) if not number]
    for node in order:
        for each in below[node]:
            waiting[each] -= 1
            if not waiting[each]:
                order.append(each)
    return order
