"""`argent sessions export` and `argent sessions import`: moving conversations."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.shared import QUESTION, Argent, Ask, Fails, Record

SAMPLES = Path(__file__).parent / "formats" / "samples"


@pytest.fixture
def compacted(argent: Argent, record: Record) -> str:
    """A session with many messages and a summary."""
    texts = [f"Part {number} of a story about a boat with {number} masts. " * 3 for number in range(40)]
    lines = [{"at": f"2020-01-01T00:{minute:02}:00Z", "text": text} for minute, text in enumerate(texts)]
    assert argent("replay", record(*lines), "--max-context-tokens", "1000")[0] == 0
    return "user-ada"


@pytest.fixture
def elsewhere(tmp_path: Path) -> tuple[str, str]:
    """The option that names another state directory."""
    return ("--state-dir", str(tmp_path / "elsewhere"))


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# Export -----------------------------------------------------------------------------------------------


def test_an_export_is_lines_of_json_on_standard_output(argent: Argent, ada: str) -> None:
    status, out, err = argent("sessions", "export", ada)
    head, session, question, answer = lines(out)
    assert (status, err) == (0, "")
    assert head == {"format": "argentos.sessions", "version": 1, "sessions": 1}
    assert {key: session[key] for key in ("type", "session", "agent", "messages", "summary", "state", "turns")} == {
        "type": "session",
        "session": ada,
        "agent": "main",
        "messages": 2,
        "summary": None,
        "state": "Idle",
        "turns": 1,
    }
    assert question == {
        "type": "message",
        "role": "user",
        "text": QUESTION["text"],
        "at": QUESTION["at"],
        "id": "user-ada:1",
        "sender": "Ada",
        "address": {"channel": "telegram", "user": "Ada"},
    }
    assert (answer["role"], answer["replyTo"]) == ("assistant", ["user-ada:1"])


def test_without_a_name_all_sessions_are_exported(argent: Argent, ada: str) -> None:
    argent("sessions", "new", "by-hand")
    out = argent("sessions", "export")[1]
    assert [line["session"] for line in lines(out) if line.get("type") == "session"] == ["by-hand", ada]
    assert lines(argent("sessions", "export", "--agent", "other")[1]) == [
        {"format": "argentos.sessions", "version": 1, "sessions": 0}
    ]


def test_a_file_is_written_for_its_owner_only(argent: Argent, ada: str, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert argent("sessions", "export", "--output", path) == (
        0,
        f"Exported 1 session with 2 messages to {path}.\n",
        "",
    )
    assert path.read_text(encoding="utf-8") == argent("sessions", "export", ada)[1]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_exists_is_kept_unless_forced(fails: Fails, ask: Ask, ada: str, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("precious")
    status, sentence = fails("sessions", "export", ada, "--output", path)
    assert (status, "--force" in sentence) == (1, True)
    assert path.read_text() == "precious"
    assert ask("sessions", "export", ada, "--output", path, "--force") == {"sessions": 1, "messages": 2, "leftOut": []}
    assert len(lines(path.read_text(encoding="utf-8"))) == 4


@pytest.mark.parametrize("names", [["nobody"], ["user-ada", "nobody"]])
def test_an_export_that_fails_writes_nothing(fails: Fails, ada: str, tmp_path: Path, names: list[str]) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert "nobody" in fails("sessions", "export", *names, "--output", folder / "out.jsonl")[1]
    assert "nobody" in fails("sessions", "export", *names)[1]
    assert list(folder.iterdir()) == []
    assert ada


def test_a_file_that_cannot_be_written_is_named(fails: Fails, ada: str, tmp_path: Path) -> None:
    path = tmp_path / "no" / "such" / "folder"
    assert f"{path} cannot be written: No such file" in fails("sessions", "export", ada, "--output", path)[1]


# Import -----------------------------------------------------------------------------------------------


def test_what_was_exported_is_imported_elsewhere_and_exported_the_same(
    argent: Argent, compacted: str, elsewhere: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "out.jsonl"
    argent("sessions", "export", "--output", path)
    status, out, err = argent("sessions", "import", path, *elsewhere)
    assert (status, err) == (0, "")
    assert out.startswith(f"Imported session {compacted}: 40 messages, ")
    assert out.endswith("of them replaced by a summary.\n")
    ours, theirs = lines(argent("sessions", "export")[1]), lines(argent("sessions", "export", *elsewhere)[1])
    counted = ("turns", "compactions", "tokens", "state", "lastActivity")
    assert [{key: line[key] for key in line if key not in counted} for line in theirs] == [
        {key: line[key] for key in line if key not in counted} for line in ours
    ]
    for command in (["history", compacted], ["history", compacted, "--full", "--json"]):
        assert argent("sessions", *command, *elsewhere) == argent("sessions", *command)


def test_an_import_tells_what_was_imported_and_passed_over(argent: Argent, ask: Ask, tmp_path: Path) -> None:
    session = "7d1c9f0a-3b0e-4a52-8f5e-0d9a4d3c2b1a"
    status, out, err = argent("sessions", "import", SAMPLES / "openclaw.jsonl")
    assert (status, err) == (0, "")
    assert out.startswith(f"Imported session {session}: 8 messages, 4 of them replaced by a summary.\n")
    assert out.splitlines()[1:] == [
        f"Left out of {SAMPLES / 'openclaw.jsonl'}:",
        "  lines 2, 12: a note of the program",
        "  line 7: a copy of a reply",
        "  line 8: a message of another branch",
    ]
    info = ask("sessions", "info", session)
    assert (info["state"], info["messages"], info["waiting"], info["compactions"]) == ("Idle", 8, 0, 1)
    file = str(tmp_path / "openai.json")
    messages = json.loads((SAMPLES / "openai.json").read_text())["messages"]
    Path(file).write_text(json.dumps([*messages, {"role": "system", "content": "Be kind."}]))
    assert ask("sessions", "import", file, "--session", "maren") == {
        "sessions": [
            {"session": "maren", "file": file, "messages": 6, "archived": 0, "hasSummary": False, "wasThere": False},
        ],
        "leftOut": [{"file": file, "line": 1, "reason": "a further system message", "place": "element 8"}],
        "refused": [],
    }


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_sample_is_imported_and_its_export_read_again(
    argent: Argent, sample: Path, elsewhere: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "out.jsonl"
    assert argent("sessions", "import", sample)[0] == 0
    assert argent("sessions", "export", "--output", path)[0] == 0
    assert argent("sessions", "import", path, *elsewhere)[0] == 0
    assert argent("sessions", "export", *elsewhere)[1] == path.read_text(encoding="utf-8")


def test_a_dry_run_changes_nothing(argent: Argent, state: Path) -> None:
    status, out, _ = argent("sessions", "import", SAMPLES / "openai.json", "--dry-run")
    assert (status, out.splitlines()[0]) == (0, "Would import session openai: 6 messages.")
    assert not state.exists()


def test_standard_input_is_read(argent: Argent, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in ([], ["--session", "maren"]):
        data = io.BytesIO((SAMPLES / "openai.jsonl").read_bytes())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
        if arguments:
            assert argent("sessions", "import", "-", *arguments)[1].startswith("Imported session maren: 6 messages.")
        else:
            assert "give it one with --session" in fails("sessions", "import", "-")[1]


@pytest.mark.usefixtures("ours")
def test_a_wrong_line_costs_itself(argent: Argent, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    good = (SAMPLES / "export.jsonl").read_text(encoding="utf-8")
    path.write_text(good.replace('"text":"9 m."', '"text":9'), encoding="utf-8")
    status, out, err = argent("sessions", "import", path)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "Imported session user-maren: 3 messages, 2 of them replaced by a summary.",
        "Imported session by-hand: 0 messages.",
        f"Left out of {path}:",
        "  line 6: Expected `str`, got `int` - at `$.text`",
        "  line 6: session 'user-maren' has 3 messages of 4",
    ]
    assert [message["text"] for message in ask("sessions", "history", "user-maren", "--full")][-1] == (
        "And the second mast?"
    )


@pytest.mark.usefixtures("ours")
def test_of_a_session_that_stands_there_twice_the_first_is_taken(argent: Argent, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    session = {"type": "session", "session": "ada"}
    message = {"type": "message", "role": "user", "text": "hello"}
    texts = [{"format": "argentos.sessions", "version": 1}, session, message, session, message, session]
    path.write_text("".join(json.dumps(line) + "\n" for line in texts))
    status, out, err = argent("sessions", "import", path)
    assert out.splitlines() == [
        "Imported session ada: 1 message.",
        f"Left out of {path}:",
        f"  line 4: a copy of session 'ada' of {path}:2",
    ]
    told = f"argent: session ada of {path}: {path}:2 has a session of this id already, with other messages\n"
    assert (status, err) == (1, told)
    assert ask("sessions", "info", "ada")["messages"] == 1


@pytest.mark.usefixtures("ours")
def test_several_files_and_patterns_are_one_import_of_which_a_bad_file_costs_itself(
    argent: Argent, ask: Ask, tmp_path: Path
) -> None:
    for name in "abc":
        (tmp_path / f"{name}.json").write_text(json.dumps([{"role": "user", "content": name}]))
    (tmp_path / "x.json").write_text("{}")
    status, out, err = argent("sessions", "import", tmp_path / "a.json", tmp_path / "*.json", SAMPLES / "openai.jsonl")
    assert [line for line in out.splitlines() if line.startswith("Imported")] == [
        "Imported session a: 1 message.",
        "Imported session b: 1 message.",
        "Imported session c: 1 message.",
        "Imported session openai: 6 messages.",
    ]
    assert status == 1
    assert err.startswith(f"argent: {tmp_path / 'x.json'}:1: this is none of the formats that can be read: ")
    assert err.count("\n") == 1
    assert {each["id"] for each in ask("sessions", "list")} == {"a", "b", "c", "openai"}


@pytest.mark.usefixtures("ours")
def test_programs_are_told_of_files_that_are_refused_in_one_object(argent: Argent, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    status, out, err = argent("--json", "sessions", "import", SAMPLES / "openai.json", tmp_path / "x.json")
    outcome = json.loads(out)
    assert (status, err) == (1, "")
    assert [each["session"] for each in outcome["sessions"]] == ["openai"]
    assert [each["file"] for each in outcome["refused"]] == [str(tmp_path / "x.json")]


@pytest.mark.usefixtures("ours")
def test_the_archive_of_an_export_is_read(argent: Argent, fails: Fails, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(SAMPLES / "chatgpt.json", "export/conversations-000.json")
        archive.writestr("user.json", "{}")
        archive.writestr("export/file-1-boat.png", b"\x89PNG\r\n\x1a\n and so on")
    status, out, err = argent("sessions", "import", path)
    assert (status, err) == (0, "")
    assert out.count("Imported session 69a55555-0000-8000-8000-00000000000") == 2
    assert f"Left out of {path}:\n  files without conversations: user.json\n" in out
    assert "an image that is not in the file" not in out
    path.write_bytes(path.read_bytes()[:-40])
    assert "the archive is damaged or cut off" in fails("sessions", "import", path)[1]


def test_a_file_whose_name_is_no_text_is_named_as_far_as_it_is(argent: Argent, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json"))
    path.write_text('[{"role": "user", "content": "a"}, 7]')
    status, out, _ = argent("--json", "sessions", "import", path, "--session", "s")
    assert (status, json.loads(out)["leftOut"][0]["file"]) == (0, f"{tmp_path}/?.json")


def test_a_folder_and_a_pattern_that_matches_nothing_are_refused(fails: Fails, tmp_path: Path) -> None:
    assert "is a folder; name the files in it" in fails("sessions", "import", tmp_path)[1]
    assert fails("sessions", "import", tmp_path / "*.nothing")[1] == f"no file matches {tmp_path / '*.nothing'}"


def test_a_session_that_is_there_with_other_messages_is_not_touched(
    argent: Argent, ask: Ask, ada: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.jsonl"
    others = [{"session": name, "type": "session"} for name in ("first", ada)]
    message = {"type": "message", "role": "user", "text": "something else"}
    texts = [{"format": "argentos.sessions", "version": 1}, others[0], message, others[1], message]
    path.write_text("".join(json.dumps(line) + "\n" for line in texts))
    before = argent("sessions", "export")[1]
    status, out, err = argent("sessions", "import", path)
    assert (status, out) == (1, "Imported session first: 1 message.\n")
    assert err.startswith(f"argent: session {ada} of {path}: there is a session {ada} already, with other messages: ")
    assert "--session" in err
    assert "sessions delete" in err
    assert argent("sessions", "export", ada)[1] == before
    assert {each["id"] for each in ask("sessions", "list")} == {ada, "first"}


def test_an_import_that_was_interrupted_goes_on(argent: Argent, ask: Ask, tmp_path: Path) -> None:
    whole = (SAMPLES / "export.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    first = tmp_path / "first.jsonl"
    first.write_text("".join([whole[0].replace('"sessions":2', '"sessions":1'), *whole[1:6]]), encoding="utf-8")
    argent("sessions", "import", first)
    outcome = ask("sessions", "import", SAMPLES / "export.jsonl")
    assert [(each["session"], each["wasThere"]) for each in outcome["sessions"]] == [
        ("user-maren", True),
        ("by-hand", False),
    ]
    assert argent("sessions", "import", SAMPLES / "export.jsonl")[1].splitlines() == [
        "Session user-maren was imported before.",
        "Session by-hand was imported before.",
    ]


def test_a_session_that_went_on_since_its_import_is_left_as_it_is(argent: Argent, ask: Ask, record: Record) -> None:
    argent("sessions", "import", SAMPLES / "openai.json", "--session", "user-ada")
    argent("replay", record({"at": "2030-01-01T00:00:00Z", "text": "And now?"}))
    outcome = ask("sessions", "import", SAMPLES / "openai.json", "--session", "user-ada")
    assert [each["wasThere"] for each in outcome["sessions"]] == [True]
    assert ask("sessions", "info", "user-ada")["messages"] == 7


def test_the_agent_of_the_command_gets_the_sessions(argent: Argent, ask: Ask) -> None:
    argent("sessions", "import", SAMPLES / "export.jsonl", "--agent", "helper")
    assert ask("sessions", "list") == []
    assert {each["id"] for each in ask("sessions", "list", "--agent", "helper")} == {"user-maren", "by-hand"}


def test_thousands_of_messages_are_one_import(argent: Argent, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    roles = ("user", "assistant")
    texts = ({"role": roles[number % 2], "content": f"Message {number}, over."} for number in range(7000))
    path.write_text("".join(json.dumps(line) + "\n" for line in texts))
    assert argent("sessions", "import", path)[0] == 0
    history = ask("sessions", "history", "long")
    assert [message["number"] for message in history] == list(range(1, 7001))
    assert history[-1]["text"] == "Message 6999, over."


# Beside a running owner -------------------------------------------------------------------------------


def test_a_running_owner_exports_what_its_files_do_not_have_yet(argent: Argent, owner: subprocess.Popen[str]) -> None:
    messages = lines(argent("sessions", "export", "theirs")[1])[2:]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert owner.poll() is None


def test_a_running_owner_imports(argent: Argent, ask: Ask, owner: subprocess.Popen[str]) -> None:
    for _ in range(2):
        assert argent("sessions", "import", SAMPLES / "export.jsonl")[0] == 0
    assert ask("sessions", "info", "user-maren")["messages"] == 4
    assert owner.poll() is None
    assert {each["id"] for each in ask("sessions", "list")} == {"theirs", "user-maren", "by-hand"}


def test_nothing_is_left_of_what_was_handed_to_the_owner(
    argent: Argent, owner: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "handed"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert argent("sessions", "import", SAMPLES / "export.jsonl")[0] == 0
    assert list(folder.iterdir()) == []
    assert owner.poll() is None


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("content", ["[]", '{"messages": []}'])
def test_a_list_without_messages_makes_no_session(argent: Argent, ask: Ask, tmp_path: Path, content: str) -> None:
    (tmp_path / "empty.json").write_text(content)
    assert argent("sessions", "import", tmp_path / "empty.json") == (0, "No conversation found.\n", "")
    assert ask("sessions", "list") == []


# As messages of the APIs ------------------------------------------------------------------------------


def test_sessions_are_exported_as_messages_of_an_api_and_what_has_no_place_there_is_listed(
    argent: Argent, ask: Ask, tmp_path: Path
) -> None:
    argent("sessions", "import", SAMPLES / "claude-code.jsonl", "--session", "masts")
    status, out, err = argent("sessions", "export", "masts", "--format", "openai")
    (line,) = lines(out)
    assert (status, line["id"]) == (0, "masts")
    assert [message["role"] for message in line["messages"]][:5] == ["user", "assistant", "tool", "tool", "assistant"]
    assert err == "Left out:\n  message 2, session masts: thoughts (there is no place for it)\n"
    path = tmp_path / "out.jsonl"
    exported = ask("sessions", "export", "--format", "anthropic", "--output", path)
    assert exported == {"sessions": 1, "messages": 8, "leftOut": []}
    assert argent("sessions", "import", path, "--session", "again")[0] == 0
    masts, again = (
        [each.get("content") for each in ask("sessions", "history", name, "--full")] for name in ("masts", "again")
    )
    assert masts == again


def test_a_format_that_is_not_known_is_refused(fails: Fails, ada: str) -> None:
    assert "'anthropic'" in fails("sessions", "export", ada, "--format", "html")[1]
