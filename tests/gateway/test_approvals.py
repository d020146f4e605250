"""Calls that wait for a person, on the command line: beside a gateway, and where none runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

GATEWAY = """
import sys
import anyio
from argentos import Address, Agent, FileStore, Reply, Supervisor, ToolUse, tool

directory, sent = sys.argv[1:3]

@tool(needs_approval=True, repeatable=False)
async def send_mail(to: str) -> str:
    "Send a mail."
    with open(sent, "a") as file:
        file.write(to + "\\n")
    return "sent"

class Model:
    name = "model"
    async def reply(self, request, emit):
        if request.messages[-1].blocks:
            return Reply("It is done.")
        return Reply([ToolUse(id="c1", name="send_mail", input={"to": "ada"})])

async def main():
    async with Supervisor(FileStore(directory), Agent(Model(), tools=[send_mail]), outbox=["mail"]) as supervisor:
        session = supervisor.session("maren")
        if "ask" in sys.argv:
            await session.send("mail ada", address=Address("mail", "maren"))
        print("open", flush=True)
        async with supervisor.outbox("mail") as outbox:
            async for delivery in outbox:
                print(delivery.message.text or "asked", delivery.address.user, flush=True)
                await delivery.done()

anyio.run(main)
"""


class Gateway:
    """A gateway in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent = folder / "sent"
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-c", GATEWAY, str(self.folder / "state"), str(self.sent), *words],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert self.line(process) == "open"
        return process

    @staticmethod
    def line(process: "subprocess.Popen[str]") -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def argent(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - likewise
            [sys.executable, "-m", "argentos", "sessions", *words, "--state-dir", str(self.folder / "state")],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "ANTHROPIC_API_KEY": ""},
        )

    def wanted(self) -> list[dict[str, Any]]:
        for _ in range(100):
            found: list[dict[str, Any]] = json.loads(self.argent("approvals", "--json").stdout)
            if found:
                return found
            time.sleep(0.1)
        return []


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    for process in made.processes:
        process.kill()
        process.communicate()


def test_a_call_is_approved_beside_a_gateway(gateway: Gateway) -> None:
    process = gateway.start("ask")
    (wanted,) = gateway.wanted()
    assert (wanted["session"], wanted["callId"], wanted["name"], wanted["input"]) == (
        "maren",
        "c1",
        "send_mail",
        {"to": "ada"},
    )
    assert "send_mail" in gateway.argent("approvals", "maren").stdout
    assert (
        gateway.argent("approve", "maren", "c1", "--by", "jason").stdout == "Call c1 of session maren was approved.\n"
    )
    assert [gateway.line(process), gateway.line(process)] == ["asked maren", "It is done. maren"]
    again = gateway.argent("deny", "maren", "c1")
    assert again.returncode != 0
    assert "was approved by jason" in again.stderr
    shown = gateway.argent("history", "maren").stdout
    assert '→ send_mail({"to":"ada"})  [c1]' in shown
    assert "← sent" in shown


def test_a_call_that_was_asked_before_a_kill_is_approved_without_a_gateway_and_runs_in_the_next(
    gateway: Gateway,
) -> None:
    first = gateway.start("ask")
    assert gateway.wanted()
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    gateway.start().kill()  # one that was killed as well
    assert [each["callId"] for each in gateway.wanted()] == ["c1"]
    done = gateway.argent("approve", "maren", "c1")
    assert done.returncode == 0, done.stderr
    assert not gateway.sent.exists()  # the tool is in the gateway
    last = gateway.start()
    lines = [gateway.line(last)]
    if lines == ["asked maren"]:  # unless it was delivered before
        lines = [gateway.line(last)]
    assert lines == ["It is done. maren"]
    assert gateway.sent.read_text() == "ada\n"
