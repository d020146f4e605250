"""A way through for those who may have to wait a little: one at a time, when everybody else has had a chance."""

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

__all__ = ["Throttle"]


class Throttle:
    """Lets tasks go on in the order in which they came, no more than one in a round of the event loop.

    Args:
        give_way: lets those go on who need not wait.
        in_a_row: how many go through until that is done once more.
    """

    def __init__(self, give_way: Callable[[], Awaitable[None]], in_a_row: int) -> None:
        self._lock = anyio.Lock()
        self._give_way = give_way
        self._in_a_row = in_a_row
        self._passed = 0

    async def pass_through(self) -> None:
        """Wait for the others."""
        async with self._lock:
            self._passed = (self._passed + 1) % self._in_a_row
            await (anyio.lowlevel.checkpoint() if self._passed else self._give_way())
