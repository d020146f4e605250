"""The web application of the examples, in which a gateway is mounted: it streams, and ends in order meanwhile."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
EXAMPLES: Final = str(ROOT / "examples")
LONGEST: Final = 30.0  # seconds until it serves

_SLOW: Final = """
import anyio, sys
sys.path.insert(0, sys.argv.pop(1))
from web import main
from argentos import Reply

class Slow:
    async def reply(self, request, emit):
        await emit("Late, ")
        await anyio.sleep(float(sys.argv[3]))
        await emit("but here.")
        return Reply("Late, but here.")

main(sys.argv[1], int(sys.argv[2]), Slow())
"""


class Client:
    """Asks the gateway with its token."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._stack = ExitStack()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        connection = self._stack.enter_context(closing(HTTPConnection("127.0.0.1", self._port, timeout=20)))
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        return self._stack.enter_context(connection.getresponse())

    def close(self) -> None:
        self._stack.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def serving(state: Path, *program: str, arguments: tuple[str, ...] = ()) -> Generator[tuple[Any, Client]]:
    port = free_port()
    command = [sys.executable, *program, str(state), str(port), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - ours
        try:
            assert process.stdout is not None
            client = Client(port, process.stdout.readline().decode().removeprefix("token:").strip())
            deadline = time.monotonic() + LONGEST
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            with closing(client):
                yield process, client
        finally:
            process.kill()


def next_event(stream: HTTPResponse) -> tuple[str, Any]:
    """The kind and the data of a server-sent event; empty at the end of the stream."""
    fields: dict[str, str] = {}
    while line := stream.readline().decode():
        if line != "\n":
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value
        elif "event" in fields:
            return fields["event"], json.loads(fields["data"])
    return "", None


def rest_of(stream: HTTPResponse) -> list[str]:
    kinds: list[str] = []
    while kind := next_event(stream)[0]:
        kinds.append(kind)
    return kinds


MESSAGES = "/argent/api/v1/sessions/maren/messages"
EVENTS = "/argent/api/v1/events"
STREAM = "text/event-stream"


def test_it_ends_in_order_while_events_stream(tmp_path: Path) -> None:
    with serving(tmp_path, f"{EXAMPLES}/web.py") as (process, client):
        assert client.ask("GET", "/").read() == b"The sessions are at /argent/api/v1."
        stream = client.ask("GET", f"{EVENTS}?after=")
        kind, snapshot = next_event(stream)
        assert (kind, snapshot["sessions"]) == ("CursorExpired", [])
        reply = client.ask("POST", MESSAGES, {"content": "Hello?"})
        assert json.loads(reply.read())["role"] == "assistant"
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert rest_of(stream)[-1] == "SupervisorDraining"
        process.wait(timeout=10)
        assert time.monotonic() - begun < 5
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_reply_that_streams_has_its_grace_and_nothing_more_is_taken(tmp_path: Path) -> None:
    with serving(tmp_path, "-c", _SLOW, EXAMPLES, arguments=("2",)) as (process, client):
        reply = client.ask("POST", MESSAGES, {"content": "Hello?"}, accept=STREAM)
        while next_event(reply)[0] != "text-delta":
            pass
        stream = client.ask("GET", EVENTS)
        process.send_signal(signal.SIGTERM)
        while next_event(stream)[0] != "SupervisorDraining":
            pass
        assert next_event(reply) == ("text-delta", {"type": "text", "text": "but here."})
        kind, message = next_event(reply)
        assert (kind, message["text"]) == ("reply", "Late, but here.")
        assert rest_of(stream)
        process.wait(timeout=10)


FAILS = """
import sys
import anyio
from argentos import Emit, ModelRefusedError, Reply, Request
sys.path.insert(0, sys.argv.pop(1))
from web import main

class Refusing:
    async def reply(self, request: Request, emit: Emit) -> Reply:
        await emit("Well, ")
        raise ModelRefusedError("no more for today")

main(sys.argv[1], int(sys.argv[2]), Refusing())
"""


def test_a_client_is_told_what_is_refused_and_why_a_reply_broke_off(tmp_path: Path) -> None:
    with serving(tmp_path, "-c", FAILS, EXAMPLES) as (_, client):
        refused = client.ask("POST", MESSAGES, {"content": " "})
        assert refused.status == http.client.BAD_REQUEST
        assert json.loads(refused.read())["detail"] == "the message is empty; send some text"
        reply = client.ask("POST", MESSAGES, {"content": "Hello?"}, accept=STREAM)
        *_, piece, (kind, problem) = [next_event(reply) for _ in range(4)]
        assert piece == ("text-delta", {"type": "text", "text": "Well, "})
        assert (kind, problem["code"], problem["detail"]) == ("error", "model_refused", "no more for today")


@pytest.mark.parametrize("given", ["", "Bearer nonsense"])
def test_nobody_else_is_answered(tmp_path: Path, given: str) -> None:
    with serving(tmp_path, f"{EXAMPLES}/web.py") as (_, client):
        assert client.ask("GET", "/argent/api/v1/sessions", Authorization=given).status == http.client.UNAUTHORIZED
