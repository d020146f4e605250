"""`argent send`: one message from a script."""

import subprocess
from io import StringIO
from pathlib import Path

import pytest

from tests.gateway.shared import Argent, Ask, Start


def test_the_reply_is_printed(argent: Argent, ask: Ask) -> None:
    status, out, _ = argent("send", "cron", "How many ropes?")
    assert status == 0
    assert "“How many ropes?”" in out
    assert [each["text"] for each in ask("sessions", "history", "cron")] == ["How many ropes?", out.strip()]


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_without_a_text_it_is_read_from_standard_input(
    argent: Argent, ask: Ask, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("Two lines\nare one message\n"))
    assert argent("send", "cron", *arguments)[0] == 0
    assert ask("sessions", "history", "cron")[0]["text"] == "Two lines\nare one message"


def test_as_json_it_is_the_message(argent: Argent, ask: Ask) -> None:
    argent("send", "cron", "First")
    status, out, err = argent("--json", "send", "cron", "Second")
    assert (status, err.count("\n")) == (0, 1)
    assert out.startswith("{")
    assert ask("sessions", "history", "cron")[-1]["number"] == 4


def test_the_same_id_is_answered_once(argent: Argent, ask: Ask) -> None:
    first = argent("send", "cron", "Hello", "--message-id", "m-1")[1]
    assert argent("send", "cron", "Hello", "--message-id", "m-1")[1] == first
    assert ask("sessions", "info", "cron")["messages"] == 2


def test_an_empty_message_is_refused(argent: Argent) -> None:
    status, out, err = argent("send", "cron", " ")
    assert (status, out) == (1, "")
    assert err.endswith("argent: the message is empty; send some text\n")


def test_a_failure_of_the_model_is_one_sentence(start: Start, state: Path) -> None:
    nobody = {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": "nonsense://x"}
    process = start("send", "cron", "Hello", env=nobody)
    out, err = process.communicate(timeout=50)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("argent: the model cannot be asked")
    assert state.exists()


def test_the_process_that_owns_the_sessions_answers(argent: Argent, owner: subprocess.Popen[str]) -> None:
    assert "“Are you there?”" in argent("send", "theirs", "Are you there?")[1]
    assert owner.poll() is None
