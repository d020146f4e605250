from datetime import UTC, datetime
from typing import Any

from argentos.llm.context import as_request
from argentos.storage import Message
from tests.actors.core.tools import check_request

AT = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)


def message(number: int, *blocks: dict[str, Any], role: Any = "user", **fields: Any) -> Message:
    return Message(f"m-{number}", number, role, "", AT, 10, blocks=blocks, **fields)


def call(number: int, **fields: Any) -> Message:
    made: dict[str, Any] = {"type": "tool_use", "id": f"c-{number}", "name": "read", "input": {}}
    return message(number, made, role="assistant", turn=1, **fields)


def result(number: int, content: object, **fields: Any) -> Message:
    given = {"type": "tool_result", "tool_use_id": f"c-{number - 1}", "content": content}
    return message(number, given, turn=1, **fields)


def shown(*messages: Message) -> Any:
    request = as_request(messages)
    check_request(request)
    return request[-1].blocks[-1].get("content")


def test_a_result_is_shown_whole_where_it_is_no_longer_than_that() -> None:
    assert shown(call(1), result(2, "x" * 100, cut=100)) == "x" * 100
    assert shown(call(1), result(2, "", cut=100)) == ""


def test_a_longer_one_is_shown_by_its_beginning_and_its_end() -> None:
    text = "a" * 600 + "b" * 399 + "c"
    mark = "[shortened: 910 of 1,000 characters are left out here]"
    assert shown(call(1), result(2, text, cut=90)) == "a" * 60 + f"\n{mark}\n" + "b" * 29 + "c"


def test_pictures_and_documents_in_a_result_are_named() -> None:
    picture = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
    content = [{"type": "text", "text": "Look:"}, picture, {"type": "text", "text": "There."}]
    cut = shown(call(1), result(2, content, cut=200))
    assert cut == "Look:\n[shortened: a block of type image is left out here]\nThere."


def test_other_blocks_of_the_message_stay() -> None:
    mixed = message(
        2,
        {"type": "tool_result", "tool_use_id": "c-1", "content": "x" * 500, "is_error": True},
        {"type": "text", "text": "y" * 500},
        cut=100,
    )
    (_, found) = as_request((call(1), mixed))
    assert found.blocks[0]["is_error"] is True
    assert len(found.blocks[0]["content"]) < 200
    assert found.blocks[1] == mixed.blocks[1]


def test_a_message_stands_in_the_place_of_those_left_out() -> None:
    asked = Message("m-1", 1, "user", "Read it.", AT, 5)
    omitted = [call(2, is_omitted=True), result(3, "x", is_omitted=True), call(4, is_omitted=True)]
    omitted.append(result(5, "y", is_omitted=True))
    request = as_request((asked, *omitted, call(6), result(7, "z")))
    check_request(request)
    assert [each.number for each in request] == [1, 2, 6, 7]
    assert request[1].role == "user"
    said = "[shortened: 4 earlier messages of this turn are left out here; they called read × 2]"
    assert request[1].text == said


def test_what_is_whole_is_the_same_object() -> None:
    messages = (call(1), result(2, "x"))
    assert as_request(messages) is messages
