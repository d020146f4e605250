"""Clients that do not read: they cost a bounded buffer each, miss what they did not read, and harm nobody else."""

import json
import socket
from contextlib import ExitStack, closing
from typing import Any, Final, Self

import anyio
import pytest
from starlette.types import Message

from argentos import Config
from argentos.gateway.api.streams import events, outlets
from tests.gateway.api.conftest import Serving
from tests.gateway.api.models import Echo
from tests.gateway.api.serving import Served, of
from tests.gateway.api.test_events import until

pytestmark = pytest.mark.anyio

LONG: Final = "word " * 4000  # of a message: several buffers of a socket, in the end
LARGE: Final = Config(max_context_tokens=10_000_000)
UPGRADE: Final = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class NotReading:
    """A client of the events that reads the head of the response, and no more until it is told to."""

    def __init__(self, served: Served, *, upgraded: bool = False) -> None:
        host, _, port = served.address.partition(":")
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect((host, int(port)))
        self._socket.setblocking(False)  # noqa: FBT003 - as it is spelt
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: {served.address}\r\nAuthorization: Bearer {served.token}\r\n"
        self._socket.send(f"{head}{UPGRADE if upgraded else ''}\r\n".encode())

    async def begin(self) -> Self:
        assert (await self.read(12)).startswith((b"HTTP/1.1 200", b"HTTP/1.1 101"))
        return self

    async def read(self, most: int = 1 << 20) -> bytes:
        await anyio.wait_readable(self._socket)
        return self._socket.recv(most)

    def close(self) -> None:
        self._socket.close()


async def talk(served: Served, times: int) -> None:
    for number in range(times):
        await served.supervisor.session(f"s-{number % 100}").ask(f"{number} {LONG}")


async def test_they_miss_events_and_others_miss_none(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_BEHIND", 1000)
    async with (
        serving(Echo(), count=len, count_inline=10**6, config=LARGE) as served,
        served.events() as reader,
        anyio.create_task_group() as group,
    ):
        with ExitStack() as stack:
            clients = [NotReading(served, upgraded=upgraded) for upgraded in (False, True) * 10]
            for client in clients:
                stack.callback(client.close)
                await client.begin()
            group.start_soon(talk, served, 400)
            told: list[dict[str, Any]] = []
            while len([each for each in told if each["record"]["kind"] == "turn_ended"]) < 400:
                told += await until(reader, "turn_ended")
            assert {each["type"] for each in told} == {"RecordAppended"}
            assert (await served.post(f"{of('maren')}/messages", {"content": "hello"}))["text"] == "hello"
            read = b""
            with anyio.fail_after(10):
                while b"event: EventsMissed\n" not in read:
                    read += await clients[0].read()
            missed = read.partition(b"event: EventsMissed\n")[2].split(b"data: ")[1].split(b"\n")[0]
            assert json.loads(missed)["count"] > 0


async def test_after_a_while_they_are_hung_up_on(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "_PATIENCE", 0.2)
    monkeypatch.setattr(outlets, "_LOOK", 0.1)
    async with serving(Echo(), count=len, count_inline=10**6, config=LARGE) as served:
        with closing(NotReading(served)) as one, closing(NotReading(served, upgraded=True)) as other:
            await one.begin()
            await other.begin()
            with anyio.fail_after(30):
                while "argent_streams 0.0" not in (await served.client.get("/metrics")).text:
                    await talk(served, 50)


async def test_a_server_that_has_closed_by_itself_is_as_a_client_that_hung_up() -> None:
    async def send(_: Message) -> None:
        raise RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'.")

    with anyio.CancelScope() as scope:
        await outlets.Outlet(send, lambda data: {"type": "websocket.send", "bytes": data}, scope).tell(b"news")
    assert scope.cancelled_caught
