"""Messages of the APIs of OpenAI and Anthropic."""

import json
from typing import Any

import pytest

from tests.gateway.formats.shared import ABOUT_MASTS, SAMPLES, Write, blocks, read, read_all, told


@pytest.mark.parametrize("name", ["openai.json", "openai.jsonl"])
def test_openai_messages_are_read_as_a_document_and_as_lines(name: str) -> None:
    found = read_all(SAMPLES / name).only
    assert told(found) == ABOUT_MASTS
    assert found.transcript.session == "openai"
    assert found.transcript.messages[0].sender == "Maren"
    assert blocks(found)[1:3] == [["tool_use"], ["tool_result"]]
    assert blocks(found)[4] == ["text", "image"]
    assert found.transcript.system == "You know boats."
    assert read_all(SAMPLES / name).left_out == []


def test_openai_lines_of_conversations_are_one_session_each() -> None:
    first, second = read(SAMPLES / "openai-conversations.jsonl")
    assert (first.transcript.session, told(first)) == ("openai-conversations", ABOUT_MASTS[:2])
    assert (second.transcript.session, told(second)) == ("second", ABOUT_MASTS[2:])


def test_an_array_on_one_line_and_over_several_is_the_same(write: Write) -> None:
    messages = [{"role": role, "content": text} for role, text in ABOUT_MASTS]
    for path in (write(messages, name="one.json"), write(json.dumps(messages, indent=1), name="several.json")):
        assert told(read(path)[0]) == ABOUT_MASTS


@pytest.mark.parametrize(
    ("time", "read_as"),
    [
        (1772442060, "2026-03-02T09:01:00+00:00"),
        (1772442060000, "2026-03-02T09:01:00+00:00"),
        ("2026-03-02T10:01:00+01:00", "2026-03-02T09:01:00+00:00"),
    ],
)
def test_times_are_iso_seconds_or_milliseconds(write: Write, time: object, read_as: str) -> None:
    (found,) = read(write({"role": "user", "content": "a", "timestamp": time}))
    at = found.transcript.messages[0].at
    assert at is not None
    assert at.isoformat() == read_as


def test_a_request_of_the_messages_api_is_read_block_for_block() -> None:
    reading = read_all(SAMPLES / "anthropic.json")
    assert told(reading.only) == ABOUT_MASTS
    given = json.loads((SAMPLES / "anthropic.json").read_text(encoding="utf-8"))["messages"]
    del given[4]["content"][0]["cache_control"]
    assert [[*message.content] or message.text for message in reading.only.transcript.messages] == [
        message["content"] for message in given
    ]
    assert reading.only.transcript.system == "Be brief."
    assert reading.left_out == []


SAID: dict[str, Any] = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    ("value", "system", "left_out"),
    [
        ({"system": [{"type": "text", "text": "Be kind."}], "messages": [SAID]}, "Be kind.", []),
        ({"instructions": "Be kind.", "input": "Hello", "model": "m"}, "Be kind.", []),
        ([{"role": "developer", "content": "Be kind."}, SAID], "Be kind.", []),
        (
            [{"role": "system", "content": "Be kind."}, {"role": "developer", "content": "Be brief."}, SAID],
            "Be kind.",
            [(1, "a further system message")],
        ),
        ([SAID, {"role": "system", "content": "Be brief."}], "", [(1, "a system message behind others")]),
        ([{"role": "system", "content": ""}, SAID], "", []),
        ([{"role": "system", "content": "x" * 2_000_000}, SAID], "", "the system prompt has 2000000 characters"),
    ],
)
def test_the_system_message_before_all_others_is_the_system_prompt(
    write: Write, value: Any, system: str, left_out: Any
) -> None:
    reading = read_all(write(value, name="one.json"))
    assert (reading.only.transcript.system, len(reading.only.transcript.messages)) == (system, 1)
    if isinstance(left_out, str):
        ((_, reason),) = reading.left_out
        assert reason.startswith(left_out)
    else:
        assert reading.left_out == left_out


def test_items_of_the_responses_api_are_read_with_calls_and_results() -> None:
    reading = read_all(SAMPLES / "responses.json")
    assert told(reading.only) == ABOUT_MASTS
    assert blocks(reading.only)[1:3] == [["thinking", "tool_use", "tool_use"], ["tool_result", "tool_result"]]
    calls = [block for block in reading.only.transcript.messages[1].content if block["type"] == "tool_use"]
    assert [(call["id"], call["input"]) for call in calls] == [
        ("call_1", {"path": "mast.txt"}),
        ("call_2", {"input": "not json"}),
    ]
    assert reading.only.transcript.messages[4].content[1] == {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
        "title": "masts.pdf",
    }
    assert [reason for _, reason in reading.left_out] == [
        "a further system message",
        "thoughts that only the maker of the model can read",
        "a document that is not in the file: file-1",
    ]


def test_tools_that_openai_runs_bring_their_results_themselves(write: Write) -> None:
    items = [
        {"type": "message", "role": "user", "content": "draw a mast"},
        {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aGk="},
        {"type": "mcp_call", "id": "mcp_1", "name": "read", "arguments": '{"a": 1}', "output": "12 m"},
        {"type": "code_interpreter_call", "id": "ci_1", "code": "1", "outputs": [{"type": "logs", "logs": "1"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]},
    ]
    reading = read_all(write({"input": items, "model": "gpt"}))
    content = [message.content for message in reading.only.transcript.messages if message.content]
    names = [block["name"] for each in content for block in each if block["type"] == "tool_use"]
    assert names == ["image_generation", "read", "code_interpreter"]
    assert content[1][0]["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    ]


@pytest.mark.parametrize(
    "line",
    [
        {
            "custom_id": "r-1",
            "method": "POST",
            "body": {"model": "gpt", "messages": [{"role": "user", "content": "a"}]},
        },
        {"custom_id": "r-1", "params": {"model": "claude", "messages": [{"role": "user", "content": "a"}]}},
        {"id": "r-1", "messages": [{"role": "user", "content": "a"}]},
        {"id": "r-1", "model": "gpt", "input": "a"},
        {"id": "r-1", "request": {"messages": [{"role": "user", "content": "a"}]}, "response": None},
    ],
)
def test_lines_of_batches_and_logs_are_conversations_with_their_ids(write: Write, line: dict[str, Any]) -> None:
    found = read_all(write(line)).only
    assert (found.transcript.session, told(found)) == ("r-1", [("user", "a")])


def test_the_answers_of_both_apis_are_read(write: Write) -> None:
    choices = [
        {"index": n, "finish_reason": "length", "message": {"role": "assistant", "content": f"{n}"}} for n in (0, 1)
    ]
    chat = read_all(write({"id": "c", "object": "chat.completion", "created": 1772442060, "choices": choices}))
    assert told(chat.only) == [("assistant", "0")]
    message = chat.only.transcript.messages[0]
    assert (message.stop_reason, message.at is not None and message.at.isoformat()) == (
        "max_tokens",
        "2026-03-02T09:01:00+00:00",
    )
    assert chat.left_out == [(1, "a second choice of an answer")]
    answer = {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "a"}]}
    claude = read_all(write({**answer, "stop_reason": "max_tokens"}))
    assert [(each.id, each.text, each.stop_reason) for each in claude.only.transcript.messages] == [
        ("msg_1", "a", "max_tokens")
    ]


def test_calls_in_the_old_style_without_ids_are_paired(write: Write) -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "function_call": {"name": "read", "arguments": "{}"}},
        {"role": "function", "name": "read", "content": "12 m"},
        {"role": "assistant", "content": None, "refusal": "no"},
    ]
    found = read_all(write({"messages": messages})).only
    assert blocks(found) == ["a", ["tool_use"], ["tool_result"], "no"]
    assert found.transcript.messages[3].stop_reason == "refusal"


def test_what_is_no_message_in_a_list_costs_itself(write: Write) -> None:
    messages = [17, {"role": "user", "content": "a"}, {"role": "narrator", "content": "b"}, {"content": "c"}, None]
    reading = read_all(write({"messages": messages}))
    assert told(reading.only) == [("user", "a")]
    assert [reason for _, reason in reading.left_out] == [
        "a message that is no object",
        "a message of the role 'narrator'",
        "a message without a role",
        "a message that is no object",
    ]


def test_a_time_before_that_of_the_message_before_it_is_listed(write: Write) -> None:
    times = ["2026-03-02T09:02:00Z", "2026-03-02T09:01:00Z", None, "2026-03-02T09:03:00Z"]
    reading = read_all(write(*({"role": "user", "content": f"{at}", "timestamp": at} for at in times)))
    assert [message.at and message.at.minute for message in reading.only.transcript.messages] == [2, 2, None, 3]
    assert reading.left_out == [
        (2, "the time 2026-03-02T09:01:00Z, before that of the message before it, whose it gets")
    ]
