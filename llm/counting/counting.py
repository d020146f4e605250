"""Token counting beside the event loop: a counter of the host's may be slow, raise anything, or never return."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Final, TypeVar

import anyio

from argentos.concurrency.foreign_code import described, is_interrupt
from argentos.concurrency.threads import Threads, soon
from argentos.errors import CallbackError, SupervisorStoppedError
from argentos.llm.checks import as_count
from argentos.llm.counting.content import count_content, count_texts, texts_of
from argentos.llm.counting.tokens import TokenCounter, count_tokens, is_loaded
from argentos.storage import Content, has_bytes

__all__ = ["Counting", "show_life"]

T = TypeVar("T")

QUICK: Final = 20_000
"""Characters that `count_tokens` counts in some milliseconds."""

_OURS_AT_ONCE: Final = 2  # that compute
_THEIRS_AT_ONCE: Final = 32  # that may wait for something
_LONGEST: Final = 60.0  # seconds
_SIGNS: Final = 1.0  # seconds between two signs of life
_PATIENCE: Final = 1.0  # seconds


class Counting:
    """Counts tokens in threads of its own, short texts in the event loop.

    The counter runs in the context of `open`, and in that of no request.

    Args:
        count: counts the tokens of a text.
        inline: the most characters of a text that is counted in the event loop; by default 20,000 for `count_tokens`,
            and for a counter of the host's none at all.
        timeout: seconds that it has for a text.

    Attributes:
        is_ours: it is `count_tokens`, and so no model's own.
    """

    def __init__(self, count: TokenCounter, inline: int | None = None, timeout: float = _LONGEST) -> None:
        self.is_ours: bool = count is count_tokens
        self._count = count
        self._inline = inline if inline is not None else QUICK if self.is_ours else 0
        self._run = Threads(_PATIENCE, "the counter").runner(_OURS_AT_ONCE if self.is_ours else _THEIRS_AT_ONCE)
        self._timeout = timeout
        self._waits: set[_Wait] = set()
        self._context = copy_context()

    def open(self) -> None:
        """Count in this context from now on."""
        self._context = copy_context()

    def close(self) -> None:
        """Wait for nothing any more that is being counted."""
        for wait in self._waits:
            wait.close()

    async def warm(self) -> None:
        """Load what `count_tokens` needs, which takes a third of a second, and in a thread."""
        if self.is_ours:
            await self._run(partial(count_tokens, ""))

    async def tokens(self, text: str) -> int:
        """The tokens of a text.

        Raises:
            CallbackError: the counter raised, or gave no answer in time.
            SupervisorStoppedError: this was closed meanwhile.
        """
        if self.is_quick(len(text)):
            return self._context.copy().run(self, text)
        return await self.run(partial(self, text))

    async def content(self, content: Content) -> int:
        """The tokens of a message's content; see `tokens`."""
        if isinstance(content, str):
            return await self.tokens(content)
        if not has_bytes(content) and self.is_quick(sum(map(len, texts := texts_of(content)))):
            return self._context.copy().run(count_texts, texts, content, self)
        return await self.run(partial(count_content, content, self))

    def is_quick(self, characters: int) -> bool:
        """Tell whether texts of so many characters together may be counted in the event loop."""
        return characters <= min(self._inline, QUICK) and (is_loaded() or not self.is_ours)

    async def run(self, function: Callable[[], T]) -> T:
        """The result of a function that counts, in a thread; each text counted is a sign of life.

        Raises:
            CallbackError: the counter gave no answer in time.
            SupervisorStoppedError: this was closed meanwhile.
        """
        wait, context = _Wait(self._timeout), self._context.copy()
        context.run(_waiting.set, wait)
        self._waits.add(wait)
        try:
            with wait.scope:
                return await self._run(partial(context.run, function))
        finally:
            self._waits.discard(wait)
        if wait.is_closed:
            raise SupervisorStoppedError("the supervisor was closed while tokens were counted; nothing was done")
        raise CallbackError(f"the counter has not answered within {self._timeout:g} s; mend it, or give it more time")

    def __call__(self, text: str) -> int:
        """The tokens of a text, for what runs in a thread already.

        Raises:
            CallbackError: the counter raised, or gave no count.
        """
        try:
            counted = self._count(text)
        except BaseException as error:
            if is_interrupt(error) and threading.current_thread() is threading.main_thread():
                raise  # the user's
            raise CallbackError(
                f"the counter raised {described(error)} for a text of {len(text)} characters; mend it, or leave it out"
                " for `count_tokens`"
            ) from error
        tokens = as_count(counted, self._count, text)
        show_life()
        return tokens


class _Wait:
    """A wait for what runs in a thread, as long as that shows that it lives.

    Attributes:
        scope: cancelled when it does not.
    """

    def __init__(self, seconds: float) -> None:
        self.scope = anyio.CancelScope(deadline=anyio.current_time() + seconds)
        self.is_closed = False
        self._seconds = seconds
        self._soon = soon()
        self._shown = time.monotonic()

    def show_life(self) -> None:
        """Begin the time anew; in the thread."""
        now = time.monotonic()
        passed = now - self._shown
        if passed > min(_SIGNS, self._seconds / 2):
            self._shown = now
            with suppress(RuntimeError):  # the event loop has ended, and nobody waits any more
                self._soon(partial(self._put_off, passed))

    def _put_off(self, seconds: float) -> None:
        self.scope.deadline += seconds  # the time itself is not known to anyio outside of tasks

    def close(self) -> None:
        """Wait no more."""
        self.is_closed = True
        self.scope.cancel()


def show_life() -> None:
    """Have whoever waits for what runs in this thread wait on, though it counts nothing for a while."""
    if (wait := _waiting.get()) is not None:
        wait.show_life()


_waiting: Final[ContextVar[_Wait | None]] = ContextVar("argentos counting", default=None)
