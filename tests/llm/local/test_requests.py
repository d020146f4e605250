"""Requests as the templates of chats take them."""

from datetime import UTC, datetime
from typing import Any

from argentos import Message, Request, Summary
from argentos.llm.local.requests import readable

AT = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
PICTURE: dict[str, Any] = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
TOOL: dict[str, Any] = {"name": "tides", "description": "Tell the tide.", "input_schema": {"type": "object"}}


def user(number: int, said: str, *blocks: dict[str, Any]) -> Message:
    return Message(f"m-{number}", number, "user", said, AT, 1, blocks=blocks)


def agent(number: int, said: str) -> Message:
    return Message(f"m-{number}", number, "assistant", said, AT, 1)


def request(*messages: Message, summary: Summary | None = None, instruction: str = "") -> Request:
    return Request(session="s", tools=(TOOL,), messages=messages, summary=summary, instruction=instruction, window=1000)


def told(asked: Request, *, sees: bool = False, takes_tools: bool = False) -> list[tuple[str, list[str]]]:
    found = readable(asked, sees=sees, takes_tools=takes_tools)
    return [(each.role, [str(block.get("text", block["type"])) for block in each.blocks]) for each in found.messages]


def test_messages_of_one_side_become_one() -> None:
    asked = request(user(1, "Hi"), user(2, "Anyone?"), agent(3, "Yes"), user(4, "Good"))
    assert told(asked) == [("user", ["Hi", "Anyone?"]), ("assistant", ["Yes"]), ("user", ["Good"])]


def test_a_summary_and_an_instruction_stand_in_the_users_messages() -> None:
    summary = Summary("They met.", 1, 4, 3, "model", AT, 0, 0)
    asked = request(user(5, "Hi"), agent(6, "Yes"), user(7, "Good"), summary=summary, instruction="Summarise this.")
    found = readable(asked, sees=False, takes_tools=False)
    assert (found.summary, found.instruction) == (None, "")
    (_, first), _, (_, last) = told(asked)
    assert "They met." in first[0]
    assert last == ["Good", "Summarise this."]


def test_a_summary_before_the_agents_message_and_an_instruction_behind_it_stay_messages_of_their_own() -> None:
    summary = Summary("They met.", 1, 4, 3, "model", AT, 0, 0)
    asked = request(agent(5, "Yes"), summary=summary, instruction="Summarise this.")
    found = readable(asked, sees=False, takes_tools=False)
    assert (found.summary, found.instruction) == (summary, "Summarise this.")


def test_a_model_that_sees_nothing_is_told_of_pictures_in_words() -> None:
    asked = request(user(1, "Look", {"type": "text", "text": "Look"}, PICTURE))
    assert told(asked) == [("user", ["Look", "(a picture, which this model cannot see)"])]
    assert told(asked, sees=True) == [("user", ["Look", "image"])]


def test_pictures_in_the_results_of_calls_are_told_in_words_too() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [PICTURE]}
    (message,) = readable(request(user(1, "", result)), sees=False, takes_tools=True).messages
    assert message.blocks[0]["content"] == [{"type": "text", "text": "(a picture, which this model cannot see)"}]


def test_a_model_whose_template_has_no_place_for_tools_is_told_of_none() -> None:
    assert readable(request(user(1, "Hi")), sees=False, takes_tools=False).tools == ()
    assert readable(request(user(1, "Hi")), sees=False, takes_tools=True).tools == (TOOL,)


def test_calls_of_before_and_their_results_are_told_in_words_where_there_is_no_place_for_them() -> None:
    call = {"type": "tool_use", "id": "t", "name": "tides", "input": {"at": "Bergen"}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "high"}, PICTURE]}
    calling = Message("m-2", 2, "assistant", "", AT, 1, blocks=(call,))
    asked = request(user(1, "Hi"), calling, user(3, "", result, {**result, "content": "low"}))
    assert told(asked) == [
        ("user", ["Hi"]),
        ("assistant", ['(calls tides with {"at":"Bergen"})']),
        ("user", ["(the result: high\n(a picture, which this model cannot see))", "(the result: low)"]),
    ]
    assert told(asked, takes_tools=True)[1:] == [("assistant", ["tool_use"]), ("user", ["tool_result", "tool_result"])]
