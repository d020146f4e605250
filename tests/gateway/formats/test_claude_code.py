"""Transcripts of Claude Code."""

from typing import Any

import pytest

from tests.gateway.formats.shared import ABOUT_MASTS, SAMPLES, WHICH, Write, blocks, read, read_all, told


def test_of_claude_code_the_latest_branch_is_read_with_the_texts_of_both_sides() -> None:
    (found,) = read(SAMPLES / "claude-code.jsonl")
    assert told(found) == [ABOUT_MASTS[0], ("assistant", "Let me look."), *ABOUT_MASTS[1:], *WHICH]
    assert found.transcript.session == "0b2f6c1e-5a53-4a0e-9d57-2f1d6f0f7c11"
    first = found.transcript.messages[0]
    assert first.id == "00000000-0000-4000-8000-000000000001"
    assert first.at is not None
    assert first.at.isoformat() == "2026-03-02T09:01:00+00:00"


def test_of_claude_code_the_title_is_the_sessions() -> None:
    assert read(SAMPLES / "claude-code.jsonl")[0].transcript.title == "A boat and its masts"


def test_of_claude_code_a_compaction_is_the_summary() -> None:
    (found,) = read(SAMPLES / "claude-code.jsonl")
    assert found.transcript.summary is not None
    assert found.transcript.summary.text == "The masts are 12 m and 9 m tall."
    assert [message.archived for message in found.transcript.messages] == [True] * 6 + [False] * 2


def test_of_claude_code_what_is_left_out_is_listed_by_line_and_reason() -> None:
    assert read_all(SAMPLES / "claude-code.jsonl").left_out == [
        (2, "a note of the program"),
        (8, "what a tool told the program beside its result"),
        (9, "what a tool told the program beside its result"),
        (11, "a note of the program"),
        (12, "a message of another branch"),
        (13, "a message of another branch"),
        (15, "a message of another agent"),
        (16, "a message of another agent"),
        (18, "a note of the program"),
        (21, "a note of the program"),
        (23, "a reply that failed"),
        (25, "a note of the program"),
    ]


def test_of_claude_code_thoughts_calls_results_and_pictures_are_kept() -> None:
    (found,) = read(SAMPLES / "claude-code.jsonl")
    assert blocks(found)[1:3] == [["thinking", "text", "tool_use", "tool_use"], ["tool_result", "tool_result"]]
    assert found.transcript.messages[1].content[0]["signature"] == "c2ln"
    assert blocks(found)[4] == ["text", "image"]


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
    assert [each.raw for each in found.transcript.messages] == ["a", "b\n\nc", "d"]


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


def test_of_claude_code_what_was_said_while_the_agent_worked_is_the_users(write: Write) -> None:
    queued: dict[str, Any] = {
        "type": "attachment",
        "uuid": "2",
        "parentUuid": "1",
        "sessionId": "s",
        "timestamp": "2026-03-02T09:00:00Z",
        "attachment": {"type": "queued_command", "prompt": "and the tests", "commandMode": "prompt"},
    }
    note = {**queued, "uuid": "3", "attachment": {**queued["attachment"], "commandMode": "task-notification"}}
    reading = read_all(write(entry("1", None, "user", "a"), queued, note, entry("4", "2", "assistant", "b")))
    assert told(reading.only) == [("user", "a"), ("user", "and the tests"), ("assistant", "b")]
    assert reading.left_out == [(3, "a note of the program")]


def test_of_claude_code_parents_that_are_null_or_missing_lose_nothing(write: Write) -> None:
    lines = [
        entry(str(number), None, "user" if number % 2 else "assistant", text) for number, text in enumerate("abcd", 1)
    ]
    assert [text for _, text in told(read(write(*lines))[0])] == ["a", "b", "c", "d"]
    for line in lines:
        del line["parentUuid"]
    assert [text for _, text in told(read(write(*lines))[0])] == ["a", "b", "c", "d"]


def test_of_claude_code_entries_without_ids_are_kept(write: Write) -> None:
    lines = [entry("1", None, "user", "a"), entry("2", "1", "assistant", "b"), entry("3", "2", "user", "c")]
    del lines[1]["uuid"], lines[2]["uuid"]
    assert [text for _, text in told(read(write(*lines))[0])] == ["a", "b", "c"]


def test_of_claude_code_a_message_that_is_a_text_is_taken(write: Write) -> None:
    lines = [entry("1", None, "user", ""), entry("2", "1", "assistant", "b")]
    lines[0]["message"] = "a"
    assert told(read(write(*lines))[0]) == [("user", "a"), ("assistant", "b")]


def test_of_claude_code_a_copy_of_a_line_is_listed(write: Write) -> None:
    reading = read_all(write(*[entry("1", None, "user", "a")] * 2, entry("2", "1", "assistant", "b")))
    assert told(reading.only) == [("user", "a"), ("assistant", "b")]
    assert reading.left_out == [(2, "a copy of line 1")]


def test_of_claude_code_lines_of_an_earlier_session_are_taken_and_its_id_is_listed(write: Write) -> None:
    reading = read_all(write({**entry("1", None, "user", "a"), "sessionId": "old"}, entry("2", "1", "assistant", "b")))
    assert (reading.only.transcript.session, told(reading.only)) == ("s", [("user", "a"), ("assistant", "b")])
    assert reading.left_out == [(1, "the session id 'old' (what is said there is taken into session 's')")]


def test_of_claude_code_the_results_of_calls_at_once_stand_behind_them(write: Write) -> None:
    def call(uuid: str, parent: str, number: int) -> dict[str, Any]:
        use: dict[str, Any] = {"type": "tool_use", "id": f"t{number}", "name": "Read", "input": {}}
        return {**entry(uuid, parent, "assistant", ""), "message": {"id": "m", "role": "assistant", "content": [use]}}

    def result(uuid: str, parent: str, number: int) -> dict[str, Any]:
        made = {"type": "tool_result", "tool_use_id": f"t{number}", "content": f"{number}"}
        return {**entry(uuid, parent, "user", ""), "message": {"role": "user", "content": [made]}}

    lines = [
        entry("1", None, "user", "a"),
        call("2", "1", 1),
        call("3", "2", 2),
        result("4", "2", 1),
        result("5", "3", 2),
    ]
    (found,) = read(write(*lines, entry("6", "5", "assistant", "b")))
    assert blocks(found) == ["a", ["tool_use", "tool_use"], ["tool_result", "tool_result"], "b"]
    assert [each["content"] for each in found.transcript.messages[2].content] == ["1", "2"]


def test_of_claude_code_the_first_of_two_summaries_is_listed(write: Write) -> None:
    def compaction(uuid: str, parent: str, text: str) -> list[dict[str, Any]]:
        boundary = {"type": "system", "subtype": "compact_boundary", "uuid": f"b{uuid}", "parentUuid": None}
        summary = {**entry(uuid, f"b{uuid}", "user", text), "isCompactSummary": True}
        return [{**boundary, "logicalParentUuid": parent, "sessionId": "s"}, summary]

    lines = [entry("1", None, "user", "a"), *compaction("2", "1", "one"), entry("3", "2", "user", "b")]
    reading = read_all(write(*lines, *compaction("4", "3", "two"), entry("5", "4", "user", "c")))
    assert reading.only.transcript.summary is not None
    assert reading.only.transcript.summary.text == "two"
    assert [(each.text, each.archived) for each in reading.only.transcript.messages] == [
        ("a", True),
        ("b", True),
        ("c", False),
    ]
    assert reading.left_out == [(6, "a summary that took the place of an earlier one, which is left out")]


def test_of_claude_code_blocks_that_are_not_known_are_kept_whole(write: Write) -> None:
    line = entry("1", None, "assistant", "")
    unknown = {"type": "block_of_tomorrow", "x": [{"y": 1}]}
    line["message"]["content"] = [unknown, {"type": "redacted_thinking", "data": "b3Bh"}]
    assert read(write(line))[0].transcript.messages[0].content == (
        unknown,
        {"type": "redacted_thinking", "data": "b3Bh"},
    )


def test_of_claude_code_lines_with_little_in_them_are_taken(write: Write) -> None:
    lines = [
        {"type": "user", "message": {"content": "a"}},
        {"type": "assistant", "message": {"content": [{"type": "text", "text": "b"}]}},
        {"type": "attachment", "attachment": {"type": "queued_command", "prompt": "<task-notification>done"}},
        {"type": "attachment", "attachment": {"type": "queued_command", "prompt": [{"type": "text", "text": "c"}]}},
    ]
    reading = read_all(write(*lines))
    assert told(reading.only) == [("user", "a"), ("assistant", "b"), ("user", "c")]
    assert reading.left_out == [(3, "a note of the program")]


def test_of_claude_code_the_session_of_the_files_name_is_the_session(write: Write) -> None:
    lines = [entry("1", None, "user", "a"), {**entry("2", "1", "assistant", "b"), "sessionId": "other"}]
    assert read(write(*lines, name="s.jsonl"))[0].transcript.session == "s"


CAVEAT = "Caveat: The messages below were generated by the user while running local commands."


@pytest.mark.parametrize("text", ["<system-reminder>x", CAVEAT])
def test_of_claude_code_what_the_program_says_as_the_user_is_listed(write: Write, text: str) -> None:
    after = entry("3", "2", "assistant", "b")
    reading = read_all(write(entry("1", None, "user", "a"), entry("2", "1", "user", text), after))
    assert told(reading.only) == [("user", "a"), ("assistant", "b")]
    assert reading.left_out == [(2, "a note of the program")]


def test_of_claude_code_copies_of_a_response_under_other_ids_are_one(write: Write) -> None:
    lines = [entry("1", None, "user", "a"), entry("2", "1", "assistant", "b", id="m")]
    again = [entry("3", None, "user", "a"), entry("4", "3", "assistant", "b", id="m"), entry("5", "4", "user", "c")]
    assert told(read(write(*lines, *again))[0]) == [("user", "a"), ("assistant", "b"), ("user", "c")]
