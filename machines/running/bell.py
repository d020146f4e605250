"""A bell: wakes the one task that waits for it, also where it was rung before."""

from argentos.concurrency.waiter import Waiter, new_waiter

__all__ = ["Bell"]


class Bell:
    """A bell, which does not count how often it was rung."""

    def __init__(self) -> None:
        self._was_rung = False
        self._waiter: Waiter | None = None

    def ring(self) -> None:
        """Wake the task, now or when it waits next."""
        self._was_rung = True
        if self._waiter is not None:
            self._waiter.set()

    async def wait(self) -> None:
        """Wait until it has been rung since the last time."""
        if not self._was_rung:
            self._waiter = new_waiter()
            try:
                await self._waiter.wait()
            finally:
                self._waiter = None
        self._was_rung = False
