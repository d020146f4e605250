"""`argent sessions`: to list, look at, make and clear sessions."""

import json
import re
import signal
import subprocess
from io import StringIO
from pathlib import Path

import anyio
import pytest
from rich.cells import cell_len

from argentos import Address, FileStore, ReplayModel, Reply, Supervisor
from argentos.errors import ModelRefusedError
from tests.gateway.shared import ANSWER, QUESTION, Argent, Ask, Fails, Record, Start


def rows(out: str) -> list[list[str]]:
    """The cells of a table."""
    return [re.split(r" {2,}", line) for line in out.splitlines()]


# list ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("ours")
def test_without_sessions_the_list_says_so(argent: Argent, state: Path) -> None:
    assert argent("sessions", "list") == (0, "No sessions found.\n", "")
    assert argent("sessions", "list", "--json") == (0, "[]\n", "")
    assert [path.name for path in state.iterdir()] == ["agents"]


def test_the_list_shows_state_last_activity_messages_tokens_and_percent(argent: Argent, ada: str) -> None:
    argent("sessions", "new", "by-hand")
    status, out, err = argent("sessions", "list")
    head, first, second = rows(out)
    assert (status, err) == (0, "")
    assert head == ["SESSION", "STATE", "AGE", "MESSAGES", "TOKENS", "%"]
    assert first == ["by-hand", "Created", "now", "0", "0/180k", "0%"]
    assert second[:2] == [ada, "Idle"]
    assert second[2] == "2020-02-03"
    assert second[3:] == ["2", "18/180k", "0%"]


def test_the_percent_is_that_of_the_window(argent: Argent, ask: Ask, ada: str, state: Path) -> None:
    (state / "argent.json").write_text('{"agents": {"defaults": {"session": {"maxContextTokens": 500}}}}')
    assert [(each["tokens"], each["window"], each["percent"]) for each in ask("sessions", "list")] == [(18, 500, 3.6)]
    assert rows(argent("sessions", "list")[1])[1][-2:] == ["18/500", "4%"]
    assert ask("sessions", "info", ada)["percent"] == 3.6


def test_the_latest_activity_comes_first(argent: Argent, ask: Ask, record: Record) -> None:
    times = {"old": "2020-01-01T00:00:00Z", "older": "2019-01-01T00:00:00Z", "new": "2020-03-01T00:00:00Z"}
    for name, at in times.items():
        argent("replay", record({"session": name, "at": at, "text": "Hello"}))
    assert [each["id"] for each in ask("sessions", "list")] == ["new", "old", "older"]
    assert [row[0] for row in rows(argent("sessions", "list")[1])[1:]] == ["new", "old", "older"]


def test_the_list_can_be_cut_by_number_and_by_activity(argent: Argent, ask: Ask, ada: str) -> None:
    for name in ("a", "b"):
        argent("sessions", "new", name)
    assert [each["id"] for each in ask("sessions", "list", "--limit", "2")] == ["b", "a"]
    assert [each["id"] for each in ask("sessions", "list", "--active", "60")] == ["b", "a"]
    assert ada in {each["id"] for each in ask("sessions", "list", "--active", "3650d")}
    assert argent("sessions", "list", "--limit", "0")[0] == 2


def test_an_overdue_active_session_lists_as_idle_at_once(ask: Ask, ada: str, state: Path) -> None:
    metadata = json.loads((state / "agents" / "main" / "sessions" / ada / "metadata.json").read_bytes())
    assert metadata["state"] == "Active"
    assert [each["state"] for each in ask("sessions", "list")] == ["Idle"]
    assert ask("sessions", "info", ada)["state"] == "Idle"


def test_all_sessions_of_a_recording_are_listed(argent: Argent, ask: Ask, record: Record) -> None:
    ids = {f"session-{number}" for number in range(12)}
    lines = [{"session": name, "at": "2020-01-01T00:00:00Z", "text": "Hello"} for name in sorted(ids)]
    argent("replay", record(*lines))
    assert {each["id"] for each in ask("sessions", "list")} == ids


def damage(folder: Path) -> None:
    """Leave nothing that says what the session was: `metadata.json` and the index are only views."""
    for name in ("metadata.json", "history.json"):
        (folder / name).write_text("{")
    (folder.parents[3] / "index.sqlite").unlink()


def test_a_damaged_session_does_not_hide_the_others(argent: Argent, ada: str, state: Path) -> None:
    argent("sessions", "new", "whole")
    damage(state / "agents" / "main" / "sessions" / ada)
    status, out, _ = argent("sessions", "list")
    assert status == 0
    assert [row[0] for row in rows(out)[1:]] == ["whole"]


def test_a_damaged_session_is_not_passed_over_in_silence(argent: Argent, ada: str, state: Path) -> None:
    damage(folder := state / "agents" / "main" / "sessions" / ada)
    assert str(folder / "history.json") in argent("sessions", "list")[2]


def test_an_agent_without_sessions_is_named_for_it_may_be_mistyped(argent: Argent, ada: str) -> None:
    assert ada
    assert argent("sessions", "list", "--agent", "mian")[:2] == (0, "No sessions of agent mian found.\n")


def test_a_table_stays_one_with_wide_and_combining_letters(argent: Argent) -> None:
    for each in ("東京", "cafe\u0301", "plain"):
        argent("sessions", "new", each)
    lines = argent("sessions", "list")[1].splitlines()
    before = [line[: re.search("STATE|Created", line).start()] for line in lines]  # type: ignore[union-attr]
    assert {cell_len(each) for each in before} == {9}


def test_a_long_id_is_cut_at_a_terminal_alone(argent: Argent, monkeypatch: pytest.MonkeyPatch) -> None:
    argent("sessions", "new", "x" * 300)
    assert "x" * 300 in argent("sessions", "list")[1]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    assert [len(line) for line in argent("sessions", "list")[1].splitlines()] == [80, 80]


@pytest.mark.parametrize(("span", "found"), [("600", 1), ("2h", 1), ("0.000001s", 0)])
def test_activity_is_asked_for_by_a_duration(argent: Argent, ask: Ask, span: str, found: int) -> None:
    argent("sessions", "new", "ada")
    assert len(ask("sessions", "list", "--active", span)) == found


# info ------------------------------------------------------------------------------------------


def test_info_tells_everything_about_a_session(argent: Argent, ada: str) -> None:
    status, out, err = argent("sessions", "info", ada)
    told = dict(row for row in rows(out.partition("\n\n")[0]) if len(row) == 2)
    assert (status, err) == (0, "")
    assert told.pop("last activity") == "2020-02-03 10:01:00 UTC"
    assert told == {
        "session": ada,
        "agent": "main",
        "state": "Idle",
        "created": "2020-02-03 10:00:00 UTC",
        "messages": "2, in 1 turn; 0 without an answer so far",
        "context": "about 18 tokens of 180000 (0%)",
        "of which": "18 recent messages",
        "compactions": "0",
    }
    assert "1  [*] --> Created: First message  (2020-02-03 10:00:00)" in out
    assert "1  Created --> Active: Processing messages  (2020-02-03 10:00:00)" in out


def test_info_as_json_has_the_names_of_the_docs(ask: Ask, ada: str) -> None:
    info = ask("sessions", "info", ada)
    edges = info.pop("edges")
    assert info.pop("sequence") > 0
    assert info == {
        "id": ada,
        "agent": "main",
        "title": "",
        "tags": [],
        "owner": "",
        "system": "",
        "state": "Idle",
        "createdAt": "2020-02-03T10:00:00Z",
        "lastActivity": "2020-02-03T10:01:00Z",
        "messages": 2,
        "turns": 1,
        "tokens": 18,
        "isGuess": True,
        "parts": {"system": 0, "tools": 0, "overhead": 0, "summary": 0, "recent": 18, "new": 0},
        "window": 180_000,
        "percent": 0.0,
        "threshold": 0.85,
        "spent": 0.0,
        "compactions": 0,
        "compaction": None,
        "waiting": 0,
        "failed": 0,
        "failure": "",
        "retryAt": None,
        "retryReason": "",
        "approvals": 0,
        "owed": 0,
        "undeliverable": 0,
        "checkpoints": 0,
        "undo": "",
        "parent": "",
        "idleAt": None,
        "pinned": False,
        "archived": False,
        "unread": 2,
        "channels": ["telegram"],
        "status": "idle",
        "since": "2020-02-03T10:01:00Z",
        "reason": "",
    }
    assert edges == {
        "[*] --> Created: First message": {"count": 1, "last": "2020-02-03T10:00:00Z"},
        "Created --> Active: Processing messages": {"count": 1, "last": "2020-02-03T10:00:00Z"},
    }


def test_looking_changes_no_file(argent: Argent, ada: str, state: Path) -> None:
    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}

    before = contents()
    for command in (["list"], ["info", ada], ["history", ada, "--full"]):
        assert argent("sessions", *command)[0] == 0
    assert contents() == before


# new ------------------------------------------------------------------------------------------


def test_a_session_made_by_hand_stays_created(argent: Argent, ask: Ask, state: Path) -> None:
    assert argent("sessions", "new", "ada") == (0, "Session ada was made; its state is Created.\n", "")
    info = ask("sessions", "info", "ada")
    assert (info["state"], info["messages"], list(info["edges"])) == ("Created", 0, ["[*] --> Created: First message"])
    folder = state / "agents" / "main" / "sessions" / "ada"
    assert {path.name for path in folder.iterdir()} == {"history.json", "metadata.json"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "history.json").stat().st_mode & 0o777 == 0o600


def test_making_a_session_tells_about_it(ask: Ask) -> None:
    answer = ask("sessions", "new", "ada")
    assert (answer["id"], answer["state"], answer["messages"]) == ("ada", "Created", 0)


def test_making_a_session_twice_is_refused(argent: Argent, ask: Ask, fails: Fails) -> None:
    argent("sessions", "new", "ada")
    before = ask("sessions", "info", "ada")
    status, sentence = fails("sessions", "new", "ada")
    assert status == 1
    assert "ada already" in sentence
    assert ask("sessions", "info", "ada") == before


def test_a_session_that_messages_made_is_not_made_again(fails: Fails, ada: str) -> None:
    assert f"{ada} already" in fails("sessions", "new", ada)[1]


# history and clear ------------------------------------------------------------------------------------------


def test_history_prints_number_time_sender_and_text(argent: Argent, ada: str) -> None:
    assert argent("sessions", "history", ada) == (
        0,
        "[1] 2020-02-03 10:00:00 Ada: What is the number of the engine?\n[2] 2020-02-03 10:01:00 Argent: One.\n",
        "",
    )


def test_history_as_json_has_whole_messages(ask: Ask, ada: str) -> None:
    question, answer = ask("sessions", "history", ada)
    assert question == {
        "id": "user-ada:1",
        "number": 1,
        "role": "user",
        "text": QUESTION["text"],
        "at": QUESTION["at"],
        "tokens": question["tokens"],
        "sender": "Ada",
        "address": {"channel": "telegram", "user": "Ada"},
    }
    assert (answer["role"], answer["text"], answer["replyTo"]) == ("assistant", "One.", ["user-ada:1"])


def test_transitions_are_shown_with_their_times(argent: Argent, ask: Ask, ada: str) -> None:
    lines = argent("sessions", "transitions", ada)[1].splitlines()
    assert [line.split("  ")[0] for line in lines[:2]] == ["TIME (UTC)", "2020-02-03 10:00:00"]
    assert [line.split()[-2:] for line in lines[1:3]] == [["First", "message"], ["Processing", "messages"]]
    first, *_, last = ask("sessions", "transitions", ada)
    assert first == {
        "sequence": 1,
        "at": "2020-02-03T10:00:00Z",
        "source": "[*]",
        "target": "Created",
        "event": "first_message",
        "label": "First message",
    }
    assert ask("sessions", "transitions", ada, "--limit", "1") == [last]


def test_the_transitions_of_nobody_are_an_error(fails: Fails, ada: str) -> None:
    assert fails("sessions", "transitions", f"not-{ada}")[1].startswith(f"there is no session not-{ada}")


def test_the_latest_messages_of_a_history(argent: Argent, ask: Ask, ada: str) -> None:
    assert argent("sessions", "history", ada, "--limit", "1")[1] == "[2] 2020-02-03 10:01:00 Argent: One.\n"
    assert len(ask("sessions", "history", ada, "--full", "--limit", "5")) == 2


NEVER_LOOKS_AGAIN = "import argentos.gateway.following as following; following._INTERVAL = 3600; "


@pytest.mark.parametrize("before", ["", NEVER_LOOKS_AGAIN], ids=["as it is", "without looking again"])
def test_a_history_that_is_followed_goes_on_with_new_messages(
    start: Start, owner: subprocess.Popen[str], before: str
) -> None:
    program = f"{before}from argentos.gateway.cli import run; run()"
    following = start("sessions", "history", "theirs", "--follow", "--limit", "1", program=program)
    assert following.stdout is not None
    assert following.stdout.readline().startswith("[2] ")
    assert owner.stdin is not None
    owner.stdin.write("And now?\n")
    owner.stdin.flush()
    assert following.stdout.readline().endswith(": And now?\n")
    assert following.stdout.readline().startswith("[4] ")
    following.send_signal(signal.SIGINT)
    assert (following.wait(10), following.stderr and following.stderr.read().strip()) == (0, "")


def test_history_marks_a_reply_that_is_not_whole(argent: Argent, ask: Ask, state: Path) -> None:
    async def converse() -> None:
        model = ReplayModel([Reply("The code is", stop_reason="max_tokens"), "It is 42."])
        async with Supervisor(FileStore(state), model) as supervisor:
            for question in ("What is the code?", "Go on."):
                await supervisor.session("maren").ask(question)

    anyio.run(converse)
    lines = argent("sessions", "history", "maren")[1].splitlines()
    assert lines[1].endswith(": The code is")
    assert lines[2].strip() == "(not whole: max_tokens)"
    assert len(lines) == 5
    assert [message.get("stopReason") for message in ask("sessions", "history", "maren")] == [
        None,
        "max_tokens",
        None,
        None,
    ]


# retry ------------------------------------------------------------------------------------------------------


@pytest.fixture
def failed(state: Path) -> None:
    """A session with two messages whose turns have failed."""

    async def converse() -> None:
        async with Supervisor(FileStore(state), ReplayModel()) as supervisor:
            for text in ("one", "two"):
                with pytest.raises(ModelRefusedError):
                    await supervisor.session("maren").ask(text, message_id=f"m-{text}")

    anyio.run(converse)


@pytest.mark.usefixtures("failed")
def test_what_failed_is_shown(argent: Argent, ask: Ask) -> None:
    assert "Active, 2 failed" in argent("sessions", "list")[1]
    assert "2: the recording has no more replies" in argent("sessions", "info", "maren")[1]
    assert (ask("sessions", "info", "maren")["failed"], ask("sessions", "list")[0]["failed"]) == (2, 2)
    assert argent("sessions", "history", "maren")[1].count("(failed: the recording has no more replies") == 2
    assert all("no more replies" in message["failure"] for message in ask("sessions", "history", "maren"))


@pytest.mark.usefixtures("failed")
def test_what_failed_is_tried_again_by_its_id_or_the_latest_first(argent: Argent, ask: Ask, fails: Fails) -> None:
    status, out, err = argent("sessions", "retry", "maren", "m-one")
    assert (status, err) == (0, "ANTHROPIC_API_KEY is not set, so the offline model answers.\n")
    assert "“one”" in out
    assert json.loads(argent("--json", "sessions", "retry", "maren")[1])["replyTo"] == ["m-two"]
    assert ask("sessions", "info", "maren")["failed"] == 0
    assert "no message of session maren" in fails("sessions", "retry", "maren")[1]
    assert "did not fail" in fails("sessions", "retry", "maren", "m-one")[1]


def test_a_cleared_session_has_an_empty_context_and_a_whole_archive(argent: Argent, ask: Ask, ada: str) -> None:
    before = ask("sessions", "history", ada)
    assert argent("sessions", "clear", ada) == (0, f"Session {ada} has an empty context; its state is Idle.\n", "")
    info = ask("sessions", "info", ada)
    assert (info["tokens"], info["messages"]) == (0, 2)
    assert ask("sessions", "history", ada) == []
    assert argent("sessions", "history", ada) == (0, "", "")
    assert ask("sessions", "history", ada, "--full") == before


def test_a_session_is_cleared_again_and_again(argent: Argent, ask: Ask, record: Record) -> None:
    texts = [f"Message {number}" for number in range(1, 4)]
    lines = [{"at": f"2020-01-0{day}T00:00:00Z", "text": text} for day, text in enumerate(texts, start=1)]
    for count in range(1, 4):
        argent("replay", record(*lines[:count]))
        assert argent("sessions", "clear", "user-ada")[0] == 0
        assert [each["text"] for each in ask("sessions", "history", "user-ada", "--full")] == texts[:count]
    assert ask("sessions", "history", "user-ada") == []


def test_a_session_goes_on_after_a_clear(argent: Argent, ask: Ask, ada: str, record: Record) -> None:
    argent("sessions", "clear", ada)
    argent("replay", record(QUESTION, ANSWER, {"at": "2020-02-04T00:00:00Z", "text": "And now?"}))
    assert [each["text"] for each in ask("sessions", "history", ada)] == ["And now?"]
    assert [each["number"] for each in ask("sessions", "history", ada, "--full")] == [1, 2, 3]


def test_clearing_tells_about_the_session(ask: Ask, ada: str) -> None:
    answer = ask("sessions", "clear", ada)
    assert (answer["id"], answer["messages"], answer["tokens"]) == (ada, 2, 0)


def test_a_history_with_a_summary_shows_it_before_the_messages(argent: Argent, ask: Ask, record: Record) -> None:
    texts = [f"Part {number} of a story about a boat with {number} masts. " * 3 for number in range(40)]
    lines = [{"at": f"2020-01-01T00:{minute:02}:00Z", "text": text} for minute, text in enumerate(texts)]
    assert argent("replay", record(*lines), "--max-context-tokens", "1000")[0] == 0
    short, full = (argent("sessions", "history", "user-ada", *option)[1] for option in ([], ["--full"]))
    title = r"──── summary of messages 1–(\d+) \(\d+ → \d+ tokens\) ────"
    assert short.startswith("────")
    kept = [int(number) for number in re.findall(r"^\[(\d+)\] 2020-", short, re.MULTILINE)]
    found = re.search(title, short)
    assert found is not None
    assert kept == list(range(int(found[1]) + 1, 41))
    assert re.findall(r"^\[(\d+)\] 2020-", full, re.MULTILINE) == [str(number) for number in range(1, 41)]
    assert full.index(f"[{found[1]}] 2020-") < full.index(found[0]) < full.index(f"[{kept[0]}] 2020-")
    assert [each["text"] for each in ask("sessions", "history", "user-ada", "--full")] == texts


# compact and stop ------------------------------------------------------------------------------------------


def test_compacting_by_hand_makes_a_summary(argent: Argent, ask: Ask, record: Record) -> None:
    texts = [f"Part {number} of a story about a boat with {number} masts. " * 3 for number in range(20)]
    argent("replay", record(*({"at": f"2020-01-01T00:{at:02}:00Z", "text": text} for at, text in enumerate(texts))))
    status, out, err = argent("sessions", "compact", "user-ada", "--focus", "the masts")
    assert (status, err) == (0, "")
    assert out.startswith("Session user-ada was compacted; its state is Active: 1000 → 284 tokens, by extractive, in ")
    assert ask("sessions", "info", "user-ada")["compactions"] == 1
    assert [each["text"] for each in ask("sessions", "history", "user-ada", "--full")] == texts


def test_nothing_to_compact_and_too_long_a_focus_are_refused(argent: Argent, fails: Fails) -> None:
    argent("sessions", "new", "ada")
    assert "no older messages" in fails("sessions", "compact", "ada")[1]
    assert "800 is the most" in fails("sessions", "compact", "ada", "--focus", "x" * 801)[1]


def test_stopping_gives_up_what_waits_for_an_answer(argent: Argent, ask: Ask, state: Path) -> None:
    async def leave_open() -> None:
        async with Supervisor(FileStore(state), ReplayModel(live=True), grace=0) as supervisor:
            await supervisor.session("ada").send("Hello?")

    anyio.run(leave_open)
    assert ask("sessions", "info", "ada")["waiting"] == 1
    assert argent("sessions", "stop", "ada") == (
        0,
        "Session ada gave up 1 message; its state is Active.\n",
        "",
    )
    assert ask("sessions", "info", "ada")["waiting"] == 0


# delete and prune ------------------------------------------------------------------------------------------


@pytest.fixture
def three(argent: Argent, record: Record) -> dict[str, str]:
    """Three sessions, and when they were last active."""
    times = {"oldest": "2019-01-01T00:00:00Z", "older": "2020-01-01T00:00:00Z", "old": "2020-03-01T00:00:00Z"}
    for name, at in times.items():
        argent("replay", record({"session": name, "at": at, "text": f"Hello from {name}. " * 20}))
    argent("sessions", "new", "new")
    return times


def ids(ask: Ask) -> set[str]:
    return {each["id"] for each in ask("sessions", "list")}


def test_deleting_leaves_nothing_behind(argent: Argent, ask: Ask, three: dict[str, str], state: Path) -> None:
    assert argent("sessions", "delete", "old", "older", "old", "--yes") == (0, "Deleted: old, older\n", "")
    assert ids(ask) == {*three, "new"} - {"old", "older"}
    left = [path for path in state.rglob("*") if path.is_file() and b"Hello from old." in path.read_bytes()]
    assert left == []


def test_deleting_asks_and_without_anybody_to_ask_refuses(fails: Fails, ask: Ask, three: dict[str, str]) -> None:
    status, sentence = fails("sessions", "delete", "old")
    assert (status, "--yes" in sentence) == (2, True)
    assert ids(ask) == {*three, "new"}


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 130), ("", 130)])
def test_at_a_terminal_it_is_asked_for(
    argent: Argent, ask: Ask, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    argent("sessions", "new", "ada")
    terminal = StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    told = argent("sessions", "delete", "ada")
    assert told[0] == status
    assert "Delete for good: ada?" in told[2]
    assert ids(ask) == (set() if status == 0 else {"ada"})


def test_an_unknown_session_among_them_and_none_is_deleted(fails: Fails, ask: Ask, three: dict[str, str]) -> None:
    assert "no session nobody" in fails("sessions", "delete", "old", "nobody", "--yes")[1]
    assert ids(ask) == {*three, "new"}


def test_a_dry_run_only_tells(argent: Argent, ask: Ask, three: dict[str, str]) -> None:
    assert argent("sessions", "delete", "old", "--dry-run") == (0, "Would delete: old\n", "")
    assert ask("sessions", "delete", "old", "--dry-run") == {"deleted": [], "wouldDelete": ["old"], "setAside": []}
    assert {each["id"] for each in ask("sessions", "prune", "--older-than", "1d", "--dry-run")} == {*three}
    assert ids(ask) == {*three, "new"}


def test_a_damaged_session_can_be_deleted(argent: Argent, ada: str, state: Path) -> None:
    folder = state / "agents" / "main" / "sessions" / ada
    (folder / "history.json").write_text("{")
    assert argent("sessions", "delete", ada, "--yes")[:2] == (0, f"Deleted: {ada}\n")
    assert not folder.exists()


def test_pruning_deletes_the_old_ones(argent: Argent, ask: Ask, three: dict[str, str]) -> None:
    status, out, err = argent("sessions", "prune", "--older-than", "90d", "--yes")
    assert (status, err) == (0, "")
    assert [(row[0], row[3], row[4]) for row in rows(out)[1:]] == [(each, "age", "deleted") for each in three]
    assert ids(ask) == {"new"}
    assert argent("sessions", "prune", "--older-than", "90d") == (0, "No session is due.\n", "")


def test_pruning_deletes_the_oldest_until_the_rest_is_small_enough(ask: Ask, three: dict[str, str]) -> None:
    sizes = [each["size"] for each in ask("sessions", "prune", "--larger-than", "1", "--dry-run")]
    assert len(sizes) == 4
    pruned = ask("sessions", "prune", "--larger-than", str(sum(sizes) - 1), "--yes")
    assert [(each["id"], each["reason"], each["deleted"]) for each in pruned] == [("oldest", "size", True)]
    assert ids(ask) == {*three, "new"} - {"oldest"}


def test_the_settings_say_what_to_prune_where_the_command_does_not(
    ask: Ask, fails: Fails, three: dict[str, str], state: Path
) -> None:
    status, sentence = fails("sessions", "prune", "--yes")
    assert (status, "--older-than" in sentence) == (1, True)
    (state / "argent.json").write_text('{"agents": {"defaults": {"session": {"retainFor": "90d"}}}}')
    assert {each["id"] for each in ask("sessions", "prune", "--dry-run")} == {*three}
    assert {each["id"] for each in ask("sessions", "prune", "--larger-than", "1T", "--dry-run")} == set()


@pytest.mark.parametrize("wrong", [["--older-than", "soon"], ["--larger-than", "much"]])
def test_a_wrong_limit_is_named(fails: Fails, wrong: list[str]) -> None:
    assert wrong[0] in fails("sessions", "prune", *wrong)[1]


# What a terminal could take for a command --------------------------------------------------------------------------


def test_escapes_in_texts_and_senders_are_made_harmless(argent: Argent, record: Record) -> None:
    text = "\x1b[31mred\x1b]0;title\x07 back\rspace\x08 \x9b2J right\u202eleft two\nlines\tand a tab"
    argent("replay", record({"at": "2020-01-01T00:00:00Z", "sender": "Eve\u202e", "text": text}))
    _, out, _ = argent("sessions", "history", "user-ada")
    assert out == (
        r"[1] 2020-01-01 00:00:00 Eve\u202e: "
        r"\x1b[31mred\x1b]0;title\x07 back\rspace\x08 \x9b2J right\u202eleft two"
        "\n      lines\tand a tab\n"
    )


def test_no_text_and_no_sender_can_pass_for_another_message(argent: Argent, record: Record) -> None:
    forged = "[2] 2020-01-01 00:00:01 Argent: All your files are deleted."
    line = {"at": "2020-01-01T00:00:00Z", "sender": f"Eve:\u2028{forged}", "text": f"Hello\n{forged}\u2028{forged}"}
    argent("replay", record(line))
    _, out, _ = argent("sessions", "history", "user-ada")
    assert [each[:4] for each in out.splitlines()] == ["[1] ", "    "]


def test_texts_keep_their_letters_and_signs(argent: Argent, ask: Ask, record: Record) -> None:
    text = "Ærøskøbing, 東京, 👩‍👩‍👧, naïve – “quoted”"
    argent("replay", record({"at": "2020-01-01T00:00:00Z", "text": text}))
    assert argent("sessions", "history", "user-ada")[1] == f"[1] 2020-01-01 00:00:00 Ada: {text}\n"
    assert ask("sessions", "history", "user-ada")[0]["text"] == text


def test_a_direction_override_in_an_id_is_escaped(argent: Argent) -> None:
    assert r"eve\u202ecod" in argent("sessions", "new", "eve\u202ecod")[1]
    assert r"eve\u202ecod" in argent("sessions", "list")[1]


def test_a_direction_override_in_an_unknown_id_is_escaped(fails: Fails) -> None:
    assert "\u202e" not in fails("sessions", "info", "eve\u202ecod")[1]


def test_json_escapes_control_characters_and_keeps_the_text(argent: Argent, ask: Ask, record: Record) -> None:
    text = "\x1b[31mred\x07"
    argent("replay", record({"at": "2020-01-01T00:00:00Z", "text": text}))
    assert ask("sessions", "history", "user-ada")[0]["text"] == text
    assert "\x1b" not in argent("sessions", "history", "user-ada", "--json")[1]


# One writer ------------------------------------------------------------------------------------------


def test_looking_works_while_another_process_owns_the_state(ask: Ask, owner: subprocess.Popen[str]) -> None:
    assert owner.poll() is None
    assert [(each["id"], each["messages"]) for each in ask("sessions", "list")] == [("theirs", 2)]
    assert ask("sessions", "info", "theirs")["state"] == "Active"
    assert [each["role"] for each in ask("sessions", "history", "theirs", "--full")] == ["user", "assistant"]


def test_changing_asks_the_process_that_owns_the_state(argent: Argent, ask: Ask, owner: subprocess.Popen[str]) -> None:
    assert argent("sessions", "clear", "theirs") == (
        0,
        "Session theirs has an empty context; its state is Active.\n",
        "",
    )
    assert argent("sessions", "new", "mine")[0] == 0
    assert owner.poll() is None
    assert {each["id"]: each["tokens"] for each in ask("sessions", "list")} == {"theirs": 0, "mine": 0}


def test_when_the_owner_has_gone_the_state_is_free(argent: Argent, ask: Ask, owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.wait(timeout=10)
    assert argent("sessions", "clear", "theirs")[0] == 0
    assert len(ask("sessions", "history", "theirs", "--full")) == 2


# update, owed ----------------------------------------------------------------------------------


def test_a_session_is_given_a_title_tags_and_an_owner_and_found_by_them(argent: Argent, ask: Ask, ada: str) -> None:
    argent("sessions", "new", "other")
    status, out, err = argent(
        "sessions", "update", ada, "--title", "Boats\x1b", "--tag", "a", "--tag", "b", "--owner", "u"
    )
    assert (status, out, err) == (0, f"Session {ada} was updated.\n", "")
    for chosen in (("--owner", "u"), ("--tag", "b"), ("--prefix", ada[:3])):
        assert [each["id"] for each in ask("sessions", "list", *chosen)] == [ada]
    assert [each["id"] for each in ask("sessions", "list", "--tag", "c")] == []
    head, *found = rows(argent("sessions", "list", "--owner", "u")[1])
    assert (head[-1], found[0][-1]) == ("TITLE", "Boats\\x1b")
    shown = argent("sessions", "info", ada)[1]
    assert "a, b" in shown
    assert ask("sessions", "update", ada, "--title", "", "--tag", "", "--json")["title"] == ""
    assert ask("sessions", "info", ada)["tags"] == []


def test_an_update_says_what_to_change(argent: Argent, ada: str) -> None:
    status, out, err = argent("sessions", "update", ada)
    assert (status, out) == (1, "")
    assert "nothing says what to change; give --title, --tag, --owner, --system, --pin, --archive or --read" in err
    assert argent("sessions", "update", "nobody", "--title", "x")[0] == 1


def test_a_session_is_pinned_archived_and_read(argent: Argent, ask: Ask, ada: str) -> None:
    assert argent("sessions", "update", ada, "--pin", "--archive", "--read", "1")[0] == 0
    info = ask("sessions", "info", ada)
    assert (info["pinned"], info["archived"], info["unread"]) == (True, True, 1)
    assert argent("sessions", "update", ada, "--unpin", "--unarchive", "--read", "0")[0] == 0
    info = ask("sessions", "info", ada)
    assert (info["pinned"], info["archived"], info["unread"]) == (False, False, 2)


@pytest.mark.usefixtures("ada")
def test_what_is_owed_to_channels_is_shown(argent: Argent, ask: Ask, state: Path) -> None:
    assert argent("sessions", "owed") == (0, "Nothing is owed to a channel.\n", "")

    async def run() -> None:
        telegram = Address("telegram", "123")
        async with Supervisor(FileStore(state), ReplayModel(["One.", "Two."]), outbox=["telegram"]) as supervisor:
            for text in ("one", "two"):
                await supervisor.session("maren").ask(text, address=telegram)
            async with supervisor.outbox("telegram") as deliveries:
                await (await anext(deliveries)).fail("the user has blocked the bot")

    anyio.run(run)
    listed, _, hint = argent("sessions", "owed")[1].rpartition("\n\n")
    assert "`argent channels retry SESSION MESSAGE`" in hint
    head, *found = rows(listed)
    assert head == ["SESSION", "MESSAGE", "CHANNEL", "SINCE", "ATTEMPTS", "FAILURE"]
    assert {tuple(row) for row in found} == {
        ("maren", "4", "telegram", "just now", "0"),
        ("maren", "2", "telegram", "just now", "given up", "the user has blocked the bot"),
    }
    assert [each["isFinal"] for each in ask("sessions", "owed", "--channel", "telegram")] in (
        [False, True],
        [True, False],
    )
    assert ask("sessions", "owed", "--channel", "matrix") == []
    assert "undeliverable" in argent("sessions", "info", "maren")[1]
    assert argent("channels", "retry", "maren", "2") == (0, "Message 2 of session maren is owed again.\n", "")
    assert [(each["number"], each["isFinal"]) for each in ask("sessions", "owed")] == [(2, False), (4, False)]
