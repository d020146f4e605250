"""Sockets of the control socket as streams of bytes.

Anyio's own may raise `InvalidStateError` in asyncio's loop where a task is cancelled just as its socket becomes ready.
"""

import socket

import anyio
from anyio.abc import ByteStream
from anyio.lowlevel import checkpoint

__all__ = ["SocketStream", "accept"]


class SocketStream(ByteStream):
    """A connected socket that does not block.

    Args:
        connected: is closed with the stream.
    """

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self._is_closed = False

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """See `anyio.abc.ByteReceiveStream.receive`."""
        await checkpoint()
        while True:
            try:
                data = self.socket.recv(max_bytes)
            except BlockingIOError:
                await anyio.wait_readable(self.socket)
            except OSError as error:
                raise self._broken() from error
            else:
                if not data:
                    raise anyio.EndOfStream
                return data

    async def send(self, item: bytes) -> None:
        """See `anyio.abc.ByteSendStream.send`."""
        await checkpoint()
        left = memoryview(item)
        while left:
            try:
                left = left[self.socket.send(left) :]
            except BlockingIOError:
                await anyio.wait_writable(self.socket)
            except OSError as error:
                raise self._broken() from error

    async def send_eof(self) -> None:
        """See `anyio.abc.ByteStream.send_eof`."""
        await checkpoint()
        self.socket.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        """Close it; who waits for it gets `ClosedResourceError`."""
        self.close()
        await checkpoint()

    def close(self) -> None:
        """Close it at once."""
        if not self._is_closed:
            self._is_closed = True
            anyio.notify_closing(self.socket)
            self.socket.close()

    def _broken(self) -> anyio.ClosedResourceError | anyio.BrokenResourceError:
        return anyio.ClosedResourceError() if self._is_closed else anyio.BrokenResourceError()


async def accept(listening: socket.socket) -> SocketStream:
    """Wait for the next connection to a socket that listens.

    Raises:
        OSError: it could not be let in, as when the process has no descriptor left.
    """
    await checkpoint()
    while True:
        try:
            connected, _ = listening.accept()
        except BlockingIOError:
            await anyio.wait_readable(listening)
        else:
            connected.settimeout(0)
            return SocketStream(connected)
