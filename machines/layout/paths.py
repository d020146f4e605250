"""Links as paths in the language of SVG: runs, joined by curves that leave and arrive straight."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from argentos.machines.layout.graph import Box, Link, Point, Run

__all__ = ["Path", "label_box", "number", "path_of"]

_NEAR: Final = 0.05
_BEND: Final = 0.5  # how far the ends of a curve reach, as a share of the way


class Path(NamedTuple):
    """A line with a tip.

    Attributes:
        data: in the language of SVG's paths.
        tip: where it ends.
        heading: the direction in which it does, as a unit.
    """

    data: str
    tip: Point
    heading: Point


def path_of(link: Link, *, short: float = 0.0, gap: bool = True) -> Path:
    """The path of a link.

    Args:
        link: the link, once arranged.
        short: how much of it is left out before its tip.
        gap: whether the label interrupts it.
    """
    runs = [run for run in link.runs if gap or not run.is_label] or link.runs
    last = runs[-1]
    end = Point(last.end.x - short * last.heading.x, last.end.y - short * last.heading.y)
    is_short = abs(last.end.x - last.start.x) + abs(last.end.y - last.start.y) < short
    runs[-1] = Run(end if is_short else last.start, end, last.heading)
    return Path("".join(_commands(runs)), last.end, last.heading)


def label_box(link: Link) -> Box | None:
    """The box of the label of a link; None where it has none."""
    if link.label is None:
        return None
    run = next(run for run in link.runs if run.is_label)
    x, y = (run.start.x + run.end.x) / 2, (run.start.y + run.end.y) / 2
    width, height = link.label
    return Box(x - width / 2, y - height / 2, width, height)


def _commands(runs: Sequence[Run]) -> Iterable[str]:
    at = runs[0].start
    yield f"M{_point(at)}"
    for previous, run in zip((runs[0], *runs), runs, strict=False):
        if not _is_near(at, run.start):
            yield _joined(at, previous.heading, run.start, run.heading)
            at = run.start
        if run.is_label:
            yield f"M{_point(run.end)}"
        elif not _is_near(at, run.end):
            yield f"L{_point(run.end)}"
        at = run.end


def _joined(start: Point, leaving: Point, end: Point, arriving: Point) -> str:
    """A line where both headings lie on it, else a curve."""
    x, y = end.x - start.x, end.y - start.y
    if abs(x * leaving.y - y * leaving.x) < _NEAR and abs(x * arriving.y - y * arriving.x) < _NEAR:
        return f"L{_point(end)}"
    near, far = abs(x * leaving.x + y * leaving.y) * _BEND, abs(x * arriving.x + y * arriving.y) * _BEND
    one = Point(start.x + leaving.x * near, start.y + leaving.y * near)
    other = Point(end.x - arriving.x * far, end.y - arriving.y * far)
    return f"C{_point(one)} {_point(other)} {_point(end)}"


def _is_near(one: Point, other: Point) -> bool:
    return abs(one.x - other.x) < _NEAR and abs(one.y - other.y) < _NEAR


def _point(point: Point) -> str:
    return f"{number(point.x)},{number(point.y)}"


def number(value: float) -> str:
    """A number with one digit behind the point, or none."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")
