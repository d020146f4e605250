"""What is imported before a command answers: no more than it needs (`make benchmark-starting` has the times)."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    *("anthropic", "anyio", "asyncio", "msgspec", "prompt_toolkit", "rich", "starlette", "tiktoken", "transitions"),
    *("argentos.actors", "argentos.llm", "argentos.machines", "argentos.storage", "uvicorn"),
}
ALSO_LEFT_OUT = {"dataclasses", "difflib", "logging", "pathlib"}

PROGRAM = """
import sys
from argentos.gateway.cli import main
status = main(sys.argv[1:])
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
sys.exit(status)
"""


def imported(*arguments: str | Path) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our own
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["sessions", "--help"]])
def test_help_imports_what_prints_it_and_nothing_else(arguments: list[str]) -> None:
    assert not imported(*arguments) & (HEAVY | ALSO_LEFT_OUT if arguments[0] != "sessions" else HEAVY)


@pytest.mark.parametrize(
    "arguments", [["sessions", "list"], ["sessions", "list", "--json"], ["sessions", "list", "-h"]]
)
def test_a_list_of_an_empty_directory_imports_no_sessions(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert not imported("--state-dir", tmp_path / "empty", *arguments) & HEAVY


def test_a_list_of_sessions_imports_no_models_of_others_and_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir(mode=0o700)
    found = imported("--state-dir", tmp_path, "sessions", "list")
    assert "argentos.actors" in found
    assert not found & {"anthropic", "prompt_toolkit", "starlette", "uvicorn", "rich.console", "tiktoken"}
