"""What a model of the user does to the task that it runs in stays with the model.

On asyncio anybody can cancel a task, also the one that is running: `asyncio.current_task().cancel()`. A cancellation
from inside is told apart by when it comes: while the model's own code runs. The host's, and anyio's, come while that
code waits. Where that is not certain, it counts as the host's. On trio a cancellation belongs to its scope.
"""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

import anyio.lowlevel

from argentos.errors import ModelError

__all__ = ["contained"]

T = TypeVar("T")


async def contained(work: Coroutine[Any, Any, T]) -> T:
    """What the work gives.

    Raises:
        ModelError: it was cancelled, though nobody but itself cancelled it.
    """
    task = _current_task()
    if task is None:
        return await work
    watched = _Watched(work, task)
    try:
        return await watched
    except asyncio.CancelledError:
        watched.forgive()
        if watched.is_cancelled_by_others:
            await anyio.lowlevel.checkpoint()  # a scope's arrives here, under its own name
            raise
        raise ModelError("the model was cancelled from inside; ask again") from None
    finally:
        await watched.settle()


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # this is trio
        return None


class _Watched(Generic[T]):
    """Work that counts how often it cancels the task that it runs in."""

    def __init__(self, work: Coroutine[Any, Any, T], task: asyncio.Task[Any]) -> None:
        self._work = work
        self._task = task
        self._before = task.cancelling()
        self._own = 0

    @property
    def is_cancelled_by_others(self) -> bool:
        """Somebody else cancelled the task meanwhile."""
        return self._task.cancelling() > self._before + self._own

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
                error = None  # which may be raised again, and would hold this frame, and be held by it
            try:
                value, error = (yield awaited), None
            except BaseException as thrown:  # noqa: BLE001 - thrown on into the work
                error = thrown

    def _step(self, value: Any, error: BaseException | None) -> Any:
        """Run the work up to where it waits next."""
        before = self._task.cancelling()
        try:
            return self._work.send(value) if error is None else self._work.throw(error)
        finally:
            del error
            self._own += max(0, self._task.cancelling() - before)

    def forgive(self) -> None:
        """Take back what it did to the task."""
        for _ in range(min(self._own, self._task.cancelling() - self._before)):
            self._task.uncancel()
        self._own = 0

    async def settle(self) -> None:
        """Forgive what has not arrived yet, as where the work ended without waiting any more."""
        if not self._own:
            return
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if self.is_cancelled_by_others:
                raise
        finally:
            self.forgive()
