"""The export of Claude's web and desktop programs."""

from typing import Any

from tests.gateway.formats.shared import ABOUT_MASTS, SAMPLES, WHICH, Write, blocks, read_all, times, told

SAMPLE = SAMPLES / "claude-export.json"


def message(uuid: str, sender: str, text: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    return {"uuid": uuid, "sender": sender, "text": text, "parent_message_uuid": parent, **more}


def conversation(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"uuid": "c", "name": "T", "chat_messages": list(messages), **more}


def test_the_latest_branch_is_read_in_order_with_its_times() -> None:
    masts, which = read_all(SAMPLE).found
    assert told(masts) == [ABOUT_MASTS[0], ("assistant", "Let me look."), *ABOUT_MASTS[1:]]
    assert told(which) == WHICH
    assert [time[:19] for time in times(masts)] == [f"2026-03-02T09:0{minute}:00" for minute in (1, 2, 2, 5, 6)]
    assert masts.transcript.title == "Masts"
    assert masts.transcript.session == "c0000000-0000-4000-8000-000000000001"
    assert [each.id for each in masts.transcript.messages] == ["m1", "m2", None, "m2:2", "m5", "m6"]


def test_thoughts_calls_results_and_attached_texts_are_kept() -> None:
    masts = read_all(SAMPLE).found[0]
    assert blocks(masts)[:3] == [["document", "text"], ["thinking", "text", "tool_use"], ["tool_result"]]
    assert masts.transcript.messages[0].content[0] == {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "12 m"},
        "title": "masts.txt",
    }


def test_what_is_left_out_is_listed_by_line_and_reason() -> None:
    assert [reason for _, reason in read_all(SAMPLE).left_out] == [
        "a message of another branch",
        "a message of another branch",
        "an attachment that is not in the file: 'mast.png'",
        "a conversation in which nobody said anything",
    ]


def test_the_leaf_that_the_conversation_names_is_where_it_stands(write: Write) -> None:
    messages = [message("1", "human", "a"), message("2", "assistant", "b", "1"), message("3", "assistant", "c", "1")]
    found = read_all(write(conversation(*messages, current_leaf_message_uuid="2"))).only
    assert told(found) == [("user", "a"), ("assistant", "b")]


def test_a_message_whose_parent_is_missing_follows_the_one_before_it(write: Write) -> None:
    messages = [message("1", "human", "a"), message("2", "assistant", "b", "lost"), message("3", "human", "c")]
    assert [text for _, text in told(read_all(write(conversation(*messages))).only)] == ["a", "b", "c"]


def test_calls_without_ids_are_paired_in_their_order(write: Write) -> None:
    parts: list[dict[str, Any]] = [
        {"type": "tool_use", "name": "a", "input": {}},
        {"type": "tool_result", "name": "a", "content": [{"type": "text", "text": "1"}]},
        {"type": "tool_use", "name": "b", "input": None},
        {"type": "tool_result", "name": "b", "content": None},
        {"type": "text", "text": "done"},
    ]
    found = read_all(write(conversation(message("1", "human", "x"), message("2", "assistant", "", "1", content=parts))))
    assert blocks(found.only) == ["x", ["tool_use"], ["tool_result"], ["tool_use"], ["tool_result"], "done"]
    assert found.left_out == []


def test_damaged_messages_cost_themselves(write: Write) -> None:
    messages = [
        message("1", "human", "a", created_at=7e300),
        "text",
        message("2", "narrator", "meanwhile"),
        message("3", "assistant", "b", content=[7, {"type": "text", "text": "b"}, {"type": "dance"}]),
        {},
    ]
    reading = read_all(write(conversation(*messages)))
    assert told(reading.only) == [("user", "a"), ("assistant", "b")]
    assert [reason for _, reason in reading.left_out] == [
        "a message that is no object",
        "a time that is the number 7e+300",
        "a message of 'narrator'",
        "a part of a message that is the number 7",
        "a part of the type 'dance'",
        "a message of ''",
    ]


def test_a_first_message_that_was_edited_leaves_nothing_of_the_first_try(write: Write) -> None:
    root = "00000000-0000-0000-0000-000000000000"
    messages = [message("1", "human", "tpyo", root), message("2", "assistant", "what?", "1")]
    messages.append(message("3", "human", "typo", root))
    reading = read_all(write(conversation(*messages)))
    assert told(reading.only) == [("user", "typo")]
    assert len(reading.left_out) == 2


def test_what_the_assistant_attached_is_listed_too(write: Write) -> None:
    attached = {"files": [{"file_name": "x.png"}], "attachments": [{"file_name": "y.txt", "extracted_content": "y"}]}
    found = read_all(write(conversation(message("1", "human", "a"), message("2", "assistant", "b", "1", **attached))))
    assert told(found.only) == [("user", "a"), ("assistant", "b")]
    assert [reason for _, reason in found.left_out] == [
        "an attachment that is not in the file: 'x.png'",
        "a document that the assistant attached: 'y.txt'",
    ]
