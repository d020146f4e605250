"""The place of a composite state's title: in its head, where no edge crosses it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from argentos.machines.layout import Box, Link

__all__ = ["title_at"]

_STEP: Final = 6.0
_CLEAR: Final = 5.0


def title_at(head: Box, width: float, links: Iterable[Link]) -> float:
    """The middle of the title, as near to that of the head as edges leave room; there itself if they leave none."""
    middle = head.x + head.width / 2
    crossed = sorted(_crossings(head, links))
    slack = (head.width - width) / 2 - _CLEAR
    steps = int(max(slack, 0) / _STEP)
    for step in sorted(range(-steps, steps + 1), key=lambda each: (abs(each), each)):
        at = middle + step * _STEP
        if _is_free(at - width / 2 - _CLEAR, at + width / 2 + _CLEAR, crossed):
            return at
    return middle


def _is_free(left: float, right: float, crossed: Sequence[tuple[float, float]]) -> bool:
    return all(end < left or begin > right for begin, end in crossed)


def _crossings(head: Box, links: Iterable[Link]) -> Iterator[tuple[float, float]]:
    """The parts of the head that links run through, from left to right."""
    for link in links:
        points = [point for run in link.runs for point in (run.start, run.end)]
        for one, other in pairwise(points):
            left, right = min(one.x, other.x), max(one.x, other.x)
            top, bottom = min(one.y, other.y), max(one.y, other.y)
            if left < head.x + head.width and right > head.x and top < head.y + head.height and bottom > head.y:
                yield left, right
