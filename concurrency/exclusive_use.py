"""A guard of something that is used by one context at a time, in the process that opened it."""

import os
import threading

from argentos.errors import ArgentError, StoreBusyError, StoreError, WrongEventLoopError

__all__ = ["ExclusiveUse"]


class ExclusiveUse:
    """A guard that lets one in at a time, and nobody in a forked child, which has no tasks and no threads for it.

    Args:
        name: what it leads to, for the sentences of errors.
        closed: the error for a forked child.
        of_one_loop: whether it is to be used in the thread of its event loop only.
    """

    def __init__(self, name: str, closed: type[ArgentError] = StoreError, *, of_one_loop: bool = False) -> None:
        self._name = name
        self._of_one_loop = of_one_loop
        self._thread = 0
        self._closed = closed
        self._process: int | None = None

    def enter(self) -> None:
        """Take the place of the one inside.

        Raises:
            StoreBusyError: somebody is inside.
            ArgentError: see `check`.
        """
        self.check()
        if self._process is not None:
            raise StoreBusyError(
                f"{self._name} is open already in this process; use what is open, or enter this again once it was left"
            )
        self._process = os.getpid()
        self._thread = threading.get_ident()

    def leave(self) -> None:
        """Make room for the next."""
        self._process = None

    def check(self) -> None:
        """Refuse a forked child, and other threads where it is of one event loop.

        Raises:
            ArgentError: of the kind `closed`: it was opened in another process, of which this one is a copy.
            WrongEventLoopError: this is not the thread of its event loop.
        """
        if self._process not in {None, os.getpid()}:
            raise self._closed(
                f"{self._name} was opened by process {self._process}, of which this one ({os.getpid()}) is a forked"
                " child; it stays open there: ask that process, or have the child begin before it is opened"
            )
        if self._of_one_loop and self._process is not None and self._thread != threading.get_ident():
            raise WrongEventLoopError(
                f"{self._name} runs in the event loop of another thread; have that call it, by an"
                " anyio.from_thread.BlockingPortal that is opened beside it: portal.call(session.ask, 'hello')"
            )
