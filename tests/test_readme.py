"""The README keeps its word: its diagram is the program, its programs run, its settings are the defaults."""

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import fields

from argentos import Config
from argentos.gateway.cli import main
from argentos.machines import MACHINES, SESSION, Diagram
from argentos.machines.drawing import draw
from argentos.machines.mermaid.markdown import fences

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    return [fence.body for fence in fences(text) if fence.language == language]


def run(program: str, home: Path) -> str:
    environment = {**os.environ, "HOME": str(home)}
    done = subprocess.run(  # noqa: S603 - this interpreter, on the README's own program
        [sys.executable, "-c", program],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_the_diagram_is_the_program() -> None:
    assert Diagram.from_markdown(README).to_mermaid() == draw(SESSION)


def test_every_machine_stands_in_a_document_and_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    assert main(["diagram", "check", *map(str, documents)]) == 0, capsys.readouterr().out
    shown = {fence.attribute("machine") for path in documents for fence in fences(path.read_text(encoding="utf-8"))}
    assert shown - {None} == set(MACHINES)


def test_the_comparison_in_the_documents_runs(tmp_path: Path) -> None:
    program = blocks("python", (ROOT / "docs/diagrams.md").read_text(encoding="utf-8"))[0]
    assert run(program, tmp_path).strip() == program.rstrip().rsplit("# ", 1)[1]


def test_the_embedding_runs(tmp_path: Path) -> None:
    printed = run(blocks("python")[0], tmp_path)
    assert "Active, 2 messages" in printed
    assert (tmp_path / ".argentos/agents/main/sessions/user-jason/history.json").exists()


def test_the_first_tool_runs_offline_in_twenty_lines(tmp_path: Path) -> None:
    program = blocks("python")[1]
    assert "high tide at Husum: 06:12 and 18:40" in run(program, tmp_path)
    assert len(program.splitlines()) <= 20


def test_the_embedding_takes_fifteen_lines() -> None:
    assert len([line for line in blocks("python")[0].splitlines() if line.strip()]) <= 15


def test_the_door_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    program = blocks("python")[2]
    said = program.rstrip().rsplit("# ", 1)[1]
    assert run(program, tmp_path).strip() == said


def test_the_door_is_tested_in_two_more_lines(tmp_path: Path) -> None:
    program = "\n".join(blocks("python")[2:4])
    assert run(f"{program}\nTestDoor('runTest').runTest()", tmp_path)


def test_the_guide_to_machines_prints_what_it_says(tmp_path: Path) -> None:
    program = "\n".join(blocks("python", (ROOT / "docs/machines.md").read_text(encoding="utf-8")))
    assert run(program, tmp_path).splitlines() == [
        line.split(")  # ")[1] for line in program.splitlines() if ")  # " in line
    ]


def test_the_outbox_in_the_guide_to_embedding_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    program = next(
        each
        for each in blocks("python", (ROOT / "docs/embedding.md").read_text(encoding="utf-8"))
        if "supervisor.outbox" in each
    )
    assert run(program, tmp_path).strip() == program.rstrip().rsplit("# ", 1)[1]


def test_the_settings_that_people_change_are_shown_as_they_are_by_default(tmp_path: Path) -> None:
    (tmp_path / "argent.json").write_text(blocks("json")[0])
    assert Config.load(tmp_path) == Config()


def test_the_page_of_settings_has_each_with_its_default(tmp_path: Path) -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (none|`[^`]+`) \|", page, flags=re.MULTILINE))
    defaults = {key: json.loads(value.strip("`")) for key, value in rows.items() if value != "none"}
    (tmp_path / "argent.json").write_text(json.dumps({"agents": {"defaults": {"session": defaults}}}))
    assert Config.load(tmp_path) == Config()
    unset = {as_key(field.name) for field in fields(Config) if field.default is None}
    assert {key for key, value in rows.items() if value == "none"} == unset
    assert rows.keys() == {as_key(field.name) for field in fields(Config)}


def as_key(name: str) -> str:
    """The key of `argent.json` for an attribute of `Config`."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def commands_shown(text: str) -> list[list[str]]:
    """The command lines of `argent` in a text, without comments; `a | b` is one line for each."""
    shown: list[list[str]] = []
    for line in "\n".join(blocks("console", text)).splitlines():
        words = line.partition("#")[0].removeprefix("$ ").split()
        if words[:1] != ["argent"]:
            continue
        choices = [at for at, word in enumerate(words) if word == "|"]
        shown.append([each for at, each in enumerate(words[1:], start=1) if {at, at - 1}.isdisjoint(choices)])
        shown += [["sessions", words[at + 1]] for at in choices]
    return shown


def help_of(names: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out if main([*names, "--help"]) == 0 else ""


PAGES = [
    path.name for path in sorted(ROOT.glob("docs/*.md")) if path.name != "cli.md"
]  # which is written from the help


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{name}" for name in PAGES)])
def test_every_command_that_is_shown_exists_with_its_options(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    for line in commands_shown((ROOT / page).read_text(encoding="utf-8")):
        names = list(itertools.takewhile(str.isalpha, (word for word in line if not word.isupper())))[:3]
        while not (told := help_of(names, capsys)):  # the last of them is an argument
            names.pop()
            assert "Commands:" not in help_of(names, capsys), line
        assert [word for word in line if word.startswith("--") and word.partition("=")[0] not in told] == [], line
