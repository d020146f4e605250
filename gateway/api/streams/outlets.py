"""Outlets: the way to one client, in which nothing piles up.

A message is handed to the server only when there is room for it; a client that makes no room for half a minute is hung
up on. So whoever does not read costs one message, and nobody else waits.
"""

from collections.abc import Callable
from typing import Final, Never

import anyio
from starlette.types import Message, Receive, Send

__all__ = ["Outlet", "cancel_when_hung_up"]

_PATIENCE: Final = 30.0  # seconds for a client to make room
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
        self._lock = anyio.Lock()
        self._is_quiet = True

    async def tell(self, data: bytes) -> None:
        """Send some bytes once there is room for them; a client that makes none is hung up on."""
        self._is_quiet = False
        async with self._lock:
            with anyio.move_on_after(_PATIENCE) as waiting:
                await self._send(self._message(data))
        if waiting.cancelled_caught:
            self._scope.cancel()
            await anyio.sleep_forever()  # the cancellation arrives here, at once

    async def keep_alive(self, sign: bytes) -> Never:
        """Send a sign of life wherever there was nothing to send for a while."""
        while True:
            self._is_quiet = True
            await anyio.sleep(_ALIVE)
            if self._is_quiet:
                await self.tell(sign)


async def cancel_when_hung_up(receive: Receive, scope: anyio.CancelScope) -> None:
    """Wait until the client hangs up, and cancel then what is done for it."""
    while (await receive())["type"] not in _HUNG_UP:
        pass
    scope.cancel()
