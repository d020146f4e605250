"""The points at which links leave and enter a node: as straight ahead as they can, apart from each other."""

from typing import Final, Literal

from argentos.machines.layout.positions import separated
from argentos.machines.layout.ranks import Item, Segment

__all__ = ["spread"]

_APART: Final = 16.0
_CORNER: Final = 12.0  # of a box, at which no link ends
_STEP: Final = 4.0


def spread(item: Item, side: Literal["above", "below"]) -> None:
    """Set the points of an item's segments at one side."""
    node = item.node
    if node is None or node.is_point:
        return
    segments = item.above if side == "above" else item.below
    fixed = [_at(each, side) for each in segments if _is_fixed(each, side)]
    free = sorted((each for each in segments if not _is_fixed(each, side)), key=lambda each: _ahead(each, side))
    first, last = node.before + _CORNER, node.before + node.across - _CORNER
    wanted = [_ahead(each, side) - item.at for each in free]
    places = _beside(fixed, wanted, first, last) if fixed else _even(wanted, first, last)
    for segment, place in zip(free, places, strict=True):
        if side == "above":
            segment.lower_at = place
        else:
            segment.upper_at = place


def _even(wanted: list[float], first: float, last: float) -> list[float]:
    """Places between the first and the last, near those that are wanted."""
    apart = min(_APART, (last - first) / max(len(wanted) - 1, 1))
    found = separated(wanted, [1.0] * len(wanted), [apart] * (len(wanted) - 1))
    room = last - apart * (len(wanted) - 1)
    return [min(max(place, first + apart * number), room + apart * number) for number, place in enumerate(found)]


def _beside(fixed: list[float], wanted: list[float], first: float, last: float) -> list[float]:
    """Places beside those that are taken, each as near as it can be to the wanted one."""
    taken, found = list(fixed), list[float]()
    steps = max(int((last - first) / _STEP), 1)
    slots = [first + (last - first) * number / steps for number in range(steps + 1)]
    for place in wanted:
        free = [slot for slot in slots if all(abs(slot - other) >= _CORNER for other in taken)] or slots
        slot = min(free, key=lambda each: abs(each - place))
        taken.append(slot)
        found.append(slot)
    return found


def _is_fixed(segment: Segment, side: Literal["above", "below"]) -> bool:
    return segment.is_lower_fixed if side == "above" else segment.is_upper_fixed


def _at(segment: Segment, side: Literal["above", "below"]) -> float:
    return segment.lower_at if side == "above" else segment.upper_at


def _ahead(segment: Segment, side: Literal["above", "below"]) -> float:
    """The place from which the segment comes, or to which it leads."""
    return segment.upper.at + segment.upper_at if side == "above" else segment.lower.at + segment.lower_at
