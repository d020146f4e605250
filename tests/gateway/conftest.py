"""What the tests of the command line share: `argent` in this process and in others, and recordings to replay."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from argentos.gateway.cli import main
from tests.gateway.shared import ANSWER, QUESTION, Argent, Ask, Fails, Record, Start
from tests.prefork import ARGENT
from tests.prefork import python as forked

FOREIGN: Final = (
    *("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "ARGENTOS_HOME"),
    *("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR"),
)
"""Variables of the caller's that the command line obeys."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory that does not exist yet."""
    return tmp_path / "state"


@pytest.fixture
def ours(state: Path) -> Path:
    """A state directory in which nothing has happened yet."""
    state.mkdir(mode=0o700)
    (state / "agents").mkdir(mode=0o700)
    return state


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the caller's key, home, state or terminal, nor where another's command line printed its warnings."""
    monkeypatch.setattr(logging.getLogger("argentos"), "handlers", [])
    monkeypatch.setattr(logging.root, "handlers", logging.root.handlers[:])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def argent(state: Path, capsys: pytest.CaptureFixture[str]) -> Argent:
    """Run a command line in this process; gives its status, and what it printed on output and error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        status = main(["--state-dir", str(state), *map(str, arguments)])
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def ask(argent: Argent) -> Ask:
    """Run a command line with `--json`, and read its answer."""

    def run(*arguments: str | Path) -> Any:
        status, out, err = argent("--json", *arguments)
        assert (status, err) == (0, "")
        return json.loads(out)

    return run


@pytest.fixture
def fails(argent: Argent) -> Fails:
    """Run a command line that must fail as all do; gives its status and the sentence behind `argent: `."""

    def run(*arguments: str | Path) -> tuple[int, str]:
        status, out, err = argent(*arguments)
        assert status != 0
        assert err.startswith("argent: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1
        sentence = err.removeprefix("argent: ").rstrip("\n")
        assert (json.loads(out)["error"]["message"] if "--json" in arguments else out) in {"", sentence}
        return status, sentence

    return run


@pytest.fixture
def start(state: Path) -> Generator[Start]:
    """Start a command line in a process of its own, forked where Python needs no options; the end kills what runs."""
    started: list[subprocess.Popen[str]] = []

    def run(
        *arguments: str | Path, python: Sequence[str] = (), program: str = ARGENT, **options: Any
    ) -> subprocess.Popen[str]:
        env = {**os.environ, "PYTHONIOENCODING": "utf-8", **options.pop("env", {})}
        streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        options = {**streams, **options, "env": env, "encoding": "utf-8"}
        command = ["--state-dir", str(state), *map(str, arguments)]
        if python:
            process = subprocess.Popen([sys.executable, *python, *command], **options)  # noqa: S603 - our own command
        else:
            process = forked(program, *command, **options)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        with process:
            pass


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Write a recording: lines with `at` and `text`, and other than the usual session, role and sender if given."""

    def write(*lines: dict[str, Any], name: str = "recording.jsonl") -> Path:
        path = tmp_path / name
        usual = {"session": "user-ada", "role": "user", "sender": "Ada", "channel": "telegram"}
        path.write_text("".join(json.dumps({**usual, **line}) + "\n" for line in lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def ada(argent: Argent, record: Record) -> str:
    """A session with one question and its answer, of 2020."""
    assert argent("replay", record(QUESTION, ANSWER))[0] == 0
    return "user-ada"


@pytest.fixture
def owner(start: Start) -> subprocess.Popen[str]:
    """Another process that owns the state directory, and has one question and its answer in it."""
    process = start("chat", "theirs")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("Hello there\n")
    process.stdin.flush()
    assert "offline" in process.stdout.readline()
    return process
