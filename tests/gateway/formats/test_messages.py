"""Messages of the APIs of OpenAI and Anthropic."""

import json

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
    assert read_all(SAMPLES / name).left_out == [(1, "a system message")]


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
