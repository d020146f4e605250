"""The example with two tools, as a process: it asks, is left, and goes on where it was."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "tools.py"


def run(folder: Path, words: str) -> str:
    command = [sys.executable, str(EXAMPLE), str(folder)]
    done = subprocess.run(command, input=words, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    return done.stdout


@pytest.mark.parametrize(("word", "told"), [("y\n", "berth 7 is booked"), ("n\n", "a person denied it")])
def test_a_person_decides(tmp_path: Path, word: str, told: str) -> None:
    said = run(tmp_path, word)
    assert "high tide at Husum" in said
    assert told in said


def test_what_was_asked_is_asked_again(tmp_path: Path) -> None:
    assert "booked" not in run(tmp_path, "")  # the input ends, and the program with it
    assert "berth 7 is booked" in run(tmp_path, "y\n")


def test_it_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 60
