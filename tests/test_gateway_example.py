"""The gateway of the examples, as a process: it serves, ends in order, and loses nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

_SLOW: Final = """
import anyio, sys
sys.path.insert(0, sys.argv.pop(1))
from gateway import main
from argentos import Reply

class Slow:
    name, token_ratio, can_summarise = "slow", 1.0, False
    async def reply(self, request, _emit):
        print("asked", flush=True)
        await anyio.sleep(float(sys.argv[3]))
        return Reply("Late, but here.")

anyio.run(main, sys.argv[1], int(sys.argv[2]), Slow(), 1.0)
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def gateway(*command: str) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        assert process.stdout.readline() == "serving\n"
        try:
            yield process
        finally:
            process.kill()


def tell(connection: socket.socket, user: str, message_id: str, text: str) -> None:
    connection.sendall(json.dumps({"user": user, "id": message_id, "text": text}).encode() + b"\n")


def hear(connection: socket.socket) -> dict[str, str]:
    with connection.makefile() as lines:
        answer: dict[str, str] = json.loads(lines.readline())
        return answer


def test_a_client_is_answered_and_a_line_that_is_no_message_is_refused(tmp_path: Path, port: int) -> None:
    with gateway(str(ROOT / "examples/gateway.py"), str(tmp_path), str(port)) as process:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            tell(client, "maren", "m-1", "Hello?")
            first = hear(client)
            assert first["id"] == "m-1:reply"
            client.sendall(b"hello?\n")
            assert "error" in hear(client)
            tell(client, "a\nb", "m-2", "Hello?")
            assert "session id" in hear(client)["error"]
            tell(client, "maren", "m-1", "Hello?")
            assert hear(client) == first
            tell(client, "maren", "m-3", "/new")
            assert hear(client) == {"id": "m-3", "text": "A new conversation begins; /resume goes on with the old one."}
            tell(client, "maren", "m-4", "/new Hello again?")
            assert hear(client)["id"] == "m-4:reply"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("seconds", ["0.3", "60"], ids=["ends within the grace", "does not"])
def test_a_turn_that_runs_when_the_signal_comes_is_not_lost(tmp_path: Path, port: int, seconds: str) -> None:
    slow = ("-c", _SLOW, str(ROOT / "examples"), str(tmp_path), str(port))
    with gateway(*slow, seconds) as process, socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        tell(client, "maren", "m-1", "Hello?")
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    history = json.loads((tmp_path / "agents/main/sessions/maren/history.json").read_bytes())
    assert [message["text"] for message in history["messages"]][:1] == ["Hello?"] or history["waiting"]
    with gateway(*slow, "0") as process, socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        tell(client, "maren", "m-1", "Hello?")
        assert hear(client) == {"id": "m-1:reply", "text": "Late, but here."}
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == 0
