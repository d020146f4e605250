"""Conversations as messages of the APIs."""

import io
import json
from typing import Any

import pytest
from anthropic.types import ContentBlockParam, MessageParam
from pydantic import ConfigDict, TypeAdapter

from argentos.actors import Transcript, TranscriptMessage
from argentos.gateway.formats import AnthropicForm, Losses, OpenAIForm, Source, read_transcripts
from tests.gateway.formats.shared import SAMPLES, read, written

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
FORMS = ["anthropic.json", "chatgpt.json", "claude-code.jsonl", "codex.jsonl", "openclaw.jsonl",
         "openai.json", "pi.jsonl", "responses.json"]  # fmt: skip


def read_back(line: bytes) -> Transcript:
    (found,) = read_transcripts(Source("file", io.BytesIO(line)), Losses())
    return found.transcript


def of_anthropic(transcript: Transcript, losses: Losses) -> bytes:
    return written(AnthropicForm(losses), transcript)


def of_openai(transcript: Transcript, losses: Losses) -> bytes:
    return written(OpenAIForm(losses), transcript)


def said(messages: tuple[TranscriptMessage, ...]) -> list[tuple[str, str]]:
    return [(each.role, each.text) for each in messages if each.text]


@pytest.mark.parametrize("name", FORMS)
def test_what_is_written_for_anthropic_is_of_the_types_of_the_sdk_and_is_read_back(name: str) -> None:
    for found in read(SAMPLES / name):
        line = of_anthropic(found.transcript, Losses())
        messages = json.loads(line)["messages"]
        TypeAdapter(list[MessageParam], config=ConfigDict(arbitrary_types_allowed=True)).validate_python(messages)
        blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
        known = [block for block in blocks if block["type"] != "block_of_tomorrow"]
        TypeAdapter(list[ContentBlockParam]).validate_python(known)
        again = read_back(line).messages
        assert [(each.role, each.text) for each in again] == [
            (each.role, each.text) for each in found.transcript.messages
        ]
        assert read_back(of_anthropic(read_back(line), Losses())).messages == again


def test_for_anthropic_blocks_stay_as_they_are_but_for_thoughts_without_a_signature() -> None:
    (found,) = read(SAMPLES / "anthropic.json")
    losses = Losses()
    written = json.loads(of_anthropic(found.transcript, losses))["messages"]
    assert [each["content"] for each in written] == [
        [*message.content] or message.text for message in found.transcript.messages
    ]
    assert list(losses) == []
    thought = {"type": "thinking", "thinking": "hm", "signature": ""}
    message = TranscriptMessage(role="assistant", content=(thought, {"type": "text", "text": "a"}))
    assert b"thinking" not in of_anthropic(Transcript(session="s", messages=(message,)), losses)
    assert [each.reason for each in losses] == ["thoughts without a signature, which the API does not take"]


def test_for_openai_calls_results_and_pictures_have_its_form() -> None:
    call = {"type": "tool_use", "id": "call_1", "name": "files.read", "input": {"path": "mast.txt"}}
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "12 m"}, PICTURE]}
    messages = (
        TranscriptMessage(role="user", content=({"type": "text", "text": "How tall?"}, PICTURE), sender="Maren"),
        TranscriptMessage(role="assistant", content=({"type": "text", "text": "Let me look."}, call)),
        TranscriptMessage(role="user", content=(result,)),
        TranscriptMessage(role="assistant", text="12 m."),
    )
    losses = Losses()
    url = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    assert json.loads(of_openai(Transcript(session="s", messages=messages, system="Be brief."), losses)) == {
        "id": "s",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "name": "Maren", "content": [{"type": "text", "text": "How tall?"}, url]},
            {
                "role": "assistant",
                "content": "Let me look.",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "files_read", "arguments": '{"path":"mast.txt"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "12 m"},
            {"role": "user", "content": [url]},
            {"role": "assistant", "content": "12 m."},
        ],
    }
    assert list(losses) == []


@pytest.mark.parametrize("name", FORMS)
def test_for_openai_each_call_has_its_result_and_every_text_is_there(name: str) -> None:
    for found in read(SAMPLES / name):
        messages: list[dict[str, Any]] = json.loads(of_openai(found.transcript, Losses()))["messages"]
        calls = [call["id"] for message in messages for call in message.get("tool_calls", ())]
        assert calls == [message["tool_call_id"] for message in messages if message["role"] == "tool"]
        again = said(read_back(of_openai(found.transcript, Losses())).messages)
        assert "".join(text for _, text in said(found.transcript.messages)) in "".join(text for _, text in again)


def test_what_openai_has_no_place_for_is_listed_by_message() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "redacted_thinking", "data": "x"},
        {"type": "block_of_tomorrow"},
        {"type": "text", "text": "a"},
    ]
    losses = Losses()
    messages = (TranscriptMessage(role="user", text="q"), TranscriptMessage(role="assistant", content=tuple(blocks)))
    of_openai(Transcript(session="s", messages=messages), losses)
    assert [(each.line, each.reason) for each in losses] == [
        (2, "thoughts (there is no place for it)"),
        (2, "a block of the type 'block_of_tomorrow' (there is no place for it)"),
    ]
