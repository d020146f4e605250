"""The two tasks of an open store: the journal is committed, and files follow it."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import anyio
from anyio.abc import TaskGroup

from argentos.concurrency.foreign_code import tolerated
from argentos.concurrency.threads import Runner
from argentos.storage.file_store.writer import FileWriter
from argentos.storage.wal.committer import Committer

__all__ = ["Background"]

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)


class Background:
    """The tasks, shielded, for they end what they began: only closing ends them.

    Args:
        path: of the state directory, for the log.
        patience: seconds that a disk which does not answer is waited for, once the store is being closed.
    """

    def __init__(self, path: Path, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._scopes: list[anyio.CancelScope] = []
        self._is_closing = False

    def watched(self, run: Runner) -> Runner:
        """A runner whose calls show, when they end, that the disk answers."""

        async def run_watched(function: Callable[[], T], /) -> T:
            try:
                return await run(function)
            finally:
                if self._is_closing:
                    self._extend()

        return run_watched

    def start(self, group: TaskGroup, committer: Committer, writer: FileWriter) -> None:
        """Start the tasks."""
        self._is_closing = False
        commits, writes = self._scopes = [anyio.CancelScope(shield=True), anyio.CancelScope(shield=True)]

        async def commit() -> None:
            try:
                with commits:
                    await committer.run()
            finally:
                writer.close()

        async def write() -> None:
            with writes:
                await writer.run()
                with tolerated(f"closing the store in {self._path}"):  # what is not in files is in the journal
                    await writer.finish()
            if writes.cancelled_caught:
                _log.critical(
                    "%s was closed though the disk does not answer; what was acknowledged is in the journal, and the"
                    " files follow when it is opened again",
                    self._path,
                )

        group.start_soon(commit, name="argentos journal")
        group.start_soon(write, name="argentos files")

    def close(self) -> None:
        """Bound the tasks: from now on the disk has to answer in time."""
        self._is_closing = True
        self._extend()

    def _extend(self) -> None:
        for scope in self._scopes:
            scope.deadline = anyio.current_time() + self._patience
