"""Medians, targets and tables."""

import math
import statistics
from collections.abc import Iterable, Sequence

from msgspec import Struct

__all__ = ["Target", "median", "short", "table", "targets_table"]


def median(values: Iterable[float]) -> float:
    """The median; NaN of nothing."""
    return statistics.median([*values] or [float("nan")])


class Target(Struct, frozen=True):
    """A promise, and what was measured.

    Attributes:
        bound: what `value` must reach, or stay within if `is_limit`.
    """

    what: str
    value: float
    bound: float
    is_limit: bool = False

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or `not measured`."""
        if math.isnan(self.value):
            return "not measured"
        is_met = self.value <= self.bound if self.is_limit else self.value >= self.bound
        return "met" if is_met else "missed"


def short(value: float) -> str:
    """A number with the digits that matter: `12,345`, `123`, `12.3`, `1.23`, `0.123`."""
    if math.isnan(value):
        return "–"
    size = abs(value)
    digits = next((digits for least, digits in ((100, 0), (10, 1), (1, 2)) if size >= least), 3)
    return f"{value:,.{digits}f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown that can be read as it is: the first column to the left, numbers to the right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    aligned = [
        [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        for line in (lines[0], rule, *lines[1:])
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in aligned)


def targets_table(targets: Iterable[Target]) -> str:
    """The promises beside what was measured."""
    return table(
        ("target", "bound", "measured", ""),
        (
            (
                target.what,
                f"{'≤' if target.is_limit else '≥'} {target.bound:g}",
                short(target.value),
                target.verdict,
            )
            for target in targets
        ),
    )
