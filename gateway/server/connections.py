"""Connections of HTTP and WebSocket, each bounded: their number, the time and size of a head, and what waits unread.

uvicorn has limits of its own for requests; these are for clients that open connections and say nothing,
or read nothing.
"""

import asyncio
import socket
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

__all__ = ["Connection", "SocketConnection", "connection_kind"]

_HEAD_SECONDS: Final = 15.0  # until the head of a request has to be whole
_HEAD_BYTES: Final = 64 * 1024  # of the head of a request, of its trailers, and of what frames its body
_FRAMES: Final = 8  # bytes that frame each byte of a body, at most: chunks of one byte
_UNREAD_SECONDS: Final = 60  # for a client that takes nothing of what it is sent
_UNREAD_BYTES: Final = 1024**2  # of answers to pings that a client does not read
_USER_TIMEOUT: Final[int | None] = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux only

_FULL: Final = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """A connection of HTTP.

    Attributes:
        most: how many may be open, WebSockets included.
    """

    most: int = 5000

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._outside = 0  # bytes that belong to no body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.write(_FULL)
            transport.close()
            return
        _give_up_where_nothing_is_read(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._forget_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the head of a request."""
        self._outside = 0
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Answer a request, or make a WebSocket of the connection."""
        self._forget_head()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._outside = max(0, self._outside - (1 + _FRAMES) * len(body))
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        """Take what has come, unless it is a head, or trailers, without end."""
        self._outside += len(data)
        super().data_received(data)
        if self._outside > _HEAD_BYTES:
            self.transport.abort()

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(_HEAD_SECONDS, self.transport.abort)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class SocketConnection(WebSocketsSansIOProtocol):
    """A connection of a WebSocket."""

    def handle_ping(self) -> None:
        """Answer a ping, unless the client reads none of the answers."""
        if self.transport.get_write_buffer_size() > _UNREAD_BYTES:
            self.transport.abort()
        else:
            super().handle_ping()


def connection_kind(most: int) -> type[Connection]:
    """The kind of connections of which so many may be open."""
    return type("Connection", (Connection,), {"most": most})


def _give_up_where_nothing_is_read(transport: asyncio.Transport) -> None:
    """Have the system end the connection whose other side has taken nothing for a while, though something waits."""
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None and _USER_TIMEOUT is not None and raw.family in {socket.AF_INET, socket.AF_INET6}:
        raw.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, _UNREAD_SECONDS * 1000)
