"""Losses of an import: nothing is lost without a line that says so."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

__all__ = ["LeftOut", "Losses", "grouped"]

_MOST_RANGES: Final = 12  # of lines, in a sentence for people


class LeftOut(Struct, frozen=True, omit_defaults=True):
    """A thing of a file that is not imported.

    Attributes:
        line: where it stands, from 1; the row of a database; 0 for the whole file.
        reason: what it is, or why it cannot be taken.
        place: where in the line, of files with all in one line; the session, of a database.
    """

    line: int
    reason: str
    place: str = ""


class Losses:
    """The list of what one reading of a file leaves out, each thing once."""

    def __init__(self) -> None:
        self._left_out: dict[LeftOut, None] = {}

    def __iter__(self) -> Iterator[LeftOut]:
        return iter(sorted(self._left_out, key=lambda each: each.line))

    def __len__(self) -> int:
        return len(self._left_out)

    def add(self, line: int, reason: str, place: str = "") -> None:
        """List something."""
        self._left_out[LeftOut(line, reason, place)] = None


def grouped(left_out: Iterable[LeftOut], thing: str = "line") -> Iterator[str]:
    """Sentences for people: each reason once, with its lines, or whatever things are numbered."""
    groups: dict[tuple[str, str], list[int]] = {}
    for each in left_out:
        groups.setdefault((each.reason, each.place), []).append(each.line)
    for (reason, place), lines in groups.items():
        where = [_lines(lines, thing)] if any(lines) else []  # 0 is the whole file
        where += [place] if place else []
        yield f"{', '.join(where)}: {reason}" if where else reason


def _lines(numbers: list[int], thing: str) -> str:
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    told = [f"{first}" if first == last else f"{first}-{last}" for first, last in ranges]
    more = f" and {len(told) - _MOST_RANGES} more places" if len(told) > _MOST_RANGES else ""
    word = thing if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else f"{thing}s"
    return f"{word} {', '.join(told[:_MOST_RANGES])}{more}"
