"""Bars for long work, and colours: at terminals, and as the environment says."""

import json
import subprocess
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.gateway.chat.terminal import Terminal
from tests.gateway.shared import Argent, Start

InTerminal: TypeAlias = Callable[..., bytes]

PROGRAM = "import os; os.login_tty(0); from argentos.gateway.cli import run; run()"


@pytest.fixture
def in_terminal(start: Start) -> Generator[InTerminal]:
    """Run a command line to its end in a terminal; gives what was written there."""

    def run(*arguments: str | Path, **env: str) -> bytes:
        def begin(end: int) -> subprocess.Popen[str]:
            streams = dict.fromkeys(("stdin", "stdout", "stderr"), end)
            return start(*arguments, program=PROGRAM, env={"TERM": "xterm", **env}, **streams)

        terminal = stack.enter_context(closing(Terminal(begin)))
        terminal.end()
        return terminal.raw

    with ExitStack() as stack:
        yield run


@pytest.fixture
def conversation(tmp_path: Path) -> Path:
    path = tmp_path / "ada.json"
    path.write_text(json.dumps([{"role": "user", "content": "Hello"}]))
    return path


def test_long_work_shows_a_bar_at_a_terminal(
    in_terminal: InTerminal, conversation: Path, tmp_path: Path, state: Path
) -> None:
    shown = in_terminal("sessions", "import", conversation)
    assert (b"Reading" in shown, b"Importing" in shown) == (True, True)
    assert b"Exporting" in in_terminal("sessions", "export", "--output", tmp_path / "out.jsonl")
    assert b"Saving" in in_terminal("backup", tmp_path / "backup")
    assert b"Checking" in in_terminal("doctor")
    state.rename(tmp_path / "before")
    assert b"Restoring" in in_terminal("restore", tmp_path / "backup")


@pytest.mark.parametrize(("options", "env"), [(["--json"], {}), ([], {"TERM": "dumb"})], ids=["json", "dumb"])
def test_no_bar_is_shown_to_programs_and_where_none_can_be_drawn(
    in_terminal: InTerminal, conversation: Path, options: list[str], env: dict[str, str]
) -> None:
    shown = in_terminal(*options, "sessions", "import", conversation, **env)
    assert b"Importing" not in shown
    assert b"\x1b[" not in shown


def test_colours_obey_the_environment(
    argent: Argent, in_terminal: InTerminal, monkeypatch: pytest.MonkeyPatch, conversation: Path, ours: Path
) -> None:
    (ours / "argent.json").write_text('{"agents": {"defaults": {"session": {"maxContextTokens": 2000}}}}')
    conversation.write_text(json.dumps([{"role": "user", "content": "word " * 1900}]))
    argent("sessions", "import", conversation)
    coloured = b"\x1b[31m"
    assert coloured in in_terminal("sessions", "list")
    assert coloured not in in_terminal("sessions", "list", NO_COLOR="1")
    assert coloured not in in_terminal("sessions", "list", TERM="dumb")
    assert coloured.decode() not in argent("sessions", "list")[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert coloured.decode() in argent("sessions", "list")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured.decode() not in argent("sessions", "list")[1]
