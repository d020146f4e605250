"""Bars on standard error that show how far long work has come, where that is a terminal."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from argentos.gateway.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bar", "progress"]


class Bar:
    """A bar that may be shown, or not.

    Args:
        progress: Rich's; None where nothing is shown.
        what: the work.
        total: of the steps; None where nobody knows.
    """

    def __init__(self, progress: "Progress | None", what: str, total: float | None) -> None:
        self._progress = progress
        self._task: TaskID | None = None if progress is None else progress.add_task(what, total=total)

    def advance(self, steps: float = 1) -> None:
        """Tell of steps that were taken."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, steps)

    def reach(self, completed: float, what: str) -> None:
        """Tell how many steps were taken so far, and what the work is at."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=completed, description=what)

    def expect(self, total: float) -> None:
        """Tell how many steps there are, once that is known."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=total)


@contextmanager
def progress(settings: Settings, what: str, total: float | None = None, *, hidden: bool = False) -> Generator[Bar]:
    """Show a bar while work is done, and remove it in the end; programs, and readers of a log, are shown none.

    Args:
        settings: of the command.
        what: the work, as "Reading".
        total: how many steps it has; without, the bar just moves.
        hidden: show none here, either.
    """
    if hidden or settings.json or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield Bar(None, what, total)
        return
    from rich.console import Console  # noqa: PLC0415 - only where a bar is drawn
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Bar(shown, what, total)
