"""Screens: where a reply is shown as it streams."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import click

from argentos.gateway.output import printable
from argentos.gateway.terminal.pieces import described
from argentos.llm import ApprovalWanted, CompactionFailed, Piece, Retrying, TextDelta, ThinkingDelta

__all__ = ["PlainScreen", "Screen"]


class Screen(ABC):
    """A place where one reply is shown, and what is to be known beside it.

    Attributes:
        has_begun: something of this attempt is on the screen.
    """

    def __init__(self) -> None:
        self._attempt: int | None = None
        self.has_begun: bool = False

    def show(self, piece: Piece, attempt: int) -> None:
        """Show a piece of the reply; what an earlier attempt had streamed counts no more."""
        if self.has_begun and self._attempt != attempt:
            self.begin_again()
            self.has_begun = False
        self._attempt = attempt
        if isinstance(piece, TextDelta):
            self.add_text(piece.text)
        elif isinstance(piece, ThinkingDelta):
            self.add_thought(piece.text)
        elif not isinstance(piece, Retrying):  # the session tells of a delay, also where the piece is of an hour ago
            self.add_line(described(piece), is_trouble=isinstance(piece, CompactionFailed | ApprovalWanted))

    @abstractmethod
    def add_text(self, text: str) -> None:
        """Go on with the text of the reply."""

    @abstractmethod
    def add_thought(self, text: str) -> None:
        """Go on with the model's thoughts."""

    @abstractmethod
    def add_line(self, line: str, *, is_trouble: bool = False) -> None:
        """Show a line of its own, as of a call; a printable one."""

    @abstractmethod
    def begin_again(self) -> None:
        """Say that what was shown so far is replaced by what follows."""

    @abstractmethod
    def end(self) -> None:
        """End what has begun, so that other things can be printed."""

    async def keep_moving(self) -> None:
        """Show that time passes, until cancelled."""
        await anyio.sleep_forever()

    @contextmanager
    def paused(self) -> Generator[None]:
        """Leave the terminal to a question."""
        self.end()
        yield


class PlainScreen(Screen):
    """Standard output, to which a reply is printed piece by piece: text plain, thoughts dim, calls of tools in a line.

    Where it is no terminal, it has the text alone; trouble is told on standard error.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_terminal = sys.stdout.isatty()
        self._line = ""  # the kind of line that has begun: text or thought

    def add_text(self, text: str) -> None:
        """See `Screen.add_text`."""
        self._go_on("text", printable(text))

    def add_thought(self, text: str) -> None:
        """See `Screen.add_thought`."""
        if self._is_terminal:
            self._go_on("thought", click.style(printable(text), dim=True))

    def add_line(self, line: str, *, is_trouble: bool = False) -> None:
        """See `Screen.add_line`."""
        if self._is_terminal or is_trouble:
            self.end()
            self.has_begun |= not is_trouble
            click.secho(line, dim=True, err=is_trouble)

    def begin_again(self) -> None:
        """See `Screen.begin_again`."""
        self.end()
        click.echo("(the reply begins again)")

    def _go_on(self, kind: str, text: str) -> None:
        if self._line != kind:
            self.end()
        self._line = kind
        self.has_begun: bool = True
        click.echo(text, nl=False)

    def end(self) -> None:
        """See `Screen.end`."""
        if self._line:
            click.echo()
        self._line = ""
