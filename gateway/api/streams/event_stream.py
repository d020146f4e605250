"""Server-sent events: a response that goes on until its source, its client or the gateway ends."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, NamedTuple, TypeAlias

import anyio
import msgspec
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from argentos.errors import ArgentError
from argentos.gateway.api.service import Service
from argentos.gateway.api.streams.outlets import Outlet, cancel_when_hung_up
from argentos.gateway.problems import problem_of, problem_response, unexpected

__all__ = ["ErrorForm", "EventStream", "Source", "Tell", "frame"]

Tell: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Sends a frame to the client."""

Source: TypeAlias = AbstractAsyncContextManager[Callable[[Tell], Awaitable[None]]]
"""Opens what is to be streamed, and gives what streams it; where it cannot be opened, the client gets the problem."""


class ErrorForm(NamedTuple):
    """The form in which errors are told.

    Attributes:
        response: in the place of a stream that cannot be opened, or of another answer.
        last: the last event of a stream that breaks off.
    """

    response: Callable[[ArgentError], Response]
    last: Callable[[ArgentError], bytes]


_ALIVE: Final = b":\n\n"
_END: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": False}
_PATIENCE: Final = 0.2  # seconds for the end of a stream that was cut off
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter for a proxy


def frame(event: str, data: object, event_id: str = "") -> bytes:
    """An event, as it is sent.

    Args:
        event: its kind.
        data: what is encoded as JSON, unless it is JSON already, as bytes.
        event_id: by which a client goes on behind it.
    """
    place = b"id: %s\n" % event_id.encode() if event_id else b""
    encoded = data if isinstance(data, bytes) else msgspec.json.encode(data)
    return b"event: %s\n%sdata: %s\n\n" % (event.encode(), place, encoded)


def _last(error: ArgentError) -> bytes:
    return frame("error", problem_of(error))


_PROBLEMS: Final = ErrorForm(problem_response, _last)


class EventStream(Response):
    """A response of server-sent events.

    Args:
        service: ends it where the gateway ends.
        source: what is streamed.
        errors: the form of errors; by default problem documents.
    """

    media_type = "text/event-stream"

    def __init__(self, service: Service, source: Source, errors: ErrorForm | None = None) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._service = service
        self._source = source
        self._errors = errors or _PROBLEMS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the source ends, the client hangs up, or the gateway ends."""
        has_begun = False
        try:
            async with self._source as write:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                has_begun = True
                with self._service.stream() as opened:
                    await self._stream(write, receive, Outlet(send, _message, opened))
                with anyio.move_on_after(_PATIENCE, shield=True):
                    await send(_END)
        except ArgentError as error:
            if not has_begun:
                await self._errors.response(error)(scope, receive, send)

    async def _stream(self, write: Callable[[Tell], Awaitable[None]], receive: Receive, outlet: Outlet) -> None:
        """Write everything until the client hangs up; an error is the last event."""
        async with anyio.create_task_group() as group:
            group.start_soon(cancel_when_hung_up, receive, group.cancel_scope)
            group.start_soon(outlet.watch, _ALIVE)
            try:
                await write(outlet.tell)
            except ArgentError as error:
                await outlet.tell(self._errors.last(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
                await outlet.tell(self._errors.last(unexpected(error)))
            group.cancel_scope.cancel()


def _message(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}
