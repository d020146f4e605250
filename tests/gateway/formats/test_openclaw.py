"""Transcripts of OpenClaw and of pi."""

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
