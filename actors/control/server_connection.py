"""The connection of one client, as the owner has it."""

import math
from typing import Final, Never

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

from argentos.actors.control import protocol
from argentos.actors.control.socket_stream import SocketStream
from argentos.concurrency.forks import close_inherited
from argentos.errors import InputError

__all__ = ["ServerConnection"]

_PATIENCE: Final = 10.0  # seconds, with a client that sends or reads too slowly
_HEARTBEAT: Final = 2.0  # seconds
_HUNG_UP: Final = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


class ServerConnection:
    """A connection, with the requests on it that are being worked at.

    Args:
        stream: to the client.

    Attributes:
        scope: of the task that serves it; cancelled to hang up.
        calls: the scopes in which the requests are worked at, by their ids.
    """

    def __init__(self, stream: SocketStream) -> None:
        self.stream = stream
        self.scope: anyio.CancelScope = anyio.CancelScope()
        self.calls: dict[int, anyio.CancelScope] = {}
        self._buffered = BufferedByteReceiveStream(stream)
        self._has_asked = False
        self._is_sending = False
        self._lock = anyio.Lock()

    @property
    def is_waiting(self) -> bool:
        """It is the client's turn to do something."""
        return self._is_sending or not self.calls

    def close_in_child(self) -> None:
        """Close it in a forked child: the client is the parent's."""
        close_inherited(self.stream.socket)

    def call(self, request_id: int) -> anyio.CancelScope:
        """Begin to work at a request; gives the scope to do it in."""
        scope = self.calls[request_id] = anyio.CancelScope()
        return scope

    def end(self, request_id: int) -> None:
        """End the work at a request."""
        del self.calls[request_id]

    def cancel(self, request_id: int) -> None:
        """End the work at a request; nothing where it is over."""
        if request_id in self.calls:
            self.calls[request_id].cancel()

    async def receive(self) -> bytes | None:
        """Receive the next request, without the line's end; None where the client hung up, or sent a part of it only.

        Raises:
            InputError: it is too long.
        """
        try:
            with anyio.fail_after(math.inf if self._has_asked else _PATIENCE):
                begin = await self._buffered.receive(1)
            if begin == b"\n":
                return b""
            with anyio.fail_after(_PATIENCE):
                rest = await self._buffered.receive_until(b"\n", protocol.LONGEST_REQUEST)
        except anyio.DelimiterNotFound:
            raise InputError(protocol.TOO_LONG) from None
        except (*_HUNG_UP, anyio.IncompleteRead, TimeoutError):
            return None
        self._has_asked = True
        return begin + rest

    async def send(self, answer: protocol.Answer) -> None:
        """Send an answer; a client that does not read it is hung up on."""
        await self._send(protocol.encode(answer))

    async def keep_alive(self) -> None:
        """Tell the client from time to time that its requests are being worked at."""
        while True:
            await anyio.sleep(_HEARTBEAT)
            if self.calls:
                await self._send(protocol.ALIVE)

    async def _send(self, data: bytes) -> None:
        async with self._lock:
            self._is_sending = True
            try:  # shielded, for half a line would spoil those that follow
                with anyio.fail_after(_PATIENCE, shield=True):
                    await self.stream.send(data)
            except (*_HUNG_UP, TimeoutError):
                await self._hang_up()
            finally:
                self._is_sending = False

    async def _hang_up(self) -> Never:
        self.scope.cancel()
        while True:
            await anyio.sleep_forever()  # the cancellation arrives here, at once
