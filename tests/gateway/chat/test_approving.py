"""Calls that need approval, asked about in `argent chat`."""

import pytest

from tests.gateway.chat.conftest import WITHOUT_EDITOR, Open, Own
from tests.gateway.chat.terminal import CTRL_C, CTRL_D, ENTER, Terminal
from tests.gateway.shared import Argent

QUESTION = "y approves, n denies (a reason may follow), Enter leaves it for later:"

pytestmark = pytest.mark.parametrize("program", [{}, {"program": WITHOUT_EDITOR}], ids=["edited", "unedited"])


@pytest.fixture
def asked(own: Own, terminal: Open, program: dict[str, str]) -> Terminal:
    """A chat in which the agent wants to send a mail."""
    own()
    chat = terminal("ada", **program)
    chat.prompt()
    chat.type(f"a mail, please{ENTER}")
    shown = chat.until(QUESTION)
    assert '? send_mail({\n        "to": "ada",\n        "text": "one\\ntwo"\n      })' in shown
    return chat


def test_a_call_is_approved_and_the_turn_goes_on(asked: Terminal) -> None:
    asked.type(f"y{ENTER}")
    asked.until("The tool said: sent to ada")
    asked.prompt()
    asked.type(CTRL_D)
    asked.end()


def test_a_call_is_denied_with_a_reason_that_the_model_hears(asked: Terminal) -> None:
    asked.type(f"n not to her{ENTER}")
    asked.until("The tool said: not run: a person denied it: not to her")


def test_a_word_that_is_none_is_asked_for_again(asked: Terminal) -> None:
    asked.type(f"yes, but later{ENTER}")
    asked.until(QUESTION, times=2)
    asked.type(f"yes{ENTER}")
    asked.until("The tool said: sent to ada")


@pytest.mark.parametrize("key", [ENTER, CTRL_C], ids=["Enter", "Ctrl-C"])
def test_a_call_is_left_for_later_and_asked_about_again(asked: Terminal, key: str, argent: Argent) -> None:
    asked.type(key)
    asked.until("(the call waits for your word; /approvals asks again)")
    assert "send_mail" in argent("sessions", "approvals")[1]
    asked.prompt()
    asked.type(f"/approvals{ENTER}")
    asked.until(QUESTION, times=2)
    asked.type(f"y{ENTER}")
    asked.until("The tool said: sent to ada")


def test_a_call_that_others_decide_about_is_not_asked_about_any_more(asked: Terminal, argent: Argent) -> None:
    assert argent("sessions", "approve", "ada", "c1")[0] == 0
    asked.until("(this was decided elsewhere)")
    asked.until("The tool said: sent to ada")
    asked.prompt()


def test_what_was_typed_before_the_question_answers_nothing(own: Own, terminal: Open, program: dict[str, str]) -> None:
    own()
    chat = terminal("ada", **program)
    chat.prompt()
    chat.type(f"a mail, please{ENTER}y")
    chat.until(QUESTION)
    chat.type(ENTER)
    chat.until("(the call waits for your word; /approvals asks again)")
