"""Processes forked from one that has imported everything, which takes milliseconds where starting Python takes 300."""

import logging
import os
import select
import signal
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

for _backend in ("asyncio", "trio"):  # anyio imports them when they are first run: each child would
    import_module(f"anyio._backends._{_backend}")

_log: Final = logging.getLogger(__name__)


class Child:
    """A process that does some work, and is heard through a pipe.

    Args:
        work: is given the end of the pipe to write to.
        trouble: the file to which the child logs its errors, and the traceback if the work raises.

    Attributes:
        heard: what it has written so far.
    """

    def __init__(self, work: Callable[[int], None], trouble: Path) -> None:
        self.heard = bytearray()
        self._ear, mouth = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._ear)
            _work(work, mouth, trouble)
        os.close(mouth)
        self._poll = select.poll()
        self._poll.register(self._ear, select.POLLIN)

    def listen(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> bool:
        """Listen so long, or until something is so, or the child's end; gives whether it has ended."""
        deadline = time.monotonic() + seconds
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if self._poll.poll(min(left * 1000, 1)) and not self._hear():
                return True
        return False

    def _hear(self) -> bool:
        data = os.read(self._ear, 65536)
        self.heard += data
        return bool(data)

    def hear_all(self) -> bytes:
        """What it has said up to now."""
        while self._poll.poll(0) and self._hear():
            pass
        return bytes(self.heard)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> int:
        """Hear the rest of a child that is ending; its status as `os.waitstatus_to_exitcode` gives it."""
        while self._hear():
            pass
        os.close(self._ear)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def _work(work: Callable[[int], None], mouth: int, trouble: Path) -> NoReturn:
    logging.basicConfig(filename=trouble, level=logging.ERROR)
    status = 1
    try:
        work(mouth)
        status = 0
    except BaseException:
        _log.exception("the child failed")
        raise
    finally:
        os._exit(status)  # nothing may return into the parent's code
