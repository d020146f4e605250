"""Our own format."""

import io
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos import Address
from argentos.actors import Transcript, TranscriptMessage, TranscriptSummary
from argentos.gateway.formats import Losses, OwnForm, Source, head_line, read_transcripts
from argentos.machines.mermaid.markdown import fences
from argentos.storage import text_of
from tests.gateway.formats.shared import ABOUT_MASTS, SAMPLES, Write, read, read_all, refusal, told, written


def test_an_export_is_read_with_all_that_is_in_it() -> None:
    maren, by_hand = read(SAMPLES / "export.jsonl")
    assert (maren.transcript.session, told(maren)) == ("user-maren", ABOUT_MASTS)
    assert maren.transcript.summary is not None
    assert (maren.transcript.summary.method, maren.transcript.summary.last) == ("extractive", 2)
    assert [message.archived for message in maren.transcript.messages] == [True, True, False, False]
    assert maren.transcript.messages[3].reply_to == ("tg-2",)
    assert (by_hand.transcript.session, by_hand.transcript.messages) == ("by-hand", ())


_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
_ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
_times = st.none() | st.datetimes(timezones=st.just(UTC))


def _shown(blocks: list[dict[str, Any]]) -> TranscriptMessage:
    content = tuple(blocks)
    return TranscriptMessage(role="user", content=content, text=text_of(content))


_content: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.sampled_from(
        [
            {"type": "text", "text": "hello"},
            {"type": "thinking", "thinking": "hm", "signature": "c2ln+/=="},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
            {"type": "tool_use", "id": "a", "name": "read", "input": {"path": ["x", 1, None]}},
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "12 m"}]},
            {"type": "block_of_tomorrow", "x": {}},
        ]
    ),
    min_size=1,
    max_size=3,
)
_messages = st.builds(
    TranscriptMessage,
    role=st.sampled_from(["user", "assistant"]),
    text=_texts,
    at=_times,
    id=st.none() | _ids,
    sender=st.none() | _texts,
    address=st.none() | st.builds(Address, channel=_ids, user=_ids, guild=st.none() | _ids),
    reply_to=st.none() | st.lists(_ids, max_size=2).map(tuple),
    archived=st.booleans(),
) | st.builds(_shown, _content)
_summaries = st.builds(
    TranscriptSummary, text=_texts, at=_times, first=st.none() | st.integers(1, 9), before=st.none() | st.integers(0, 9)
)
_transcripts = st.builds(
    Transcript,
    session=st.sampled_from(["ada", "Maren", "日本"]),
    messages=st.lists(_messages, min_size=1, max_size=6).map(tuple),
    summary=st.none() | _summaries,
    created_at=st.datetimes(timezones=st.just(UTC)),
    title=st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    tags=st.lists(_ids, max_size=2, unique=True).map(tuple),
    owner=st.just("") | _ids,
    system=st.just("") | _texts,
    spent=st.floats(0, 1000),
)


@given(st.lists(_transcripts, max_size=3))
def test_what_is_written_is_read_back(transcripts: list[Transcript]) -> None:
    lines = b"".join(written(OwnForm(), each) for each in transcripts)
    source = Source("file", io.BytesIO(head_line(len(transcripts)) + lines))
    losses = Losses()
    assert [found.transcript for found in read_transcripts(source, losses)] == transcripts
    assert list(losses) == []


HEAD = {"format": "argentos.sessions", "version": 1}
SESSION = {"type": "session", "session": "s"}
MESSAGE = {"type": "message", "role": "user", "text": "hello"}


def test_the_example_of_the_docs_is_an_export(write: Write) -> None:
    text = (Path(__file__).parents[3] / "docs" / "moving.md").read_text(encoding="utf-8")
    example = next(fence.body for fence in fences(text) if fence.language == "json")
    (found,) = read(write(example))
    assert (found.transcript.session, told(found)) == ("user-jason", [("user", "Hello!"), ("assistant", "Hi.")])


def test_the_least_that_a_line_needs(write: Write) -> None:
    (found,) = read(write(HEAD, SESSION, MESSAGE, {**MESSAGE, "colour": "red"}))
    assert told(found) == [("user", "hello")] * 2


@pytest.mark.parametrize(
    ("lines", "line", "why"),
    [
        ([HEAD, MESSAGE], 2, "before the first session"),
        ([HEAD, SESSION, {**MESSAGE, "role": "cat"}], 3, "cat"),
        ([HEAD, SESSION, {**MESSAGE, "text": ""}], 3, "no text"),
        ([HEAD, SESSION, {**MESSAGE, "text": 1}], 3, "Expected `str`"),
        ([HEAD, SESSION, {**MESSAGE, "at": "2026-01-01T00:00:00"}], 3, "no zone"),
        ([HEAD, SESSION, {**MESSAGE, "id": "x" * 513}], 3, "513 bytes"),
        ([HEAD, SESSION, {**MESSAGE, "content": [{"no": "type"}]}], 3, "no `type`"),
        ([HEAD, SESSION, "", {"type": "massage"}], 4, "neither a session nor a message"),
        ([HEAD, SESSION, "[]"], 3, "neither a session nor a message"),
        ([HEAD, {**SESSION, "messages": 2}, MESSAGE], 3, "1 messages of 2"),
        ([{**HEAD, "sessions": 2}, SESSION, MESSAGE], 3, "1 sessions of 2"),
    ],
)
def test_a_line_that_cannot_be_taken_costs_itself(write: Write, lines: list[Any], line: int, why: str) -> None:
    ((number, reason),) = read_all(write(*lines)).left_out
    assert number == line
    assert why in reason


def test_a_file_of_a_newer_version_is_refused(write: Write) -> None:
    sentence = refusal(write({**HEAD, "version": 2}, SESSION, MESSAGE))
    assert sentence.startswith("1: ")
    assert "newer argentos" in sentence


def test_messages_whose_session_is_torn_are_a_session_of_their_own(write: Write) -> None:
    path = write(HEAD, {**SESSION, "messages": 1}, MESSAGE, '{"type":"session","session":"tor', MESSAGE, MESSAGE)
    assert [(each.transcript.session, len(told(each))) for each in read(path)] == [("s", 1), ("file-2", 2)]
    (found,) = read(write(HEAD, '{"type":"session","session":"tor', MESSAGE))
    assert (found.transcript.session, told(found)) == ("file", [("user", "hello")])
