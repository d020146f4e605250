"""`argent sessions list`: which sessions, in which columns, and again and again."""

import json
import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest
from rich.cells import cell_len

from argentos import Address, FileStore, OfflineModel, ReplayModel, Supervisor
from argentos.errors import ModelRefusedError
from tests.gateway.chat.terminal import Terminal
from tests.gateway.shared import Argent, Ask, Fails, Start

At: TypeAlias = Callable[[int], str]


@pytest.fixture
def some(state: Path) -> None:
    """Sessions of two agents that differ in all that a list chooses by."""

    async def main() -> None:
        async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
            for name, channel in (("first", "telegram"), ("second", "discord"), ("third", "telegram")):
                await supervisor.session(name).ask("Hello", address=Address(channel, "ada"))
            await supervisor.session("first").update(title="The 綱 and the \x1b[31mred\nrope, " * 6, pinned=True)
            await supervisor.session("second").update(archived=True, owner="ada", tags=["ropes"])
            await supervisor.session("made").create()
        async with Supervisor(FileStore(state), ReplayModel()) as supervisor:
            with pytest.raises(ModelRefusedError):
                await supervisor.session("failed").ask("Hello")
        async with Supervisor(FileStore(state), OfflineModel(), agent="sales") as supervisor:
            await supervisor.session("offer").ask("Hello")

    anyio.run(main)


@pytest.fixture
def at(argent: Argent, monkeypatch: pytest.MonkeyPatch) -> At:
    """List the sessions at a terminal of this width."""

    def run(columns: int, *arguments: str) -> str:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        status, out, err = argent("sessions", "list", *arguments)
        assert (status, err) == (0, "")
        return out

    return run


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize("columns", [60, 61, 79, 80, 100, 140, 200])
def test_every_row_fits_the_terminal_and_stays_aligned(at: At, argent: Argent, columns: int) -> None:
    argent("sessions", "new", "a-very-long-id-" + "x" * 200)
    for arguments in ((), ("--all-agents",)):
        head, *rows = at(columns, *arguments).splitlines()
        assert max(cell_len(row) for row in (head, *rows)) <= columns
        assert {cell_len(row[: row.index("%")]) for row in (head, *rows)} == {head.index("%")}
        assert all(
            row[head.index("MESSAGES") + len("MESSAGES") - 1].isdecimal() for row in rows if cell_len(row) == len(row)
        )


@pytest.mark.usefixtures("some")
def test_a_pipe_gets_whole_ids_and_titles_without_control_characters(argent: Argent) -> None:
    out = argent("sessions", "list")[1]
    row = next(line for line in out.splitlines() if line.startswith("first"))
    assert row.endswith(("The 綱 and the \\x1b[31mred rope, " * 6).strip())
    assert len(out.splitlines()) == 5


@pytest.mark.usefixtures("some")
def test_pinned_sessions_come_first_and_archived_ones_only_if_asked_for(ask: Ask) -> None:
    assert [each["id"] for each in ask("sessions", "list")] == ["first", "failed", "made", "third"]
    assert [each["id"] for each in ask("sessions", "list", "--archived")] == ["second"]
    assert [each["id"] for each in ask("sessions", "list", "--limit", "2")] == ["first", "failed"]


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--state", "Created"], {"made"}),
        (["--state", "failed"], {"failed"}),
        (["--state", "new", "--state", "FAILED"], {"made", "failed"}),
        (["--state", "idle"], set[str]()),
        (["--channel", "telegram"], {"first", "third"}),
        (["--owner", "ada", "--archived"], {"second"}),
        (["--tag", "ropes", "--archived"], {"second"}),
        (["--prefix", "f"], {"first", "failed"}),
        (["--active", "10m", "--channel", "telegram", "--limit", "1"], {"first"}),
        (["--all-agents", "--channel", "nowhere"], set[str]()),
    ],
)
def test_sessions_are_chosen_by(ask: Ask, options: list[str], found: set[str]) -> None:
    assert {each["id"] for each in ask("sessions", "list", *options)} == found


@pytest.mark.usefixtures("some")
def test_sessions_of_all_agents_say_whose_they_are(ask: Ask, argent: Argent) -> None:
    agents = {(each["agent"], each["id"]) for each in ask("sessions", "list", "--all-agents")}
    assert {("main", "first"), ("sales", "offer")} <= agents
    head, *rows = argent("sessions", "list", "--all-agents")[1].splitlines()
    assert head.split()[-1] == "AGENT"
    assert [row.split()[-1] for row in rows if row.startswith("offer")] == ["sales"]


@pytest.mark.usefixtures("some")
def test_what_a_session_does_stands_beside_its_state(argent: Argent) -> None:
    rows = {row.split()[0]: row for row in argent("sessions", "list")[1].splitlines()}
    assert "Active, 1 failed" in rows["failed"]
    assert rows["made"].split()[:3] == ["made", "Created", "now"]


def test_a_state_that_is_none_names_those_that_are(fails: Fails) -> None:
    status, sentence = fails("sessions", "list", "--state", "asleep")
    assert status == 2
    assert "'asleep' is not one of 'created', 'active'" in sentence


# Watching ---------------------------------------------------------------------------------------------------------


def test_a_list_that_is_watched_is_printed_again_when_it_changes(
    start: Start, owner: subprocess.Popen[str], argent: Argent
) -> None:
    watching = start("sessions", "list", "--watch", "--json")
    assert watching.stdout is not None
    assert [each["id"] for each in json.loads(watching.stdout.readline())] == ["theirs"]
    argent("sessions", "rename", "theirs", "Ropes")
    assert [each["title"] for each in json.loads(watching.stdout.readline())] == ["Ropes"]
    owner.communicate(timeout=20)
    argent("sessions", "new", "mine")
    while len(found := json.loads(watching.stdout.readline())) == 1:
        pass
    assert {each["id"] for each in found} == {"mine", "theirs"}
    watching.send_signal(signal.SIGINT)
    assert (watching.wait(10), watching.stderr and watching.stderr.read()) == (0, "")


def test_at_a_terminal_a_watched_list_is_drawn_over_the_old_one(start: Start, ours: Path, argent: Argent) -> None:
    assert ours.is_dir()
    program = "import os; os.login_tty(0); from argentos.gateway.cli import run; run()"

    def begin(end: int) -> subprocess.Popen[str]:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), end)
        return start("sessions", "list", "--watch", program=program, env={"TERM": "xterm"}, **streams)

    with closing(Terminal(begin)) as terminal:
        terminal.until("No sessions found.")
        argent("sessions", "new", "ada")
        terminal.until("ada")
        assert terminal.text.count("No sessions found.") + terminal.text.count("SESSION") == 1
        terminal.type("\x03")
        terminal.end()
        assert terminal.process.returncode == 0


def test_a_terminal_with_few_lines_says_how_many_more_there_are(start: Start, argent: Argent) -> None:
    for number in range(12):
        argent("sessions", "new", f"session-{number}")
    program = "import os; os.login_tty(0); from argentos.gateway.cli import run; run()"

    def begin(end: int) -> subprocess.Popen[str]:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), end)
        return start("sessions", "list", "--watch", program=program, env={"TERM": "xterm"}, **streams)

    with closing(Terminal(begin, rows=10)) as terminal:
        terminal.until("… and 5 more sessions")
