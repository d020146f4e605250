"""A bulkhead around models: they run in tasks of their own, for which nobody waits longer than he wants to.

A model is not ours. It may raise anything, cancel the task that it runs in, go on though it is cancelled, as one does
that waits for a thread, or keep the event loop to itself. So it runs in a task that belongs to no group: whoever waits
for it leaves when he is cancelled, and what the model does afterwards concerns nobody. At the end all of them are
waited for, for a time. What keeps the event loop cannot be helped, but is named.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import copy_context
from functools import partial
from typing import Any, Final, Generic, Self, TypeVar

import anyio

from argentos.concurrency.foreign_code import described, in_log, is_interrupt
from argentos.concurrency.waiter import new_waiter
from argentos.errors import ModelError
from argentos.llm import as_model_error

__all__ = ["Bulkhead"]

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)
_HOLDS_UP: Final = 0.1  # seconds in which nothing else runs
_LATE: Final = 1.0  # seconds that a task may take to end, once it is cancelled
_MOST_LEFT: Final = 1000  # tasks that go on though nobody waits for them


class Bulkhead:
    """Runs what models do: an async context manager, at whose end nothing of it is left, or is told of.

    Args:
        patience: seconds that tasks are waited for at the end.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._tasks: set[_Task[Any]] = set()
        self._left = 0
        self._until: float | None = None
        self._fewer: anyio.Event | None = None  # made by those who wait until a task has ended

    async def __aenter__(self) -> Self:
        """Begin with nothing; what an earlier run has left alone does not count."""
        self._tasks = set()
        self._left = 0
        self._until = None
        return self

    async def run(
        self,
        work: Callable[[], Coroutine[Any, Any, T]],
        name: str,
        hold: Callable[[Callable[[], object]], None] | None = None,
        scope: anyio.CancelScope | None = None,
    ) -> T:
        """Do the work in a copy of this context; it is cancelled, and left alone, with the caller.

        Args:
            work: does it.
            name: whose it is, for the log.
            hold: is told how to cancel the work, for callers that cancel it together with this.
            scope: for the work to run in; by default one of its own.

        Raises:
            ModelError: the work raised it or, as the cause, anything else; or it was cancelled, but not by the caller.
        """
        while self._left >= _MOST_LEFT:
            await self._one_fewer()
        task = _Task(work, name, self._ended, scope or anyio.CancelScope())
        self._tasks.add(task)
        task.begin()
        if hold is not None:
            hold(partial(self._leave, task))
        try:
            await task.over.wait()
        finally:
            self._leave(task)
        return task.result()

    def _leave(self, task: "_Task[Any]") -> None:
        if task.leave():
            self._left += 1

    def _ended(self, task: "_Task[Any]") -> None:
        if task in self._tasks:
            self._tasks.discard(task)
            self._left -= task.left_at is not None
            if self._fewer is not None:
                self._fewer.set()
                self._fewer = None

    async def _one_fewer(self) -> None:
        self._fewer = self._fewer or anyio.Event()
        await self._fewer.wait()

    async def end(self) -> None:
        """Cancel what still runs, and wait until it has ended; what has not in time is left alone."""
        for task in self._tasks:
            self._leave(task)
        now = anyio.current_time()
        self._until = now + self._patience if self._until is None else max(self._until, now + _LATE)
        async with anyio.create_task_group() as group:  # which waits for its tasks however often it is cancelled
            group.start_soon(self._wait, self._until)

    async def _wait(self, until: float) -> None:
        with anyio.CancelScope(deadline=until, shield=True):
            while self._tasks:
                await self._one_fewer()

    async def __aexit__(self, *_: object) -> None:
        """End everything, and tell of what does not."""
        await self.end()
        for task in self._tasks:
            _log.critical(
                "%s has not ended within %g s after the supervisor did, and is left alone", task.name, self._patience
            )


class _Task(Generic[T]):
    """Work in a task that belongs to no group.

    Attributes:
        over: it has ended.
        left_at: when nobody waited for it any more, though it had not ended.
    """

    def __init__(
        self,
        work: Callable[[], Coroutine[Any, Any, T]],
        name: str,
        ended: Callable[["_Task[Any]"], None],
        scope: anyio.CancelScope,
    ) -> None:
        self.name = name
        self.over = new_waiter()
        self.left_at: float | None = None
        self._work = work
        self._ended = ended
        self._scope = scope
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._native: asyncio.Task[None] | None = None  # the event loop holds tasks weakly

    def begin(self) -> None:
        """Have the event loop run it."""
        loop = _asyncio_loop()
        if loop is None:
            import trio  # noqa: PLC0415 - where it runs, it is there

            trio.lowlevel.spawn_system_task(self._run, name=self.name, context=copy_context())
            return
        self._native = loop.create_task(self._run(), name=self.name)
        self._native.add_done_callback(self._end)  # also where it was cancelled before it began

    async def _run(self) -> None:
        if self._native is not None:
            self._native.remove_done_callback(self._end)  # it begins, and so tells of its end itself
        try:
            if self.left_at is None:
                with self._scope:
                    self._results.append(await _Timed(self._work(), self.name))
        except BaseException as error:  # noqa: BLE001 - for whoever waits
            self._error = error
        self._end()

    def _end(self, _: object = None) -> None:
        if self.over.is_set():
            return
        self.over.set()
        self._native = None  # whose context may hold what holds this
        if self.left_at is not None:
            self._error = None  # nobody takes it
            if (late := anyio.current_time() - self.left_at) > _LATE:
                _log.warning("%s ended %.1f s after it was cancelled; what it said is not used", self.name, late)
        self._ended(self)

    def leave(self) -> bool:
        """Cancel it and wait for it no more; False if it has ended, or was left before."""
        if self.over.is_set() or self.left_at is not None:
            return False
        self.left_at = anyio.current_time()
        self._scope.cancel()
        return True

    def result(self) -> T:
        """The result, or its error; see `Bulkhead.run`."""
        if self._results:
            return self._results[0]
        error, self._error = self._error, None
        try:
            raise _failure(error, self.name) if error is None or not is_interrupt(error) else error
        finally:
            del error  # held by nothing that it holds: no garbage to collect


def _failure(error: BaseException | None, name: str) -> ModelError:
    if isinstance(error, ModelError):
        return as_model_error(error)
    if error is None or isinstance(error, anyio.get_cancelled_exc_class()):
        return ModelError("the model was cancelled from inside; ask again")
    _log.error("%s raised %s", name, in_log(error), exc_info=error)
    failure = ModelError(f"the model failed: {described(error)}")
    failure.__cause__ = error
    return failure


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    return None if task is None else task.get_loop()  # where trio is a guest of asyncio there is a loop, and no task


class _Timed(Awaitable[T]):
    """Work that tells when it keeps the event loop from everybody else."""

    def __init__(self, work: Coroutine[Any, Any, T], name: str) -> None:
        self._work = work
        self._name = name

    def __await__(self) -> Generator[Any, Any, T]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                awaited = self._step(value, error)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                value = error = None  # either may raise an error that would hold this frame, and be held by it
            try:
                value, error = (yield awaited), None
            except BaseException as thrown:  # noqa: BLE001 - thrown on into the work
                error = thrown

    def _step(self, value: Any, error: BaseException | None) -> Any:
        """Run the work up to where it waits next."""
        begun = time.perf_counter()
        try:
            return self._work.send(value) if error is None else self._work.throw(error)
        finally:
            del value, error
            if (seconds := time.perf_counter() - begun) > _HOLDS_UP:
                _log.warning(
                    "%s kept the event loop for %.1f s, in which no session was served; have it work in a thread",
                    self._name,
                    seconds,
                )
