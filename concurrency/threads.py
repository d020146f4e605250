"""Runners of blocking calls: threads or, for a simulation with virtual time, the event loop itself.

A thread that hangs in a system call, as on a disk that has gone away, cannot be ended. So the threads are daemons, for
which no process waits at its end, and whoever is cancelled waits for what it began only so long.
"""

import asyncio
import logging
import math
import os
import queue
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import anyio
import anyio.lowlevel
from anyio.lowlevel import RunVar

from argentos.concurrency.waiter import Waiter, new_waiter

__all__ = ["Runner", "Threads", "free", "in_thread", "in_thread_if", "inline", "shielded", "soon", "threads"]

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)
_KEPT: Final = 10.0  # seconds that a thread without work is kept
_FREED: Final = 1000  # objects, in some tenths of a millisecond
_AT_ONCE: Final = 4  # each thread has a heap of its own in the C library, which grows to the largest thing it ever did


class Runner(Protocol):
    """Runs a blocking function and gives its result."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]:
        """Run it."""
        ...


class Threads:
    """Threads of its own, so that whatever else fills anyio's default ones cannot hold up the store.

    However the caller is cancelled, it gets to know only when nothing is being done any more, or when its patience has
    ended: then the thread is left alone with what it does.

    Args:
        patience: seconds that a cancelled caller waits for what it has begun.
        subject: whom it waits for, in the log.
    """

    def __init__(self, patience: float = math.inf, subject: str = "the disk") -> None:
        self._patience = patience
        self._subject = subject
        self._mutex = threading.Lock()
        self._alone: set[_Call[Any]] = set()
        self._at_rest: list[Callable[[], None]] = []

    def runner(self, limit: int = _AT_ONCE) -> Runner:
        """Runs so many calls at a time; those that were left alone do not count."""
        limiter: list[anyio.CapacityLimiter] = []  # made in the event loop that uses it

        async def run(function: Callable[[], T], /) -> T:
            if not limiter:
                limiter.append(anyio.CapacityLimiter(limit))
            await anyio.lowlevel.checkpoint_if_cancelled()
            try:
                limiter[0].acquire_nowait()
            except anyio.WouldBlock:
                await limiter[0].acquire()
            try:  # a round of the event loop sooner than with `async with limiter[0]`
                return await self._run(function)
            finally:
                limiter[0].release()

        return run

    def at_rest(self, then: Callable[[], None]) -> None:
        """Do something once no thread is left alone any more: now, or in the last such thread, when it has ended."""
        with self._mutex:
            if self._alone:
                self._at_rest.append(then)
                return
        then()

    async def _run(self, function: Callable[[], T]) -> T:
        call: _Call[T] = _Call(function, self._ended)
        _start(call)
        try:
            await call.told.wait()
        finally:
            if not call.told.is_set():
                await self._give_up(call)
        return call.result()

    async def _give_up(self, call: "_Call[Any]") -> None:
        try:
            await call.wait(self._patience)
        finally:  # which is cancelled, whoever has waited
            self._leave_alone(call)

    def _leave_alone(self, call: "_Call[Any]") -> None:
        with self._mutex:
            if call.is_over:
                return
            self._alone.add(call)
        _log.critical(
            "%s does not answer: %s has not returned %g s after it was given up; its thread is left alone",
            self._subject,
            call.name,
            self._patience,
        )

    def _ended(self, call: "_Call[Any]") -> None:
        """End, in the thread."""
        with self._mutex:
            call.is_over = True
            if call not in self._alone:
                return
            self._alone.discard(call)
            due, self._at_rest = ([], self._at_rest) if self._alone else (self._at_rest, [])
        _log.warning("%s answers again: %s has returned", self._subject, call.name)
        for then in due:
            then()


def threads(limit: int = _AT_ONCE) -> Runner:
    """Threads that are waited for, however long that takes."""
    return Threads().runner(limit)


async def in_thread_if(is_long: bool, work: Callable[[], T], /) -> T:  # noqa: FBT001 - it reads as a sentence
    """The result of a computation, from a thread where that takes long."""
    return await in_thread(work) if is_long else work()


async def in_thread(work: Callable[[], T], /) -> T:
    """The result of a computation in a thread, while the event loop goes on; a few are made at a time."""
    try:
        run = _computing.get()
    except LookupError:
        _computing.set(run := threads())
    return await run(work)


_computing: Final[RunVar[Runner]] = RunVar("argentos computing")


class _Call(Generic[T]):
    """A function that runs in a thread.

    Attributes:
        told: its end is known in the event loop.
        is_over: it has ended.
    """

    def __init__(self, function: Callable[[], T], ended: "Callable[[_Call[T]], None]") -> None:
        self.told: Waiter = new_waiter()
        self.is_over = False
        self._function = function
        self._ended = ended
        self._soon = soon()
        self._results: list[T] = []
        self._error: BaseException | None = None

    @property
    def name(self) -> str:
        """The name of the function."""
        function = getattr(self._function, "func", self._function)
        return str(getattr(function, "__qualname__", function))

    def __call__(self) -> None:
        """Run it; in the thread."""
        try:
            self._results.append(self._function())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._error = error
        self._ended(self)
        with suppress(RuntimeError):  # the event loop has ended, and nobody waits any more
            self._soon(self._tell)

    def _tell(self) -> None:
        self.told.set()

    async def wait(self, patience: float) -> None:
        """Wait once more until it has ended, but not longer than so many seconds."""
        self.told = new_waiter()
        async with anyio.create_task_group() as group:  # which waits for its tasks however often it is cancelled
            group.start_soon(self._wait, patience)

    async def _wait(self, patience: float) -> None:
        with anyio.move_on_after(patience, shield=True):
            await self.told.wait()

    def result(self) -> T:
        """The value it gave, or the error it raised."""
        if self._error is not None:
            error, self._error = self._error, None
            try:
                raise error
            finally:
                del error  # held by nothing that it holds: no garbage to collect
        return self._results[0]


class _TrioToken(Protocol):
    def run_sync_soon(self, function: Callable[[], object], /) -> None: ...


def soon() -> Callable[[Callable[[], object]], object]:
    """A function with which another thread has the event loop that runs now do something.

    With `anyio.from_thread` the thread would wait for it, and so for the interpreter once more.
    """
    loop = anyio.lowlevel.current_token().native_token
    if isinstance(loop, asyncio.AbstractEventLoop):
        return loop.call_soon_threadsafe
    return cast("_TrioToken", loop).run_sync_soon


class _Worker:
    """A thread that does one thing after another."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="argentos thread", daemon=True).start()

    def do(self, work: Callable[[], None]) -> None:
        """Do this next."""
        self._work.put(work)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            work()
            del work  # nothing that was done is kept while there is nothing to do
            _idle.append(self)

    def _next(self) -> Callable[[], None] | None:
        try:
            return self._work.get(timeout=_KEPT)
        except queue.Empty:
            try:
                _idle.remove(self)
            except ValueError:  # somebody has work for it, just now
                return self._work.get()
            return None


_idle: Final[list[_Worker]] = []
os.register_at_fork(after_in_child=_idle.clear)  # a child has none of the threads


def _start(work: Callable[[], None]) -> None:
    try:
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
    worker.do(work)


def free(objects: list[Any]) -> None:
    """Empty a list of objects that nobody else may have: many in a thread, and a few at a time.

    Whatever lets go of a hundred thousand at once holds up all threads for some 20 ms.
    """
    if len(objects) > _FREED:
        _start(partial(_empty, objects))
    else:
        objects.clear()


def _empty(objects: list[Any]) -> None:
    while objects:
        del objects[-_FREED:]


async def inline(function: Callable[[], T], /) -> T:
    """Run it in the event loop itself: slower for many, deterministic for all."""
    return function()


@asynccontextmanager
async def shielded(patience: float) -> AsyncGenerator[None]:
    """End what is begun inside, though the caller is cancelled; but from then on within so many seconds."""
    raised: Exception | None = None
    async with anyio.create_task_group() as group:
        with anyio.CancelScope(shield=True) as scope:
            group.start_soon(_limit_once_cancelled, scope, patience)
            try:
                yield
            except Exception as error:  # noqa: BLE001 - raised as it is, and not in a group
                raised = error
        group.cancel_scope.cancel()
    if raised is not None:
        raise raised


async def _limit_once_cancelled(scope: anyio.CancelScope, patience: float) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        scope.deadline = anyio.current_time() + patience
