"""A call that waits for a person over days, kills and restarts of its gateway, decided once, from wherever."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import anyio
import pytest

from argentos import Approval, Supervisor
from argentos.errors import ApprovalDecidedError, SessionError
from tests.prefork import ARGENT, python

DAYS: Final = 3

GATEWAY: Final = """
import sys
from datetime import timedelta
import anyio
from argentos import Address, Agent, FileStore, Reply, Supervisor, SystemClock, Text, ToolUse, tool

directory, sent, days = sys.argv[1:4]

class Later(SystemClock):
    def now(self):
        return super().now() + timedelta(days=float(days))

@tool(needs_approval=True, repeatable=False)
async def send_mail(to: str) -> str:
    "Send a mail."
    with open(sent, "a") as file:
        file.write(to + "\\n")
    return "sent"

class Model:
    name = "model"
    async def reply(self, request, emit):
        results = [each for each in request.messages[-1].blocks if each["type"] == "tool_result"]
        if results:
            return Reply(f"It said: {results[0]['content']}")
        return Reply([Text("May I?"), ToolUse(id="c1", name="send_mail", input={"to": "ada"})])

async def main():
    agent = Agent(Model(), tools=[send_mail])
    async with Supervisor(FileStore(directory), agent, clock=Later(), outbox=["mail"]) as supervisor:
        if "ask" in sys.argv:
            await supervisor.session("maren").send("mail ada", address=Address("mail", "maren"))
        print("open", flush=True)
        async with supervisor.outbox("mail") as outbox:
            async for delivery in outbox:
                await delivery.done()
                print(delivery.address.user, delivery.message.text, flush=True)

anyio.run(main)
"""


class Gateway:
    """A gateway, one process after the other, whose wall clock is days ahead."""

    def __init__(self, folder: Path) -> None:
        self.state, self._sent = folder / "state", folder / "sent"
        self._process: subprocess.Popen[str] | None = None

    def start(self, days: float, *words: str) -> None:
        self._process = python(GATEWAY, self.state, self._sent, days, *words, stdout=subprocess.PIPE)
        assert self.line() == "open"

    def line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None

    def sent(self) -> list[str]:
        return self._sent.read_text().splitlines() if self._sent.exists() else []


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """One that asked a person, was killed, asked nothing for two days in another process, and was killed again."""
    made = Gateway(tmp_path)
    try:
        made.start(0, "ask")
        assert made.line() == "maren May I?"  # durable, and at its address
        made.kill()
        made.start(2)
        made.kill()
        made.start(DAYS)
        yield made
    finally:
        made.kill()


def by_cli(state: Path, word: str) -> bool:
    """Decide as `argent` does; tells whether this was the word that counts."""
    command = ("sessions", word, "maren", "c1", "--by", "cli", "--state-dir", state)
    with python(ARGENT, *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 or "the first word counts" in err, err
    assert process.returncode != 0 or out.startswith("Call c1 of session maren was "), out
    return process.returncode == 0


def by_api(state: Path, word: str) -> bool:
    """Decide as a program beside the gateway does; tells likewise."""
    return anyio.run(decided, state, word)


async def decided(state: Path, word: str) -> bool:
    async with Supervisor.connect(state) as remote:
        session = remote.session("maren")
        try:
            await (session.approve("c1", by="api") if word == "approve" else session.deny("c1", by="api"))
        except ApprovalDecidedError as error:
            assert "the first word counts" in str(error)  # noqa: PT017 - it may also be the one that counts
            return False
    return True


async def asked(state: Path) -> tuple[Approval, ...]:
    async with Supervisor.connect(state) as remote:
        return await remote.approvals()


async def refused(state: Path) -> str:
    async with Supervisor.connect(state) as remote:
        with pytest.raises(SessionError) as error:
            await remote.session("maren").approve("c1")
    return str(error.value)


@pytest.mark.parametrize("decide", [by_cli, by_api])
def test_a_word_given_three_days_and_two_kills_later_lets_the_call_run_once(
    gateway: Gateway, decide: Callable[[Path, str], bool]
) -> None:
    (wanted,) = anyio.run(asked, gateway.state)
    waited = datetime.now(UTC) + timedelta(days=DAYS) - wanted.asked_at
    assert waited.days == DAYS
    assert gateway.sent() == []
    assert decide(gateway.state, "approve")
    assert gateway.line() == "maren It said: sent"
    assert gateway.sent() == ["ada"]
    assert not decide(gateway.state, "deny")
    gateway.kill()
    gateway.start(DAYS)  # which does nothing again
    then = datetime.now(UTC) + timedelta(days=DAYS)
    assert f"was approved by {'cli' if decide is by_cli else 'api'} at {then:%Y-%m-%d}" in anyio.run(
        refused, gateway.state
    )
    assert gateway.sent() == ["ada"]


@pytest.mark.parametrize(("cli", "api"), [("approve", "deny"), ("deny", "approve")])
def test_of_two_words_at_once_one_counts_and_the_turn_goes_on(gateway: Gateway, cli: str, api: str) -> None:
    async def both() -> list[bool]:
        counted = [False, False]

        async def ask() -> None:
            counted[0] = await anyio.to_thread.run_sync(by_cli, gateway.state, cli)

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            counted[1] = await decided(gateway.state, api)
        return counted

    counted = anyio.run(both)
    assert sorted(counted) == [False, True]
    was_approved = (cli if counted[0] else api) == "approve"
    assert gateway.line() == "maren It said: " + ("sent" if was_approved else "not run: a person denied it")
    assert gateway.sent() == (["ada"] if was_approved else [])
