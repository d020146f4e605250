"""Clients of a gateway that cost little themselves: what they are sent is hashed and counted, and hardly looked at."""

import asyncio
import base64
import json
import os
import struct
import time
from hashlib import blake2b
from typing import Final

from benchmarks.gateway.load import PIECES, TEXT, Begun

__all__ = ["Gateway", "Listener"]

_LONG, _LONGEST = 126, 127  # lengths of a frame that stand behind it, in two bytes or eight
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10  # kinds of frames
_DELTA: Final = b"event: text-delta\n"


class Gateway:
    """A gateway, as clients know it."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    def head(self, line: str, *headers: str) -> bytes:
        """The head of a request."""
        lines = [line, f"Host: 127.0.0.1:{self.port}", f"Authorization: Bearer {self.token}", *headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def speak(self, session: str) -> Begun:
        """Send a message, and read the reply as it streams.

        Raises:
            SystemExit: something of the reply is missing.
        """
        body = json.dumps({"content": "Go on."}).encode()
        asked = time.perf_counter()
        reader, writer = await self.connect()
        headers = ("Accept: text/event-stream", "Content-Type: application/json", f"Content-Length: {len(body)}")
        writer.write(
            self.head(f"POST /api/v1/sessions/{session}/messages HTTP/1.1", *headers, "Connection: close") + body
        )
        first, told = 0.0, b""
        while some := await reader.read(65536):
            told += some
            if not first and _DELTA in told:
                first = time.perf_counter() - asked
        writer.close()
        whole = time.perf_counter() - asked
        reply = json.dumps(TEXT).encode()
        if told.count(_DELTA) != len(PIECES) or told.count(b"event: reply\n") != 1 or reply not in told:
            raise SystemExit(f"a reply was {told[-400:]!r}")
        return Begun(first, whole)


class Listener:
    """A client that is told of all events over a WebSocket.

    Attributes:
        events: that it was told of.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._hash = blake2b()
        self.events: int = 0

    @property
    def digest(self) -> bytes:
        """Of all events, in their order."""
        return self._hash.digest()

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            SystemExit: it is refused.
        """
        self._reader, self._writer = await self._gateway.connect()
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade = (
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        )
        self._writer.write(self._gateway.head("GET /api/v1/events HTTP/1.1", *upgrade))
        head = await self._reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head:
            raise SystemExit(f"a WebSocket was refused: {head!r}")

    async def listen(self) -> None:
        """Take note of all that it is told, until it is closed."""
        while True:
            kind, size = await self._reader.readexactly(2)
            if size == _LONG:
                (size,) = struct.unpack("!H", await self._reader.readexactly(2))
            elif size == _LONGEST:
                (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
            data = await self._reader.readexactly(size)
            if kind & 0xF == _TEXT:
                self._hash.update(data + b"\n")
                self.events += data.count(b"\n") + 1
                if b'"type":"RecordAppended"' not in data or b'"type":"EventsMissed"' in data:
                    raise SystemExit(f"a listener was told {data[:200]!r}")
            elif kind & 0xF == _PING:
                self._writer.write(bytes((0x80 | _PONG, 0x80 | size, 0, 0, 0, 0)) + data)
            elif kind & 0xF == _CLOSE:
                return
