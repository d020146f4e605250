"""Completion in shells: in bash by its own function, in zsh and fish by what their functions ask for."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from argentos.gateway.manual.shells import SHELLS
from tests.gateway.shared import Argent, Ask

Bash: TypeAlias = Callable[..., list[list[str]]]
HOSTILE = ("a;reboot", "a$(reboot)", "a`reboot`", "a b", "a*", "a'b", 'a"b', "a\\b", "a>b", "a&b", "a#b", "~a", "a!b")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The installed command, wherever the tests run."""
    path = tmp_path / "argent"
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m argentos "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def bash(argent: Argent, program: Path, tmp_path: Path) -> Bash:
    """Complete command lines as bash does, with the cursor at their ends; gives what each may become."""
    script = tmp_path / "completion.bash"
    script.write_text(argent("completion", "bash")[1])

    def run(*lines: str) -> list[list[str]]:
        source = f"source {shlex.quote(str(script))}\n"
        for line in lines:
            source += f"COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}\n"
            source += f"_argent_completion {shlex.quote(str(program))} 2>&1\n"
            source += 'printf "%s\\n" "${COMPREPLY[@]}" ---\n'
        done = subprocess.run(["bash", "--norc", "-c", source], capture_output=True, text=True, check=True, timeout=120)  # noqa: S603, S607 - ours
        return [[each for each in part.split("\n") if each] for part in done.stdout.split("---\n")[:-1]]

    return run


def test_commands_options_and_their_values_are_completed(bash: Bash) -> None:
    groups, commands, options, values, behind = bash(
        "argent s", "argent sessions un", "argent sessions list --a", "argent sessions list --state f", "argent --js"
    )
    assert groups == ["send", "sessions"]
    assert commands == ["undo", "unpark"]
    assert options == ["--active", "--archived", "--all-agents", "--agent"]
    assert values == ["failed"]
    assert behind == ["--json"]


def test_ids_are_completed_and_those_with_colons_behind_them(bash: Bash, argent: Argent, state: Path) -> None:
    for name in ("ropes", "rope-2", "telegram:123", "telegram:124"):
        argent("sessions", "new", name)
    argent("--agent", "sales", "sessions", "new", "ropes-of-sales")
    line = f"argent --state-dir {state}"
    ids, channel, rest, agents, others = bash(
        f"{line} sessions info ro",
        f"{line} sessions info tele",
        f"{line} sessions info telegram:1",
        f"{line} --agent ",
        f"{line} --agent sales sessions info ro",
    )
    assert ids == ["rope-2", "ropes"]
    assert channel == ["telegram:123", "telegram:124"]
    assert rest == ["123", "124"]
    assert agents == ["main", "sales"]
    assert others == ["ropes-of-sales"]


def test_what_the_shell_would_run_is_never_offered(bash: Bash, argent: Argent, state: Path) -> None:
    for name in (*HOSTILE, "a-rope"):
        assert argent("sessions", "new", name)[0] == 0
    assert bash(f"argent --state-dir {state} sessions info a") == [["a-rope"]]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_its_script(argent: Argent, ask: Ask, shell: str) -> None:
    status, out, err = argent("completion", shell)
    assert (status, err) == (0, "")
    assert f"_ARGENT_COMPLETE={shell}_complete" in out
    assert ask("completion", shell) == {"shell": shell, "script": out.rstrip("\n")}


@pytest.mark.parametrize(
    ("shell", "number", "told"),
    [("zsh", "2", "plain\nlist\nList sessions: "), ("fish", "li", "plain,list\tList sessions: ")],
)
def test_zsh_and_fish_are_given_commands_with_what_they_do(program: Path, shell: str, number: str, told: str) -> None:
    asked = {"_ARGENT_COMPLETE": f"{shell}_complete", "COMP_WORDS": "argent sessions li", "COMP_CWORD": number}
    done = subprocess.run([str(program)], env=asked, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - ours
    assert done.stdout.startswith(told)


def test_fish_cuts_nothing_off_at_a_comma(argent: Argent) -> None:
    assert 'string split --max 1 "," $completion' in argent("completion", "fish")[1]


def test_a_completion_of_commands_imports_none_of_them(program: Path) -> None:
    asked = {"_ARGENT_COMPLETE": "bash_complete", "COMP_WORDS": "argent sessions ", "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run([str(program)], env=asked, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - ours
    assert "plain,list" in done.stdout
    assert "argentos.gateway.groups" in done.stderr
    assert "asyncio" not in done.stderr


def test_a_shell_that_is_not_known_is_refused(argent: Argent) -> None:
    status, out, _ = argent("--json", "completion", "tcsh")
    assert (status, json.loads(out)["error"]["code"]) == (2, "usage")
