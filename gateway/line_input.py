"""Lines from standard input, read without a thread, which could not be interrupted."""

import io
import os
import sys
from contextlib import suppress

import anyio

__all__ = ["LineInput"]


class LineInput:
    """Standard input, line by line."""

    def __init__(self) -> None:
        self._descriptor: int | None = None  # where a program that embeds this has put a stream of its own
        with suppress(io.UnsupportedOperation):
            self._descriptor = sys.stdin.fileno()
        self._buffer = b""
        self._ended = False

    async def read_line(self) -> str | None:
        """The next line; None at the end. Bytes that are no text come as surrogates, which a session refuses."""
        if self._descriptor is None:
            return sys.stdin.readline() or None
        while b"\n" not in self._buffer and not self._ended:
            with suppress(PermissionError):  # a regular file cannot be waited for, and never blocks
                await anyio.wait_readable(self._descriptor)
            data = os.read(self._descriptor, 65536)
            self._buffer += data
            self._ended = not data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "surrogateescape") if line or not self._ended or self._buffer else None
