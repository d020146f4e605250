"""The effort of an event loop: lines of Python, which are the same on every machine."""

import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import anyio

__all__ = ["most_effort_of_a_round"]


async def most_effort_of_a_round(work: Callable[[], Awaitable[object]]) -> int:
    """The most lines that the event loop's thread runs in one round while something is done.

    Each turn of a loop within a line counts as one more, as that of a comprehension does.
    """
    most = lines = 0

    def count(_frame: FrameType, _event: str, _arg: object) -> Any:
        nonlocal lines
        lines += 1
        return count

    async def beat() -> None:
        nonlocal most, lines
        while True:
            most, lines = max(most, lines), 0
            await anyio.lowlevel.checkpoint()

    before = sys.gettrace()
    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await anyio.lowlevel.checkpoint()
        sys.settrace(count)
        try:
            await work()
        finally:
            sys.settrace(before)
        most = max(most, lines)
        group.cancel_scope.cancel()
    return most
