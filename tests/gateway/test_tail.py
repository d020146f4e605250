"""`argent sessions tail`: what happens, told by the process that runs the sessions, or seen in the files."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.gateway.shared import Argent, Fails, Start

Tail: TypeAlias = Callable[..., subprocess.Popen[str]]

TOLD = "(following all sessions, told by the process that runs them; Ctrl-C ends)\n"
SEEN = "(following all sessions, whose files are looked at every second; Ctrl-C ends)\n"


@pytest.fixture
def tail(start: Start) -> Tail:
    """Begin to follow, and wait until nothing is missed any more; gives the process."""

    def run(*arguments: str, begins: str) -> subprocess.Popen[str]:
        process = start("sessions", "tail", *arguments)
        assert process.stderr is not None
        assert process.stderr.readline() == begins
        return process

    return run


def told(process: subprocess.Popen[str], number: int) -> list[str]:
    """So many lines, without their times."""
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n")[len("2026-11-30 18:43:20  ") :] for _ in range(number)]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    return process.wait(10), process.stderr.read() if process.stderr else ""


def say(owner: subprocess.Popen[str], text: str) -> None:
    assert owner.stdin is not None
    owner.stdin.write(f"{text}\n")
    owner.stdin.flush()


def test_an_owner_tells_of_messages_transitions_and_changes(
    tail: Tail, owner: subprocess.Popen[str], argent: Argent
) -> None:
    following = tail(begins=TOLD)
    say(owner, "And\tnow \x1b[31m?")
    question, answer = told(following, 2)
    assert question == "theirs  [3] user: And now \\x1b[31m?"
    assert answer.startswith("theirs  [4] offline: I am offline: no model answers here")
    argent("sessions", "new", "other")
    argent("sessions", "rename", "other", "Ropes")
    argent("sessions", "clear", "theirs")
    argent("sessions", "delete", "other", "--yes")
    assert told(following, 4) == [
        "other  [*] → Created: First message",
        "other  was updated, and is called Ropes",
        "theirs  the context was emptied",
        "other  was deleted",
    ]
    assert ended(following) == (0, "")


def test_one_session_is_followed_alone(tail: Tail, owner: subprocess.Popen[str], argent: Argent) -> None:
    following = tail("theirs", begins=TOLD.replace("all sessions", "session theirs"))
    argent("sessions", "new", "other")
    say(owner, "And now?")
    assert told(following, 1) == ["theirs  [3] user: And now?"]


def test_following_goes_on_when_owners_end_and_begin_and_misses_nothing(
    tail: Tail, owner: subprocess.Popen[str], argent: Argent, start: Start
) -> None:
    following = tail(begins=TOLD)
    owner.communicate(timeout=20)
    assert following.stderr is not None
    assert following.stderr.readline() == SEEN
    argent("sessions", "new", "mine")
    assert told(following, 2) == [
        "the process that runs the sessions is about to end",
        "mine  [*] → Created: First message",
    ]
    assert argent("send", "mine", "Hello")[0] == 0
    shown = told(following, 3)
    assert sorted(line[:28] for line in shown) == sorted(
        ["mine  Created → Active: Proc", "mine  [1] user: Hello", "mine  [2] offline: I am offl"]
    )
    next_owner = start("chat", "mine")
    say(next_owner, "Again")
    assert told(following, 2)[0] == "mine  [3] user: Again"
    argent("sessions", "delete", "theirs", "--yes")
    assert told(following, 1) == ["theirs  was deleted"]


def test_as_json_each_event_is_an_object_on_a_line(tail: Tail, owner: subprocess.Popen[str]) -> None:
    following = tail("--json", begins=TOLD)
    assert following.stdout is not None
    say(owner, "And now?")
    found: dict[str, Any] = json.loads(following.stdout.readline())
    assert (found["type"], found["agent"], found["session"]) == ("RecordAppended", "main", "theirs")
    assert (found["record"]["kind"], found["record"]["content"]) == ("accepted", "And now?")
    assert ended(following)[0] == 0


def test_a_session_that_is_not_there_cannot_be_followed(argent: Argent, fails: Fails) -> None:
    argent("sessions", "new", "ada")
    assert fails("sessions", "tail", "nobody")[1].startswith("there is no session nobody")


def test_a_reader_that_goes_ends_it_without_a_complaint(tail: Tail, owner: subprocess.Popen[str]) -> None:
    following = tail(begins=TOLD)
    assert following.stdout is not None
    following.stdout.close()
    say(owner, "And now?")
    assert following.wait(20) == 1
    assert following.stderr is not None
    assert following.stderr.read() == ""


def test_a_directory_that_is_none_cannot_be_followed(fails: Fails, state: Path) -> None:
    assert fails("sessions", "tail")[1].startswith(f"there is no state directory {state}")
