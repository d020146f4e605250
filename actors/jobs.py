"""The job that runs for a session: a turn or a compaction, one at a time."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import anyio

from argentos.actors.dispatcher import Dispatcher

__all__ = ["Jobs", "Tag"]

Tag: TypeAlias = tuple[str, int, int]
"""Which job: `("turn", turn, attempt)` or `("summary", sequence, 0)`."""


class Jobs:
    """Starts, cancels and recognises the job of one session."""

    __slots__ = ("_dispatcher", "_scope", "_tag")

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._tag: Tag | None = None
        self._scope: anyio.CancelScope | None = None

    @property
    def is_running(self) -> bool:
        """Whether a job was started that has neither reported nor been cancelled."""
        return self._tag is not None

    def start(self, tag: Tag, work: Callable[[], Awaitable[None]]) -> None:
        """Start a job in the place of any other, unless it is the one that runs."""
        if tag != self._tag:
            self.cancel()
            self._tag, self._scope = tag, anyio.CancelScope()
            self._dispatcher.submit(partial(_run, self._scope, work))

    def finish(self, tag: Tag) -> bool:
        """A job reports; False if that is not the one that runs, but one that was cancelled."""
        if tag != self._tag:
            return False
        self._tag = self._scope = None
        return True

    def cancel(self) -> None:
        """End the job, if one runs; its report will not be recognised."""
        if self._scope is not None:
            self._scope.cancel()
        self._tag = self._scope = None


async def _run(scope: anyio.CancelScope, work: Callable[[], Awaitable[None]]) -> None:
    with scope:
        await work()
