"""Outlets: the way to one client, in which nothing piles up.

A message is handed to the server only when there is room for it; a client that makes no room for half a minute is hung
up on. So whoever does not read costs one message, and nobody else waits.
"""

from collections.abc import Callable
from typing import Final, Never

import anyio
from starlette.types import Message, Receive, Send

__all__ = ["Outlet", "Pace", "cancel_when_hung_up"]

_PATIENCE: Final = 30.0  # seconds for a client to make room
_LOOK: Final = 5.0  # seconds between two looks at that
_ALIVE: Final = 15.0  # seconds of silence before a sign of life
_HUNG_UP: Final = {"http.disconnect", "websocket.disconnect"}


class Outlet:
    """Messages to one client, from any number of tasks.

    Args:
        send: of the server.
        message: makes a message of the server's of some bytes.
        scope: of all these tasks; cancelled to hang up.
    """

    def __init__(self, send: Send, message: Callable[[bytes], Message], scope: anyio.CancelScope) -> None:
        self._send = send
        self._message = message
        self._scope = scope
        self._lock = anyio.Lock(fast_acquire=True)
        self._told_at: float = anyio.current_time()
        self._is_waiting = False  # for the client to make room, since it was told

    async def tell(self, data: bytes) -> None:
        """Send some bytes once there is room for them."""
        async with self._lock:
            self._told_at, self._is_waiting = anyio.current_time(), True
            try:
                await self._send(self._message(data))
            except (OSError, RuntimeError):  # the client is gone, or, as uvicorn has it, the server has closed already
                self._scope.cancel()
                await anyio.sleep_forever()  # the cancellation arrives here, at once
            self._is_waiting = False

    async def watch(self, sign: bytes = b"") -> Never:
        """Hang up on a client that makes no room.

        Args:
            sign: of life, that is sent where there was nothing to send for a while; empty where the server does so.
        """
        while True:
            await anyio.sleep(_LOOK)
            quiet = anyio.current_time() - self._told_at
            if self._is_waiting and quiet >= _PATIENCE:
                self._scope.cancel()
            elif not self._is_waiting and quiet >= _ALIVE and sign:
                with anyio.move_on_after(_PATIENCE) as waiting:
                    await self.tell(sign)
                if waiting.cancelled_caught:
                    self._scope.cancel()


class Pace:
    """A pace at which a client is told: at once where nothing was told of late, and else together with what comes soon.

    Args:
        seconds: between two messages.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    async def keep(self, more: float = 0.0) -> None:
        """Wait until it is time for the next message.

        Args:
            more: seconds between this message and the next besides.
        """
        now = anyio.current_time()
        if now < self._next:
            await anyio.sleep(self._next - now)
        self._next = max(now, self._next) + self._seconds + more


async def cancel_when_hung_up(receive: Receive, scope: anyio.CancelScope) -> None:
    """Wait until the client hangs up, and cancel then what is done for it."""
    while (await receive())["type"] not in _HUNG_UP:
        pass
    scope.cancel()
