"""Which directory a command works on, and what a broken argent.json leaves usable."""

from pathlib import Path

import pytest

from tests.gateway.shared import Argent, Fails

LOOKING = [
    ["sessions", "list"],
    ["sessions", "info", "ada"],
    ["sessions", "history", "ada"],
    ["sessions", "export"],
    ["sessions", "clear", "ada"],
    ["sessions", "delete", "ada", "--yes"],
    ["sessions", "prune", "--older-than", "1d", "--yes"],
    ["doctor"],
    ["backup", "file.tar.gz"],
]


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_a_mistyped_state_directory_is_an_error_and_is_not_made(
    fails: Fails, tmp_path: Path, command: list[str]
) -> None:
    status, sentence = fails(*command, "--state-dir", str(tmp_path / "sate"))
    assert status == 1
    assert f"there is no state directory {tmp_path / 'sate'}; name another" in sentence
    assert not (tmp_path / "sate").exists()


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_a_directory_of_others_is_an_error_and_is_left_alone(fails: Fails, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").write_text("milk")
    status, sentence = fails(*command, "--state-dir", str(tmp_path / "notes"))
    assert status == 1
    assert f"{tmp_path / 'notes'} is not a state directory of argentos" in sentence
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["todo.txt"]


def test_commands_that_begin_something_make_the_directory(argent: Argent, tmp_path: Path) -> None:
    assert argent("sessions", "new", "ada", "--state-dir", str(tmp_path / "new"))[0] == 0
    assert "ada" in argent("sessions", "list", "--state-dir", str(tmp_path / "new"))[1]


def test_where_all_sessions_are_damaged_the_list_says_so(argent: Argent, state: Path) -> None:
    argent("sessions", "new", "ada")
    folder = state / "agents" / "main" / "sessions" / "ada"
    for name in ("history.json", "metadata.json"):
        (folder / name).write_text("{")
    (state / "index.sqlite").unlink(missing_ok=True)
    status, out, err = argent("sessions", "list")
    assert (status, out) == (1, "")
    assert "no session can be read; `argent doctor` says what is wrong" in err


@pytest.mark.parametrize("content", ["{", '{"sesion": {}}', '{"agents": {"defaults": {"session": {"idleAfter": 0}}}}'])
def test_a_broken_argent_json_keeps_nobody_from_saving_what_there_is(
    argent: Argent, fails: Fails, state: Path, tmp_path: Path, content: str
) -> None:
    argent("sessions", "new", "ada")
    (state / "argent.json").write_text(content)
    path = str(state / "argent.json")
    status, out, err = argent("sessions", "export", "--output", str(tmp_path / "out.jsonl"))
    assert (status, out.startswith("Exported 1 session")) == (0, True)
    assert path in err
    status, _, err = argent("backup", str(tmp_path / "backup.tar.gz"))
    assert status == 0
    assert path in err
    assert argent("restore", str(tmp_path / "backup.tar.gz"), "--state-dir", str(tmp_path / "again"))[0] == 0
    status, out, _ = argent("doctor")
    assert status == 1
    assert "argent.json" in out
    assert fails("sessions", "list")[0] == 1
