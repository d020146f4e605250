"""Reading a text from left to right, with line and column."""

import re
from typing import Final, NoReturn

from argentos.errors import DiagramError
from argentos.machines.mermaid.elements import Place

__all__ = ["BLANKS", "Cursor"]

BLANKS: Final = " \t"

_SHOWN: Final = 60


class Cursor:
    """A position in a text; blanks at the ends of lines, and those after what was taken, are passed over.

    Args:
        text: with either kind of line end.
        file: the name that errors give.
    """

    def __init__(self, text: str, file: str) -> None:
        self.lines: list[str] = [line.rstrip() for line in text.split("\n")]
        self.file = file
        self.row: int = 0
        self.column: int = 0
        self._indent()

    @property
    def line(self) -> str:
        """The whole line."""
        return self.lines[self.row]

    @property
    def rest(self) -> str:
        """The rest of the line."""
        return self.line[self.column :]

    @property
    def shown(self) -> str:
        """The rest of the line for a sentence: in quotes, and cut where it is long."""
        rest = self.rest
        return repr(rest if len(rest) <= _SHOWN else f"{rest[:_SHOWN]}…")

    @property
    def at_line_end(self) -> bool:
        """Tell whether nothing is left of the line."""
        return self.column >= len(self.line)

    @property
    def at_line_start(self) -> bool:
        """Tell whether only blanks stand before."""
        return not self.line[: self.column].strip()

    @property
    def behind_blank(self) -> bool:
        """Tell whether a blank, or nothing, stands directly before."""
        return self.column == 0 or self.line[self.column - 1].isspace()

    @property
    def place(self) -> Place:
        """The place of the cursor."""
        return Place(self.row + 1, self.column + 1)

    @property
    def behind(self) -> Place:
        """The place after what was read last, on this line."""
        return Place(self.row + 1, len(self.line[: self.column].rstrip()) + 1)

    def sees(self, *marks: str) -> bool:
        """Tell whether one of the marks stands here."""
        return self.line.startswith(marks, self.column)

    def peek(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Match the pattern here, and stay."""
        return pattern.match(self.line, self.column)

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Match the pattern here, and pass over it and the blanks after it; None, and nothing passed, otherwise."""
        found = self.peek(pattern)
        if found is None:
            return None
        self.column = found.end()
        self._skip_blanks()
        return found[0]

    def take_line(self) -> str:
        """The rest of the line."""
        rest = self.rest
        self.column = len(self.line)
        return rest

    def take_to(self, mark: str) -> str | None:
        """The text up to the mark, on this line or a later one, with the mark passed; None if there is none."""
        parts: list[str] = []
        row, column = self.row, self.column
        while (found := self.lines[row].find(mark, column)) < 0:
            parts.append(self.lines[row][column:])
            row, column = row + 1, 0
            if row == len(self.lines):
                return None
        parts.append(self.lines[row][column:found])
        self.row, self.column = row, found + len(mark)
        self._skip_blanks()
        return "\n".join(parts)

    def next_line(self) -> bool:
        """Go to the first character of the next line; whether there is one."""
        if self.row + 1 == len(self.lines):
            return False
        self.row += 1
        self._indent()
        return True

    def refuse(self, problem: str, place: Place | None = None) -> NoReturn:
        """Raise the error, here or at the place given."""
        at = place or self.place
        line = self.lines[at.line - 1]
        text = line[at.column - 1 :] or line
        raise DiagramError(problem, file=self.file, line=at.line, column=at.column, text=text)

    def _indent(self) -> None:
        self.column = len(self.line) - len(self.line.lstrip())

    def _skip_blanks(self) -> None:
        while self.column < len(self.line) and self.line[self.column] in BLANKS:
            self.column += 1
