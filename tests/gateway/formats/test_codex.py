"""Rollouts of Codex."""

from typing import Any

import pytest

from tests.gateway.formats.shared import ABOUT_MASTS, SAMPLES, WHICH, Write, blocks, read_all, times, told

SAMPLE = SAMPLES / "codex.jsonl"


def item(**payload: Any) -> dict[str, Any]:
    return {"timestamp": "2026-03-02T09:00:00.000Z", "type": "response_item", "payload": payload}


def said(role: str, text: str) -> dict[str, Any]:
    return item(type="message", role=role, content=[{"type": "input_text", "text": text}])


def event(**payload: Any) -> dict[str, Any]:
    return {"timestamp": "2026-03-02T09:00:00.000Z", "type": "event_msg", "payload": payload}


META = {"type": "session_meta", "payload": {"id": "s"}}


def test_what_people_and_model_said_is_read_in_order_with_its_times() -> None:
    found = read_all(SAMPLE).only
    assert told(found) == [ABOUT_MASTS[0], ("assistant", "Let me look."), *ABOUT_MASTS[1:], *WHICH]
    assert [time[11:16] for time in times(found)] == ["09:01", "09:02", "09:05", "09:09", "09:11", "09:13", "09:14"]
    assert found.transcript.session == "01999999-5a53-7a0e-9d57-2f1d6f0f7c11"


def test_calls_and_results_of_every_kind_are_kept_with_their_ids() -> None:
    messages = read_all(SAMPLE).only.transcript.messages
    calls = [block for message in messages for block in message.content if block["type"] == "tool_use"]
    assert [(call["id"], call["name"], call["input"]) for call in calls] == [
        ("call_1", "shell", {"command": ["cat", "mast.txt"]}),
        ("call_2", "local_shell", {"type": "exec", "command": ["ls"]}),
        ("call_3", "apply_patch", {"input": "*** Begin Patch"}),
        ("call-1", "web_search", {"type": "search", "query": "masts"}),
    ]
    results = [block for message in messages for block in message.content if block["type"] == "tool_result"]
    assert [(result["tool_use_id"], result["content"]) for result in results] == [
        ("call_1", "12 m"),
        ("call_2", "mast.txt"),
        ("call_3", "Exit code: 0"),
        ("call-1", "It is not known what became of this call."),
    ]
    assert messages[1].content[0] == {"type": "thinking", "thinking": "I have to look.", "signature": ""}


def test_a_compaction_is_the_summary_of_all_before_it() -> None:
    transcript = read_all(SAMPLE).only.transcript
    assert transcript.summary is not None
    assert transcript.summary.text == "The masts are 12 m and 9 m tall."
    assert [message.text for message in transcript.messages if not message.archived and message.text] == [
        "Which one is taller?",
        "The first, by 3 m.",
    ]


def test_what_is_left_out_is_listed_by_line_and_reason() -> None:
    assert [each for each in read_all(SAMPLE).left_out if each[1] != "a note of the program"] == [
        (2, "a system message"),
        (3, "what the program tells the model"),
        (8, "thoughts that only the maker of the model can read"),
        (20, "a message that was taken back"),
        (21, "a message that was taken back"),
        (30, "a call of a tool without its result (which is said to be not known)"),
        (32, "an item of the type 'future_item'"),
    ]


def test_what_stands_in_events_alone_is_taken_from_there(write: Write) -> None:
    lines = [event(type="user_message", message="a"), event(type="agent_message", message="b"), said("user", "c")]
    assert told(read_all(write(META, *lines)).only) == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_what_stands_in_an_item_with_more_around_it_is_taken_once(write: Write) -> None:
    lines = [said("user", "# Context from my IDE\n\n## My request:\na"), event(type="user_message", message="a")]
    assert len(told(read_all(write(META, *lines, said("assistant", "b"))).only)) == 2


def test_the_oldest_rollouts_have_bare_items(write: Write) -> None:
    head = {"id": "old", "timestamp": "2025-05-01T00:00:00Z", "instructions": None}
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]}
    call = {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c"}
    output = {"type": "function_call_output", "call_id": "c", "output": '{"output":"x"}'}
    found = read_all(write(head, {"record_type": "state"}, message, call, output)).only
    assert (found.transcript.session, blocks(found)) == ("old", ["a", ["tool_use"], ["tool_result"]])


def test_a_fork_keeps_its_own_id_and_says_whose_lines_it_has(write: Write) -> None:
    parent = {"type": "session_meta", "payload": {"id": "parent"}}
    reading = read_all(write(META, parent, said("user", "a")))
    assert reading.only.transcript.session == "s"
    assert reading.left_out == [(2, "the session id 'parent' (what is said there is taken into 's')")]


def test_a_summary_that_nobody_can_read_archives_nothing(write: Write) -> None:
    unreadable = {"message": "", "replacement_history": [{"type": "compaction", "encrypted_content": "x"}]}
    compacted = {"type": "compacted", "payload": unreadable}
    reading = read_all(write(META, said("user", "a"), compacted, said("assistant", "b")))
    assert reading.only.transcript.summary is None
    assert [message.archived for message in reading.only.transcript.messages] == [False, False]
    assert reading.left_out == [(3, "a summary that only the maker of the model can read")]


def test_the_first_of_two_summaries_is_listed(write: Write) -> None:
    compacted = [{"type": "compacted", "payload": {"message": text}} for text in ("one", "two")]
    reading = read_all(write(META, said("user", "a"), compacted[0], said("user", "b"), compacted[1]))
    assert reading.only.transcript.summary is not None
    assert reading.only.transcript.summary.text == "two"
    assert reading.left_out == [(5, "a summary that took the place of an earlier one, which is left out")]


@pytest.mark.parametrize("payload", [None, 7, "text", []])
def test_a_payload_that_is_no_object_costs_itself(write: Write, payload: Any) -> None:
    damaged = {"timestamp": 1, "type": "response_item", "payload": payload}
    reading = read_all(write(META, said("user", "a"), damaged, said("assistant", "b")))
    assert told(reading.only) == [("user", "a"), ("assistant", "b")]
    assert 3 in [line for line, _ in reading.left_out]
