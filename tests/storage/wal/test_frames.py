"""The bytes of a journal segment: whatever happens to them, whole frames are found and nothing is made up."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import StoreDamagedError, StoreVersionError
from argentos.storage import SessionKey
from argentos.storage.testing.script import stories
from argentos.storage.testing.story import KEY, OTHER, Story
from argentos.storage.wal.frames import MAGIC, Broken, Frame, Scan, encode_body, encode_commit, scan

PATH = Path("00000001.journal")
HEAD = 20

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def frames_of(story: Story, commit: int = 1) -> list[bytes]:
    """Each record of a story in a frame and a commit of its own."""
    return [encode_commit(commit + at, [encode_body(story.key, [each])]) for at, each in enumerate(story.records)]


def content(found: Scan) -> list[tuple[SessionKey, int, list[int]]]:
    return [(each.key, each.commit, [record.sequence for record in each.records]) for each in found.frames]


def read(data: bytes | bytearray) -> Scan:
    return scan(bytes(data), PATH)


@given(stories(), st.builds(SessionKey, texts, texts), st.integers(1, 9), st.integers(0, 2**64 - 1), st.integers(0, 99))
def test_what_is_encoded_is_read_back(story: Story, key: SessionKey, batch: int, commit: int, zeros: int) -> None:
    appends = [story.records[at : at + batch] for at in range(0, len(story.records), batch)]
    data = MAGIC + encode_commit(commit, [encode_body(key, records) for records in appends])
    found = read(data + bytes(zeros))
    assert [(each.key, each.commit, each.records) for each in found.frames] == [
        (key, commit, records) for records in appends
    ]
    assert found.broken == []
    assert found.frames[0].start == len(MAGIC)
    assert found.frames[-1].end == len(data)


def test_a_frame_without_records_ends_a_session() -> None:
    [frame] = read(MAGIC + encode_commit(3, [encode_body(KEY, [])])).frames
    assert (frame.key, frame.commit, frame.records) == (KEY, 3, [])


def test_a_frame_begins_with_a_mark_that_no_text_can_hold() -> None:
    mark = encode_commit(1, [b"body"])[:4]
    for part in (mark, mark[:1], mark[-1:]):
        with pytest.raises(UnicodeDecodeError):
            part.decode()


def test_a_body_that_ends_in_a_zero_is_whole() -> None:
    story = Story().say().start()
    data = MAGIC + encode_commit(1, [encode_body(story.key, story.records)])
    assert data.endswith(b"\0")
    assert read(data + bytes(64)).broken == []
    assert read(data[:-1]).frames == []


@pytest.mark.parametrize("damaged", range(3))
def test_a_broken_byte_costs_one_frame(damaged: int) -> None:
    story = Story().say("hello").say("more")
    frames = frames_of(story)
    begin = len(MAGIC) + sum(map(len, frames[:damaged]))
    for offset in range(begin, begin + len(frames[damaged])):
        for value in (0x01, 0x80, 0xFF):
            data = bytearray(MAGIC + b"".join(frames))
            data[offset] ^= value
            found = read(data)
            rest = [record for number, record in enumerate(story.records) if number != damaged]
            assert [record for each in found.frames for record in each.records] == rest
            assert [(each.start, each.end) for each in found.broken] == [(begin, begin + len(frames[damaged]))]


def test_a_broken_frame_says_whose_it_was_where_that_can_be_read() -> None:
    frame = frames_of(Story().say("hello"))[1]
    data = MAGIC + frame
    assert read(data.replace(b"hello", b"hellO")).broken == [Broken(len(MAGIC), len(data), 2, KEY)]
    assert read(data.replace(b"main", b"mai\xff")).broken == [Broken(len(MAGIC), len(data), 2, None)]
    assert read(data[:-1]).broken == [Broken(len(MAGIC), len(data) - 1, 2, None)]


def test_a_frame_cut_at_any_byte_is_broken_and_those_before_it_are_whole() -> None:
    story = Story().say("hello")
    *whole, last = frames_of(story)
    for length in range(1, len(last)):
        found = read(MAGIC + b"".join(whole) + last[:length])
        assert [record for each in found.frames for record in each.records] == story.records[:-1]
        start = len(MAGIC) + len(whole[0])
        assert [each.start for each in found.broken] == [start]


def test_a_hole_of_zeros_costs_what_was_in_it() -> None:
    story = Story().say("a" * 50).say("b")
    first, second, third = frames_of(story)
    found = read(MAGIC + first + bytes(len(second)) + third)
    assert content(found) == [(KEY, 1, [1]), (KEY, 3, [3])]
    assert [(each.start, each.end) for each in found.broken] == [
        (len(MAGIC) + len(first), len(MAGIC) + len(first) + len(second))
    ]


def test_a_frame_is_found_behind_marks_that_begin_none() -> None:
    [frame] = frames_of(Story())
    mark = frame[:4]
    for noise in (mark, mark * 3, mark[:2], mark + b"\xff" * 16, frame[:-1], frame[:HEAD], b"noise" + mark):
        found = read(MAGIC + noise + frame)
        assert content(found) == [(KEY, 1, [1])]
        assert (found.broken[0].start, found.broken[-1].end) == (len(MAGIC), len(MAGIC) + len(noise))


def test_a_commit_number_that_was_changed_breaks_the_frame() -> None:
    story = Story()
    body = encode_body(KEY, story.records)
    one, two = (encode_commit(commit, [body]) for commit in (1, 2))
    forged = one[:12] + two[12:20] + one[20:]
    assert read(MAGIC + forged).frames == []


@given(st.data())
def test_however_a_segment_is_mutated_only_frames_that_were_written_are_read(data: st.DataObject) -> None:
    story, other = Story().say("hello").say("more"), Story(OTHER).say("x")
    written = frames_of(story) + frames_of(other, commit=4)
    segment = bytearray(MAGIC + b"".join(written) + bytes(40))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(segment) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "zero", "double", "insert"])):
            case "flip":
                segment[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del segment[max(at, len(MAGIC) + 1) :]
            case "zero":
                segment[at : at + 30] = bytes(len(segment[at : at + 30]))
            case "double":
                segment[at:at] = segment[at : at + 100]
            case _:
                segment[at:at] = data.draw(st.binary(max_size=9))
    try:
        found = read(segment)
    except (StoreDamagedError, StoreVersionError):
        assert not segment.startswith(MAGIC)
        return
    assert {bytes(segment[each.start : each.end]) for each in found.frames} <= set(written)
    spans = sorted(
        [(each.start, each.end) for each in found.frames] + [(each.start, each.end) for each in found.broken]
    )
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(st.binary(max_size=200))
def test_no_bytes_behind_the_magic_are_a_crash(noise: bytes) -> None:
    assert read(MAGIC + noise).frames == []


def test_a_whole_frame_with_records_we_do_not_know_costs_its_session_only() -> None:
    body = encode_body(KEY, Story().records).replace(b"transition", b"telepathic")
    found = read(MAGIC + encode_commit(1, [body]) + frames_of(Story(OTHER))[0])
    assert [frame.key for frame in found.frames] == [OTHER]
    assert [(each.key, each.commit, "telepathic" in each.why) for each in found.broken] == [(KEY, 1, True)]


# The beginning of a segment ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(len(MAGIC) + 1))
@pytest.mark.parametrize("zeros", [0, 1, 100])
def test_a_segment_whose_making_was_killed_holds_nothing(size: int, zeros: int) -> None:
    assert read(MAGIC[:size] + bytes(zeros)) == Scan([], [])


@pytest.mark.parametrize("magic", [b"ARGENTJ4", b"ARGENTJ9", b"ARGENTJA"])
def test_a_segment_of_another_version_is_refused(magic: bytes) -> None:
    with pytest.raises(StoreVersionError, match=r"00000001\.journal was written by an? (older|newer) argentos"):
        read(magic + b"frames of a kind that this version does not know")


@pytest.mark.parametrize("digit", [b"1", b"2", b"4", b"9"])
def test_a_segment_of_another_version_is_refused_though_its_frames_look_like_ours(digit: bytes) -> None:
    with pytest.raises(StoreVersionError, match=r"was written by an? (older|newer) argentos"):
        read(b"ARGENTJ" + digit + frames_of(Story())[0])


def test_a_segment_whose_version_is_a_flipped_bit_and_no_version_is_damaged() -> None:
    found = read(b"ARGENTJ:" + frames_of(Story())[0])
    assert [(each.start, each.end) for each in found.broken] == [(0, 8)]
    assert len(found.frames) == 1


@pytest.mark.parametrize("foreign", [b"{}", b"ARGENTX1" + bytes(30), b"SQLite format 3\0"])
def test_a_file_that_is_no_segment_is_broken_from_its_beginning(foreign: bytes) -> None:
    found = read(foreign)
    assert found.frames == []
    assert found.broken[0].start == 0


def test_frames_say_where_they_are() -> None:
    one, two = (encode_commit(1, [encode_body(key, Story(key).records)]) for key in (KEY, OTHER))
    frames: list[Frame] = read(MAGIC + one + two).frames
    assert [(each.start, each.end) for each in frames] == [
        (len(MAGIC), len(MAGIC) + len(one)),
        (len(MAGIC) + len(one), len(MAGIC) + len(one) + len(two)),
    ]
