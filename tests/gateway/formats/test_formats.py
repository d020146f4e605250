"""The formats of conversations in files: what is read of each, and what is refused."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos import Address
from argentos.actors import SessionInfo, Transcript, TranscriptMessage, TranscriptSummary
from argentos.errors import InputError
from argentos.gateway.formats import ReadTranscript, Source, head_line, read_transcripts, session_lines
from argentos.machines.mermaid.markdown import fences

SAMPLES = Path(__file__).parent / "samples"

Write: TypeAlias = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of lines; what is no text is written as JSON."""

    def write_lines(*lines: Any, name: str = "file.jsonl") -> Path:
        path = tmp_path / name
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        return path

    return write_lines


def read(path: Path, session: str | None = None) -> list[ReadTranscript]:
    with Source.open(path) as source:
        return list(read_transcripts(source, session))


def told(found: ReadTranscript) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in found.transcript.messages]


def refusal(path: Path) -> str:
    """Why a file is refused, without its name and behind the number of the line."""
    with pytest.raises(InputError) as caught:
        read(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}:")
    assert "\n" not in sentence
    return sentence.removeprefix(f"{path}:")


ABOUT_MASTS = [
    ("user", "How tall is the mast?"),
    ("assistant", "It is 12 m tall."),
    ("user", "And the second mast?"),
    ("assistant", "9 m."),
]
WHICH = [("user", "Which one is taller?"), ("assistant", "The first, by 3 m.")]


# Claude Code ------------------------------------------------------------------------------------------


def test_of_claude_code_the_latest_branch_is_read_with_the_texts_of_both_sides() -> None:
    (found,) = read(SAMPLES / "claude-code.jsonl")
    assert told(found) == [ABOUT_MASTS[0], ("assistant", "Let me look."), *ABOUT_MASTS[1:], *WHICH]
    assert found.transcript.session == "0b2f6c1e-5a53-4a0e-9d57-2f1d6f0f7c11"
    first = found.transcript.messages[0]
    assert first.id == "00000000-0000-4000-8000-000000000001"
    assert first.at is not None
    assert first.at.isoformat() == "2026-03-02T09:01:00+00:00"


def test_of_claude_code_a_compaction_is_the_summary() -> None:
    (found,) = read(SAMPLES / "claude-code.jsonl")
    assert found.transcript.summary is not None
    assert found.transcript.summary.text == "The masts are 12 m and 9 m tall."
    assert [message.archived for message in found.transcript.messages] == [True] * 5 + [False] * 2


def test_of_claude_code_what_is_no_text_of_the_conversation_is_counted() -> None:
    (found,) = read(SAMPLES / "claude-code.jsonl")
    assert found.passed_over == {
        "thoughts": 1,
        "tool calls": 2,
        "tool results": 2,
        "images": 1,
        "messages of other agents": 2,
        "messages of other branches": 2,
        "notes of the program": 7,
    }


def entry(uuid: str, parent: str | None, role: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "type": role,
        "uuid": uuid,
        "parentUuid": parent,
        "sessionId": "s",
        "timestamp": "2026-03-02T09:00:00Z",
        "message": {"role": role, "content": [{"type": "text", "text": text}], **more},
    }


def test_of_claude_code_an_entry_whose_parent_is_in_no_file_follows_the_one_before_it(write: Write) -> None:
    (found,) = read(write(entry("1", None, "user", "a"), entry("2", "lost", "assistant", "b")))
    assert told(found) == [("user", "a"), ("assistant", "b")]


def test_of_claude_code_a_reply_that_forked_is_read_whole(write: Write) -> None:
    reply = [entry("2", "1", "assistant", "b", id="m"), entry("3", "2", "assistant", "c", id="m")]
    (found,) = read(write(entry("1", None, "user", "a"), *reply, entry("4", "2", "assistant", "d")))
    assert [text for _, text in told(found)] == ["a", "b", "c", "d"]


def test_of_claude_code_a_first_message_that_was_edited_leaves_nothing_of_the_first_try(write: Write) -> None:
    tries = [entry("1", None, "user", "tpyo"), entry("2", "1", "assistant", "what?"), entry("3", None, "user", "typo")]
    (found,) = read(write(*tries))
    assert told(found) == [("user", "typo")]


def test_of_claude_code_messages_that_a_compaction_preserved_stay(write: Write) -> None:
    boundary = {
        "type": "system",
        "subtype": "compact_boundary",
        "uuid": "3",
        "parentUuid": None,
        "logicalParentUuid": "2",
        "sessionId": "s",
        "compactMetadata": {"preservedSegment": {"headUuid": "2"}},
    }
    summary = {**entry("4", "3", "user", "in short"), "isCompactSummary": True}
    (found,) = read(write(entry("1", None, "user", "a"), entry("2", "1", "assistant", "b"), boundary, summary,
                          entry("5", "4", "user", "c")))  # fmt: skip
    assert [(each.text, each.archived) for each in found.transcript.messages] == [
        ("a", True),
        ("b", False),
        ("c", False),
    ]


def test_of_claude_code_a_file_without_a_conversation_has_none(write: Write) -> None:
    assert read(write({"type": "summary", "summary": "A title", "leafUuid": "1"})) == []


# OpenClaw ---------------------------------------------------------------------------------------------


def test_of_openclaw_the_latest_branch_is_read_with_the_texts_of_both_sides() -> None:
    (found,) = read(SAMPLES / "openclaw.jsonl")
    assert told(found) == [*ABOUT_MASTS, *WHICH]
    assert found.transcript.session == "7d1c9f0a-3b0e-4a52-8f5e-0d9a4d3c2b1a"
    assert found.transcript.messages[0].id == "e0000002"


def test_of_openclaw_a_compaction_is_the_summary_of_what_came_before_the_first_entry_kept() -> None:
    (found,) = read(SAMPLES / "openclaw.jsonl")
    assert found.transcript.summary is not None
    assert found.transcript.summary.text == "The first mast is 12 m tall."
    assert [message.archived for message in found.transcript.messages] == [True] * 2 + [False] * 4


def test_of_openclaw_what_is_no_text_of_the_conversation_is_counted() -> None:
    (found,) = read(SAMPLES / "openclaw.jsonl")
    assert found.passed_over == {
        "thoughts": 1,
        "tool calls": 1,
        "tool results": 1,
        "copies of replies": 1,
        "messages of other branches": 1,
        "notes of the program": 2,
    }


def test_of_openclaw_sessions_behind_one_another_are_several(write: Write) -> None:
    sample = (SAMPLES / "openclaw.jsonl").read_text(encoding="utf-8")
    again = sample.replace("7d1c9f0a", "00000000")
    assert [told(found) for found in read(write(sample + again))] == [[*ABOUT_MASTS, *WHICH]] * 2


def test_of_openclaw_an_old_transcript_without_a_tree_is_read_in_its_order(write: Write) -> None:
    messages = [{"type": "message", "message": {"role": "user", "content": text}} for text in ("a", "b")]
    (found,) = read(write({"type": "session", "id": "old"}, *messages))
    assert [text for _, text in told(found)] == ["a", "b"]


# OpenAI -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["openai.json", "openai.jsonl"])
def test_openai_messages_are_read_as_a_document_and_as_lines(name: str) -> None:
    (found,) = read(SAMPLES / name)
    assert told(found) == ABOUT_MASTS
    assert found.transcript.session == "openai"
    assert found.transcript.messages[0].sender == "Maren"
    assert found.passed_over == {"system messages": 1, "tool calls": 1, "tool results": 1, "images": 1}


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


# Our own ----------------------------------------------------------------------------------------------


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
)
_summaries = st.builds(
    TranscriptSummary, text=_texts, at=_times, first=st.none() | st.integers(1, 9), before=st.none() | st.integers(0, 9)
)
_transcripts = st.builds(
    Transcript,
    session=st.sampled_from(["ada", "Maren", "日本"]),
    messages=st.lists(_messages, min_size=1, max_size=6).map(tuple),
    summary=st.none() | _summaries,
    created_at=_times,
)


def info_of(transcript: Transcript) -> SessionInfo:
    return SessionInfo(
        id=transcript.session,
        agent=transcript.agent,
        sequence=1,
        state="Idle",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        last_activity=datetime(2026, 1, 1, tzinfo=UTC),
        messages=len(transcript.messages),
        turns=0,
        tokens=0,
        window=1000,
        percent=0.0,
        compactions=0,
        waiting=0,
        failed=0,
        failure="",
        retry_at=None,
        retry_reason="",
        title="",
        tags=(),
        owner="",
        system="",
        owed=0,
        undeliverable=0,
        edges={},
    )


@given(st.lists(_transcripts, max_size=3))
def test_what_is_written_is_read_back(transcripts: list[Transcript]) -> None:
    written = b"".join(line for each in transcripts for line in session_lines(each, info_of(each)))
    source = Source("file", io.BytesIO(head_line(len(transcripts)) + written))
    assert [found.transcript for found in read_transcripts(source)] == transcripts


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
        ([HEAD, SESSION, {**MESSAGE, "role": "cat"}], 3, "'cat'"),
        ([HEAD, SESSION, {**MESSAGE, "text": ""}], 3, "no text"),
        ([HEAD, SESSION, {**MESSAGE, "text": 1}], 3, "Expected `str`"),
        ([HEAD, SESSION, {**MESSAGE, "at": "2026-01-01T00:00:00"}], 3, "no zone"),
        ([HEAD, SESSION, {**MESSAGE, "id": "x" * 513}], 3, "513 bytes"),
        ([HEAD, SESSION, "", {"type": "massage"}], 4, "neither a session nor a message"),
        ([HEAD, SESSION, "[]"], 3, "neither a session nor a message"),
        ([HEAD, {**SESSION, "session": "a\nb"}], 2, "is not allowed there"),
        ([HEAD, {**SESSION, "summary": {"text": "all"}}], 2, "no message"),
        ([HEAD, {**SESSION, "messages": 2}, MESSAGE], 3, "1 messages of 2"),
        ([{**HEAD, "sessions": 2}, SESSION, MESSAGE], 3, "1 sessions of 2"),
        ([{**HEAD, "version": 2}, SESSION, MESSAGE], 1, "newer argentos"),
    ],
)
def test_a_line_that_cannot_be_taken_is_refused_by_its_number(
    write: Write, lines: list[Any], line: int, why: str
) -> None:
    sentence = refusal(write(*lines))
    assert sentence.startswith(f"{line}: ")
    assert why in sentence


# Hostile input ----------------------------------------------------------------------------------------

HOSTILE = {
    "deep nesting": "[" * 100_000,
    "deep nesting inside": '{"type": "message", "role": "user", "text": "a", "x": ' + '{"a":' * 50_000,
    "half a surrogate pair": '{"type": "message", "role": "user", "text": "\\ud800 alone"}',
    "half a pair in what is not read": '{"type": "message", "role": "user", "text": "a", "x": "\\udc00 "}',
    "a huge number": '{"type": "message", "role": "user", "text": "a", "x": 1e999}',
    "a long number": '{"type": "message", "role": "user", "text": "a", "x": ' + "9" * 10_000 + "}",
    "a key twice": '{"type": "message", "role": "user", "text": "a", "text": "b"}',
    "a key twice inside": '{"type": "message", "role": "user", "text": "a", "x": {"y": 1, "y": 2}}',
    "not a number": '{"type": "message", "role": "user", "text": "a", "x": NaN}',
    "half a line": '{"type": "message", "role": "us',
    "two values": '{"type": "message", "role": "user", "text": "a"} {}',
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "before",
    [
        [HEAD, SESSION],
        [{"type": "session", "id": "s"}, {"type": "custom"}],
        [entry("1", None, "user", "a"), {"type": "mode"}],
        [{"role": "user", "content": "a"}] * 2,
    ],
    ids=["export", "openclaw", "claude-code", "openai"],
)
def test_hostile_json_is_refused_in_every_format_by_its_line(write: Write, before: list[Any], line: str) -> None:
    assert refusal(write(*before, line)).startswith("3: ")


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_hostile_json_is_refused_as_a_document(write: Write, line: str) -> None:
    assert refusal(write("[", line, name="file.json"))[0] in "123"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_bytes(b'{"role": "user", "content": "a"}\n{"role": "user", "content": "\xff\xed\xa0\x80"}\n')
    assert refusal(path).startswith("2: ")


def test_an_error_in_a_document_names_its_line(write: Write) -> None:
    assert refusal(write("[", ' {"role": "user"', ' "content": "a"}', "]")).startswith("3: ")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("Hello there", "not JSON"),
        ('{"hello": "there"}', "none of the formats"),
        ("[1, 2]", "message 1: Expected `object`"),
        ("17", "none of the formats"),
        ('[{"role": "cat", "content": "miaow"}]', "message 1: the role 'cat'"),
    ],
)
def test_what_has_no_known_format_is_refused(write: Write, content: str, why: str) -> None:
    sentence = refusal(write(content) if content else write())
    assert sentence.startswith("1: ")
    assert why in sentence


@given(st.binary(max_size=60) | st.text('[]{}",:\\u d8013\n', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_in_one_sentence(data: bytes) -> None:
    try:
        list(read_transcripts(Source("file", io.BytesIO(data), "file")))
    except InputError as error:
        assert str(error).startswith("file:")  # noqa: PT017 - most are refused, and some are not


# Files ------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_does_no_harm(write: Write) -> None:
    (found,) = read(write('\ufeff{"role": "user", "content": "a"}'))
    assert told(found) == [("user", "a")]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read(tmp_path / "missing.jsonl")


def test_an_id_is_for_one_conversation_only() -> None:
    assert read(SAMPLES / "openai.json", "maren")[0].transcript.session == "maren"
    with pytest.raises(InputError, match=r"conversations.jsonl:2: a second conversation"):
        read(SAMPLES / "openai-conversations.jsonl", "maren")
