"""Tables for people: aligned columns that fit the terminal."""

import os
import shutil
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import click

__all__ = ["Flexible", "cut", "fitted", "shortened", "table", "terminal_size", "terminal_width"]

_LONGEST_NAME: Final = 40  # columns of a terminal
_GAP: Final = "  "


class Flexible(NamedTuple):
    """A column whose cells are cut where there is no room for them, to so many columns of the terminal at least."""

    column: int
    least: int


def terminal_width() -> int | None:
    """The columns of the terminal; None where the output is none, and may be as wide as it likes."""
    return terminal_size().columns if sys.stdout.isatty() else None


def terminal_size() -> os.terminal_size:
    """The columns and lines of the output, or those that COLUMNS and LINES say."""
    usual = os.terminal_size((80, 24))
    with suppress(OSError, ValueError):
        usual = os.get_terminal_size(sys.stdout.fileno())
    return shutil.get_terminal_size(usual)


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """Columns, each as wide as its widest cell.

    Args:
        rows: the cells of each row, the headings included.
        right: the columns that are aligned at the right, as numbers are.
    """
    widths = _widths(rows)
    return "\n".join(
        _GAP.join(
            _padded(cell, width, at_right=column in right)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def fitted(
    rows: Sequence[Sequence[str]], width: int | None, flexible: Sequence[Flexible], *, right: Collection[int] = ()
) -> str:
    """A table that is not wider than this, if cutting the flexible columns, the first of them first, makes it so.

    Args:
        rows: see `table`.
        width: in columns of the terminal; None for as wide as it likes.
        flexible: the columns that may be cut.
        right: see `table`.
    """
    if width is None:
        return table(rows, right=right)
    widths = _widths(rows)
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    for column, least in flexible:
        taken = min(max(0, excess), max(0, widths[column] - least))
        widths[column] -= taken
        excess -= taken
    shortened_ones = {each.column for each in flexible}
    return table(
        [[cut(cell, widths[at]) if at in shortened_ones else cell for at, cell in enumerate(row)] for row in rows],
        right=right,
    )


def shortened(text: str) -> str:
    """The text; at a terminal, where a long one would push the columns apart, its beginning."""
    return cut(text, _LONGEST_NAME) if sys.stdout.isatty() else text


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]


def _padded(cell: str, width: int, *, at_right: bool) -> str:
    blanks = " " * (width - _width(cell))
    return blanks + cell if at_right else cell + blanks


def cut(text: str, width: int) -> str:
    """The text or, where it takes more columns of the terminal than these, its beginning."""
    from rich.cells import set_cell_size  # noqa: PLC0415 - only where something is cut

    return text if _width(text) <= width else f"{set_cell_size(text, width - 1).rstrip()}…"


def _width(cell: str) -> int:
    """The columns of a terminal that a text takes: two for a Chinese character, none for a combining accent."""
    if cell.isascii() and "\x1b" not in cell:
        return len(cell)
    from rich.cells import cell_len  # noqa: PLC0415 - most cells are plain

    return cell_len(click.unstyle(cell))
