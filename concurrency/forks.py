"""Descriptors that no forked child keeps, so that what they stand for ends with the process that opened them.

They are closed on `exec` as well, by their flag; this is about children that go on as copies, as those of
`multiprocessing` do. A fork in C that Python does not hear of keeps them.
"""

import ctypes
import os
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Final

__all__ = ["abandon", "close_in_children", "close_inherited", "keep_in_children", "no_fork"]

_PATIENCE: Final = 1.0  # seconds that a fork waits for a descriptor that is just being opened
_closers: Final[dict[Callable[[], None], None]] = {}


class _Gate:
    """A lock held while a descriptor is open and not yet known here, and while the process forks."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_forking = False

    @contextmanager
    def closed(self) -> Generator[None]:
        with self._mutex:
            yield

    def before(self) -> None:
        self._is_forking = self._mutex.acquire(timeout=_PATIENCE)

    def in_parent(self) -> None:
        if self._is_forking:
            self._mutex.release()

    def in_child(self) -> None:
        self._mutex = threading.Lock()
        while _closers:
            close, _ = _closers.popitem()
            with suppress(OSError):
                close()


_gate: Final = _Gate()
os.register_at_fork(before=_gate.before, after_in_parent=_gate.in_parent, after_in_child=_gate.in_child)


@contextmanager
def no_fork() -> Generator[None]:
    """No child is forked inside, where a descriptor is opened and `close_in_children` told of it."""
    with _gate.closed():
        yield


def close_in_children(close: Callable[[], None]) -> None:
    """Have a forked child call this, before it does anything else."""
    _closers[close] = None


def keep_in_children(close: Callable[[], None]) -> None:
    """Have it call this no more: the descriptor is closed."""
    _closers.pop(close, None)


def abandon(thing: object) -> None:
    """Keep a thing from ever being taken down, where that would do to its files what is its owner's to do."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def close_inherited(inherited: socket.socket) -> None:
    """Close a socket in a forked child, behind the back of an event loop that the child shares with its parent."""
    descriptor = inherited.detach()
    if descriptor >= 0:
        os.close(descriptor)
