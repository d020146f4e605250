"""The effort of an event loop: lines of Python, which are the same on every machine."""

import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import anyio
import trio

__all__ = ["most_effort_of_a_round"]


class _Rounds(trio.abc.Instrument):
    """Counts lines, round by round; in one round trio runs its tasks in any order.

    Attributes:
        most: lines of a round.
    """

    def __init__(self) -> None:
        self.most = 0
        self._lines = 0

    def end(self) -> None:
        """Begin another round."""
        self.most, self._lines = max(self.most, self._lines), 0

    def before_io_wait(self, timeout: float) -> None:  # noqa: ARG002 - see `trio.abc.Instrument`
        """Begin another round."""
        self.end()

    @contextmanager
    def counting(self) -> Generator[None]:
        """Count the lines of this thread."""
        before = sys.gettrace()
        sys.settrace(self._count)
        try:
            yield
        finally:
            sys.settrace(before)
            self.end()

    def _count(self, _frame: FrameType, _event: str, _arg: object) -> Any:
        self._lines += 1
        return self._count


async def most_effort_of_a_round(work: Callable[[], Awaitable[object]]) -> int:
    """The most lines that the event loop's thread runs in one round while something is done.

    Each turn of a loop within a line counts as one more, as that of a comprehension does.
    """
    rounds = _Rounds()

    async def beat() -> None:
        while True:
            rounds.end()
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        if trio.lowlevel.in_trio_run():
            trio.lowlevel.add_instrument(rounds)
        else:
            group.start_soon(beat)
        with rounds.counting():
            await work()
        if trio.lowlevel.in_trio_run():
            trio.lowlevel.remove_instrument(rounds)
        group.cancel_scope.cancel()
    return rounds.most
