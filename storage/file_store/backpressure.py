"""Backpressure: appends slow down, and are refused, where the files cannot follow the journal."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from argentos.errors import StoreFullError
from argentos.storage.wal.journal import Journal

__all__ = ["Backpressure"]


class Backpressure:
    """Bound the journal.

    Args:
        path: of the state directory, for the sentences of errors.
        journal: the one to bound.
        limit: its bytes at which appends are refused.
    """

    def __init__(self, path: Path, journal: Journal, limit: int) -> None:
        self._path = path
        self._journal = journal
        self._limit = limit

    @property
    def long_journal(self) -> int:
        """Bytes of journal from which sessions are written only to make it shorter."""
        return self._limit // 4

    @property
    def is_long(self) -> bool:
        """Tell whether the journal is that long."""
        return self._journal.size > self.long_journal

    async def slow_down(self, progress: Callable[[], Awaitable[None]]) -> None:
        """Wait for progress, the longer the nearer the limit is, at most a second.

        Raises:
            StoreFullError: it is reached.
        """
        half = self._limit // 2
        if self._journal.size > half:
            with anyio.move_on_after((self._journal.size - half) / half):
                await progress()
        if (full := self.failure) is not None:
            raise full

    @property
    def failure(self) -> StoreFullError | None:
        """The error that refuses appends; None while none does."""
        if self._journal.size < self._limit:
            return None
        return StoreFullError(
            f"the journal in {self._path} has reached {self._limit >> 20} MiB, for the files cannot follow; nothing"
            " was accepted: send again later"
        )
