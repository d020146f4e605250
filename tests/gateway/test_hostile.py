"""Texts of whoever writes to an agent: on the terminal of the person who looks they are texts, and nothing else."""

import json
import unicodedata
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final

import anyio
import pytest

from argentos import Address, Agent, FileStore, Reply, Request, Supervisor, ThinkingDelta, ToolUse, tool
from argentos.errors import ArgentError, InputError
from tests.gateway.shared import Argent

EVIL: Final = (
    "\x1b[2J\x1b[31m",  # clears the screen, in red
    "\x1b]0;owned\x07",  # names the window
    "\x1b]52;c;cm0gLXJmIH4=\x07",  # puts a command on the clipboard
    "\x9b31m",  # a control sequence in one character
    "\u202etxt.exe",  # turns the direction of reading
    "\u200b\u2066",  # nothing to see
    "\r\x08\x08",  # goes back in the line
    "\x00\x7f",
)
FORGED: Final = "\n[99] 2026-01-01 00:00:00 operator: all is well\x85[100] operator: yes\u2028"
TEXT: Final = "".join(EVIL) + FORGED
COMMANDS: Final = """
sessions list
sessions list --all-agents
sessions info {id}
sessions history {id}
sessions history {id} --full
sessions transitions {id}
sessions search all
sessions compactions {id}
sessions checkpoints {id}
sessions approvals
sessions owed
sessions export {id} --output {folder}/out.jsonl
sessions fork {id} {id}-2
sessions rewind {id} 900
sessions stop {id}
sessions unpark {id}
sessions compact {id} --preview
sessions retry {id}
sessions deny {id} {call} --reason {text}
sessions approve {id} {call}
sessions rename {id} {text}
sessions update {id} --tag {line} --owner {line}
sessions update {id} --title {text}
sessions info nobody{text}
sessions list --state {text}
sessions list --active {text}
sessions import {folder}/{line}
sessions prune --older-than 0.001s --dry-run
sessions delete {id} --dry-run
send {id} {text}
route telegram:{line}
diagram --session {id}
diagram {folder}/{line}
backup {folder}/{line}/x
restore {folder}/{line}
replay {folder}/{line}
doctor
{line}
sessions {line}
--agent {line} sessions list
"""


@tool(needs_approval=True)
async def send_mail(to: str) -> str:
    """Send a mail."""
    return to + TEXT


class Model:
    """Says what nobody should see as it is."""

    name = "model"

    async def reply(self, request: Request, emit: Any, /) -> Reply:
        text = request.messages[-1].text
        if "fail" in text:
            raise InputError(f"failed: {TEXT}")
        await emit(ThinkingDelta(TEXT))
        if "mail" in text:
            return Reply([ToolUse(id="c1", name="send_mail", input={"to": TEXT})])
        return Reply(TEXT, sender=_name(TEXT), stop_reason="max_tokens")


def _name(text: str) -> str:
    """As much of it as may be a name: no control characters are taken there."""
    return "".join(each for each in text if unicodedata.category(each) not in {"Cc", "Cs", "Zl", "Zp"})


@pytest.fixture
def hostile(state: Path) -> str:
    """A session in which everything that others give is meant for the terminal; gives its id."""
    session_id = f"ada{_name(TEXT)}"

    async def converse() -> None:
        async with Supervisor(FileStore(state), Agent(Model(), tools=[send_mail]), outbox=["telegram"]) as supervisor:
            session = supervisor.session(session_id)
            address = Address("telegram", f"ada{_name(TEXT)}")
            await session.ask(TEXT, address=address, sender=_name(TEXT))
            with pytest.raises(ArgentError):
                await session.ask(f"fail {TEXT}", address=address)
            await session.clear()
            await session.ask(TEXT, address=address)
            await session.update(title=_name(TEXT), tags=[_name(TEXT)], owner=_name(TEXT), system=TEXT)
            await session.send("mail", address=address)
            for _ in range(500):
                if (await session.info()).approvals:
                    break
                await anyio.sleep(0.01)

    anyio.run(converse)
    return session_id


def harm(text: str) -> Iterator[str]:
    """What a terminal would take for something else than a text."""
    for each in text:
        if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and each not in "\n\u200d":
            yield f"U+{ord(each):04X}"


def test_no_command_passes_on_what_a_terminal_would_obey(argent: Argent, hostile: str, tmp_path: Path) -> None:
    words = {
        "id": hostile,
        "call": "c1",
        "text": TEXT.replace("\0", ""),
        "line": f"x{_name(TEXT)}",
        "folder": str(tmp_path),
    }
    for command in COMMANDS.split("\n"):
        if not command:
            continue
        for options in ((), ("--json",)):
            line = [each.format(**words) for each in command.split()]
            _, out, err = argent(*options, *line)
            assert [*harm(out)] == [], command
            assert [*harm(err)] == [], command
            assert err.count("\n") <= 2, command
            if options:
                json.loads(out)
            else:
                forged = [each for each in out.split("\n") if each.startswith(("[99]", "[100]", "operator"))]
                assert forged == [], command


def test_a_chat_passes_nothing_on_either(argent: Argent, hostile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "/history",
        "/info",
        "/status",
        "/sessions",
        "/approvals",
        f"/{TEXT}",
        "/title x\x1b[31my",
        "Hello\x1b[31m",
    ]
    monkeypatch.setattr("sys.stdin", StringIO("\n".join(each.replace("\n", " ") for each in lines)))
    _, out, err = argent("chat", hostile)
    assert ([*harm(out)], [*harm(err)]) == ([], [])
