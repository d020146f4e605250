"""Counting where it holds up nobody: a counter of the host's may take its time, raise anything, or never return."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Final, TypeVar

import anyio

from argentos.errors import ArgentError, CallbackError
from argentos.llm.checks import as_count
from argentos.llm.tokens import TokenCounter, count_tokens, is_loaded
from argentos.storage.foreign import described, is_interrupt
from argentos.storage.runner import Threads

__all__ = ["Counting"]

T = TypeVar("T")

QUICK: Final = 20_000
"""Characters that `count_tokens` counts in some milliseconds."""

_OURS_AT_ONCE: Final = 2  # that compute
_THEIRS_AT_ONCE: Final = 32  # that may wait for something
_LONGEST: Final = 60.0  # seconds
_PATIENCE: Final = 1.0  # seconds


class Counting:
    """Counts tokens in threads of its own, short texts in the event loop.

    The counter runs in the context of `open`, and in that of no request.

    Args:
        count: counts the tokens of a text.
        inline: the most characters of a text that is counted in the event loop; by default 20,000 for `count_tokens`,
            and for a counter of the host's none at all.
    """

    def __init__(self, count: TokenCounter, inline: int | None = None) -> None:
        self._is_ours = count is count_tokens
        self._count = count
        self._inline = inline if inline is not None else QUICK if self._is_ours else 0
        self._run = Threads(_PATIENCE, "the counter").runner(_OURS_AT_ONCE if self._is_ours else _THEIRS_AT_ONCE)
        self._context = copy_context()

    def open(self) -> None:
        """Count in this context from now on."""
        self._context = copy_context()

    async def warm(self) -> None:
        """Load what `count_tokens` needs, which takes a third of a second, and in a thread."""
        if self._is_ours:
            await self._run(partial(count_tokens, ""))

    async def tokens(self, text: str) -> int:
        """The tokens of a text.

        Raises:
            CallbackError: the counter raised, or gave no answer within a minute.
        """
        if self.is_quick(len(text)):
            return self._context.copy().run(self, text)
        with anyio.move_on_after(_LONGEST):
            return await self.run(partial(self, text))
        raise CallbackError(f"the counter has not answered within {_LONGEST:g} s, for a text of {len(text)} characters")

    def is_quick(self, characters: int) -> bool:
        """Whether texts of so many characters together may be counted in the event loop."""
        return characters <= min(self._inline, QUICK) and (is_loaded() or not self._is_ours)

    async def run(self, function: Callable[[], T]) -> T:
        """What a function gives that counts, in a thread."""
        return await self._run(partial(self._context.copy().run, function))

    def __call__(self, text: str) -> int:
        """The tokens of a text, for what runs in a thread already.

        Raises:
            CallbackError: the counter raised, or gave no count.
        """
        try:
            return as_count(self._count(text), self._count, text)
        except ArgentError:
            raise
        except BaseException as error:
            if is_interrupt(error) and threading.current_thread() is threading.main_thread():
                raise  # the user's
            raise CallbackError(
                f"the counter raised {described(error)} for a text of {len(text)} characters; mend it, or leave it out"
                " for `count_tokens`"
            ) from error
