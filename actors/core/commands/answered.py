"""Commands that are answered; each has the time at which it was given, and its place among the others."""

from datetime import datetime
from typing import Generic, TypeVar

from argentos.actors.core.reports import Arriving
from argentos.actors.scheduling import slots
from argentos.concurrency.waiter import Waiter, new_waiter
from argentos.errors import ArgentError

__all__ = ["Answered"]

T = TypeVar("T")


class Answered(Arriving, Generic[T]):
    """A command, and the answer to whoever gave it."""

    __slots__ = ("_answer", "_answered", "_error")

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self._answered: Waiter | None = None
        self._answer: T | None = None
        self._error: ArgentError | None = None

    def answer(self, value: T) -> None:
        """Done: this is the result."""
        self._answer = value
        if self._answered is not None:
            self._answered.set()

    def fail(self, error: ArgentError) -> None:
        """Not done, for this reason, unless it was answered before."""
        if self._answer is None:
            self._error = error
        if self._answered is not None:
            self._answered.set()

    async def answered(self) -> T:
        """Wait for the result."""
        if self._answer is None and self._error is None:
            self._answered = new_waiter()
            await slots.wait(self._answered)
        if self._error is not None:
            error, self._error = self._error, None
            try:
                raise error.copy()  # which others may be told, too
            finally:
                del error  # held by nothing that it holds: no garbage to collect, however many fail
        if self._answer is None:
            raise RuntimeError("a command was answered with nothing")
        return self._answer
