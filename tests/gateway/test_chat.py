"""`argent chat`: through pipes, and in a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Generator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from tests.gateway.shared import Argent, Ask, Start

Chat: TypeAlias = Callable[..., tuple[int, str, str]]
Serve: TypeAlias = Callable[..., dict[str, str]]
Terminal: TypeAlias = Callable[..., tuple[subprocess.Popen[str], int]]

OFFLINE = "ANTHROPIC_API_KEY is not set, so the offline model answers.\n"
PATIENCE = 25.0  # seconds; loading the client of a model takes most of it where the machine is busy
IN_A_TERMINAL = "import os; os.login_tty(0); from argentos.gateway.cli import run; run()"


@pytest.fixture
def chat(argent: Argent, monkeypatch: pytest.MonkeyPatch) -> Chat:
    """Chat in this process, with this as standard input; gives the status, and what was printed."""

    def run(typed: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", StringIO(typed))
        return argent("chat", *arguments)

    return run


@pytest.fixture
def serve() -> Generator[Serve]:
    """Be a model's server that gives these answers and leaves the last connection open; gives the environment."""
    over = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(2 * PATIENCE)

        def run(*answers: bytes) -> dict[str, str]:
            threads.append(threading.Thread(target=_answer, args=(server, answers, over)))
            threads[-1].start()
            base_url = f"http://127.0.0.1:{server.getsockname()[1]}"
            return {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": base_url, "NO_PROXY": "*"}

        yield run
        over.set()
        for thread in threads:
            thread.join(2 * PATIENCE)


def _answer(server: socket.socket, answers: Sequence[bytes], over: threading.Event) -> None:
    for number, answer in enumerate(answers, start=1):
        with _asked(server) as connection:
            connection.sendall(answer)
            if number == len(answers):
                over.wait(2 * PATIENCE)


def _asked(server: socket.socket) -> socket.socket:
    """The next connection that asks for a reply; who asks for the window of the model is told of none."""
    while True:
        connection, _ = server.accept()
        if not connection.recv(1 << 20).startswith(b"GET"):
            return connection
        with connection:
            connection.sendall(refusal("404 Not Found", "not_found_error", "none"))


def refusal(status: str = "401 Unauthorized", kind: str = "authentication_error", said: str = "invalid key") -> bytes:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": said}})
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return (f"{head}Connection: close\r\n\r\n{body}").encode()


def busy() -> bytes:
    return refusal("529 Overloaded", "overloaded_error", "Overloaded")


def beginning(text: str) -> bytes:
    """A reply that streams this much and then hangs."""
    usage = {"input_tokens": 5, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "usage": usage,
    }
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
    ]
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + streamed(*events)


def whole(text: str) -> bytes:
    """A reply that streams this much and ends."""
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
    head, _, body = beginning(text).partition(b"\r\n\r\n")
    body += streamed(
        {"type": "content_block_stop", "index": 0}, {**end, "usage": {"output_tokens": 3}}, {"type": "message_stop"}
    )
    return b"%s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


def streamed(*events: dict[str, Any]) -> bytes:
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode()


# Through pipes ------------------------------------------------------------------------------------------


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


def test_info_tells_state_messages_and_tokens(chat: Chat) -> None:
    _, out, _ = chat("Hello\n/info\n")
    assert re.fullmatch(r"Active, 2 messages, about \d+ tokens \(0%\)", out.splitlines()[1])


def test_clear_empties_the_context_and_keeps_the_archive(chat: Chat, ask: Ask) -> None:
    _, out, _ = chat("Hello\n/clear\n/info\n")
    assert out.splitlines()[-1] == "Active, 2 messages, 0 tokens (0%)"
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
        OFFLINE + "argent: session chat was not compacted: there are no messages that a summary would make"
    )
    assert "“Still there?”" in out


@pytest.mark.parametrize("word", ["/quit", "/exit"])
def test_quit_ends_the_chat(chat: Chat, ask: Ask, word: str) -> None:
    status, out, _ = chat(f"Hello\n{word}\nNever sent\n")
    assert (status, out.count("\n")) == (0, 1)
    assert len(ask("sessions", "history", "chat")) == 2


def test_help_tells_the_commands(chat: Chat) -> None:
    _, out, _ = chat("/help\n")
    assert [word for word in ("/info", "/compact", "/clear", "/quit") if word not in out] == []


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


def test_a_chat_whose_owner_has_ended_says_so_in_one_sentence(start: Start, state: Path) -> None:
    owner, second = start("chat", "theirs"), None
    assert talk(owner, "Hello")
    second = start("chat", "theirs")
    assert talk(second, "Hello too")
    owner.communicate(timeout=PATIENCE)
    out, err = second.communicate("Are you there?\n", timeout=PATIENCE)
    assert (second.returncode, out) == (1, "")
    assert err == f"argent: no process owns the state directory {state} now; try again\n"


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


def talk(process: "subprocess.Popen[str]", text: str) -> str:
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
    out, err = process.communicate("Hello\n/info\n", timeout=2 * PATIENCE)
    assert "Traceback" not in err
    assert (process.returncode, err.count("\n")) == (1, 1)
    assert err.startswith("argent: the model refused the request (HTTP 401: ")
    assert "Active, 1 message," in out
    assert [each["text"] for each in ask("sessions", "history", "chat")] == ["Hello"]


def test_a_message_that_waits_for_a_busy_model_says_when_it_is_tried_again(start: Start, serve: Serve) -> None:
    process = start("chat", env=serve(busy(), whole("Here I am.")))
    out, err = process.communicate("Hello\n", timeout=2 * PATIENCE)
    assert (process.returncode, out) == (0, "Here I am.\n")
    assert err == "(the model cannot answer now (HTTP 529: Overloaded); trying again in 1 s)\n"


def test_an_unknown_command_is_told_and_not_sent(chat: Chat, ask: Ask) -> None:
    status, out, err = chat("Hello\n/histroy\n/home/ada is full\n /histroy\n")
    assert status == 1
    assert err == OFFLINE + (
        "argent: there is no command /histroy; /help lists them, and a blank before it sends it as a message\n"
    )
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


# In a terminal ------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(start: Start) -> Generator[Terminal]:
    """Chat in a terminal that can only print, or another; gives the process, and our end of the terminal."""
    ends: list[int] = []

    def run(program: str = IN_A_TERMINAL, **env: str) -> tuple[subprocess.Popen[str], int]:
        ours, theirs = pty.openpty()
        ends.append(ours)
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
        process = start("chat", "ada", program=program, env={"TERM": "dumb", **env}, **streams)
        os.close(theirs)
        return process, ours

    yield run
    for each in ends:
        os.close(each)


def read(terminal: int, text: str = "") -> str:
    """What the terminal shows until this text is there, or without one until nobody writes any more."""
    shown = b""
    deadline = time.monotonic() + PATIENCE
    while not text or text.encode() not in shown:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"waited for {text!r}, saw {shown!r}"
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # so Linux says that the other end was closed
            piece = b""
        if not piece:
            break
        shown += piece
    assert text.encode() in shown
    return shown.decode()


def without_styles(text: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", text)


def test_a_terminal_gets_a_greeting_a_prompt_and_a_reply(terminal: Terminal) -> None:
    process, ours = terminal()
    greeting = read(ours, "> ")
    assert "A new session, ada." in greeting
    assert "/quit" in greeting
    os.write(ours, b"Hello there\n")
    assert "Set ANTHROPIC_API_KEY for a real reply.\r\n" in read(ours, "> ").replace("> ", "")
    os.write(ours, b"/quit\n")
    assert process.wait(PATIENCE) == 0


def test_a_terminal_is_told_that_the_session_goes_on(terminal: Terminal, chat: Chat) -> None:
    chat("Hello\n", "ada")
    _, ours = terminal()
    assert "Session ada goes on: 2 messages." in read(ours, "> ")


def test_a_terminal_shows_the_last_reply_again(terminal: Terminal, chat: Chat) -> None:
    _, out, _ = chat("Hello\n", "ada")
    _, ours = terminal()
    assert f"The last reply, just now:\r\n{out.strip()}" in without_styles(read(ours, "> "))


def test_a_question_that_a_kill_left_unanswered_is_answered_when_the_chat_opens_again(
    terminal: Terminal, serve: Serve, ask: Ask
) -> None:
    process, ours = terminal(**serve(beginning("Once upon")))
    read(ours, "> ")
    os.write(ours, b"Tell me a story\n")
    read(ours, "Once upon")
    process.kill()
    process.wait(PATIENCE)
    again, ours = terminal()
    shown = read(ours, "\r\n> ")
    assert "Not answered yet: Tell me a story" in shown
    assert "“Tell me a story”, is stored" in shown
    os.write(ours, b"/quit\n")
    assert again.wait(PATIENCE) == 0
    assert [each["role"] for each in ask("sessions", "history", "ada")] == ["user", "assistant"]


def test_a_line_that_the_terminal_cut_is_told_and_not_sent(terminal: Terminal, ask: Ask) -> None:
    _, ours = terminal()
    read(ours, "> ")
    os.write(ours, b"x" * 4500 + b"\n")
    assert "the terminal cut this line after 4095 bytes, so it was not sent" in read(ours, "< FILE`")
    os.write(ours, b"/quit\n")
    read(ours)
    assert ask("sessions", "list") == []


def test_the_end_of_input_ends_the_chat(terminal: Terminal) -> None:
    process, ours = terminal()
    read(ours, "> ")
    os.write(ours, b"\x04")
    assert "Traceback" not in read(ours)
    assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize("typed", [b"", b"half a mess"], ids=["nothing typed", "something typed"])
def test_an_interrupt_at_the_prompt_ends_the_chat(terminal: Terminal, typed: bytes) -> None:
    process, ours = terminal()
    read(ours, "> ")
    os.write(ours, typed + b"\x03")
    assert process.wait(PATIENCE / 2) in {0, 130}
    shown = read(ours)
    assert "Traceback" not in shown
    assert "Fatal" not in shown


def test_a_reply_streams_harmlessly_and_an_interrupt_stops_it_but_not_the_chat(
    terminal: Terminal, serve: Serve, ask: Ask
) -> None:
    process, ours = terminal(**serve(beginning("Once\x1b]0;title\x07 upon a time")))
    read(ours, "> ")
    os.write(ours, b"Tell me a story\n")
    assert r"Once\x1b]0;title\x07 upon" in read(ours, "upon a time")
    os.write(ours, b"\x03")
    assert "Traceback" not in read(ours, "> ")
    os.write(ours, b"/info\n")
    assert "Active, 2 messages," in read(ours, "%)")
    os.write(ours, b"/quit\n")
    assert process.wait(PATIENCE) == 0
    assert [each["text"] for each in ask("sessions", "history", "ada")] == [
        "Tell me a story",
        "Once\x1b]0;title\x07 upon a time",
    ]
    assert ask("sessions", "info", "ada")["waiting"] == 0


# With a line editor, and without in a terminal that can do more than print ------------------------------------------

EDITED: Final = {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
WITHOUT_EDITOR: Final = f"import sys; sys.modules['prompt_toolkit'] = None; {IN_A_TERMINAL}"
EDITED_PROMPT: Final = ">\x08\x1b[2C"
PASTED: Final = b"\x1b[200~one\rtwo\rthree\x1b[201~"


def sent(ask: Ask) -> list[str]:
    return [each["text"] for each in ask("sessions", "history", "ada") if each["role"] == "user"]


@pytest.mark.parametrize(
    ("program", "prompt"), [(IN_A_TERMINAL, EDITED_PROMPT), (WITHOUT_EDITOR, "> ")], ids=["edited", "not edited"]
)
def test_what_is_pasted_is_one_message_also_while_a_reply_streams(
    terminal: Terminal, serve: Serve, ask: Ask, program: str, prompt: str
) -> None:
    process, ours = terminal(program, **EDITED, **serve(whole("Well."), whole("Indeed."), beginning("Once upon")))
    read(ours, prompt)
    os.write(ours, PASTED + b"\r")
    assert "Well." in read(ours, prompt)
    os.write(ours, b"And then?\r")
    assert "Indeed." in read(ours, prompt)
    os.write(ours, b"A story\r")
    read(ours, "Once upon")
    os.write(ours, PASTED + b"\r")
    ask("sessions", "stop", "ada")  # Ctrl-C drops what was typed ahead
    read(ours, "(stopped)")
    deadline = time.monotonic() + PATIENCE
    while len(sent(ask)) < 4 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    assert sent(ask) == ["one\ntwo\nthree", "And then?", "A story", "one\ntwo\nthree"]


def test_an_arrow_brings_back_what_was_sent_now_and_before(terminal: Terminal, chat: Chat, ask: Ask) -> None:
    chat("Of before\n", "ada")
    process, ours = terminal(**EDITED)
    read(ours, EDITED_PROMPT)
    os.write(ours, b"Of now\r")
    assert "Set ANTHROPIC_API_KEY for a real reply." in read(ours, EDITED_PROMPT)
    os.write(ours, b"\x1b[A\x1b[A!\r")
    assert "Set ANTHROPIC_API_KEY for a real reply." in read(ours, EDITED_PROMPT)
    os.write(ours, b"\x04")
    read(ours)
    assert process.wait(PATIENCE) == 0
    assert sent(ask) == ["Of before", "Of now", "Of before!"]


def test_an_interrupt_drops_what_was_typed_and_then_ends_the_chat(terminal: Terminal, ask: Ask) -> None:
    process, ours = terminal(**EDITED)
    read(ours, EDITED_PROMPT)
    os.write(ours, b"half a mess\x03")
    os.write(ours, b"/info\r")
    assert "there is no session ada" in read(ours, EDITED_PROMPT)
    os.write(ours, b"\x03")
    assert "Traceback" not in read(ours)
    assert process.wait(PATIENCE) == 0
    assert ask("sessions", "list") == []


def test_alt_enter_begins_a_line(terminal: Terminal, ask: Ask) -> None:
    process, ours = terminal(**EDITED)
    read(ours, EDITED_PROMPT)
    os.write(ours, b"one\x1b\rtwo\r")
    assert "Set ANTHROPIC_API_KEY for a real reply." in read(ours, EDITED_PROMPT)
    os.write(ours, b"/quit\r")
    read(ours)
    assert process.wait(PATIENCE) == 0
    assert sent(ask) == ["one\ntwo"]
