"""Cancelling a task at any of the moments at which it, or whatever else runs, hands control back to the event loop."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeVar

import anyio
import trio

__all__ = ["Cut", "Followed", "How", "Suspensions", "hows", "moments", "suspensions"]

T = TypeVar("T")


class How(Enum):
    """How a task is cancelled: by a scope around it, or by the host framework, once or again and again."""

    NATIVE = "native"
    TWICE = "twice"
    SCOPE = "scope"


def hows(backend: str) -> tuple[How, ...]:
    """Trio knows no cancellation but scopes."""
    return tuple(How) if backend == "asyncio" else (How.SCOPE,)


def moments(how: How, stride: int) -> Iterator[int]:
    """Every so manyth moment, without end; each way to cancel has others."""
    return itertools.count(1 + [*How].index(how) % stride, stride)


class Suspensions:
    """Counts suspensions, and does something at one of them.

    Attributes:
        count: how many there have been.
    """

    def __init__(self) -> None:
        self.count = 0
        self._at = 0
        self._action: Callable[[], None] | None = None

    def then(self, suspensions: int, action: Callable[[], None]) -> None:
        """Do something after so many more."""
        self._at = self.count + suspensions
        self._action = action

    def forget(self) -> None:
        """Do nothing any more."""
        self._action = None

    def tell(self) -> None:
        """There was one."""
        self.count += 1
        if self._action is not None and self.count >= self._at:
            action, self._action = self._action, None
            action()


class Followed(Coroutine[Any, Any, T]):
    """A coroutine that tells of each of its suspensions."""

    def __init__(self, work: Coroutine[Any, Any, T], tell: Callable[[], None]) -> None:
        self._work = work
        self._tell = tell

    def send(self, value: Any, /) -> Any:
        awaited = self._work.send(value)
        self._tell()
        return awaited

    def throw(self, *error: Any) -> Any:
        awaited = self._work.throw(*error)
        self._tell()
        return awaited

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, T]:
        resume: Callable[[Any], Any] = self.send
        value: Any = None
        while True:
            try:
                awaited = resume(value)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                resume, value = self.send, (yield awaited)
            except BaseException as error:  # noqa: BLE001 - the coroutine is told of whatever it is
                resume, value = self.throw, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)  # whether it has begun is asked of `cr_frame` and others


class _Steps(trio.abc.Instrument):
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def after_task_step(self, task: trio.lowlevel.Task) -> None:  # noqa: ARG002 - whichever it is
        self._tell()


@contextmanager
def suspensions(backend: str) -> Generator[Suspensions]:
    """Count the suspensions of every task that is begun inside, and on trio of those begun before, too."""
    counted = Suspensions()
    if backend == "trio":
        instrument = _Steps(counted.tell)
        trio.lowlevel.add_instrument(instrument)
        try:
            yield counted
        finally:
            trio.lowlevel.remove_instrument(instrument)
        return
    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()

    def make(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], **options: Any) -> "asyncio.Task[T]":
        return asyncio.Task(Followed(work, counted.tell), loop=loop, **options)

    loop.set_task_factory(make)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    try:
        yield counted
    finally:
        loop.set_task_factory(before)


class Cut:
    """A piece of work in a task of its own, that may be cancelled from outside.

    Attributes:
        was_cancelled: it was asked to end before it did.
        is_done: it came to its end all the same.
    """

    def __init__(self, how: How) -> None:
        self.was_cancelled = False
        self.is_done = False
        self._how = how
        self._scope = anyio.CancelScope()
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    def cancel(self) -> None:
        """End it, if it has not ended."""
        if self._ended:
            return
        self.was_cancelled = True
        if self._how is How.SCOPE:
            self._scope.cancel()
        elif self._task is not None:
            self._task.cancel()

    async def run(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it; returns when it has ended, whichever way."""
        if self._how is How.SCOPE:
            await self._run_scoped(work)
        else:
            self._task = asyncio.get_running_loop().create_task(self._run_scoped(work))
            await asyncio.wait((self._task,))
            if not self._task.cancelled():
                self._task.result()

    async def _run_scoped(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            with self._scope:
                await work()
                self.is_done = True
        finally:
            self._ended = True
