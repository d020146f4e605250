"""The web gateway of the examples, as a process under uvicorn: it streams, and ends in order with streams open."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

ROOT: Final = Path(__file__).parents[1]
Requesting: TypeAlias = Callable[..., HTTPResponse]
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

anyio.run(main, sys.argv[1], int(sys.argv[2]), Slow())
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def serving(port: int, *command: str) -> Generator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE) as process:  # noqa: S603 - ours
        try:
            deadline = time.monotonic() + LONGEST
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield process
        finally:
            process.kill()


@pytest.fixture
def ask(port: int) -> Generator[Requesting]:
    with ExitStack() as stack:

        def request(method: str, path: str, body: str | None = None, **headers: str) -> HTTPResponse:
            connection = stack.enter_context(closing(HTTPConnection("127.0.0.1", port, timeout=20)))
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            return stack.enter_context(connection.getresponse())

        yield request


def next_event(stream: HTTPResponse) -> tuple[str, str, Any]:
    """The id, the kind and the data of a server-sent event; empty at the end of the stream."""
    lines = [stream.readline().decode().rstrip("\n") for _ in range(4)]
    fields = dict(line.split(": ", 1) for line in lines if line)
    return fields.get("id", ""), fields.get("event", ""), json.loads(fields.get("data", "null"))


def read_until(stream: HTTPResponse, kind: str) -> str:
    """Read events up to one whose record is of this kind; gives its cursor."""
    while True:
        cursor, event, data = next_event(stream)
        assert event, f"the stream ended before a {kind}"
        if event == "RecordAppended" and data["record"] == kind:
            return cursor


def read_to_the_end(stream: HTTPResponse) -> list[str]:
    kinds: list[str] = []
    while (event := next_event(stream)[1]) != "":
        kinds.append(event)
    return kinds


def test_it_ends_in_order_while_events_stream(tmp_path: Path, port: int, ask: Requesting) -> None:
    with serving(port, str(ROOT / "examples" / "web.py"), str(tmp_path), str(port)) as process:
        stream = ask("GET", "/events")
        _, kind, sessions = next_event(stream)
        assert (kind, sessions) == ("CursorExpired", [])
        reply = ask("POST", "/sessions/maren", "Hello?", message_id="m-1")
        assert reply.read()
        cursor = read_until(stream, "Accepted")
        again = ask("GET", "/events", last_event_id=cursor)
        read_until(again, "Replied")
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert read_to_the_end(stream)[-1] == "SupervisorDraining"
        assert read_to_the_end(again)[-1] == "SupervisorDraining"
        process.wait(timeout=10)
        assert time.monotonic() - begun < 5
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_reply_that_streams_has_its_grace_and_nothing_more_is_taken(
    tmp_path: Path, port: int, ask: Requesting
) -> None:
    examples = str(ROOT / "examples")
    with serving(port, "-c", _SLOW, examples, str(tmp_path), str(port), "2") as process:
        reply = ask("POST", "/sessions/maren", "Hello?")
        assert reply.read(6) == b"Late, "
        stream = ask("GET", "/events")
        process.send_signal(signal.SIGTERM)
        while next_event(stream)[1] != "SupervisorDraining":
            pass
        refused = ask("POST", "/sessions/ada", "Hello?")
        assert refused.status == http.client.SERVICE_UNAVAILABLE
        assert b"takes no more messages" in refused.read()
        assert reply.read() == b"but here."
        assert read_to_the_end(stream)
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

anyio.run(main, sys.argv[1], int(sys.argv[2]), Refusing())
"""


def test_a_client_is_told_what_is_refused_and_why_a_reply_broke_off(tmp_path: Path, port: int, ask: Requesting) -> None:
    with serving(port, "-c", FAILS, str(ROOT / "examples"), str(tmp_path), str(port)):
        refused = ask("POST", "/sessions/maren", " ")
        assert refused.status == http.client.BAD_REQUEST
        assert refused.read() == b"the message is empty; send some text"
        assert ask("POST", "/sessions/maren", "Hello?").read() == b"Well, \n(no more for today)\n"
