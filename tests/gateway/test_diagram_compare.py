"""`argent diagram compare`: what a new version of a diagram means for what was stored with the old one."""

import io
import sys
from pathlib import Path

import pytest

from tests.gateway.shared import Argent, Ask, Fails

DOOR = """\
stateDiagram-v2
    [*] --> Open: made
    Open --> Shut: push
    Shut --> Open: pull
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The door as it was."""
    path = tmp_path / "old.mmd"
    path.write_text(DOOR)
    return path


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Where the new one goes."""
    return tmp_path / "new.md"


def page(*replaced: tuple[str, str]) -> str:
    text = DOOR
    for part, other in replaced:
        text = text.replace(part, other)
    return f"# Doors\n\n```mermaid\n{text}```\n"


def test_the_same_machine_in_other_words_is_the_same(argent: Argent, ask: Ask, old: Path, new: Path) -> None:
    new.write_text(page(("    [*]", "    %% a door\n    [*]")))
    assert argent("diagram", "compare", old, new) == (0, "The two are the same machine.\n", "")
    assert ask("diagram", "compare", old, new) == {"breaking": False, "changes": []}


def test_what_does_not_break_is_told(argent: Argent, old: Path, new: Path) -> None:
    new.write_text(page(("push", "push [is_free]"), ("pull\n", "pull\n    Shut --> Locked: lock\n")))
    told = [
        f"change    {new}:8:14: Locked is new, a plain state at the top",
        f"change    {old}:3:5: Open --> Shut: push: its guard changed from none to is_free",
        f"change    {new}:8:5: Shut --> Locked: lock: it is new",
        "Nothing that was stored would suffer.",
    ]
    assert argent("diagram", "compare", old, new) == (0, "\n".join(told) + "\n", "")


def test_what_breaks_gives_the_status_1(argent: Argent, old: Path, new: Path) -> None:
    new.write_text(page(("Shut", "Closed"), ("push", "push / ring")))
    status, out, err = argent("diagram", "compare", old, new)
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        f"breaking  {old}:3:14: Shut is called Closed now; what is stored in Shut would not be understood",
        f"change    {old}:3:5: Open --> Shut: push: its effect changed from none to ring",
        "What was stored may suffer: 1 of 2 changes are breaking.",
    ]


def test_programs_are_told_the_same(argent: Argent, ask: Ask, old: Path, new: Path) -> None:
    new.write_text(page(("made", "built")))
    answer = ask("diagram", "compare", old, new)
    assert answer["breaking"] is False
    assert [(change["before"], change["after"]) for change in answer["changes"]] == [
        ("[*] --> Open: made", ""),
        ("", "[*] --> Open: built"),
    ]
    assert answer["changes"][0] == {
        "breaking": False,
        "before": "[*] --> Open: made",
        "after": "",
        "sentence": "[*] --> Open: made: it is gone",
        "states": [],
        "file": str(old),
        "line": 2,
        "column": 5,
    }
    new.write_text(page(("    Shut --> Open: pull\n", "")))
    status, out, err = argent("diagram", "--json", "compare", old, new)
    assert (status, err, '"states": ["Shut"]' in out) == (1, "", True)


def test_one_of_them_may_be_standard_input(argent: Argent, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DOOR.replace("pull", "shove").encode())))
    status, out, _ = argent("diagram", "compare", "-", old)
    assert status == 1
    assert out.startswith("breaking  standard input:4:5: Shut --> Open: shove: it is gone;")


def test_two_standard_inputs_are_refused(fails: Fails) -> None:
    assert fails("diagram", "compare", "-", "-") == (2, "standard input is one file; name the other")


def test_what_cannot_run_is_refused_with_its_place(fails: Fails, old: Path, new: Path) -> None:
    new.write_text(page((": pull", "")))
    status, sentence = fails("diagram", "compare", old, new)
    assert (status, sentence.startswith(f"{new}:7:5: Shut --> Open has no label")) == (1, True), sentence


def test_a_file_that_is_not_there_is_refused(fails: Fails, old: Path, new: Path) -> None:
    assert fails("diagram", "compare", old, new) == (1, f"{new} cannot be read: No such file or directory")
