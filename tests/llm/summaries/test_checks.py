"""Answers of a model that is asked for a summary: those that may take the place of messages, and others."""

import pytest

from argentos.llm import Reply
from argentos.llm.summaries.checks import problem_of

WRONG = [
    (Reply(""), "empty"),
    (Reply(" \n\t "), "empty"),
    (Reply("Decisions: the port is", stop_reason="max_tokens"), "cut off"),
    (Reply("Decisions: the port is", stop_reason="model_context_window_exceeded"), "cut off"),
    (Reply("No.", stop_reason="refusal"), "refusal"),
    (Reply("Let me look.", stop_reason="tool_use"), "calls a tool"),
    (Reply("Half.", stop_reason="of its own"), "ended early"),
    (Reply("I'm sorry, but I can't help with that."), "refusal"),
    (Reply("I cannot summarise this conversation."), "refusal"),
    (Reply("“As an AI language model, I do not keep records."), "refusal"),
    (Reply("Es tut mir leid, das kann ich nicht zusammenfassen."), "refusal"),
    (Reply("Извините, это невозможно."), "refusal"),
    (Reply("抱歉我不能这样做。"), "refusal"),
    (Reply("<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"), "markup"),
    (Reply("<html>\n<head><title>Error</title></head></html>"), "markup"),
    (Reply("<div class='wide'><p>Oh</p></div>"), "markup"),
    (Reply('{"error": {"type": "overloaded"}}'), "markup"),
    (Reply('```json\n{"summary": ""}\n```'), "markup"),
    (Reply("Sure!"), "nothing"),
    (Reply("Sure! What would you like to know?"), "answer"),
    (Reply("Of course, here it is."), "answer"),
    (Reply("Could you share the conversation with me?"), "asks"),
]
RIGHT = [
    "They met.",
    "Decisions: <b>port 8443</b>, as <Button> is called.",
    "## Decisions\nI'm sorry, wrote Ann; she cannot come.\n\n## Pending questions\nWho pays?",
    "Entscheidungen: Port 8443. Niemand schreibt an Bob.",
    "他们决定使用端口8443。",
    "Pending questions\nWho pays?\nAnd when?",
    "Ann asked whether the boat is paid. Nobody knew.",
    "I'm sorry for the length: " + "they spoke of boats, and of the harbour. " * 20,
]


@pytest.mark.parametrize(("reply", "problem"), WRONG, ids=[each.text[:30] for each, _ in WRONG])
def test_what_is_no_summary_is_told_apart_with_the_reason(reply: Reply, problem: str) -> None:
    assert problem in problem_of(reply)


@pytest.mark.parametrize("text", RIGHT)
def test_a_summary_is_taken_whatever_it_speaks_of(text: str) -> None:
    assert problem_of(Reply(text)) == ""
