"""`argent chat` in a terminal, as a person sees it: with a line editor, without one, and where it can only print."""

import signal
import time
from collections.abc import Callable
from typing import TypeAlias

import pytest

from tests.gateway.chat.conftest import WITHOUT_EDITOR, Chat, Open
from tests.gateway.chat.server import Serve, beginning, busy, whole
from tests.gateway.chat.terminal import ALT, CTRL_C, CTRL_D, ENTER, PATIENCE, TAB, UP, Terminal, pasted
from tests.gateway.shared import Ask

pytestmark = pytest.mark.gateway

Opened: TypeAlias = Callable[..., Terminal]

REPLY = "Set ANTHROPIC_API_KEY for a real reply."


def sent(ask: Ask) -> list[str]:
    return [each["text"] for each in ask("sessions", "history", "ada") if each["role"] == "user"]


def words(text: str) -> str:
    """The text as if the terminal had no end of line."""
    return " ".join(text.split())


# In every terminal --------------------------------------------------------------------------------------------------


@pytest.fixture(params=["edited", "unedited", "dumb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(terminal: Open, kind: str) -> Opened:
    """Open a chat in a terminal of each kind."""

    def run(**env: str) -> Terminal:
        if kind == "unedited":
            return terminal(program=WITHOUT_EDITOR, **env)
        return terminal(TERM="dumb" if kind == "dumb" else "xterm", **env)

    return run


def test_a_terminal_gets_a_greeting_a_prompt_and_a_reply(opened: Opened, kind: str) -> None:
    chat = opened()
    greeting = words(chat.prompt())
    assert "A new session, ada. /help lists the commands; Ctrl-C stops a reply, Ctrl-D leaves." in greeting
    assert ("The extra `chat` of argentos brings an editor" in greeting) == (kind != "edited")
    assert REPLY in words(chat.say("Hello there"))
    chat.type(f"/quit{ENTER}")
    assert "> /quit" in chat.end()
    assert chat.process.returncode == 0


def test_a_session_goes_on_with_its_last_reply(opened: Opened, chat: Chat) -> None:
    _, out, _ = chat("Hello\n", "ada")
    shown = words(opened().prompt())
    assert "Session ada goes on: 2 messages." in shown
    assert f"The last reply, just now: {out.strip()}" in shown


def test_a_question_that_a_kill_left_unanswered_is_answered_when_the_chat_opens_again(
    opened: Opened, serve: Serve, ask: Ask
) -> None:
    first = opened(**serve(beginning("Once upon")))
    first.prompt()
    first.type(f"Tell me a story{ENTER}")
    first.until("Once upon")
    first.process.kill()
    first.process.wait(PATIENCE)
    again = opened()
    shown = words(again.prompt())
    assert "Not answered yet: Tell me a story" in shown
    assert "“Tell me a story”, is stored" in shown
    again.type(f"/quit{ENTER}")
    again.end()
    assert [each["role"] for each in ask("sessions", "history", "ada")] == ["user", "assistant"]


def test_an_interrupt_stops_a_reply_and_not_the_chat(opened: Opened, serve: Serve, ask: Ask) -> None:
    chat = opened(**serve(beginning("Once\x1b]0;title\x07 upon a time")))
    chat.prompt()
    chat.type(f"Tell me a story{ENTER}")
    chat.until(r"Once\x1b]0;title\x07 upon a time")
    chat.type(CTRL_C)
    chat.until("(stopped)")
    assert "Active, 2 messages," in chat.say("/status")
    chat.type(f"/quit{ENTER}")
    assert "Traceback" not in chat.end()
    assert ask("sessions", "info", "ada")["waiting"] == 0
    assert b"\x1b]0;" not in chat.raw


def test_what_is_typed_while_a_reply_streams_is_the_next_message_also_after_an_interrupt(
    opened: Opened, serve: Serve, ask: Ask
) -> None:
    chat = opened(**serve(beginning("Once upon"), whole("Gladly.")))
    chat.prompt()
    chat.type(f"A story{ENTER}")
    chat.until("Once upon")
    chat.type("Another one")
    chat.type(CTRL_C)
    chat.until("(stopped)")
    chat.type(f", please{ENTER}")
    chat.until("Gladly.")
    chat.process.kill()
    assert sent(ask) == ["A story", "Another one, please"]


def test_the_end_of_input_ends_the_chat(opened: Opened) -> None:
    chat = opened()
    chat.prompt()
    chat.type(CTRL_D)
    assert "Traceback" not in chat.end()
    assert chat.process.returncode == 0


def test_a_delay_is_told_when_it_begins(opened: Opened, serve: Serve) -> None:
    chat = opened(**serve(busy(), whole("Here I am.")))
    chat.prompt()
    chat.type(f"Hello{ENTER}")
    shown = words(chat.until("Here I am."))
    assert "(the model cannot answer now (HTTP 529: Overloaded); trying again in 1 s)" in shown
    assert "begins again" not in shown


def test_a_termination_ends_the_chat(opened: Opened) -> None:
    chat = opened()
    chat.prompt()
    chat.process.send_signal(signal.SIGTERM)
    assert "Traceback" not in chat.end()


# Without a line editor ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["", "half a mess"], ids=["nothing typed", "something typed"])
def test_without_an_editor_an_interrupt_at_the_prompt_ends_the_chat(terminal: Open, typed: str) -> None:
    chat = terminal(TERM="dumb")
    chat.prompt()
    chat.type(typed + CTRL_C)
    shown = chat.end()
    assert chat.process.returncode in {0, 130}
    assert ("Traceback" in shown, "Fatal" in shown) == (False, False)


def test_a_line_that_the_terminal_cut_is_told_and_not_sent(terminal: Open, ask: Ask) -> None:
    chat = terminal(TERM="dumb")
    chat.prompt()
    chat.type("x" * 4500 + "\n")
    assert "the terminal cut this line after 4095 bytes, so it was not sent" in words(
        chat.until("for an editor of lines")
    )
    chat.type(f"/quit{ENTER}")
    chat.end()
    assert ask("sessions", "list") == []


# With a line editor, and without in a terminal that can do more than print ------------------------------------------


@pytest.mark.parametrize("program", [{}, {"program": WITHOUT_EDITOR}], ids=["edited", "unedited"])
def test_what_is_pasted_is_one_message_also_while_a_reply_streams(
    terminal: Open, serve: Serve, ask: Ask, program: dict[str, str]
) -> None:
    chat = terminal(**program, **serve(whole("Well."), beginning("Once upon"), beginning("Twice")))
    chat.prompt()
    chat.type(pasted("one\ntwo\nthree\nfour") + ENTER)
    chat.until("Well.")
    chat.prompt()
    chat.type(f"A story{ENTER}")
    chat.until("Once upon")
    chat.type(pasted("five\nsix") + ENTER)
    chat.type(CTRL_C)
    chat.until("Twice")
    chat.process.kill()
    assert sent(ask) == ["one\ntwo\nthree\nfour", "A story", "five\nsix"]


def test_ten_thousand_characters_are_pasted_whole(terminal: Open, ask: Ask) -> None:
    text = "\n".join(f"{number:4} {'x' * 94}" for number in range(100)).strip()
    chat = terminal()
    chat.prompt()
    chat.type(pasted(text))
    chat.until("  99 xxx")
    chat.type(ENTER)
    chat.until(REPLY.split(maxsplit=1)[0], times=1)
    deadline = time.monotonic() + PATIENCE
    while not sent(ask) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sent(ask) == [text]


def test_an_arrow_brings_back_what_was_sent_now_and_before(terminal: Open, chat: Chat, ask: Ask) -> None:
    chat("Of before\n", "ada")
    edited = terminal()
    edited.say("Of now")
    edited.type(UP)
    edited.until("> Of now", times=2)
    edited.type(UP)
    edited.until("> Of before")
    edited.type(f"!{ENTER}")
    edited.until("“Of before!”")
    edited.prompt()
    edited.type(CTRL_D)
    edited.end()
    assert sent(ask) == ["Of before", "Of now", "Of before!"]


def test_an_interrupt_drops_what_was_typed_and_two_of_them_leave(terminal: Open, ask: Ask) -> None:
    chat = terminal()
    chat.prompt()
    chat.type("half a mess")
    chat.until("> half a mess")
    chat.type(CTRL_C)
    chat.prompt()
    assert chat.process.poll() is None
    chat.type(CTRL_C)
    chat.until("Ctrl-C once more leaves")
    chat.type(CTRL_C)
    assert "Traceback" not in chat.end()
    assert chat.process.returncode == 0
    assert ask("sessions", "list") == []


@pytest.mark.parametrize("key", [ALT + ENTER, "\n"], ids=["Alt-Enter", "Ctrl-J"])
def test_a_key_begins_a_line(terminal: Open, ask: Ask, key: str) -> None:
    chat = terminal()
    chat.prompt()
    chat.type(f"one{key}two{ENTER}")
    chat.until(REPLY.rsplit(maxsplit=1)[-1])
    chat.prompt()
    assert sent(ask) == ["one\ntwo"]


def test_commands_are_completed_and_explained(terminal: Open) -> None:
    chat = terminal()
    chat.prompt()
    chat.type("/reg")
    chat.until("has another reply made in place of the last one")
    chat.type(TAB)
    chat.until("> /regenerate")
    chat.type(ENTER)
    assert "argent: there is no session ada" in words(chat.prompt())


def test_the_line_below_the_prompt_tells_of_the_session(terminal: Open) -> None:
    chat = terminal()
    chat.until("ada: a new session")
    chat.say("Hello")
    chat.until("ada: Active, 2 messages, 0% of 180k tokens")
    chat.say("/title Ropes")
    chat.until("ada “Ropes”: Active, 2 messages")


def test_a_reply_is_set_as_markdown_while_it_streams(terminal: Open, serve: Serve) -> None:
    text = "# Ropes\n\nA **strong** [one](https://ropes.example)\nof <b>hemp</b>.\n\n1. Unlay\n2. Tuck\n\n```\nsplice\n"
    chat = terminal(**serve(beginning(text)))
    chat.prompt()
    chat.type(f"Tell{ENTER}")
    shown = chat.until("splice")
    lines = [line.rstrip() for line in shown[shown.index("Ropes") :].splitlines()]
    assert lines[:7] == [
        "Ropes",
        "",
        "A strong one (https://ropes.example)",
        "of <b>hemp</b>.",
        "",
        " 1 Unlay",
        " 2 Tuck",
    ]
    assert any("answers, " in line and "Ctrl-C stops it" in line for line in lines)
    chat.type(CTRL_C)
    chat.until("(stopped)")
    assert "answers, " not in chat.prompt()


def test_no_colour_is_used_where_none_is_wanted(terminal: Open, serve: Serve) -> None:
    chat = terminal(NO_COLOR="1", **serve(whole("# Ropes\n\n`code`\n\n```python\nimport os\n```")))
    chat.prompt()
    chat.type(f"Tell{ENTER}")
    chat.until("import os")
    chat.prompt()
    assert not [
        code for code in (b"\x1b[3", b";3", b"\x1b[9") if any(code + b"%dm" % n in chat.raw for n in range(1, 8))
    ]


def test_a_terminal_that_is_resized_goes_on(terminal: Open) -> None:
    chat = terminal()
    chat.prompt()
    chat.resize(60, 20)
    assert REPLY in words(chat.say("Hello"))
