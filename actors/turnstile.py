"""A way through for those who may have to wait a little: one at a time, when everybody else has had a chance."""

import anyio
import anyio.lowlevel

__all__ = ["Turnstile"]


class Turnstile:
    """Lets tasks go on in the order in which they came, no more than one in a round of the event loop."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()

    async def go_through(self) -> None:
        """Wait for the others."""
        async with self._lock:
            await anyio.lowlevel.checkpoint()
