"""A client of an ASGI application in the same event loop."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from msgspec import Struct, json
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Answer(Struct):
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    is_whole: bool = False

    @property
    def code(self) -> str:
        """That of the problem document."""
        assert self.headers["content-type"] == "application/problem+json"
        code: str = json.decode(self.body)["code"]
        return code


def scope(kind: str, method: str, path: str, headers: Mapping[str, str]) -> Scope:
    raw, _, query = path.partition("?")
    given = {"host": "localhost:7420", **headers}
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "ws" if kind == "websocket" else "http",
        "path": raw,
        "raw_path": raw.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items() if value],
        "client": ("127.0.0.1", 1234),
        "server": ("127.0.0.1", 7420),
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }


class Client:
    """Asks an application."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        body: Iterable[bytes] = (),
        pause: float = 0.0,
        heard: list[Answer] | None = None,
    ) -> Answer:
        """The response to a request, with its body in parts, and a pause before each.

        What has come of it is `heard` also where this is cancelled.
        """
        parts = [*body] or [b""]
        answers = [] if heard is None else heard
        given = dict(headers or {})
        if parts != [b""]:
            given.setdefault("transfer-encoding", "chunked")

        async def receive() -> Message:
            if parts:
                await anyio.sleep(pause)
                return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
            await anyio.sleep_forever()
            raise AssertionError

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name.decode(): value.decode() for name, value in message["headers"]}
                answers.append(Answer(message["status"], told))
            else:
                answers[0].body += message.get("body", b"")
                answers[0].is_whole = not message.get("more_body", False)

        await self._application(scope("http", method, path, given), receive, send)
        return answers[0]

    async def _run(self, asked: Scope, receive: Receive, send: Send) -> None:
        await self._application(asked, receive, send)

    @asynccontextmanager
    async def socket(self, path: str, headers: Mapping[str, str] | None = None) -> AsyncGenerator["Socket"]:
        """A WebSocket that was asked for."""
        to_application, received = anyio.create_memory_object_stream[Message](10)
        told, from_application = anyio.create_memory_object_stream[Message](10)
        with to_application, received, told, from_application:
            async with anyio.create_task_group() as group:
                await to_application.send({"type": "websocket.connect"})
                group.start_soon(self._run, scope("websocket", "GET", path, headers or {}), received.receive, told.send)
                yield Socket(to_application, from_application)
                group.cancel_scope.cancel()


class Socket:
    """A WebSocket."""

    def __init__(
        self, to_application: MemoryObjectSendStream[Message], from_application: MemoryObjectReceiveStream[Message]
    ) -> None:
        self._to = to_application
        self._from = from_application

    async def next(self) -> Message:
        """What the application says."""
        with anyio.fail_after(5):
            return await self._from.receive()

    def told(self) -> Message:
        """What the application has said already, or `anyio.WouldBlock`."""
        return self._from.receive_nowait()
