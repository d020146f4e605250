"""Campaign workers: processes of their own, several at once, that tell what they saw."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from tests.campaigns.outcome import Outcome

_ROOT: Final = Path(__file__).parents[2]


def run_workers(commands: Sequence[Sequence[object]], seconds: float) -> list[Outcome]:
    """Run modules of this folder, each with its arguments, at the same time; they have so many seconds together.

    Raises:
        AssertionError: one took too long, failed, or wrote to standard error.
    """
    processes = [_start(command) for command in commands]
    deadline = time.monotonic() + seconds
    try:
        return [_outcome(process, deadline - time.monotonic()) for process in processes]
    finally:
        for process in processes:
            with process:  # not `communicate`: its children may still hold the pipes
                process.kill()


def _start(command: Sequence[object]) -> subprocess.Popen[bytes]:
    arguments = [str(each) for each in command]
    return subprocess.Popen(arguments, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603 - ours


def python(module: str, *arguments: object) -> list[object]:
    """The command that runs a module of this folder."""
    return [sys.executable, "-m", f"tests.campaigns.{module}", *arguments]


def _outcome(process: subprocess.Popen[bytes], seconds: float) -> Outcome:
    said, complaints = process.communicate(timeout=max(0, seconds))
    assert complaints == b"", complaints.decode()
    assert process.returncode == 0
    return msgspec.json.decode(said, type=Outcome)
