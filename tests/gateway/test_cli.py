"""The command line as a whole: options, settings, and failures, which are one sentence each."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import argentos
from argentos.gateway.cli import main, root
from argentos.gateway.groups import Group
from argentos.storage.wal.frames import MAGIC
from tests.gateway.shared import Argent, Ask, Fails, Start

FULL_DISK = (
    "-c",
    "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); from argentos.gateway.cli import run; run()",
)


def write_config(state: Path, content: str) -> None:
    state.mkdir(0o700)
    (state / "argent.json").write_text(content, encoding="utf-8")


def settings(**session: Any) -> str:
    return json.dumps({"agents": {"defaults": {"session": session}}})


# Wrong command lines ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nonsense"], "nonsense"),
        (["sessions", "nonsense"], "nonsense"),
        (["sessions", "list", "--nonsense"], "--nonsense"),
        (["--nonsense"], "--nonsense"),
        (["diagram", "door.mmd", "surplus"], "surplus"),
        (["sessions", "info"], "ID"),
        (["sessions", "clear"], "ID"),
        (["sessions", "history"], "ID"),
        (["sessions", "new"], "ID"),
        (["replay"], "FILE"),
        (["sessions", "list", "--agent"], "--agent"),
        (["sessions", "list", "--state-dir"], "--state-dir"),
        (["replay", "file", "--speed", "fast"], "fast"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_status_2(fails: Fails, arguments: list[str], named: str) -> None:
    status, sentence = fails(*arguments)
    assert status == 2
    assert named in sentence


def test_a_mistyped_command_is_told_the_nearest_one_and_the_help(fails: Fails) -> None:
    assert fails("sesions") == (2, "No such command 'sesions'. Did you mean 'sessions'? See `argent --help`.")


def test_a_mistyped_option_with_several_near_ones_is_told_them_and_the_help(fails: Fails) -> None:
    sentence = fails("sessions", "list", "--stat", "x")[1]
    assert "Did you mean one of: '--state', '--state-dir'" in sentence
    assert sentence.endswith("?) See `argent sessions list --help`.")


@pytest.mark.parametrize("number", ["x", "0", "-1", "1.5", ""])
def test_a_number_that_is_none_is_told_which_would_do(fails: Fails, number: str) -> None:
    status, sentence = fails("sessions", "list", "--limit", number)
    assert status == 2
    assert f"{number!r} is no whole number of at least 1. See `argent sessions list --help`." in sentence


def test_a_file_that_cannot_be_made_is_named_as_it_was_given(argent: Argent, fails: Fails, tmp_path: Path) -> None:
    argent("send", "maren", "Hello!")
    for command in (("backup",), ("sessions", "export", "--output")):
        sentence = fails(*command, str(tmp_path / "nowhere" / "x"))[1]
        assert str(tmp_path / "nowhere") in sentence
        assert ".new" not in sentence


def test_a_wrong_command_line_leaves_no_state_behind(fails: Fails, state: Path) -> None:
    fails("sessions", "nonsense")
    assert not state.exists()


@pytest.mark.usefixtures("ours")
def test_a_failure_in_a_process_of_its_own_is_one_line_too(start: Start) -> None:
    process = start("sessions", "info", "nobody", python=("-m", "argentos"))
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert err == "argent: there is no session nobody; `argent sessions list` shows those there are\n"


# Sessions that cannot be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["info", "clear", "history"])
@pytest.mark.usefixtures("ours")
def test_an_unknown_session_is_named_with_how_to_find_others(fails: Fails, command: str) -> None:
    status, sentence = fails("sessions", command, "nobody")
    assert status == 1
    assert "no session nobody" in sentence
    assert "argent sessions list" in sentence


@pytest.mark.parametrize(
    "session_id",
    [
        "",
        "a\0b",
        "a\nb",
        "a\x1b[31mb",
        "\udcff",
        "x" * 513,
        "x" * 10240,
    ],
    ids=lambda each: ascii(each[:10]),
)
def test_an_id_that_cannot_be_used_is_refused(fails: Fails, state: Path, session_id: str) -> None:
    status, sentence = fails("sessions", "new", session_id)
    assert status == 1
    assert "session id" in sentence
    assert sentence.isprintable()
    assert len(sentence) < 300
    assert not (state / "agents").exists()


@pytest.mark.parametrize("session_id", ["\x85", "", "a\0b", "x" * 10240], ids=lambda each: ascii(each[:10]))
@pytest.mark.parametrize("command", ["info", "clear", "history"])
@pytest.mark.usefixtures("ours")
def test_every_command_refuses_an_id_that_cannot_be_used(fails: Fails, command: str, session_id: str) -> None:
    assert "session id" in fails("sessions", command, session_id)[1]


@pytest.mark.parametrize("command", [["sessions", "list"], ["replay", "file"]], ids=" ".join)
@pytest.mark.parametrize("name", ["a\nb", "", "a\0b", "x" * 10240], ids=lambda each: ascii(each[:10]))
def test_an_agent_that_cannot_be_used_is_refused(fails: Fails, state: Path, command: list[str], name: str) -> None:
    status, sentence = fails(*command, "--agent", name)
    assert status == 1
    assert "agent's name" in sentence
    assert not state.exists()


def test_an_id_keeps_its_capitals_spaces_and_accents(ask: Ask, state: Path) -> None:
    for session_id in ("Ada", "ada", "ada lovelace", "adá", "x" * 512):
        ask("sessions", "new", session_id)
    assert {each["id"] for each in ask("sessions", "list")} == {"Ada", "ada", "ada lovelace", "adá", "x" * 512}
    assert len(list((state / "agents" / "main" / "sessions").iterdir())) == 5


# The state directory ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["sessions", "list"], ["sessions", "new", "ada"], ["sessions", "info", "ada"], ["chat"]]
)
def test_a_state_dir_that_is_a_file_is_refused(fails: Fails, state: Path, command: list[str]) -> None:
    state.write_text("precious")
    _, sentence = fails(*command)
    assert str(state) in sentence
    assert state.read_text() == "precious"


@pytest.mark.parametrize("command", [["sessions", "list"], ["sessions", "new", "ada"], ["sessions", "info", "ada"]])
def test_a_state_dir_that_cannot_be_made_is_refused(fails: Fails, tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "file"
    file.write_text("precious")
    status, sentence = fails(*command, "--state-dir", file / "below")
    assert status == 1
    assert str(file / "below") in sentence


@pytest.mark.parametrize("taken", ["agents", "lock", "journal"])
def test_a_path_that_something_else_has_taken_is_named(fails: Fails, state: Path, taken: str) -> None:
    state.mkdir(0o700)
    if taken == "lock":
        (state / taken).mkdir()
    else:
        (state / taken).write_text("")
    status, sentence = fails("sessions", "new", "ada")
    assert status == 1
    assert str(state / taken) in sentence


@pytest.mark.parametrize("command", [["sessions", "list"], ["sessions", "new", "ada"]])
def test_an_empty_state_dir_is_not_the_current_one(
    fails: Fails, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, sentence = fails(*command, "--state-dir", "")
    assert "--state-dir" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["sessions", "list"], ["sessions", "new", "ada"]])
def test_a_home_that_nobody_has_is_refused(fails: Fails, command: list[str]) -> None:
    _, sentence = fails(*command, "--state-dir", "~nobody-has-this-name/state")
    assert "~nobody-has-this-name" in sentence


def test_a_damaged_journal_is_named_and_set_aside(argent: Argent, state: Path) -> None:
    argent("sessions", "new", "ada")
    journal = state / "journal" / "00000001.journal"
    foreign = [b"something else entirely", MAGIC + b"and more"]
    journal.write_bytes(foreign[0])
    journal.with_name("00000002.journal").write_bytes(foreign[1])
    status, _, told = argent("sessions", "list")
    assert status == 0
    assert str(journal) in told
    assert journal.read_bytes() == foreign[0]
    status, _, told = argent("sessions", "new", "bob")
    assert status == 0
    assert str(journal) in told
    [aside] = journal.parent.glob("00000001.journal.damaged-*")
    assert aside.read_bytes() == foreign[0]


# argent.json ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", ["is not JSON"]),
        ("", ["is not JSON"]),
        ("\udcff", ["no text in UTF-8"]),
        ("[" * 100_000, ["is not JSON"]),
        ("[]", ["must be an object", "a list"]),
        ('{"agents": []}', ["agents is a list; it must be an object"]),
        ('{"agents": {"defaults": 3}}', ["agents.defaults is the number 3; it must be an object"]),
        ('{"agents": {"defaults": {"session": null}}}', ["agents.defaults.session is nothing; it must be an object"]),
        ('{"agents": {"main": {"session": {"idleAfter": []}}}}', ["agents.main.session.idleAfter is a list"]),
        (settings(maxContextTokens="many"), ["agents.defaults.session.maxContextTokens is the text 'many'"]),
        (settings(maxContextTokens=499), ["agents.defaults.session.maxContextTokens", "499", "500 to"]),
        (settings(maxContextTokens=10**9), ["agents.defaults.session.maxContextTokens", "out of range"]),
        (settings(compactionThreshold=0.29), ["agents.defaults.session.compactionThreshold", "0.3 to 1"]),
        (settings(compactionThreshold=1.01), ["agents.defaults.session.compactionThreshold", "0.3 to 1"]),
        (settings(keepRecentTokens=-1), ["agents.defaults.session.keepRecentTokens", "-1"]),
        (settings(mailboxLimit=0), ["agents.defaults.session.mailboxLimit", "0"]),
        (settings(channelScope="some"), ["agents.defaults.session.channelScope", "some"]),
        (settings(idleAfter="soon"), ["agents.defaults.session.idleAfter", "soon", '"30m"']),
        (settings(idleAfter=0), ["agents.defaults.session.idleAfter", "0"]),
        (settings(idleAfter=True), ["agents.defaults.session.idleAfter is true"]),
        (settings(idleAfter="999999999999d"), ["agents.defaults.session.idleAfter"]),
        (
            settings(maxContextToken=1000),
            ["agents.defaults.session.maxContextToken ", "did you mean maxContextTokens?"],
        ),
        (settings(compaction_threshold=0.5), ["compaction_threshold ", "did you mean compactionThreshold?"]),
        (settings(idle=3), ["agents.defaults.session.idle ", "did you mean idleAfter?"]),
    ],
    ids=lambda each: each[:60] if isinstance(each, str) else "",
)
def test_a_wrong_setting_is_refused_with_its_path(fails: Fails, state: Path, content: str, said: list[str]) -> None:
    state.mkdir()
    (state / "argent.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    status, sentence = fails("sessions", "new", "ada")
    assert status == 1
    assert f"{state / 'argent.json'}" in sentence
    assert [each for each in said if each not in sentence] == []
    assert not (state / "agents").exists()


@pytest.mark.parametrize(
    "command",
    [["list"], ["info", "ada"], ["clear", "ada"], ["history", "ada"]],
    ids=" ".join,
)
def test_every_command_refuses_a_wrong_setting(fails: Fails, state: Path, command: list[str]) -> None:
    write_config(state, settings(idleAfter="soon"))
    assert "agents.defaults.session.idleAfter" in fails("sessions", *command)[1]


def test_a_config_that_is_a_folder_is_refused(fails: Fails, state: Path) -> None:
    (state / "argent.json").mkdir(parents=True)
    assert "argent.json cannot be read" in fails("sessions", "list")[1]


def test_a_setting_has_its_effect(ask: Ask, state: Path) -> None:
    write_config(state, settings(maxContextTokens=1000, idleAfter="2h"))
    assert ask("sessions", "new", "ada")["window"] == 1000


def test_an_agent_may_override_a_setting(ask: Ask, state: Path) -> None:
    agents = {"defaults": {"session": {"maxContextTokens": 1000}}, "other": {"session": {"maxContextTokens": 2000}}}
    write_config(state, json.dumps({"agents": agents}))
    assert ask("sessions", "new", "ada")["window"] == 1000
    assert ask("sessions", "new", "ada", "--agent", "other")["window"] == 2000


def test_other_parts_of_the_config_are_left_alone(argent: Argent, state: Path) -> None:
    content = '{"gateway": {"port": "x"}, "agents": {"defaults": {"model": 3}, "else": 4}}'
    write_config(state, content)
    assert argent("sessions", "new", "ada")[0] == 0
    assert (state / "argent.json").read_text(encoding="utf-8") == content


# Options ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(3), ids=["before", "between", "after"])
@pytest.mark.usefixtures("ours")
def test_json_is_taken_at_every_place(state: Path, capsys: pytest.CaptureFixture[str], place: int) -> None:
    words = ["sessions", "list"]
    words.insert(place, "--json")
    assert main([*words, "--state-dir", str(state)]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("place", range(3), ids=["before", "between", "after"])
def test_the_state_dir_is_taken_at_every_place(state: Path, place: int) -> None:
    words = ["sessions", "new", "ada"]
    words[place:place] = ["--state-dir", str(state)]
    assert main(words) == 0
    assert (state / "agents" / "main" / "sessions" / "ada" / "metadata.json").exists()


@pytest.mark.parametrize("place", range(3), ids=["before", "between", "after"])
def test_the_agent_is_taken_at_every_place(state: Path, place: int) -> None:
    words = ["sessions", "new", "ada", "--state-dir", str(state)]
    words[place:place] = ["--agent", "other"]
    assert main(words) == 0
    assert (state / "agents" / "other" / "sessions" / "ada" / "metadata.json").exists()


def test_the_option_nearest_to_the_end_wins(state: Path, tmp_path: Path) -> None:
    assert main(["--state-dir", str(tmp_path / "first"), "sessions", "new", "ada", "--state-dir", str(state)]) == 0
    assert state.exists()
    assert not (tmp_path / "first").exists()


def test_agents_do_not_see_each_others_sessions(ask: Ask) -> None:
    ask("sessions", "new", "ada")
    ask("sessions", "new", "bob", "--agent", "other")
    assert [each["id"] for each in ask("sessions", "list")] == ["ada"]
    assert [(each["id"], each["agent"]) for each in ask("sessions", "list", "--agent", "other")] == [("bob", "other")]


def test_the_environment_says_where_the_state_is(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    monkeypatch.setenv("ARGENTOS_HOME", str(state))
    assert main(["sessions", "new", "ada"]) == 0
    assert (state / "agents").exists()


def test_the_option_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch, argent: Argent, state: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("ARGENTOS_HOME", str(tmp_path / "elsewhere"))
    assert argent("sessions", "new", "ada")[0] == 0
    assert state.exists()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("value", [None, ""], ids=["unset", "empty"])
def test_without_the_environment_the_state_is_at_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("ARGENTOS_HOME", value)
    assert main(["sessions", "new", "ada"]) == 0
    assert (tmp_path / "home" / ".argentos" / "agents").exists()


def test_a_tilde_is_the_home(argent: Argent, tmp_path: Path) -> None:
    assert argent("sessions", "new", "ada", "--state-dir", "~/there")[0] == 0
    assert (tmp_path / "home" / "there" / "agents").exists()
    assert argent("sessions", "info", "ada", "--state-dir", "~/there")[0] == 0


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []], ids=["--help", "-h", "nothing"])
def test_help_names_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert [
        name for name in ("chat", "diagram", "replay", "sessions", "--state-dir", "--version") if name not in out
    ] == []


@pytest.mark.parametrize("command", ["chat", "diagram", "replay", "sessions"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: argent {command}")
    assert [option for option in ("--state-dir", "--agent", "--json") if option not in out] == []


@pytest.mark.parametrize("group", [[], ["sessions"], ["diagram"]], ids=" ".join)
def test_the_list_of_commands_has_each_sentence_whole(group: list[str], argent: Argent) -> None:
    _, out, _ = argent(*group, "--help")
    commands = out[out.index("Commands:") :]
    assert "..." not in commands
    described = re.split(r"\n  (?=\w)", commands)[1:]
    assert len(described) >= 2
    assert all(each.rstrip().endswith(".") for each in described)


def test_sessions_without_a_command_lists_its_commands(argent: Argent) -> None:
    status, out, err = argent("sessions")
    assert (status, err) == (0, "")
    assert [name for name in ("list", "info", "new", "clear", "history") if name not in out] == []


def test_the_version_is_that_of_the_package(argent: Argent) -> None:
    assert argent("--version") == (0, f"argentos {argentos.__version__}\n", "")


# Processes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["sessions", "list"], ["--help"], ["diagram"]], ids=" ".join)
@pytest.mark.usefixtures("ours")
def test_a_command_starts_without_what_it_does_not_use(start: Start, command: list[str]) -> None:
    process = start(*command, python=("-X", "importtime", "-m", "argentos"))
    _, err = process.communicate(timeout=20)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in err.splitlines()}
    assert process.returncode == 0
    assert "click" in imported
    assert imported.isdisjoint({"anthropic", "httpx2", "hypothesis", "pytest", "rich", "tiktoken", "trio"})


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_hardly_anything(start: Start, option: str) -> None:
    _, err = start(option, python=("-X", "importtime", "-m", "argentos")).communicate(timeout=20)
    imported = {line.rpartition("|")[2].strip() for line in err.splitlines()}
    assert "click" in imported
    assert imported.isdisjoint({"anyio", "msgspec", "transitions", "argentos.actors", "argentos.storage"})


def test_output_that_nobody_reads_any_more_is_no_failure_to_complain_about(start: Start) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = start("diagram", stdout=writer)
    os.close(writer)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (1, "")


@pytest.mark.parametrize("command", [["diagram"], ["diagram", "--json"]], ids=" ".join)
def test_output_that_cannot_be_written_is_one_sentence(start: Start, tmp_path: Path, command: list[str]) -> None:
    with (tmp_path / "out").open("w") as out:
        process = start(*command, python=FULL_DISK, stdout=out)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.startswith("argent: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "status", "code", "said"),
    [
        (["sessions", "info", "nobody"], 1, "session_not_found", "there is no session nobody"),
        (["sessions", "info", "a\nb"], 1, "input_invalid", "the control character"),
        (["sessions", "retry", "ada"], 1, "nothing_to_retry", "no message"),
        (["sessions", "import", "nowhere.jsonl"], 1, "input_invalid", "cannot be read"),
        (["restore", "nowhere.tgz"], 1, "store_error", "is not empty"),
        (["sessions", "lst"], 2, "usage", "No such command"),
        (["sessions", "list", "--limit", "none"], 2, "usage", "--limit"),
        (["sessions", "delete", "ada"], 2, "usage", "add --yes"),
    ],
)
def test_a_failure_is_an_object_for_programs_and_a_sentence_for_people(
    argent: Argent, command: list[str], status: int, code: str, said: str
) -> None:
    argent("sessions", "new", "ada")
    found, out, err = argent("--json", *command)
    error = json.loads(out)["error"]
    assert (found, error["code"]) == (status, code)
    assert said in error["message"]
    assert err == f"argent: {error['message']}\n"
    assert argent(*command)[1] == ""


def test_json_behind_two_dashes_is_an_id(argent: Argent) -> None:
    argent("sessions", "new", "ada")
    assert argent("sessions", "info", "--", "--json")[:2] == (1, "")


@pytest.mark.parametrize(("number", "said"), [(1, "1 message,"), (2, "2 messages,")])
def test_one_is_told_in_the_singular(argent: Argent, tmp_path: Path, number: int, said: str) -> None:
    path = tmp_path / "ada.json"
    path.write_text(json.dumps([{"role": "user", "content": "Hello"}] * number))
    assert argent("sessions", "import", path)[0] == 0
    with_input = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "argentos", "--state-dir", str(tmp_path / "state"), "chat", "ada"],
        input="/status\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert said in with_input.stdout


def test_damage_that_is_not_known_by_session_is_told_in_plain_words(argent: Argent, state: Path) -> None:
    argent("sessions", "new", "ada")
    (state / "journal").mkdir(mode=0o700, exist_ok=True)
    (state / "journal" / "00000001.journal").write_bytes(b"x" * 100)
    _, out, _ = argent("doctor")
    assert "records of a session that is not known are lost" in out
    assert "[Errno" not in out


# Streams that are closed ------------------------------------------------------------------------------------


CLOSED = """
import os, sys
os.close(int(sys.argv[1]))
os.execv(sys.executable, [sys.executable, "-m", "argentos", *sys.argv[2:]])
"""


@pytest.mark.parametrize("command", [["sessions", "list"], ["--json", "sessions", "list"], ["sessions", "new", "ada"]])
@pytest.mark.usefixtures("ours")
def test_a_closed_output_is_an_error_in_one_sentence(state: Path, command: list[str]) -> None:
    status, _, err = closed(1, "--state-dir", str(state), *command)
    assert (status, err) == (1, "argent: the output cannot be written: Bad file descriptor\n")


def test_a_closed_input_is_an_empty_one(state: Path) -> None:
    assert closed(0, "--state-dir", str(state), "chat", "ada")[:2] == (0, "")
    status, _, err = closed(0, "--state-dir", str(state), "sessions", "import", "-")
    assert (status, err) == (1, "argent: standard input:1: the file is empty\n")


def test_a_closed_error_stream_does_no_harm(state: Path) -> None:
    assert closed(2, "--state-dir", str(state), "sessions", "info", "nobody")[:2] == (1, "")
    assert closed(2, "--state-dir", str(state), "sessions", "new", "ada")[0] == 0


def closed(descriptor: int, *arguments: str) -> tuple[int, str, str]:
    """What a command does that is started with one of its standard streams closed."""
    command = [sys.executable, "-c", CLOSED, str(descriptor), *arguments]
    done = subprocess.run(  # noqa: S603 - our own
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_warning_that_cannot_be_printed_costs_no_command(
    start: Start, argent: Argent, state: Path, unbuffered: str
) -> None:
    assert argent("sessions", "new", "ada")[0] == 0
    state.chmod(0o755)  # of which every command warns
    with Path("/dev/full").open("w") as full:
        env = {"PYTHONUNBUFFERED": unbuffered}
        process = start("sessions", "new", "eve", python=("-m", "argentos"), env=env, stderr=full)
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, "eve" in out) == (0, True)


@pytest.mark.parametrize("module", ["click", "argentos.gateway.settings", "msgspec", "argentos.actors", "anyio"])
def test_an_interrupt_while_the_program_is_being_loaded_ends_it_without_a_traceback(start: Start, module: str) -> None:
    interrupting = f"""
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from argentos.__main__ import run
run()
"""
    process = start("chat", python=("-c", interrupting))
    out, err = process.communicate(timeout=20)
    assert (out, err.strip()) == ("", "")
    assert process.returncode in {130, -signal.SIGINT}


def every_command(group: click.Group, path: str = "argent") -> Iterator[tuple[str, str, click.Command]]:
    """Each command of a group and of those in it: its path, the line about it in the list, and itself."""
    assert isinstance(group, Group)
    for name, member in group.members.items():
        found = group.get_command(click.Context(group), name)
        assert found is not None
        yield f"{path} {name}", member.help, found
        if isinstance(found, Group):
            yield from every_command(found, f"{path} {name}")


def test_the_line_about_a_command_is_the_first_sentence_of_its_help() -> None:
    for path, line, found in every_command(root):
        paragraph = " ".join((found.help or "").partition("\n\n")[0].split())
        assert paragraph.startswith(line), path
        assert found.name == path.split()[-1]
