"""Exchanges: a request and its response, as they pass the guard of a gateway.

Each response says that no browser should guess, keep, frame or run anything of it.
"""

from collections.abc import Callable, Mapping
from typing import Final

import anyio
from starlette.responses import Response
from starlette.types import Message, Receive, Send
from starlette.types import Scope as AsgiScope

from argentos.errors import ArgentError, NotAuthenticatedError

__all__ = ["REVOKED", "Exchange"]

REVOKED: Final = 4401
"""The code with which a WebSocket is closed whose token is no more."""

_HEADERS: Final[Mapping[bytes, bytes]] = {
    b"cache-control": b"no-store",
    b"content-security-policy": (
        b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
    ),
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
"""Headers of every response that does not have its own."""

_BEGINS: Final = {"http.response.start", "websocket.http.response.start"}
_GOES_ON: Final = {"http.response.body", "websocket.http.response.body"}
_LAST_WORDS: Final = 0.5  # seconds for a client that does not read
_LINGERING: Final = 1.0  # seconds in which the rest of a body is dropped, so that its client can read why


class Exchange:
    """A request and its response.

    Args:
        request: the request.
        receive: gives what comes of it.
        send: takes the response.
        refusal: makes the response of an error.
    """

    def __init__(
        self, request: AsgiScope, receive: Receive, send: Send, refusal: Callable[[ArgentError], Response]
    ) -> None:
        self.request = request
        self._refusal = refusal
        self._receive = receive
        self._send = send
        self._has_begun = False
        self._is_over = False
        self._has_more = request["type"] == "http" and any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in request["headers"]
        )

    @property
    def has_begun(self) -> bool:
        """Something of the response was sent."""
        return self._has_begun

    async def receive(self) -> Message:
        """Receive what comes next of the request."""
        message = await self._receive()
        self._has_more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send the next part of the response."""
        kind = message["type"]
        if kind in _BEGINS:
            given = [(name.lower(), value) for name, value in message.get("headers", ())]
            names = {name for name, _ in given}
            message = {**message, "headers": [*given, *(each for each in _HEADERS.items() if each[0] not in names)]}
        self._has_begun = True
        self._is_over = kind == "websocket.close" or (kind in _GOES_ON and not message.get("more_body", False))
        await self._send(message)

    async def refuse(self, error: ArgentError) -> None:
        """Tell of an error as the response, and close the connection where the body is not read to its end."""
        with anyio.move_on_after(_LINGERING):
            while self._has_more:
                await self.receive()
        response = self._refusal(error)
        if isinstance(error, NotAuthenticatedError):
            response.headers["www-authenticate"] = "Bearer"
        if self._has_more:
            response.headers["connection"] = "close"
        await response(self.request, self._receive, self.send)

    async def end(self) -> None:
        """End the response, for the token of the request is no more."""
        if self._is_over:
            return
        with anyio.move_on_after(_LAST_WORDS):
            if not self._has_begun:
                await self.refuse(NotAuthenticatedError("the token was rotated or revoked meanwhile"))
            elif self.request["type"] == "websocket":
                await self.send({"type": "websocket.close", "code": REVOKED, "reason": "the token is no more"})
            else:
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})
