"""A gateway that serves, as its clients see it."""

import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import anyio
import httpx2 as httpx
from websockets.asyncio.client import ClientConnection, connect

from argentos import Supervisor
from argentos.gateway.api.application import Gateway

__all__ = ["Events", "Served", "of"]


@dataclass(frozen=True)
class Served:
    """A gateway on a port.

    Attributes:
        client: of HTTP.
        address: host and port.
        token: that may do everything.
    """

    gateway: Gateway
    supervisor: Supervisor
    client: httpx.AsyncClient
    address: str
    token: str

    async def get(self, path: str, status: int = 200, /, **query: Any) -> Any:
        """The JSON of a path below the prefix."""
        return self._read(await self.client.get(_path(path), params=query), status)

    async def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """The JSON that an action gives."""
        return await self.send("POST", path, body, status, **headers)

    async def send(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """The JSON that a request with a body gives."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._read(await self.client.request(method, _path(path), json=body, headers=named), status)

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> AsyncGenerator[AsyncIterator[tuple[str, Any, str]]]:
        """The server-sent events of a path: kind, data and id of each."""
        named = {name.replace("_", "-"): value for name, value in headers.items()} | {"accept": "text/event-stream"}
        async with self.client.stream(method, _path(path), json=body, headers=named) as response:
            assert response.status_code == 200, await response.aread()
            assert response.headers["content-type"].startswith("text/event-stream")
            yield _events(response)

    @asynccontextmanager
    async def events(self, **query: Any) -> AsyncGenerator["Events"]:
        """Events over a WebSocket."""
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"ws://{self.address}/api/v1/events?{urlencode(query)}"
        async with connect(address, additional_headers=headers) as socket:
            yield Events(socket)

    @staticmethod
    def _read(response: httpx.Response, status: int) -> Any:
        assert response.status_code == status, response.text
        if status >= 400:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["status"] == status
        return response.json() if response.content else None


class Events:
    """Events of a WebSocket, one at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._lines: deque[str] = deque()

    async def next(self) -> dict[str, Any]:
        """The next one, which comes soon."""
        with anyio.fail_after(10):
            while not self._lines:
                self._lines.extend(str(await self._socket.recv()).split("\n"))
        told: dict[str, Any] = json.loads(self._lines.popleft())
        return told


def _path(path: str) -> str:
    return path if path.startswith("/") else f"/api/v1/{path}"


def of(session: str) -> str:
    """The path of a session."""
    return f"sessions/{quote(session, safe='')}"


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, Any, str]]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], json.loads(fields["data"]), fields.get("id", "")
            fields = {}
