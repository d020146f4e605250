"""`argent gateway`, as a process, and the command line beside it."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.gateway.server.serving import Served, serving
from tests.gateway.shared import Argent, Ask, Fails

pytestmark = pytest.mark.gateway

SLOW: Final = """
import anyio
from argentos import Reply

class Slow:
    async def reply(self, request, emit):
        await emit("Late, ")
        await anyio.sleep(float(request.messages[-1].text))
        return Reply("Late, but here.")
"""


def slow(state: Path) -> None:
    """Have a model answer that takes the seconds that a message says."""
    state.mkdir()
    (state / "slow.py").write_text(SLOW)
    (state / "argent.json").write_text(json.dumps({"agents": {"main": {"model": "slow.py:Slow"}}}))


def sign_in(served: Served, link: str) -> dict[str, str]:
    """Sign in as a browser does; gives its headers."""
    url, _, code = link.partition("/#code=")
    answer = served.ask("POST", "/sign-in", {"code": code}, token=None, headers={"Origin": url})
    assert answer.status == 200, answer
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0], "Origin": url}


def test_a_gateway_serves_until_it_is_told_to_end(state: Path, ask: Ask, fails: Fails, argent: Argent) -> None:
    with serving(state) as served:
        page = served.ask("GET", "/", token=None)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        reply = served.ask("POST", "/api/v1/sessions/maren/messages", {"content": "Hello?"})
        assert reply.json["role"] == "assistant"
        assert [each["id"] for each in ask("sessions", "list")] == ["maren"]
        told = ask("gateway", "status")
        assert (told["isRunning"], told["trouble"], told["gateway"]["url"]) == (True, "", served.url)
        assert served.end() < 5
        assert served.process.returncode == 0
        assert served.log.count("\n") == 1
        assert "the gateway ends" in served.log
    status, out, _ = argent("gateway", "status")
    assert (status, out) == (1, f"No gateway runs in {state}.\n")
    assert fails("gateway", "link")[1].endswith("start one with `argent gateway`")


def test_a_browser_signs_in_by_the_link_that_is_printed_and_by_others(state: Path, ask: Ask) -> None:
    with serving(state) as served:
        for link in (served.link, ask("gateway", "link")["link"]):
            browser = sign_in(served, link)
            assert served.ask("GET", "/api/v1/sessions", token=None, headers=browser).status == 200
        assert ask("gateway", "token", "list")[0]["name"] == "admin"


def test_a_sign_in_holds_across_a_restart(state: Path) -> None:
    with serving(state) as served:
        browser, port = sign_in(served, served.link), served.port
        served.end()
    with serving(state, "--port", str(port)) as served:
        assert served.ask("GET", "/api/v1/sessions", token=None, headers=browser).status == 200


def test_tokens_are_made_listed_rotated_and_revoked(argent: Argent, ask: Ask, fails: Fails) -> None:
    status, secret, _ = argent("gateway", "token", "new", "phone", "--scope", "read", "--owner", "maren")
    assert status == 0
    assert secret.startswith("argent_")
    (listed,) = ask("gateway", "token", "list")
    assert (listed["name"], listed["scopes"], listed["owner"]) == ("phone", ["read"], "maren")
    assert secret.strip() not in argent("gateway", "token", "list")[1]
    assert ask("gateway", "token", "rotate", "phone")["token"] != secret.strip()
    assert fails("gateway", "token", "new", "phone")[1].startswith("there is a token 'phone' already")
    assert argent("gateway", "token", "revoke", "phone")[1] == "Token phone is no more.\n"
    assert fails("gateway", "token", "revoke", "phone")[1] == (
        "there is no token 'phone'; there is none yet; `argent gateway token new` makes one"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--host", "0.0.0.0"], "anybody between could read its tokens"),  # noqa: S104 - refused
        (["--tls-key", "/nowhere"], "TLS needs a certificate and its key"),
        (["--behind-proxy", "argent.example.org"], "is no address of a gateway"),
        (["--grace", "soon"], "--grace: the text 'soon' is no duration"),
        (["--host", "no.such.host.invalid"], "--tls-certificate"),
    ],
)
def test_a_gateway_that_cannot_be_is_refused_in_a_sentence(fails: Fails, options: list[str], sentence: str) -> None:
    assert sentence in fails("gateway", *options)[1]


def test_a_state_directory_has_one_gateway(state: Path) -> None:
    with serving(state):
        command = [sys.executable, "-m", "argentos", "gateway", "--port", "0", "--state-dir", str(state)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
    assert second.returncode == 1
    assert second.stderr.startswith(f"argent: the state directory {state} is in use by process ")


def test_a_second_gateway_at_the_same_port_is_told_of_the_first(state: Path) -> None:
    with serving(state) as served:
        port = served.url.rpartition(":")[2]
        command = [sys.executable, "-m", "argentos", "gateway", "--port", port, "--state-dir", str(state)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
    assert second.returncode == 1
    assert second.stderr.startswith(f"argent: a gateway runs in {state} already, as process ")


def test_what_is_made_is_private_whatever_the_umask(state: Path) -> None:
    with serving(state, umask=0) as served:
        served.ask("POST", "/api/v1/sessions/maren/messages", {"content": "Hello?"})
        sign_in(served, served.link)
        served.tokens.rotate("admin")
        served.end()
    found = {path: stat.S_IMODE(path.lstat().st_mode) for path in (state, *state.rglob("*"))}
    assert len(found) > 10
    assert {path: mode for path, mode in found.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


# The end ---------------------------------------------------------------------------------------------------------


def connection_to(served: Served, stack: ExitStack) -> http.client.HTTPConnection:
    return stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)))


def stream_of_events(served: Served, stack: ExitStack) -> http.client.HTTPResponse:
    connection = connection_to(served, stack)
    connection.request("GET", "/api/v1/events?after=", headers={"Authorization": f"Bearer {served.token}"})
    response = stack.enter_context(connection.getresponse())
    assert response.status == 200
    return response


@pytest.mark.parametrize(("seconds", "least", "most"), [("0.5", 0.3, 2.5), ("60", 2.0, 3.0)])
def test_it_ends_within_the_grace_and_a_second_with_streams_and_a_turn_that_runs(
    state: Path, seconds: str, least: float, most: float
) -> None:
    slow(state)
    with serving(state, "--grace", "2s") as served, ExitStack() as stack:
        streams = [stream_of_events(served, stack) for _ in range(3)]
        turn = connection_to(served, stack)
        shown = {"Authorization": f"Bearer {served.token}", "Content-Type": "application/json"}
        turn.request("POST", "/api/v1/sessions/s/messages", json.dumps({"content": seconds}), shown)
        while served.ask("GET", "/api/v1/sessions/s").body.find(b'"status":"working"') < 0:
            time.sleep(0.02)
        took = served.end()
        assert least < took < most
        assert served.process.returncode == 0
        reply = stack.enter_context(turn.getresponse())
        assert (reply.status == 200) == (seconds == "0.5"), reply.read()
        for stream in streams:
            assert b"SupervisorDraining" in stream.read()


# systemd -----------------------------------------------------------------------------------------------------------


def test_systemd_is_told_of_the_beginning_and_of_the_end(state: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.bind(str(tmp_path / "n"))
        hearing.settimeout(20)
        watched = {"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "200000"}
        with serving(state, environment=watched) as served:
            assert hearing.recv(1000).decode().startswith("READY=1\nSTATUS=serving at ")
            assert [hearing.recv(1000) for _ in range(3)] == [b"WATCHDOG=1"] * 3
            served.end()
        told = [hearing.recv(1000)]
        while told[-1] == b"WATCHDOG=1":
            told.append(hearing.recv(1000))
        assert told[-1].startswith(b"STOPPING=1")


def test_it_serves_on_a_socket_that_systemd_has_opened(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        program = "\n".join(
            [
                "import os, sys",
                f"os.dup2({listening.fileno()}, 3)",
                "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')",
                "from argentos.__main__ import run; run()",
            ]
        )
        os.set_inheritable(listening.fileno(), True)  # noqa: FBT003 - it takes no name
        with serving(state, program=program, inherits=listening.fileno()) as served:
            assert served.port == port
            assert served.ask("GET", "/healthz", token=None).status == 200


def test_a_crash_leaves_a_gateway_that_begins_again(state: Path, ask: Ask) -> None:
    with serving(state) as served:
        served.ask("POST", "/api/v1/sessions/maren/messages", {"content": "Hello?"})
        served.process.send_signal(signal.SIGKILL)
        served.process.wait(10)
    with serving(state) as served:
        messages: Any = served.ask("GET", "/api/v1/sessions/maren/messages").json["messages"]
        assert [each["role"] for each in messages] == ["user", "assistant"]
        assert ask("gateway", "status")["isRunning"]
