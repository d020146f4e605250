"""The end of a gateway's process: in order and in time, whatever is open, and nothing that was said is lost."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import httpx2 as httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

pytestmark = [pytest.mark.anyio, pytest.mark.gateway]

GRACE: Final = 1.0

_PROGRAM: Final = """
import socket, sys, uuid
import anyio, uvicorn
from argentos import FileStore, Reply, Supervisor
from argentos.gateway import Access, Gateway

class Slow:
    async def reply(self, request, emit):
        await emit("Late, ")
        await anyio.sleep(float(request.messages[-1].text))
        return Reply("Late, but here.")

state, wrap = sys.argv[1:]
access = Access(state)
gateway = Gateway(Supervisor(FileStore(state), Slow(), grace=1.0), access)
app = gateway.application()
if wrap == "fastapi":
    from fastapi import FastAPI
    app = FastAPI(lifespan=gateway.lifespan)
    app.mount("/argent", gateway.application())
listening = socket.create_server(("127.0.0.1", 0))
print(access.tokens.new(uuid.uuid4().hex), listening.getsockname()[1], flush=True)
config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
uvicorn.Server(config).run([listening])
"""


class Process:
    """A gateway's process, and a client of it."""

    def __init__(self, process: "subprocess.Popen[bytes]", prefix: str) -> None:
        assert process.stdout is not None
        token, port = process.stdout.readline().decode().split()
        self.process = process
        self.headers = {"Authorization": f"Bearer {token}"}
        self.address = f"127.0.0.1:{port}{prefix}/api/v1"
        self.client = httpx.AsyncClient(base_url=f"http://{self.address}", headers=self.headers, timeout=20)

    async def begin_turn(self, seconds: float) -> None:
        sent = await self.client.post(
            "/sessions/maren/messages", json={"content": str(seconds)}, headers={"Prefer": "respond-async"}
        )
        assert sent.status_code == 202

    async def end(self) -> float:
        """End it, and give the seconds that it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        await anyio.to_thread.run_sync(lambda: self.process.wait(20))
        return time.monotonic() - begun


@contextmanager
def running(state: Path, wrap: str = "", prefix: str = "") -> Generator[Process]:
    command = [sys.executable, "-c", _PROGRAM, str(state), wrap]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - ours
        try:
            yield Process(process, prefix)
        finally:
            process.kill()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _read_all(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


@pytest.mark.parametrize(("wrap", "prefix"), [("", ""), ("fastapi", "/argent")])
async def test_it_ends_within_the_grace_whatever_is_open(tmp_path: Path, wrap: str, prefix: str) -> None:
    with running(tmp_path, wrap, prefix) as gateway:
        async with (
            gateway.client as client,
            connect(f"ws://{gateway.address}/events", additional_headers=gateway.headers) as socket,
            client.stream("GET", "/events") as events,
        ):
            await gateway.begin_turn(60)
            async with client.stream("GET", "/sessions/maren/turn") as turn:
                took = await gateway.end()
                pieces = [line async for line in turn.aiter_lines()]
            told = [line async for line in events.aiter_lines() if line.startswith("event")]
            with pytest.raises(ConnectionClosed) as closed:
                await _read_all(socket)
        assert GRACE <= took < GRACE + 1
        assert "event: error" in pieces
        assert told[-1] == "event: SupervisorDraining"
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code in {1001, 1012}
        assert gateway.process.stderr is not None
        assert gateway.process.stderr.read() == b""


async def test_a_turn_that_ends_within_the_grace_is_whole(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        async with gateway.client as client:
            async with client.stream(
                "POST", "/sessions/maren/messages", json={"content": "0.5"}, headers={"Accept": "text/event-stream"}
            ) as turn:
                lines = turn.aiter_lines()
                while await anext(lines) != "event: text-delta":
                    pass
                took = await gateway.end()
                rest = [line async for line in lines]
            assert "event: reply" in rest
            assert took < GRACE + 1


async def test_clients_that_do_not_read_hold_up_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        async with gateway.client as client:
            for _ in range(3):  # more than any buffer holds, which nobody reads
                stream = await client.send(client.build_request("GET", "/events?after="), stream=True)
                assert stream.status_code == 200
            await gateway.begin_turn(0)
            assert await gateway.end() < GRACE + 1 + 2


async def test_what_was_cut_off_is_answered_by_the_next_process(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        async with gateway.client:
            await gateway.begin_turn(1.5)
            assert await gateway.end() < GRACE + 1
    with running(tmp_path) as gateway:
        async with gateway.client as client, client.stream("GET", "/sessions/maren/turn") as turn:
            lines = [line async for line in turn.aiter_lines()]
        messages: list[dict[str, Any]] = []
        assert [line for line in lines if line.startswith("event: ")][-1] == "event: reply"
        messages = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
        assert messages[-1]["text"] == "Late, but here."
