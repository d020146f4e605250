"""Bodies of requests: each is read whole, within its limit and its time, before the application sees the request."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from starlette.types import Message, Receive
from starlette.types import Scope as AsgiScope

from argentos.errors import BodyTooLargeError, BodyTooSlowError, InputError, RateLimitedError
from argentos.gateway.access.requests import header

__all__ = ["Bodies", "HungUpError"]

_CROWDED: Final = 5.0  # seconds until a request may come again for which there was no room


class HungUpError(Exception):
    """The client has hung up before its body was whole."""


class Bodies:
    """The bodies of all requests.

    Args:
        most: bytes of one.
        most_together: bytes of all that are held at once.
        seconds: until one has to be whole.
        quiet: seconds without any part of one.

    Attributes:
        held: bytes that are held at this moment.
    """

    def __init__(self, most: int, most_together: int, seconds: float = 120.0, quiet: float = 10.0) -> None:
        self._most = most
        self._most_together = max(most, most_together)
        self._seconds = seconds
        self._quiet = quiet
        self.held: int = 0

    @asynccontextmanager
    async def read(self, request: AsgiScope, receive: Receive, most: int | None = None) -> AsyncGenerator[Receive]:
        """Read the body of a request, which counts as held until the end of the block; gives what it is received from.

        Args:
            request: whose.
            receive: gives its parts.
            most: bytes, where it is less than for others.

        Raises:
            BodyTooLargeError: it is larger.
            BodyTooSlowError: it does not come in time.
            RateLimitedError: the bodies of others take all the room there is.
            HungUpError: the client does not wait for an answer.
        """
        most = self._most if most is None else min(most, self._most)
        length = _length(request)
        if length == 0:
            yield receive
            return
        parts: list[bytes] = []
        try:
            if length is not None and length > most:
                raise _too_large(most)
            await self._read(receive, parts, most)
            yield _replayed(b"".join(parts), receive)
        finally:
            self.held -= sum(map(len, parts))

    async def _read(self, receive: Receive, parts: list[bytes], most: int) -> None:
        size, has_more = 0, True
        deadline = anyio.current_time() + self._seconds
        while has_more:
            message = await self._next(receive, deadline)
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > most:
                raise _too_large(most)
            if self.held + len(part) > self._most_together:
                raise RateLimitedError(
                    "the bodies of other requests take all the room there is; send it again later",
                    retry_after=_CROWDED,
                )
            self.held += len(part)
            parts.append(part)
            has_more = message.get("more_body", False)

    async def _next(self, receive: Receive, deadline: float) -> Message:
        with anyio.CancelScope(deadline=min(deadline, anyio.current_time() + self._quiet)):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HungUpError
            return message
        raise BodyTooSlowError(
            f"the body did not arrive within {self._seconds:g} s, or not a byte of it within {self._quiet:g} s"
        )


def _length(request: AsgiScope) -> int | None:
    """Bytes of the body of a request, as it tells; None where it does not.

    Raises:
        InputError: it tells nonsense.
    """
    length = header(request, b"content-length")
    if length is None:
        return None if header(request, b"transfer-encoding") is not None else 0
    if not (length.isascii() and length.isdecimal()):
        raise InputError(f"the length of the body is {length!a:.40}, which is no number of bytes")
    return int(length)


def _too_large(most: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the body has more than {most} bytes; send less, or have the gateway take more")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the whole body at once, and then whatever comes."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return first.pop() if first else await receive()

    return next_message
