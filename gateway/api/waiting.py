"""Requests that take long: their bodies, and the answers that somebody waits for."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from argentos.errors import ArgentError
from argentos.gateway.api.decoding import SEE, decode_body
from argentos.gateway.api.streams.outlets import cancel_when_hung_up

__all__ = ["read_body", "while_waited_for"]

B = TypeVar("B")

_LONG_BODY: Final = 256 * 1024  # bytes: decoding more is no work for the event loop


async def read_body(request: Request, decoder: msgspec.json.Decoder[B], see: str = SEE) -> B:
    """The value of the JSON body of a request; a long one is decoded in a thread. See `decode_body`."""
    body = await request.body()
    if len(body) > _LONG_BODY:
        return await anyio.to_thread.run_sync(decode_body, body, decoder, see)
    return decode_body(body, decoder, see)


async def while_waited_for(
    request: Request, respond: Callable[[], Awaitable[Response]], refusal: Callable[[ArgentError], Response]
) -> Response | None:
    """A response, given up where the client hangs up: then None.

    Args:
        request: of the client.
        respond: makes the response.
        refusal: makes that of an error.
    """
    response: Response | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(cancel_when_hung_up, request.receive, group.cancel_scope)
        try:
            response = await respond()
        except ArgentError as error:  # raised in the group it would be one of several
            response = refusal(error)
        group.cancel_scope.cancel()
    return response
