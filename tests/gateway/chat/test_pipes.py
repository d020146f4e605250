"""`argent chat` through pipes."""

import fcntl
import json
import re
import signal
import termios
import time
from pathlib import Path
from subprocess import Popen

import pytest

from tests.gateway.chat.conftest import Chat, Own
from tests.gateway.chat.server import Serve, busy, refusal, whole
from tests.gateway.chat.terminal import PATIENCE
from tests.gateway.shared import Argent, Ask, Start

pytestmark = pytest.mark.gateway

OFFLINE = "ANTHROPIC_API_KEY is not set, so the offline model answers.\n"


def test_without_a_key_it_says_that_it_is_offline_and_replies(chat: Chat) -> None:
    status, out, err = chat("Hello there\n")
    assert (status, err) == (0, OFFLINE)
    assert out.startswith("I am offline")
    assert "“Hello there”" in out
    assert out.endswith("\n")
    assert out.count("\n") == 1


def test_the_next_chat_of_the_same_id_goes_on(chat: Chat, ask: Ask) -> None:
    chat("First\n", "ada")
    _, out, _ = chat("Second\n", "ada")
    assert "your message 3, “Second”" in out
    messages = ask("sessions", "history", "ada")
    assert [each["role"] for each in messages] == ["user", "assistant"] * 2
    assert [each["text"] for each in messages][::2] == ["First", "Second"]
    assert messages[-1]["text"] == out.rstrip("\n")


def test_without_an_id_the_session_is_called_chat(chat: Chat, ask: Ask) -> None:
    chat("Hello\n")
    assert [each["id"] for each in ask("sessions", "list")] == ["chat"]


def test_every_line_is_a_message_and_empty_ones_are_none(chat: Chat, ask: Ask) -> None:
    status, out, _ = chat("One\n\n   \nTwo")
    assert (status, out.count("I am offline")) == (0, 2)
    assert [each["text"] for each in ask("sessions", "history", "chat")][::2] == ["One", "Two"]


def test_status_tells_state_messages_and_tokens_and_info_all(chat: Chat) -> None:
    _, out, _ = chat("Hello\n/status\n/info\n")
    _, status, *info = out.splitlines()
    assert re.fullmatch(r"Active, 2 messages, \d+ of 180000 tokens \(0 %\)\.", status)
    assert re.fullmatch(r"messages +2, in 1 turn; 0 without an answer so far", info[5])
    assert info[-1].startswith("       1  Created --> Active: Processing messages")


def test_clear_empties_the_context_and_keeps_the_archive(chat: Chat, ask: Ask) -> None:
    _, out, _ = chat("Hello\n/clear\n/status\n")
    assert out.splitlines()[-1] == "Active, 2 messages, 0 of 180000 tokens (0 %)."
    assert ask("sessions", "history", "chat") == []
    assert len(ask("sessions", "history", "chat", "--full")) == 2


def test_new_begins_anew_with_what_stands_behind_it(chat: Chat, ask: Ask) -> None:
    status, out, err = chat("Hello\n/new And now?\n/status\n")
    assert (status, err) == (0, OFFLINE)
    assert out.splitlines()[1] == "A new conversation begins; /resume goes on with the old one."
    assert "your message 3, “And now?”" in out
    assert re.fullmatch(r"Active, 4 messages, \d+ of \d+ tokens \([\d.]+ %\)\.", out.splitlines()[-1])
    question, _ = ask("sessions", "history", "chat")
    assert question["text"] == "And now?"


def test_resume_goes_on_with_the_old_conversation(chat: Chat, ask: Ask) -> None:
    status, out, _ = chat("Hello\n/new And now?\n/resume\n")
    assert (status, out.splitlines()[-1]) == (0, "The old conversation goes on.")
    assert [each["text"] for each in ask("sessions", "history", "chat")][::2] == ["Hello", "And now?"]
    status, _, err = chat("/resume\n")
    assert (status, err) == (1, f"{OFFLINE}argent: There is no conversation to resume.\n")


def test_a_command_that_stands_alone_takes_no_words(chat: Chat) -> None:
    status, _, err = chat("/stop it please\n")
    assert (status, err) == (1, f"{OFFLINE}argent: /stop stands alone; a blank before it sends it as a message\n")


def test_a_path_is_a_message(chat: Chat) -> None:
    _, out, _ = chat("/etc/passwd\n//new\n")
    assert ("“/etc/passwd”" in out, "“//new”" in out) == (True, True)


def test_a_conversation_may_begin_anew_by_itself(chat: Chat, ask: Ask, ours: Path) -> None:
    (ours / "argent.json").write_text('{"agents": {"defaults": {"session": {"resetAfter": "0.001s"}}}}')
    chat("Hello\n")
    chat("And now?\n")
    assert len(ask("sessions", "history", "chat")) == 2
    assert len(ask("sessions", "history", "chat", "--full")) == 4


def test_compact_makes_a_summary_and_says_so(chat: Chat, argent: Argent, ask: Ask) -> None:
    lines = [
        f"Rope number {number} is {number * 7} metres long and hangs in shed {number % 3}." for number in range(12)
    ]
    status, out, err = chat("\n".join([*lines, "/compact the ropes", "Go on", ""]))
    assert (status, err) == (0, OFFLINE)
    assert re.search(r"^\(messages 1–\d+ became a summary: \d+ → \d+ tokens\)$", out, re.MULTILINE)
    assert "a summary of messages 1–" in out
    assert "──── summary of messages 1–" in argent("sessions", "history", "chat")[1]
    assert ask("sessions", "info", "chat")["compactions"] == 1


def test_nothing_to_compact_is_one_line_and_the_chat_goes_on(chat: Chat) -> None:
    status, out, err = chat("Hello\n/compact\nStill there?\n")
    assert status == 1
    assert err.startswith(
        OFFLINE + "argent: Session chat was not compacted: there are no messages that a summary would make"
    )
    assert "“Still there?”" in out


@pytest.mark.parametrize("word", ["/quit", "/exit"])
def test_quit_ends_the_chat(chat: Chat, ask: Ask, word: str) -> None:
    status, out, _ = chat(f"Hello\n{word}\nNever sent\n")
    assert (status, out.count("\n")) == (0, 1)
    assert len(ask("sessions", "history", "chat")) == 2


def test_help_tells_the_commands(chat: Chat) -> None:
    _, out, _ = chat("/help\n")
    assert [word for word in ("/status", "/compact [what to keep]", "/clear", "/quit") if word not in out] == []


def test_a_command_before_the_first_message_is_one_line_and_the_chat_goes_on(chat: Chat) -> None:
    status, out, err = chat("/info\nHello\n")
    assert (status, err.count("\n")) == (1, 2)
    assert "argent: there is no session chat" in err
    assert "“Hello”" in out


def test_a_message_that_no_window_holds_is_one_line_and_the_chat_goes_on(chat: Chat, state: Path) -> None:
    state.mkdir(mode=0o700)
    (state / "argent.json").write_text('{"agents": {"defaults": {"session": {"maxContextTokens": 500}}}}')
    status, out, err = chat(f"{'word ' * 1000}\nHello\n")
    assert (status, err.count("\n")) == (1, 2)
    assert "argent: the message has about 1" in err
    assert "“Hello”" in out


def test_bytes_that_are_no_text_are_one_line_and_the_chat_goes_on(start: Start) -> None:
    process = start("chat", errors="surrogateescape")
    out, err = process.communicate("caf\udce9\nHello\n", timeout=2 * PATIENCE)
    assert "Traceback" not in err
    assert (process.returncode, err.count("\n")) == (1, 2)
    assert "“Hello”" in out


def test_an_id_that_cannot_be_used_ends_the_chat_before_it_begins(chat: Chat, state: Path) -> None:
    status, out, err = chat("Hello\n", "a\nb")
    assert (status, out) == (1, "")
    assert err.splitlines()[-1].startswith("argent: the session id 'a\\nb' cannot be used")
    assert not (state / "agents").exists()


def test_a_chat_through_real_pipes_goes_on_too(start: Start, ask: Ask) -> None:
    for typed in ("First\n", "Second"):
        process = start("chat")
        out, err = process.communicate(typed, timeout=2 * PATIENCE)
        assert (process.returncode, err) == (0, OFFLINE)
        assert f"“{typed.strip()}”" in out
    assert [each["text"] for each in ask("sessions", "history", "chat")][::2] == ["First", "Second"]


def test_a_chat_whose_owner_has_ended_goes_on_by_itself(start: Start) -> None:
    owner, second = start("chat", "theirs"), None
    assert talk(owner, "Hello")
    second = start("chat", "theirs")
    assert talk(second, "Hello too")
    owner.communicate(timeout=PATIENCE)
    out, err = second.communicate("Are you there?\n", timeout=PATIENCE)
    assert (second.returncode, err.splitlines()) == (
        0,
        ["(the process that ran the sessions has gone; the line is sent again)", OFFLINE.strip()],
    )
    assert "your message 5, “Are you there?”, is stored" in out


def test_a_reply_that_its_owner_cannot_give_any_more_comes_from_the_next(own: Own, start: Start, ask: Ask) -> None:
    gateway = own()
    process = start("chat")
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdin.write("wait for me\n")
    process.stdin.flush()
    assert process.stdout.read(7) == "Waiting"
    gateway.kill()
    out, err = process.communicate(timeout=2 * PATIENCE)
    assert "“wait for me”, is stored" in out
    assert "has gone; the line is sent again" in err
    assert [each["role"] for each in ask("sessions", "history", "chat")] == ["user", "assistant"]


def test_a_chat_that_nobody_reads_any_more_ends_without_a_complaint(start: Start, ask: Ask) -> None:
    process = start("chat")
    assert talk(process, "Hello")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.write("Are you there?\n")
    process.stdin.close()
    assert process.stderr is not None
    assert process.stderr.read() == OFFLINE
    assert process.wait(PATIENCE) == 1
    assert ask("sessions", "info", "chat")["messages"] >= 3


def talk(process: Popen[str], text: str) -> str:
    """Say one thing, and give the reply."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_pipe_is_silent_ends_the_chat(start: Start, number: signal.Signals) -> None:
    process = start("chat")
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write("half a mess")
    process.stdin.flush()
    wait_until_read(process.stdin.fileno())
    process.send_signal(number)
    assert process.wait(PATIENCE / 2) in {0, 130}
    assert process.stderr.read().strip() == OFFLINE.strip()


def wait_until_read(pipe: int) -> None:
    """Wait until nothing of what was written is left in the pipe, so that its reader waits for more."""
    deadline = time.monotonic() + PATIENCE
    while any(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))):
        assert time.monotonic() < deadline


def test_a_model_that_refuses_is_one_line_and_the_chat_goes_on(start: Start, serve: Serve, ask: Ask) -> None:
    process = start("chat", env=serve(refusal()))
    out, err = process.communicate("Hello\n/status\n", timeout=2 * PATIENCE)
    assert "Traceback" not in err
    assert (process.returncode, err.count("\n")) == (1, 1)
    assert err.startswith("argent: the model refused the request (HTTP 401: ")
    assert "Active, 1 message, " in out
    assert [each["text"] for each in ask("sessions", "history", "chat")] == ["Hello"]


def test_a_message_that_waits_for_a_busy_model_says_when_it_is_tried_again(start: Start, serve: Serve) -> None:
    process = start("chat", env=serve(busy(), whole("Here I am.")))
    out, err = process.communicate("Hello\n", timeout=2 * PATIENCE)
    assert (process.returncode, out) == (0, "Here I am.\n")
    assert err == "(the model cannot answer now (HTTP 529: Overloaded); trying again in 1 s)\n"


def test_an_unknown_command_is_told_and_not_sent(chat: Chat, ask: Ask) -> None:
    status, out, err = chat("Hello\n/histroy\n/home/ada is full\n /histroy\n/xyz\n")
    assert status == 1
    assert err.splitlines() == [
        OFFLINE.strip(),
        "argent: there is no command /histroy; did you mean /history? A blank before it sends it as a message",
        "argent: there is no command /xyz; /help lists them. A blank before it sends it as a message",
    ]
    assert out.count("I am offline") == 3
    texts = [each["text"] for each in ask("sessions", "history", "chat")]
    assert texts[::2] == ["Hello", "/home/ada is full", "/histroy"]


def test_as_json_each_answer_is_an_object_on_a_line(chat: Chat) -> None:
    status, out, err = chat("Hello\n/nonsense\n/info\n", "--json")
    reply, failure, info = map(json.loads, out.splitlines())
    assert (reply["role"], reply["number"]) == ("assistant", 2)
    assert failure["error"]["message"] in err
    assert (info["id"], info["messages"]) == ("chat", 2)
    assert status == 1


def test_as_json_every_command_is_an_object_or_a_list_on_a_line(chat: Chat) -> None:
    lines = (
        "/help",
        "/status",
        "/history 1",
        "/title Ropes",
        "/approvals",
        "/sessions",
        "/clear",
        "/undo",
        "/regenerate",
    )
    status, out, _ = chat("\n".join(["Hello", *lines]), "--json")
    assert status == 0
    found = [json.loads(line) for line in out.splitlines()]
    assert len(found) == len(lines) + 1
    assert (found[3][0]["number"], found[4]["title"], found[5], found[6][0]["title"]) == (2, "Ropes", [], "Ropes")


def test_title_history_and_sessions_are_told_to_people(chat: Chat) -> None:
    _, out, _ = chat("Hello\n/title The\x1b ropes\n/history 1\n/sessions\n/title\n/history x\n")
    _, title, history, headings, row, removed = out.splitlines()
    assert title == r"The title is The\x1b ropes."
    assert history.startswith("[2] ")
    assert headings.split() == ["SESSION", "STATE", "AGE", "MESSAGES", "TOKENS", "%", "TITLE"]
    assert row.split()[:4] == ["chat", "Active", "now", "2"]
    assert row.endswith(r"The\x1b ropes")
    assert removed == "The title is removed."


def test_another_session_is_a_command_away(chat: Chat, ask: Ask) -> None:
    assert chat("One\n/session other\nTwo\n/session\n")[2].splitlines()[-1].startswith("argent: /session wants the id")
    assert [each["text"] for each in ask("sessions", "history", "other")][::2] == ["Two"]


def test_a_reply_is_made_again_and_a_failed_turn_retried(chat: Chat, ask: Ask) -> None:
    status, out, err = chat("Hello\n/regenerate\n/retry\n")
    assert (status, out.count("I am offline")) == (1, 2)
    assert "argent: no message of session chat waits to be tried again" in err
    assert len(ask("sessions", "history", "chat")) == 2


def test_a_call_that_waits_for_a_word_is_told_where_nobody_can_be_asked(own: Own, start: Start, argent: Argent) -> None:
    own()
    process = start("chat")
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write("a mail please\n/approvals\n")
    process.stdin.flush()
    told = process.stderr.readline()
    assert told == '? send_mail({"to":"ada","text":"one\\ntwo"}) [c1] waits for approval: `argent sessions approvals`\n'
    assert argent("sessions", "approve", "chat", "c1")[0] == 0
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert out.splitlines() == ["The tool said: sent to ada", "No call waits for approval."]
