"""`argent diagram`: the lifecycle that runs is the lifecycle that is drawn."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from argentos.gateway.cli import main
from argentos.machines import SESSION, Diagram
from argentos.machines.drawing import FORMATS, THEMES, Format, Live, Theme, Traversals, draw
from tests.gateway.shared import Argent, Ask, Fails, Start

DOCUMENTED = """\
stateDiagram-v2
    [*] --> Created: First message
    Created --> Active: Processing messages
    Active --> Idle: No recent activity
    Idle --> Active: New message
    Active --> Compacted: Context window full
    Compacted --> Active: Continues with summary
"""


def test_the_diagram_is_printed_exactly_as_it_ships(argent: Argent) -> None:
    shipped = resources.files("argentos.diagrams").joinpath("session.mmd").read_text(encoding="utf-8")
    assert argent("diagram") == (0, shipped, "")


def test_the_diagram_is_that_of_the_docs(argent: Argent) -> None:
    assert argent("diagram")[1] == DOCUMENTED


def test_the_edges_tell_their_events_guards_timers_and_effects(ask: Ask) -> None:
    answer = ask("diagram")
    edges = {edge["label"]: edge for edge in answer["edges"]}
    assert answer["states"] == ["[*]", "Created", "Active", "Idle", "Compacted"]
    assert [f"{each['source']} --> {each['target']}: {each['label']}" for each in answer["edges"]] == [
        line.strip() for line in DOCUMENTED.splitlines()[1:]
    ]
    assert {label: edge["event"] for label, edge in edges.items()} == {
        "First message": "first_message",
        "Processing messages": "processing_messages",
        "No recent activity": "no_recent_activity",
        "New message": "new_message",
        "Context window full": "context_window_full",
        "Continues with summary": "continues_with_summary",
    }
    assert {label: edge["guards"] for label, edge in edges.items() if edge["guards"]} == {
        "Processing messages": ["has_message"],
        "No recent activity": ["is_quiet"],
        "Context window full": ["compaction_is_due", "has_older_messages"],
        "Continues with summary": ["summary_is_durable", "context_fits"],
    }
    assert {label: edge["timer"] for label, edge in edges.items() if edge["timer"]} == {
        "No recent activity": "idle_after"
    }
    assert edges["Context window full"]["effects"] == ["summarise"]


def test_the_json_is_one_document_and_nothing_else(argent: Argent) -> None:
    status, out, err = argent("diagram", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out).keys() == {"states", "edges"}


def test_drawing_leaves_no_state_behind(argent: Argent, tmp_path: Any) -> None:
    argent("diagram")
    assert list(tmp_path.iterdir()) == []


# Files ------------------------------------------------------------------------------------------------------

DOOR = """\
stateDiagram-v2
    [*] --> Open: made
    Open --> Shut: push [is_free] / ring
    Shut --> Open: after draught
"""
BROKEN = """\
stateDiagram-v2
    [*] --> Open
    [*] --> Shut
    state Fork <<fork>>
"""
PAGE = f"""\
# Doors

```mermaid theme={{null}}
{DOOR}```

```mermaid
{DOOR.replace("Open", "Wide")}```
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write


Write: TypeAlias = Callable[[str, str], Path]


def test_a_file_is_drawn(argent: Argent, write: Write) -> None:
    assert argent("diagram", write("door.mmd", DOOR)) == (0, DOOR, "")


@pytest.mark.parametrize("name", ["door.md", "door", "door.txt"])
def test_the_one_diagram_of_a_markdown_text_is_drawn(argent: Argent, write: Write, name: str) -> None:
    page = f"# A door\n\n- so:\n\n  ```mermaid\n{DOOR}  ```\n".replace("stateDiagram", "  stateDiagram")
    assert argent("diagram", write(name, page)) == (0, DOOR, "")


def test_of_several_diagrams_a_line_says_which(argent: Argent, fails: Fails, write: Write) -> None:
    path = write("doors.md", PAGE)
    assert fails("diagram", path) == (
        1,
        f"{path} has 2 state diagrams; name the one you mean by its line: {path}:3 and {path}:10",
    )
    assert argent("diagram", f"{path}:3")[1] == DOOR
    assert argent("diagram", f"{path}:12")[1] == DOOR.replace("Open", "Wide")
    assert fails("diagram", f"{path}:1") == (1, f"{path}:1: no state diagram is here; name a line of one")


@pytest.mark.parametrize("text", [DOOR, f"\ufeff{DOOR}", f"# A door\n\n```mermaid\n{DOOR}```\n".replace("\n", "\r\n")])
def test_standard_input_is_drawn(argent: Argent, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert argent("diagram", "-") == (0, DOOR, "")


def test_what_does_not_run_is_drawn_all_the_same(argent: Argent, ask: Ask, write: Write) -> None:
    path = write("broken.mmd", BROKEN)
    assert argent("diagram", path) == (0, BROKEN, "")
    assert ask("diagram", path) == {
        "states": ["Open", "Shut", "Fork"],
        "edges": [
            {"source": "[*]", "target": "Open", "label": ""},
            {"source": "[*]", "target": "Shut", "label": ""},
        ],
    }


def test_a_file_tells_its_events_guards_timers_and_effects(ask: Ask, write: Write) -> None:
    assert ask("diagram", write("door.mmd", DOOR))["edges"][1:] == [
        {
            "source": "Open",
            "target": "Shut",
            "label": "push [is_free] / ring",
            "event": "push",
            "guards": ["is_free"],
            "timer": None,
            "effects": ["ring"],
        },
        {
            "source": "Shut",
            "target": "Open",
            "label": "after draught",
            "event": "after_draught",
            "guards": [],
            "timer": "draught",
            "effects": [],
        },
    ]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("door.mmd", "stateDiagram-v2\n  A -> B", "{path}:2:5: "),
        ("door.md", "# Doors\n\n```mermaid\nstateDiagram-v2\n  A -> B\n```", "{path}:5:5: "),
        ("door.md", "# Doors", "{path}:1:1: no ```mermaid fence"),
        ("door.txt", "# Doors", "{path}:1:1: a diagram begins with 'stateDiagram-v2'"),
        ("door.mmd", "", "{path}:1:1: the text holds no diagram"),
    ],
)
def test_a_diagram_that_cannot_be_read_is_refused_with_its_place(
    fails: Fails, write: Write, name: str, text: str, sentence: str
) -> None:
    path = write(name, text)
    status, said = fails("diagram", path)
    assert (status, said.startswith(sentence.format(path=path))) == (1, True), said


def test_a_file_that_cannot_be_read_is_refused(fails: Fails, tmp_path: Path) -> None:
    path = tmp_path / "door.mmd"
    assert fails("diagram", path) == (1, f"{path} cannot be read: No such file or directory")
    assert fails("diagram", tmp_path) == (1, f"{tmp_path} cannot be read: Is a directory")
    path.write_bytes(b"stateDiagram-v2\n  A --> B: \xff\n")
    assert fails("diagram", path) == (1, f"{path}:2: this is no text in UTF-8; save it as UTF-8")


# Formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_printed_and_is_put_into_a_file(
    form: Format, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    drawn = draw(SESSION, form, guards=True, timers=True)
    assert main(["diagram", "--format", form, "--guards", "--timers"]) == 0
    printed = capfdbinary.readouterr().out
    assert printed == (drawn if isinstance(drawn, bytes) else drawn.encode())
    picture = tmp_path / "picture"
    assert main(["diagram", "--guards", "--timers", "--format", form, "--output", str(picture)]) == 0
    assert capfdbinary.readouterr().out.decode() == f"Drawn as {form}: {picture}\n"
    assert picture.read_bytes() == printed


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.svg", "svg"),
        ("a.PNG", "png"),
        ("a.dot", "dot"),
        ("a.gv", "dot"),
        ("a.txt", "text"),
        ("a.mmd", "mermaid"),
        ("a.mermaid", "mermaid"),
        ("a", "mermaid"),
    ],
)
def test_the_name_of_the_output_says_its_format(argent: Argent, tmp_path: Path, name: str, form: Format) -> None:
    assert argent("diagram", "--output", tmp_path / name) == (0, f"Drawn as {form}: {tmp_path / name}\n", "")
    drawn = draw(SESSION, form)
    assert (tmp_path / name).read_bytes() == (drawn if isinstance(drawn, bytes) else drawn.encode())


def test_a_name_that_says_no_format_is_refused(fails: Fails, tmp_path: Path) -> None:
    status, said = fails("diagram", "--output", tmp_path / "a.jpg")
    known = ".dot, .gv, .mermaid, .mmd, .png, .svg, .txt"
    assert (status, said) == (
        2,
        f"no format is known by '.jpg', only {known}; rename {tmp_path}/a.jpg, or add --format",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_picture_has_the_theme_that_was_asked_for(argent: Argent, theme: Theme) -> None:
    assert argent("diagram", "--format", "svg", "--theme", theme)[1] == draw(SESSION, "svg", theme=theme)


# Watching ---------------------------------------------------------------------------------------------------


def test_a_watched_file_is_drawn_again_whenever_it_changes(start: Start, write: Write, tmp_path: Path) -> None:
    path, picture = write("door.mmd", DOOR), tmp_path / "door.svg"
    process = start("diagram", path, "--watch", "--output", picture)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == f"Drawn as svg: {picture}\n"
    path.write_text("stateDiagram-v2\n  A --> B -->")
    assert process.stderr.readline().startswith(f"argent: {path}:2:")
    assert picture.read_text() == draw(Diagram.parse(DOOR), "svg")
    path.write_text("stateDiagram-v2\n  A --> B: mended")
    assert process.stdout.readline() == f"Drawn as svg: {picture}\n"
    assert "mended" in picture.read_text()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130


@pytest.mark.parametrize("arguments", [("door.mmd",), ("--output", "a.svg"), ("-", "--output", "a.svg")])
def test_what_cannot_be_watched_is_refused(fails: Fails, arguments: tuple[str, ...]) -> None:
    status, said = fails("diagram", "--watch", *arguments)
    assert (status, said.startswith("--watch follows a FILE, and draws into another one")) == (2, True)


def test_an_output_is_replaced_as_a_whole_and_keeps_its_mode_and_its_links(argent: Argent, tmp_path: Path) -> None:
    path, link = tmp_path / "real.mmd", tmp_path / "link.mmd"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    argent("diagram", "--output", link)
    assert (path.read_text(), path.stat().st_mode & 0o777, link.is_symlink()) == (DOCUMENTED, 0o640, True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.mmd", "real.mmd"]


def test_an_output_that_cannot_be_written_leaves_nothing(fails: Fails, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "a.svg"
    assert fails("diagram", "--output", path) == (1, f"{path} cannot be written: No such file or directory")
    assert fails("diagram", "--output", tmp_path) == (1, f"{tmp_path} cannot be written: Is a directory")
    assert list(tmp_path.iterdir()) == []


def test_an_output_may_be_a_pipe_or_a_terminal(start: Start) -> None:
    out, err = start("diagram", "--output", "/dev/stdout").communicate(timeout=30)
    assert (out, err) == (f"{DOCUMENTED}Drawn as mermaid: /dev/stdout\n", "")


def test_a_terminal_gets_no_picture(start: Start) -> None:
    ours, theirs = pty.openpty()
    process = start("diagram", "--format", "png", stdout=theirs)
    os.close(theirs)
    _, err = process.communicate(timeout=30)
    os.close(ours)
    assert (process.returncode, err) == (2, "argent: a terminal cannot show a PNG picture; add --output FILE\n")


def test_nothing_in_a_label_reaches_a_terminal_as_a_command(start: Start, write: Write) -> None:
    path = write("door.mmd", DOOR.replace("made", "m\x1b[31made"))
    ours, theirs = pty.openpty()
    process = start("diagram", path, stdout=theirs)
    process.wait(30)
    os.close(theirs)
    shown = os.read(ours, 10_000)
    os.close(ours)
    assert b"m\\x1b[31made" in shown


def test_json_beside_an_output_describes_what_was_drawn(ask: Ask, tmp_path: Path) -> None:
    assert ask("diagram", "--output", tmp_path / "a.svg") == ask("diagram")
    assert (tmp_path / "a.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--json", "--format", "svg"), "--json and --format are two ways to print; leave out one, or add --output"),
        (
            ("a.mmd", "--session", "ada"),
            "a session has the program's own lifecycle; leave out either FILE or --session",
        ),
        (("--format", "gif"), "Invalid value for '--format': 'gif' is not one of"),
        (("a.mmd", "b.mmd"), "Got unexpected extra argument (b.mmd)"),
    ],
)
def test_a_wrong_command_line_is_refused(fails: Fails, arguments: tuple[str, ...], sentence: str) -> None:
    status, said = fails("diagram", *arguments)
    assert (status, said.startswith(sentence)) == (2, True), said


def test_the_help_names_the_other_commands(argent: Argent) -> None:
    out = argent("diagram", "--help")[1]
    assert out.startswith("Usage: argent diagram [OPTIONS] [FILE]")
    assert "\n  check    Compare the diagrams" in out
    assert "\n  compare  Tell what" in out


# Sessions ---------------------------------------------------------------------------------------------------


def lived(ask: Ask, session: str) -> dict[str, tuple[int, bool]]:
    """For each label how often its edge was taken, and whether it is known when last."""
    edges = ask("diagram", "--session", session)["edges"]
    return {edge["label"]: (edge["count"], edge["last"] is not None) for edge in edges}


def test_a_session_is_drawn_as_its_owner_knows_it(ask: Ask, owner: subprocess.Popen[str]) -> None:
    assert owner.poll() is None
    answer = ask("diagram", "--session", "theirs")
    assert (answer["session"], answer["state"]) == ("theirs", "Active")
    assert lived(ask, "theirs") == {
        "First message": (1, True),
        "Processing messages": (1, True),
        "No recent activity": (0, False),
        "New message": (0, False),
        "Context window full": (0, False),
        "Continues with summary": (0, False),
    }


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg", "text"])
def test_a_session_is_drawn_from_its_files(argent: Argent, ask: Ask, form: Format) -> None:
    argent("sessions", "new", "by-hand")
    taken = ask("sessions", "info", "by-hand")["edges"]["[*] --> Created: First message"]
    live = Live("Created", {"First message": Traversals(taken["count"], datetime.fromisoformat(taken["last"]))})
    assert argent("diagram", "--session", "by-hand", "--format", form)[1] == draw(SESSION, form, live=live)


def test_without_a_session_nothing_is_told_of_one(ask: Ask) -> None:
    answer = ask("diagram")
    assert answer.keys() == {"states", "edges"}
    assert "count" not in answer["edges"][0]


@pytest.mark.usefixtures("ours")
def test_a_session_that_is_not_there_is_refused(fails: Fails) -> None:
    assert fails("diagram", "--session", "nobody")[1].startswith("there is no session nobody")
