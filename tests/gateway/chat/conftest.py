"""Chats through pipes and in terminals, and who answers in them."""

import socket
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from io import StringIO
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from tests.gateway.chat.server import Serve, answer
from tests.gateway.chat.terminal import PATIENCE, Terminal
from tests.gateway.shared import Argent, Start
from tests.prefork import python

Chat: TypeAlias = Callable[..., tuple[int, str, str]]
Open: TypeAlias = Callable[..., Terminal]
Own: TypeAlias = Callable[[], subprocess.Popen[str]]

IN_A_TERMINAL: Final = "import os; os.login_tty(0); from argentos.gateway.cli import run; run()"
WITHOUT_EDITOR: Final = f"import sys; sys.modules['prompt_toolkit'] = None; {IN_A_TERMINAL}"

OWNER: Final = """
import sys
import anyio
from argentos import Agent, FileStore, Reply, Supervisor, ThinkingDelta, ToolUse, tool
from argentos.storage import results_in

@tool(needs_approval=True)
async def send_mail(to: str, text: str) -> str:
    "Send a mail."
    return f"sent to {to}"

class Model:
    name = "model"

    async def reply(self, request, emit):
        asked = request.messages[-1]
        if results := results_in(asked.blocks):
            return Reply(f"The tool said: {results[0].text}")
        if "mail" in asked.text:
            return Reply([ToolUse(id=f"c{asked.number}", name="send_mail", input={"to": "ada", "text": "one\\ntwo"})])
        if "think" in asked.text:
            await emit(ThinkingDelta("Hm, ropes."))
        if "wait" in asked.text:
            await emit("Waiting")
            await anyio.sleep_forever()
        return Reply(f"# You said\\n\\n**{asked.text}**")

async def main():
    async with Supervisor(FileStore(sys.argv[1]), Agent(Model(), tools=[send_mail])):
        print("open", flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


@pytest.fixture
def chat(argent: Argent, monkeypatch: pytest.MonkeyPatch) -> Chat:
    """Chat in this process, with this as standard input; gives the status, and what was printed."""

    def run(typed: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", StringIO(typed))
        return argent("chat", *arguments)

    return run


@pytest.fixture
def serve() -> Generator[Serve]:
    """Be a model's server that gives these answers and leaves the last connection open; gives the environment."""
    over = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(2 * PATIENCE)

        def run(*answers: bytes) -> dict[str, str]:
            threads.append(threading.Thread(target=answer, args=(server, answers, over)))
            threads[-1].start()
            base_url = f"http://127.0.0.1:{server.getsockname()[1]}"
            return {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": base_url, "NO_PROXY": "*"}

        yield run
        over.set()
        for thread in threads:
            thread.join(2 * PATIENCE)


@pytest.fixture
def own(state: Path) -> Iterator[Own]:
    """Begin a gateway that owns the state directory, and whose agent has a tool that needs approval."""
    begun: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        process = python(OWNER, state, stdout=subprocess.PIPE)
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process

    yield run
    for process in begun:
        process.kill()
        with process:
            pass


@pytest.fixture
def terminal(start: Start) -> Generator[Open]:
    """Open a chat in the session `ada` in a terminal: one that can move its cursor or, where it is dumb, only print."""

    def run(*arguments: str, program: str = IN_A_TERMINAL, **env: str) -> Terminal:
        def begin(end: int) -> subprocess.Popen[str]:
            streams = dict.fromkeys(("stdin", "stdout", "stderr"), end)
            return start("chat", *(arguments or ("ada",)), program=program, env={"TERM": "xterm", **env}, **streams)

        return stack.enter_context(closing(Terminal(begin)))

    with ExitStack() as stack:
        yield run
