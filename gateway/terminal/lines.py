"""Lines from standard input, read without a thread, which could not be interrupted."""

import io
import os
import sys
from contextlib import suppress
from typing import Final

import anyio

from argentos.gateway.terminal.modes import is_capable_terminal

__all__ = ["LineInput"]

_BEGIN: Final = b"\x1b[200~"
_END: Final = b"\x1b[201~"


class LineInput:
    """Standard input, line by line; what was pasted, where that is marked, is in one line."""

    def __init__(self) -> None:
        self._descriptor: int | None = None  # where a program that embeds this has put a stream of its own
        with suppress(io.UnsupportedOperation):
            self._descriptor = sys.stdin.fileno()
        self._has_marks = is_capable_terminal()
        self._buffer = b""
        self._ended = False

    async def read_line(self) -> str | None:
        """The next line; None at the end. Bytes that are no text come as surrogates, which a session refuses."""
        if self._descriptor is None:
            return sys.stdin.readline() or None
        while (end := self._end_of_line()) < 0 and not self._ended:
            with suppress(PermissionError):  # a regular file cannot be waited for, and never blocks
                await anyio.wait_readable(self._descriptor)
            data = os.read(self._descriptor, 65536)
            self._buffer += data
            self._ended = not data
        if end < 0:
            end = len(self._buffer)
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        if not line and self._ended and not self._buffer:
            return None
        return line.replace(_BEGIN, b"").replace(_END, b"").decode("utf-8", "surrogateescape")

    def _end_of_line(self) -> int:
        return _end_of_line(self._buffer) if self._has_marks else self._buffer.find(b"\n")


def _end_of_line(data: bytes) -> int:
    """Find the end of the first line that no paste goes on behind; below zero where there is none."""
    at = 0
    while True:
        newline, begin = data.find(b"\n", at), data.find(_BEGIN, at)
        if newline < 0 or not 0 <= begin < newline:
            return newline
        end = data.find(_END, begin)
        if end < 0:
            return -1
        at = end + len(_END)
