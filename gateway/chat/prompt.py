"""The prompt of a chat: lines and answers, from an editor, a simple terminal or a pipe."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from argentos.gateway.terminal.lines import LineInput
from argentos.gateway.terminal.modes import forget_input, is_capable_terminal, keeping_input, lines_of_its_own

if TYPE_CHECKING:
    from argentos.gateway.terminal.editor import LineEditor

__all__ = ["Prompt"]


class Prompt:
    """A reader of lines: the editor of prompt_toolkit, where that is installed, else the terminal's own lines.

    Args:
        is_shown: lines are asked for, as of a person; a pipe is just read.
        commands: that a line may begin with, and what each does.
        below: gives the line below the prompt, where there is room for one.
    """

    def __init__(self, *, is_shown: bool, commands: Mapping[str, str], below: Callable[[], str]) -> None:
        self.is_shown = is_shown
        self._input = LineInput()
        self._editor = _editor(commands, below) if is_shown else None

    @property
    def is_edited(self) -> bool:
        """Lines are edited here; those of the terminal itself may be cut."""
        return self._editor is not None

    def remember(self, lines: Iterable[str]) -> None:
        """Have ↑ find these lines, the latest last."""
        if self._editor is not None:
            self._editor.remember(lines)

    async def read_line(self) -> str | None:
        """The next line; None at the end."""
        if self._editor is not None:
            return await self._editor.read_line()
        if self.is_shown:
            click.echo("> ", nl=False)
        return await self._input.read_line()

    async def ask(self, question: str) -> str | None:
        """The answer to a question, of which nothing was typed before it was asked; None where it is left open."""
        if self._editor is not None:
            return await self._editor.ask(question)
        forget_input()
        click.echo(question, nl=False)
        return await self._input.read_line()

    @contextmanager
    def open(self) -> Generator[None]:
        """Have the terminal treat all that is typed as this needs it."""
        if self._editor is not None:
            with keeping_input():
                yield
        elif self.is_shown:
            with lines_of_its_own():
                yield
        else:
            yield

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Keep what is typed meanwhile for the next line."""
        if self._editor is None:
            yield
            return
        with self._editor.keeping_keys():
            yield

    @property
    def ahead(self) -> str:
        """The text typed for the next line, where that is known."""
        return self._editor.kept if self._editor is not None else ""

    def end_line(self) -> None:
        """End the line of a prompt that was left."""
        if self.is_shown and self._editor is None:
            click.echo()


def _editor(commands: Mapping[str, str], below: Callable[[], str]) -> "LineEditor | None":
    if not is_capable_terminal() or not _is_installed("prompt_toolkit"):
        return None
    from argentos.gateway.terminal.editor import LineEditor  # noqa: PLC0415 - of an extra

    return LineEditor(commands, below)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # it is there, and broken
        return False
