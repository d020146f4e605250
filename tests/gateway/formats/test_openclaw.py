"""Transcripts of OpenClaw and of pi."""

from typing import Any

from tests.gateway.formats.shared import ABOUT_MASTS, SAMPLES, WHICH, Write, blocks, read, read_all, told


def test_of_openclaw_the_latest_branch_is_read_with_the_texts_of_both_sides() -> None:
    (found,) = read(SAMPLES / "openclaw.jsonl")
    assert told(found) == [*ABOUT_MASTS, *WHICH]
    assert found.transcript.session == "7d1c9f0a-3b0e-4a52-8f5e-0d9a4d3c2b1a"
    assert found.transcript.messages[0].id == "e0000002"


def test_of_openclaw_a_compaction_is_the_summary_of_what_came_before_the_first_entry_kept() -> None:
    (found,) = read(SAMPLES / "openclaw.jsonl")
    assert found.transcript.summary is not None
    assert found.transcript.summary.text == "The first mast is 12 m tall."
    assert [message.archived for message in found.transcript.messages] == [True] * 4 + [False] * 4


def test_of_openclaw_what_is_left_out_is_listed_by_line_and_reason() -> None:
    assert read_all(SAMPLES / "openclaw.jsonl").left_out == [
        (2, "a note of the program"),
        (7, "a copy of a reply"),
        (8, "a message of another branch"),
        (12, "a note of the program"),
    ]


def test_of_openclaw_thoughts_calls_and_results_are_kept() -> None:
    (found,) = read(SAMPLES / "openclaw.jsonl")
    assert blocks(found)[1:3] == [["thinking", "tool_use"], ["tool_result"]]


def test_of_openclaw_sessions_behind_one_another_are_several(write: Write) -> None:
    sample = (SAMPLES / "openclaw.jsonl").read_text(encoding="utf-8")
    again = sample.replace("7d1c9f0a", "00000000")
    assert [told(found) for found in read(write(sample + again))] == [[*ABOUT_MASTS, *WHICH]] * 2


def test_of_openclaw_an_old_transcript_without_a_tree_is_read_in_its_order(write: Write) -> None:
    messages = [{"type": "message", "message": {"role": "user", "content": text}} for text in ("a", "b")]
    (found,) = read(write({"type": "session", "id": "old"}, *messages))
    assert [text for _, text in told(found)] == ["a", "b"]


def test_of_pi_calls_results_and_pictures_are_kept_and_a_failed_reply_is_listed() -> None:
    reading = read_all(SAMPLES / "pi.jsonl")
    assert told(reading.only) == ABOUT_MASTS
    assert reading.only.transcript.title == "Masts"
    assert blocks(reading.only)[1:3] == [["thinking", "tool_use"], ["tool_result"]]
    thought, call = reading.only.transcript.messages[1].content
    assert (thought["signature"], call["input"]) == ("c2ln", {"command": "cat mast.txt"})
    assert reading.only.transcript.messages[2].content[0]["content"][1] == {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
    }
    assert reading.left_out == [
        (2, "a note of the program"),
        (5, "what a tool told the program beside its result"),
        (7, "a command that was run beside the conversation"),
        (10, "the error of a reply that failed: 'overloaded'"),
        (11, "what a model of another maker adds to its thoughts for itself"),
    ]


def said(number: int, parent: int | None, role: str, text: str, **more: Any) -> dict[str, Any]:
    ids = {"id": f"{number}", "parentId": None if parent is None else f"{parent}"}
    return {"type": "message", **ids, "message": {"role": role, "content": text, **more}}


HEAD = {"type": "session", "version": 3, "id": "s"}


def test_of_pi_the_index_of_the_first_version_says_what_a_compaction_kept(write: Write) -> None:
    messages = [{"type": "message", "message": {"role": "user", "content": text}} for text in "abcd"]
    compaction = {"type": "compaction", "summary": "in short", "firstKeptEntryIndex": 3}
    (found,) = read(write({"type": "session", "id": "old"}, *messages[:3], compaction, messages[3]))
    assert [(each.text, each.archived) for each in found.transcript.messages] == [
        ("a", True),
        ("b", True),
        ("c", False),
        ("d", False),
    ]


def test_of_openclaw_the_first_of_two_summaries_is_listed(write: Write) -> None:
    summaries = [{"type": "compaction", "id": f"c{n}", "parentId": f"{n}", "summary": f"{n}"} for n in (1, 2)]
    lines = [said(1, None, "user", "a"), summaries[0], {**said(2, 0, "user", "b"), "parentId": "c1"}, summaries[1]]
    reading = read_all(write(HEAD, *lines, {**said(3, 0, "user", "c"), "parentId": "c2"}))
    assert reading.only.transcript.summary is not None
    assert reading.only.transcript.summary.text == "2"
    assert [message.archived for message in reading.only.transcript.messages] == [True, True, False]
    assert reading.left_out == [(5, "a summary that took the place of an earlier one, which is left out")]


def test_of_pi_a_leaf_says_where_the_conversation_stands(write: Write) -> None:
    lines = [said(1, None, "user", "a"), said(2, 1, "assistant", "b"), said(3, 2, "user", "c")]
    leaf = {"type": "leaf", "id": "l", "parentId": "3", "targetId": "2"}
    reading = read_all(write(HEAD, *lines, leaf))
    assert told(reading.only) == [("user", "a"), ("assistant", "b")]
    assert reading.left_out == [(4, "a message of another branch")]
    assert told(read(write(HEAD, *lines, leaf, said(4, 1, "assistant", "d")))[0]) == [("user", "a"), ("assistant", "d")]


def test_of_openclaw_parents_that_are_null_lose_nothing_unless_a_prompt_was_edited(write: Write) -> None:
    lines = [said(1, None, "user", "one"), said(2, None, "assistant", "two"), said(3, None, "user", "quite different")]
    assert len(told(read(write(HEAD, *lines))[0])) == 3
    assert told(read(write(HEAD, *lines[:2], said(3, None, "user", "One!")))[0]) == [("user", "One!")]


def test_of_openclaw_a_torn_head_costs_the_id_only(write: Write) -> None:
    (found,) = read(write('{"type":"session","versi', said(1, None, "user", "a"), name="abc.jsonl.imported-179900"))
    assert (found.transcript.session, told(found)) == ("abc", [("user", "a")])


def test_of_openclaw_a_file_of_a_topic_is_a_session_of_its_own(write: Write) -> None:
    assert read(write(HEAD, said(1, None, "user", "a"), name="s-topic-2.jsonl"))[0].transcript.session == "s-topic-2"
    assert read(write(HEAD, said(1, None, "user", "a"), name="sail.jsonl"))[0].transcript.session == "s"


def test_of_openclaw_replies_that_ended_early_say_so(write: Write) -> None:
    reasons = ["stop", "length", "aborted", "error"]
    lines = [said(n, n - 1, "assistant", f"reply {n}", stopReason=reason) for n, reason in enumerate(reasons, start=2)]
    (found,) = read(write(HEAD, said(1, None, "user", "a"), *lines))
    assert [message.stop_reason for message in found.transcript.messages] == [
        None,
        None,
        "max_tokens",
        "stopped",
        "error",
    ]
