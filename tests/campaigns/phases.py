"""Inside which phases a child is, told to its parent through shared memory, so that a kill can be placed there.

The storage's own functions are wrapped, for observation only. `WRAPPED` is all that this knows of its inside: a name
in it that does not exist stops the campaign at its start.
"""

import inspect
import mmap
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial, wraps
from importlib import import_module
from typing import Any, Final, NamedTuple

from argentos.storage import Record, SessionKey, Transitioned

STORE_PHASES: Final = ("accept", "file write", "compaction", "segment change", "deletion")
PHASES: Final = (*STORE_PHASES, "delivery")
OPENING: Final = "opening"
"""In which nothing can be acknowledged yet."""
FLUSHES: Final = ("fsync", "fdatasync")

WRAPPED: Final = {
    "argentos.storage.wal.journal:Journal.write": "accept",
    "argentos.storage.files.session_files:write": "file write",
    "argentos.storage.wal.journal:Journal.begin_segment": "segment change",
    "argentos.storage.wal.journal:Journal.drop": "segment change",
    "argentos.storage.wal.journal:Journal.forget": "deletion",
    "argentos.storage.file_store.deletion:Deletion._remove_files": "deletion",
    "argentos.storage.wal.journal:Journal.open": OPENING,
}
TELLS_WHAT_IS_DURABLE: Final = "argentos.actors.events:Events.publish"
SYSTEM_CALLS: Final = (
    *("open", "close", "write", "pwrite", "pwritev", "ftruncate", "posix_fallocate", "fchmod", "chmod"),
    *("fsync", "fdatasync", "mkdir", "rename", "replace", "link", "unlink", "rmdir"),
)
_CELLS: Final = 64
_WATCHED: Final = (*PHASES, OPENING)


class Board:
    """Cells in memory that a parent shares with its children.

    Attributes:
        started: for each session the highest message that a child began to send.
        begun: of the sessions made to be deleted, the last of which the deletion was begun, as its one element.
    """

    def __init__(self, sessions: int) -> None:
        cells = memoryview(mmap.mmap(-1, _CELLS * 8)).cast("Q")
        phases = len(_WATCHED)
        self._inside, self._entered, self._nanoseconds = (cells[each * phases :][:phases] for each in range(3))
        self._stalled, self._struck, self.begun = (cells[3 * phases + each :][:1] for each in range(3))
        self.started = cells[3 * phases + 3 :][:sessions]

    def clear(self) -> None:
        """A new child begins: it is in no phase yet."""
        for index in range(len(_WATCHED)):
            self._inside[index] = 0
        self._stalled[0] = self._struck[0] = 0

    def enter(self, phase: str) -> None:
        self._inside[_WATCHED.index(phase)] += 1

    def leave(self, phase: str, nanoseconds: int) -> None:
        index = _WATCHED.index(phase)
        self._inside[index] -= 1
        self._entered[index] += 1
        self._nanoseconds[index] += nanoseconds

    def is_inside(self, phase: str) -> bool:
        return self._inside[_WATCHED.index(phase)] > 0

    def inside(self) -> set[str]:
        """The phases that the child is in, or was in when it died."""
        return {phase for phase in PHASES if self.is_inside(phase)}

    def typical(self, phase: str) -> float:
        """Seconds that the phase has taken on average, and a thousandth before it was ever seen."""
        index = _WATCHED.index(phase)
        return self._nanoseconds[index] / self._entered[index] / 1e9 if self._entered[index] else 0.001

    def stall(self) -> None:
        """Tell the parent that the child waits for its end, and wait."""
        self._stalled[0] = 1
        time.sleep(30)

    @property
    def is_stalled(self) -> bool:
        return bool(self._stalled[0])

    def strike(self) -> None:
        """Tell the parent that the child is struck where it was aimed at."""
        self._struck[0] = 1

    @property
    def is_struck(self) -> bool:
        return bool(self._struck[0])


class Aim(NamedTuple):
    """Where a life is to end: inside a phase, before a system call, or some time after the phase began.

    Attributes:
        skip: system calls inside the phase that are let pass or, with a delay, entries.
        delay: in seconds.
        flushes: of the system calls only those count that flush what the phase has written.
    """

    phase: str
    skip: int
    delay: float | None = None
    flushes: bool = False


class Watch:
    """Keeps the board, and strikes where it was aimed at.

    Attributes:
        is_armed: nothing is struck before, for a life counts only once it has acknowledged something.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._lock = threading.Lock()
        self._compacting: dict[SessionKey, int] = {}
        self._strike: Callable[[], None] = board.stall
        self._aim: Aim | None = None
        self._left = 0
        self._here = threading.local()
        self.is_armed = False

    def install(self) -> None:
        """Wrap everything, in this process and those that it forks.

        Raises:
            AttributeError, ImportError: a name in the tables does not exist.
        """
        for name, phase in WRAPPED.items():
            _wrap(name, partial(self.during, phase))
        _wrap(TELLS_WHAT_IS_DURABLE, self._publishing)
        for name in SYSTEM_CALLS:
            if hasattr(os, name):  # macOS lacks some
                _wrap(f"os:{name}", partial(self._calling, name))

    def aim(self, aim: Aim | None, strike: Callable[[], None]) -> None:
        """Strike there, once armed: at once where that is before anything can be acknowledged."""
        self._aim, self._strike = aim, strike
        self._left = aim.skip if aim else 0
        self.is_armed = aim is not None and aim.phase == OPENING

    @contextmanager
    def during(self, phase: str, *_: object) -> Generator[None]:
        """The child is inside the phase."""
        self._enter(phase)
        before, self._here.phase = self._phase_here, phase
        begin = time.monotonic_ns()
        try:
            yield
        finally:
            self._here.phase = before
            self._leave(phase, begin)

    @property
    def _phase_here(self) -> str:
        """The phase that this thread is in, the innermost; those of other threads do not count."""
        return str(getattr(self._here, "phase", ""))

    @contextmanager
    def _publishing(self, _: object, key: SessionKey, records: tuple[Record, ...], *__: object) -> Generator[None]:
        for record in records:
            if isinstance(record, Transitioned) and record.target == "Compacted":
                self._compacting[key] = time.monotonic_ns()
                self._enter("compaction")
            elif isinstance(record, Transitioned) and key in self._compacting:
                self._leave("compaction", self._compacting.pop(key))
        yield

    @contextmanager
    def _calling(self, name: str, *_: object, **__: object) -> Generator[None]:
        aim = self._aim
        if self.is_armed and aim and aim.delay is None and self._is_meant(aim, name) and self._is_time():
            self._board.strike()
            self._strike()
        yield

    def _is_meant(self, aim: Aim, name: str) -> bool:
        if aim.flushes:
            return name in FLUSHES and self._phase_here == aim.phase
        return self._board.is_inside(aim.phase)

    def _enter(self, phase: str) -> None:
        with self._lock:
            self._board.enter(phase)
        aim = self._aim
        if self.is_armed and aim and aim.delay is not None and aim.phase == phase and self._is_time():
            threading.Thread(target=self._strike_after, args=[aim.delay], daemon=True).start()

    def _leave(self, phase: str, begin: int) -> None:
        with self._lock:
            self._board.leave(phase, time.monotonic_ns() - begin)

    def _is_time(self) -> bool:
        self._left -= 1
        return self._left == -1

    def _strike_after(self, seconds: float) -> None:
        time.sleep(seconds)
        self._strike()


def _wrap(name: str, around: Callable[..., Any]) -> None:
    """Have a function or method, `module:qualified.name`, called inside of `around` with the same arguments."""
    module, _, path = name.partition(":")
    *owners, attribute = path.split(".")
    owner: Any = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    function = getattr(owner, attribute)
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} is asynchronous: it would be left before it has done anything")

    @wraps(function)
    def wrapped(*args: Any, **options: Any) -> Any:
        with around(*args, **options):
            return function(*args, **options)

    setattr(owner, attribute, wrapped)
