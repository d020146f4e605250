"""docs/testing.md keeps its word: its programs run, and its failure is the one that they give."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from argentos.machines.mermaid.markdown import fences

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
DOOR, BROKEN, PASTED, ORDER, LAMP, PURE_SESSION, SESSION, COVERAGE = (
    fence.body for fence in fences(TEXT) if fence.language == "python"
)
MERMAID = next(fence.body for fence in fences(TEXT) if fence.language == "mermaid")


def program(*blocks: str) -> dict[str, Any]:
    """The names that the blocks define, one after the other."""
    names: dict[str, Any] = {"__name__": "documentation"}
    for block in blocks:
        exec(block, names)  # noqa: S102 - our own documentation
    return names


@pytest.mark.parametrize(("block", "name"), [(DOOR, "door"), (ORDER, "order"), (SESSION, "session")])
def test_what_is_shown_is_an_example(block: str, name: str) -> None:
    assert (ROOT / f"examples/{name}.py").read_text(encoding="utf-8").endswith(f'"""\n\n{block}\n')


@pytest.mark.timeout(240)
def test_the_examples_pass(tmp_path: Path) -> None:
    (tmp_path / "pure_session.py").write_text(PURE_SESSION, encoding="utf-8")
    (tmp_path / "lamp.py").write_text(f"{ORDER}\n\n{LAMP}", encoding="utf-8")  # which goes on from the order's imports
    examples = [ROOT / f"examples/{name}.py" for name in ("door", "order", "session")]
    files = [*examples, tmp_path / "pure_session.py", tmp_path / "lamp.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)  # noqa: S603 - this interpreter
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_the_door_takes_ten_lines() -> None:
    assert len([line for line in DOOR.splitlines() if line.strip() and "-->" not in line]) <= 10


def test_the_failure_is_the_one_that_the_broken_door_gives() -> None:
    names = program(DOOR, BROKEN, PASTED)
    broken = names["Broken"]
    life = broken()
    names["Broken"] = lambda: life
    with pytest.raises(AssertionError, match="'after_30s' ought to lead to Closed"):
        names["test_a_life_of_broken"]()
    trace = life.trace
    name = broken.__name__  # what it is bound to cannot be found, for the blocks are in no module
    assert trace.as_diagram().replace(name, "Broken") == MERMAID + "\n"
    assert trace.as_test().replace(name, "Broken").replace(name.lower(), "broken") == PASTED + "\n"


def test_a_life_can_be_led_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    program(DOOR, COVERAGE)
    assert "3 of 3 states, 3 of 4 edges" in capsys.readouterr().out
