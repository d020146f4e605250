"""Files that are made while they are sent."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import anyio
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from argentos.errors import ArgentError
from argentos.gateway.api.service import Service
from argentos.gateway.api.streams.outlets import Outlet, cancel_when_hung_up
from argentos.gateway.problems import unexpected

__all__ = ["FileStream"]

_log: Final = logging.getLogger(__name__)
_END: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": False}


class FileStream(Response):
    """A response with a file of any length. Where that breaks off, so does the connection: a part is not the whole.

    Args:
        service: ends it where the gateway ends.
        chunks: of the file.
        name: of the file, for a browser.
        media_type: of the file.
    """

    def __init__(self, service: Service, chunks: AsyncGenerator[bytes], *, name: str, media_type: str) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        super().__init__(headers=headers, media_type=media_type)
        del self.headers["content-length"]
        self._service = service
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file until its end, or until the client hangs up or the gateway ends."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            with self._service.stream() as opened:
                if scope["method"] == "HEAD" or await self._send(receive, Outlet(send, _message, opened)):
                    await send(_END)
        except ArgentError as error:
            _log.warning("a file was not sent: %s", error)

    async def _send(self, receive: Receive, outlet: Outlet) -> bool:
        """Send the file; gives whether that is whole."""
        is_whole = False
        async with anyio.create_task_group() as group, aclosing(self._chunks) as chunks:
            group.start_soon(cancel_when_hung_up, receive, group.cancel_scope)
            group.start_soon(outlet.watch)
            try:
                async for chunk in chunks:
                    await outlet.tell(chunk)
                is_whole = True
            except ArgentError as error:
                _log.warning("a file was sent in part: %s", error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the log tells of it, and the client is hung up on
                unexpected(error)
            group.cancel_scope.cancel()
        return is_whole


def _message(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}
