"""The journal: what was committed is recovered, and what cannot be read is set aside."""

import contextlib
import errno
import os
import shutil
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argentos.errors import StoreVersionError
from argentos.storage import Record, SessionKey
from argentos.storage.disk import durable, reading
from argentos.storage.testing.script import stories
from argentos.storage.testing.story import KEY, OTHER, Story
from argentos.storage.wal import segment_file
from argentos.storage.wal.frames import MAGIC, encode_body, encode_commit, scan
from argentos.storage.wal.journal import Journal, NoSegmentError
from argentos.storage.wal.recovery import Recovered, recover

FIRST, SECOND = "00000001.journal", "00000002.journal"
SIZE = 1 << 16


def frame(key: SessionKey, records: Sequence[Record], commit: int = 1) -> bytes:
    return encode_commit(commit, [encode_body(key, records)])


def frames_of(story: Story, commit: int = 1) -> list[bytes]:
    return [frame(story.key, [record], commit + at) for at, record in enumerate(story.records)]


def written(folder: Path, data: bytes | bytearray, name: str = FIRST) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def recovered(folder: Path) -> list[Record]:
    found: list[Recovered] = []
    recover(folder, found.append)
    return [record for each in found for record in each.records]


def opened(folder: Path, *, segment_size: int = SIZE) -> tuple[Journal, list[Record], list[str]]:
    found: list[Recovered] = []
    journal = Journal(folder, segment_size)
    told = journal.open(found.append)
    return journal, [record for each in found for record in each.records], told


def bodies(*stories: Story) -> list[tuple[SessionKey, int, bytes]]:
    taken = [(story.key, story.take()) for story in stories]
    return [(key, records[-1].sequence, encode_body(key, records)) for key, records in taken]


def write(journal: Journal, *stories: Story) -> None:
    journal.write(bodies(*stories))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def aside(folder: Path, why: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob(f"*.{why}-*"))]


@settings(max_examples=30)
@given(st.lists(st.lists(stories(), min_size=1, max_size=3), max_size=4), st.sampled_from([1, 300, SIZE]))
def test_what_is_committed_is_recovered(
    tmp_path_factory: pytest.TempPathFactory, commits: list[list[Story]], segment_size: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal, _, _ = opened(folder, segment_size=segment_size)
    expected: list[tuple[SessionKey, list[Record]]] = []
    for number, commit in enumerate(commits):
        for at, story in enumerate(commit):
            story.key = SessionKey("main", f"{number}-{at}")
            expected.append((story.key, story.records))
        write(journal, *commit)
    journal.close()
    found: list[Recovered] = []
    recovery = recover(folder, found.append)
    assert [(each.key, each.records) for each in found] == expected
    assert recovery.findings == []
    assert {key: last for segment in recovery.segments for key, last in segment.last.items()} == {
        key: len(records) for key, records in expected
    }
    shutil.rmtree(folder)


# Torn --------------------------------------------------------------------------------------------------------


def test_a_torn_end_is_cut_at_the_last_whole_record_and_set_aside(tmp_path: Path) -> None:
    story = Story().say("hello")
    *whole, last = frames_of(story.say("and then"))
    kept = MAGIC + b"".join(whole)
    for length in range(1, len(last)):
        folder = tmp_path / str(length)
        path = written(folder, kept + last[:length] + bytes(50))
        journal, records, told = opened(folder)
        journal.close()
        assert records == story.records[:-1]
        assert kept[len(MAGIC) :] in path.read_bytes()
        assert last[20:] not in path.read_bytes()
        assert "never acknowledged" in told[0]
        assert aside(folder, "torn") == [last[:length].rstrip(b"\0")]
        assert aside(folder, "damaged") == []


def test_zeros_behind_the_last_record_are_no_finding(tmp_path: Path) -> None:
    story = Story()
    path = written(tmp_path / "journal", MAGIC + frames_of(story)[0] + bytes(100))
    journal, records, told = opened(path.parent)
    journal.close()
    assert (records, told) == (story.records, [])
    assert names(path.parent) == [FIRST]


def test_looking_at_a_torn_end_changes_nothing(tmp_path: Path) -> None:
    story = Story().say()
    data = MAGIC + b"".join(frames_of(story))[:-1]
    path = written(tmp_path / "journal", data)
    assert recovered(path.parent) == story.records[:-1]
    assert names(path.parent) == [FIRST]
    assert path.read_bytes() == data


def test_what_was_cut_once_is_not_torn_again(tmp_path: Path) -> None:
    story = Story().say().say()
    path = written(tmp_path / "journal", MAGIC + b"".join(frames_of(story)[:2])[:-1])
    journal, records, _ = opened(path.parent)
    journal.write([(KEY, 2, encode_body(KEY, story.records[1:2]))])
    journal.close()
    assert records == story.records[:1]
    journal, records, told = opened(path.parent)
    journal.close()
    assert (records, told) == (story.records[:2], [])


@pytest.mark.parametrize("torn", range(3))
def test_a_hole_in_the_newest_commit_is_torn_and_what_stands_behind_it_goes_on(tmp_path: Path, torn: int) -> None:
    before = Story()
    commit = [Story(SessionKey("main", f"{number}")).say("text") for number in range(3)]
    folder = tmp_path / "journal"
    data = bytearray(MAGIC + frame(KEY, before.records) + encode_commit(2, [body for *_, body in bodies(*commit)]))
    at = data.index(b"text")
    for _ in range(torn):
        at = data.index(b"text", at + 1)
    data[at] ^= 1
    written(folder, data)
    journal, records, told = opened(folder)
    journal.close()
    whole = [story for number, story in enumerate(commit) if number != torn]
    assert records == [*before.records, *(record for story in whole for record in story.records)]
    assert "never acknowledged" in told[0]
    assert len(aside(folder, "torn")) == 1
    assert aside(folder, "damaged") == []
    assert opened(folder)[1:] == (records, [])


def test_what_continued_a_torn_append_of_the_same_commit_is_torn_as_well(tmp_path: Path) -> None:
    story = Story().say("text").say("more")
    first, second, third = ([record] for record in story.records)
    data = MAGIC + frame(KEY, first) + encode_commit(2, [encode_body(KEY, second), encode_body(KEY, third)])
    folder = tmp_path / "journal"
    written(folder, data.replace(b"text", b"Text"))
    journal, records, told = opened(folder)
    journal.close()
    assert records == first
    assert all("never acknowledged" in each or "was set aside" in each for each in told)
    assert aside(folder, "damaged") == []


# Damaged -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["mark", "length", "checksum", "commit", "body"])
def test_damage_in_the_middle_costs_one_append_and_what_is_behind_it_is_there(tmp_path: Path, part: str) -> None:
    story, other, last = Story().say("hello").say("more"), Story(OTHER).say(), Story(SessionKey("main", "last"))
    damaged, *later = frames_of(story, 2)[1:]
    frames = [frame(KEY, story.records[:1], 1), frame(OTHER, other.records[:1], 2), damaged, *later]
    frames += [frame(OTHER, other.records[1:], 5), frame(last.key, last.records, 6)]
    begin, end = {"mark": (0, 4), "length": (4, 8), "checksum": (8, 12), "commit": (12, 20), "body": (20, 60)}[part]
    at = len(MAGIC) + sum(map(len, frames[:2]))
    for offset in range(at + begin, at + end, 3):
        data = bytearray(MAGIC + b"".join(frames))
        data[offset] ^= 0xFF
        folder = tmp_path / f"{offset}"
        written(folder, data)
        journal, records, told = opened(folder)
        journal.close()
        assert records == [story.records[0], other.records[0], *story.records[2:], other.records[1], *last.records]
        assert "damaged" in told[0]
        assert "are damaged; records of" in told[0]
        assert aside(folder, "damaged") == [bytes(data)]
        assert aside(folder, "torn") == []
        journal, again, told = opened(folder)
        journal.close()
        assert (again, told) == (records, [])


@pytest.mark.parametrize("harmed", range(4))
def test_damage_to_an_acknowledged_commit_is_damage_though_only_the_newest_stands_behind_it(
    tmp_path: Path, harmed: int
) -> None:
    stories = [Story(SessionKey("main", f"{number}")).say("text") for number in range(5)]
    frames = [frame(story.key, story.records, number + 1) for number, story in enumerate(stories)]
    data = bytearray(MAGIC + b"".join(frames))
    data[data.index(b"text", len(MAGIC) + sum(map(len, frames[:harmed])))] ^= 1
    folder = tmp_path / "journal"
    written(folder, data)
    journal, records, told = opened(folder)
    journal.close()
    assert len(records) == 8
    assert not any("never acknowledged" in each for each in told)
    assert f"records of session {harmed} are lost" in told[0]
    assert aside(folder, "damaged") == [bytes(data)]


def test_two_commits_that_are_gone_at_the_end_are_damage_for_the_first_was_acknowledged(tmp_path: Path) -> None:
    first, second, third = frames_of(Story().say("text").say("text"))
    data = (MAGIC + first + second + third).replace(b"text", b"Text")
    folder = tmp_path / "journal"
    written(folder, data)
    journal, _, told = opened(folder)
    journal.close()
    assert any("damaged" in each for each in told)
    assert aside(folder, "damaged") == [data]


@pytest.mark.parametrize("behind", ["records", "nothing"])
def test_the_end_of_a_segment_that_another_follows_is_not_torn_but_damaged(tmp_path: Path, behind: str) -> None:
    story, other = Story().say(), Story(OTHER)
    first, second = frames_of(story)
    data = MAGIC + first + second[:-1]
    path = written(tmp_path / "journal", data)
    later = frame(OTHER, other.records, 3) if behind == "records" else b""
    written(path.parent, MAGIC + later + bytes(50), SECOND)
    journal, records, _ = opened(path.parent)
    journal.close()
    assert records == [story.records[0], *(other.records if later else ())]
    assert first in path.read_bytes()
    assert second[20:-1] not in path.read_bytes()
    assert aside(path.parent, "damaged") == [data]
    assert aside(path.parent, "torn") == []


def test_records_behind_damaged_ones_are_there_in_later_segments_too(tmp_path: Path) -> None:
    story, other = Story().say("text").say("more"), Story(OTHER)
    first, second, third = frames_of(story)
    folder = tmp_path / "journal"
    written(folder, (MAGIC + first + second).replace(b"text", b"Text"))
    written(folder, MAGIC + third + frame(OTHER, other.records, 4), SECOND)
    journal, records, told = opened(folder)
    journal.close()
    assert records == [story.records[0], story.records[2], *other.records]
    assert sum("records of session user-jason are lost" in each for each in told) == 1
    assert recovered(folder) == records
    assert opened(folder)[2] == []


def test_a_segment_knows_the_last_record_of_each_session_in_it(tmp_path: Path) -> None:
    story = Story().say("text").say("more")
    written(tmp_path / "journal", MAGIC + b"".join(frames_of(story)).replace(b"text", b"Text"))
    recovery = recover(tmp_path / "journal", lambda _: None)
    assert [segment.last for segment in recovery.segments] == [{KEY: 3}]


@pytest.mark.parametrize("twice", ["the same frame", "the same segment"])
def test_what_is_there_twice_is_no_damage(tmp_path: Path, twice: str) -> None:
    story = Story().say()
    first, second = frames_of(story)
    folder = tmp_path / "journal"
    if twice == "the same frame":
        written(folder, MAGIC + first + first + second)
    else:
        for name in (FIRST, SECOND):
            written(folder, MAGIC + first + second, name)
    journal, _, told = opened(folder)
    journal.close()
    assert told == []


@pytest.mark.parametrize("foreign", [b"{}", b"SQLite format 3\0"])
def test_what_is_no_segment_is_set_aside_and_the_others_are_read(tmp_path: Path, foreign: bytes) -> None:
    story = Story()
    path = written(tmp_path / "journal", MAGIC + frames_of(story)[0])
    written(tmp_path / "journal", foreign, SECOND)
    journal, records, told = opened(path.parent)
    journal.close()
    assert records == story.records
    assert told
    assert any(each.read_bytes() == foreign for each in path.parent.iterdir() if "-" in each.name)


def test_a_segment_of_a_newer_version_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    torn = MAGIC + frames_of(Story())[0][:-1]
    foreign = b"ARGENTJ4" + bytes(9)
    path = written(tmp_path / "journal", torn)
    written(tmp_path / "journal", foreign, SECOND)
    with pytest.raises(StoreVersionError):
        opened(path.parent)
    assert names(path.parent) == [FIRST, SECOND]
    assert path.read_bytes() == torn
    assert (path.parent / SECOND).read_bytes() == foreign


# Segments ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(len(MAGIC) + 1))
def test_a_segment_whose_making_was_killed_hinders_nothing(tmp_path: Path, size: int) -> None:
    folder = tmp_path / "journal"
    written(folder, MAGIC[:size])
    journal, records, told = opened(folder)
    assert (records, told) == ([], [])
    write(journal, story := Story())
    journal.close()
    assert recovered(folder) == story.records


def test_a_segment_has_its_size_from_the_beginning(tmp_path: Path) -> None:
    journal, _, _ = opened(tmp_path / "journal", segment_size=5000)
    assert journal.size == 0
    write(journal, Story())
    assert (tmp_path / "journal" / FIRST).stat().st_size == journal.size == 5000
    journal.close()


def test_segments_follow_one_another_at_their_size(tmp_path: Path) -> None:
    story = Story()
    journal, _, _ = opened(tmp_path / "journal", segment_size=250)
    for text in ["a", "b" * 150, "c"]:
        write(journal, story)
        story.say(text)
    write(journal, story)
    journal.close()
    assert names(tmp_path / "journal") == ["00000001.journal", "00000002.journal", "00000003.journal"]
    assert recovered(tmp_path / "journal") == story.records


def test_a_commit_larger_than_a_segment_stays_whole(tmp_path: Path) -> None:
    story = Story().say("x" * 1000)
    journal, _, _ = opened(tmp_path / "journal", segment_size=100)
    write(journal, story)
    assert journal.size == (tmp_path / "journal" / FIRST).stat().st_size
    journal.close()
    assert names(tmp_path / "journal") == [FIRST]
    assert recovered(tmp_path / "journal") == story.records


def test_reopening_begins_a_segment_behind_the_last(tmp_path: Path) -> None:
    story = Story()
    for number in range(1, 4):
        journal, records, _ = opened(tmp_path / "journal")
        assert records == story.records[: number - 1]
        write(journal, story)
        journal.close()
        story.say()
    assert len(names(tmp_path / "journal")) == 3


def test_commits_are_numbered_on_across_openings(tmp_path: Path) -> None:
    story = Story()
    for number in range(1, 4):
        journal, _, _ = opened(tmp_path / "journal")
        write(journal, story)
        journal.close()
        assert recover(tmp_path / "journal", lambda _: None).commit == number
        story.say()


def test_a_segment_that_cannot_be_made_is_told_apart_and_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    journal, _, _ = opened(folder, segment_size=1)
    write(journal, story := Story())
    (folder / SECOND).mkdir()
    for _ in range(2):
        with pytest.raises(NoSegmentError, match=r"00000002\.journal cannot be made"):
            journal.write([(OTHER, 1, encode_body(OTHER, Story(OTHER).records))])
    (folder / SECOND).rmdir()
    write(journal, story.say())
    journal.close()
    assert recovered(folder) == story.records


def test_a_dropped_segment_is_gone(tmp_path: Path) -> None:
    journal, _, _ = opened(tmp_path / "journal")
    write(journal, Story())
    journal.begin_segment()
    [segment] = journal.older
    journal.drop(segment)
    journal.close()
    assert [each.path.name for each in journal.older] == [SECOND]
    assert names(tmp_path / "journal") == [SECOND]


def test_a_segment_that_its_owner_drops_while_we_look_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story().say()
    folder = tmp_path / "journal"
    for number, each in enumerate(frames_of(story), 1):
        written(folder, MAGIC + each, f"{number:08}.journal")
    names = reading.names

    def named(path: Path) -> list[str]:
        found = names(path)
        (folder / SECOND).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(reading, "names", named)
    assert recovered(folder) == story.records[:1]


def test_a_segment_that_is_a_link_is_not_followed_but_set_aside(tmp_path: Path) -> None:
    elsewhere = written(tmp_path / "elsewhere", MAGIC + frames_of(Story())[0])
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / FIRST).symlink_to(elsewhere)
    journal, records, told = opened(tmp_path / "journal")
    journal.close()
    assert records == []
    assert told
    assert not (tmp_path / "journal" / FIRST).is_symlink()
    assert elsewhere.exists()


# Single sessions ---------------------------------------------------------------------------------------------


def test_kept_records_come_before_those_in_segments(tmp_path: Path) -> None:
    story = Story()
    journal, _, _ = opened(tmp_path / "journal", segment_size=1)
    write(journal, story)
    journal.keep(KEY, story.records)
    write(journal, story.say())
    journal.drop(journal.older[0])
    journal.close()
    assert recovered(tmp_path / "journal") == story.records
    journal.release(KEY)
    journal.release(KEY)
    assert names(tmp_path / "journal") == [SECOND]


def test_damaged_kept_records_are_damage(tmp_path: Path) -> None:
    story = Story().say("text")
    folder = tmp_path / "journal"
    journal, _, _ = opened(folder)
    journal.keep(KEY, story.records)
    journal.close()
    [path] = folder.iterdir()
    data = path.read_bytes().replace(b"text", b"Text")
    path.write_bytes(data)
    journal, records, told = opened(folder)
    journal.close()
    assert records == []
    assert "records of session user-jason are lost" in told[0]
    assert aside(folder, "damaged") == [data]


def test_records_that_files_bridge_from_the_kept_ones_are_no_damage(tmp_path: Path) -> None:
    story = Story().say("in files").say("newest")
    folder = tmp_path / "journal"
    journal, _, _ = opened(folder)
    journal.keep(KEY, story.records[:1])
    journal.write([(KEY, 3, encode_body(KEY, story.records[2:]))])
    journal.close()
    recovery = recover(folder, lambda _: None)
    assert recovery.findings == []
    assert recovered(folder) == [story.records[0], story.records[2]]


def test_a_forgotten_session_is_nowhere_and_the_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    journal, _, _ = opened(folder, segment_size=300)
    one, other = Story().say("secret"), Story(OTHER).say("public")
    for _ in range(4):
        write(journal, one, other)
        one.say("secret")
        other.say("public")
    journal.keep(KEY, one.records)
    journal.forget(KEY)
    assert recovered(folder) == other.records[:-1]
    assert not [path for path in folder.iterdir() if b"secret" in path.read_bytes()]
    assert journal.size == sum(path.stat().st_size for path in folder.iterdir())
    assert all(KEY not in segment.last for segment in journal.older)
    write(journal, other)
    write(journal, again := Story())
    journal.close()
    assert recovered(folder) == [*other.records, *again.records]


def test_many_sessions_that_are_forgotten_leave_neither_segments_nor_reserved_room_behind(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    journal, _, _ = opened(folder, segment_size=10_000)
    kept = [Story(SessionKey("main", f"kept-{number}")).say() for number in range(20)]
    for number, story in enumerate(kept):
        write(journal, story, Story(gone := SessionKey("main", f"gone-{number}")).say())
        journal.forget(gone)
    assert len(names(folder)) == 1
    assert journal.size == sum(path.stat().st_size for path in folder.iterdir()) == 10_000
    write(journal, last := Story().say())
    journal.close()
    assert opened(folder)[1:] == ([record for story in (*kept, last) for record in story.records], [])


def test_a_session_is_forgotten_though_another_was_damaged_meanwhile(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    journal, _, _ = opened(folder)
    damaged, whole = Story(SessionKey("main", "damaged")).say("broken"), Story(OTHER).say("whole")
    write(journal, Story().say("secret"), damaged, whole)
    path = folder / FIRST
    path.write_bytes(path.read_bytes().replace(b"broken", b"brOken"))
    journal.forget(KEY)
    journal.close()
    assert recovered(folder) == whole.records
    assert b"secret" not in path.read_bytes()


def test_a_session_is_forgotten_though_the_last_segment_cannot_be_written_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = tmp_path / "journal"
    journal, _, _ = opened(folder)
    write(journal, Story(), other := Story(OTHER))
    with monkeypatch.context() as patched:
        patched.setattr(segment_file, "reopen", full)
        journal.forget(KEY)
    write(journal, other.say())
    journal.close()
    assert recovered(folder) == other.records


def test_where_a_segment_was_replaced_and_the_flush_of_that_failed_nothing_more_is_written_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    folder = tmp_path / "journal"
    journal, _, _ = opened(folder)
    write(journal, Story().say("secret"), other := Story(OTHER))
    with monkeypatch.context() as patched:
        patched.setattr(durable, "sync_folder", fail)
        with pytest.raises(OSError, match="Input/output error"):
            journal.forget(KEY)
    ended = (folder / FIRST).read_bytes()
    write(journal, other.say())
    journal.close()
    assert (folder / FIRST).read_bytes() == ended
    assert opened(folder)[1:] == (other.records, [])


def test_giving_back_what_is_reserved_cuts_nothing_off_a_segment_that_was_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, create, failed = tmp_path / "journal", segment_file.create, list[Path]()
    journal, _, _ = opened(folder)
    write(journal, other := Story(OTHER))
    journal.write([(KEY, 0, encode_body(KEY, []))])
    write(journal, other.say())
    journal.close()
    journal, _, _ = opened(folder)
    journal.forget(KEY)

    def fail_once(path: Path, head: bytes, size: int) -> int:
        if not failed:
            failed.append(path)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return create(path, head, size)

    monkeypatch.setattr(segment_file, "create", fail_once)
    commit = bodies(other.say())
    with contextlib.suppress(NoSegmentError):
        journal.write(commit)
    journal.write(commit)
    journal.close()
    assert failed
    assert opened(folder)[1:] == (other.records, [])


def test_a_segment_that_could_be_made_only_at_the_second_try_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, create, failed = tmp_path / "journal", segment_file.create, list[Path]()
    journal, _, _ = opened(folder)
    write(journal, story := Story())
    killed = Path(shutil.copytree(folder, tmp_path / "killed"))
    journal.close()

    def fail_once(path: Path, head: bytes, size: int) -> int:
        if not failed:
            failed.append(path)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return create(path, head, size)

    monkeypatch.setattr(segment_file, "create", fail_once)
    journal, _, _ = opened(killed)
    write(journal, story.say())
    journal.close()
    assert "only once reserved room was given back: Input/output error" in caplog.text
    assert opened(killed)[1:] == (story.records, [])


@pytest.mark.parametrize("id_", ["a", "b" * 40, "c" * 300, "Ünal"])
def test_a_session_is_forgotten_however_its_name_is_encoded(tmp_path: Path, id_: str) -> None:
    folder, key = tmp_path / "journal", SessionKey("agent " * 10, id_)
    journal, _, _ = opened(folder)
    write(journal, Story(key), neighbour := Story(SessionKey("agent " * 10, id_ + "x")))
    journal.forget(key)
    journal.close()
    assert recovered(folder) == neighbour.records


def test_an_ended_session_begins_anew_with_its_first_record(tmp_path: Path) -> None:
    old, new = Story().say("old").say("old"), Story().say("new")
    folder = tmp_path / "journal"
    written(folder, MAGIC + frame(KEY, old.records) + frame(KEY, [], 2) + frame(KEY, new.records, 3))
    found: list[Recovered] = []
    assert recover(folder, found.append).findings == []
    assert [each.records for each in found] == [old.records, [], new.records]


# Gone without a trace ---------------------------------------------------------------------------------------------


def segments_of(folder: Path, *stories: Story) -> list[Path]:
    """A segment for each story, written as an owner writes them."""
    for story in stories:
        journal, _, _ = opened(folder)
        for record in story.records:
            journal.write([(story.key, record.sequence, encode_body(story.key, [record]))])
        journal.close()
    return [folder / name for name in names(folder)]


def cut(path: Path, frames: int) -> None:
    """Leave so many frames, besides the one that a segment begins with."""
    found = scan(path.read_bytes(), path).frames
    path.write_bytes(path.read_bytes()[: found[frames].end] if frames >= 0 else bytes(100))


@pytest.mark.parametrize("frames", [-1, 0, 1])
def test_an_older_segment_that_has_lost_its_end_without_a_trace_is_told_of_once(tmp_path: Path, frames: int) -> None:
    first, second = Story().say(), Story(OTHER).say()
    older, _ = segments_of(tmp_path / "journal", first, second)
    cut(older, frames)
    damaged = older.read_bytes()
    journal, records, told = opened(older.parent)
    journal.close()
    assert records == [*first.records[: max(frames, 0)], *second.records]
    assert f"of {older} is gone" in told[0]
    assert aside(older.parent, "damaged") == [damaged]
    assert opened(older.parent)[1:] == (records, [])


def test_a_commit_that_is_gone_from_the_middle_is_told_of_once(tmp_path: Path) -> None:
    stories = [Story(SessionKey("main", f"{number}")) for number in range(3)]
    path = written(
        tmp_path / "journal",
        MAGIC + b"".join(frame(story.key, story.records, n + 1) for n, story in enumerate(stories) if n != 1),
    )
    journal, records, told = opened(path.parent)
    journal.close()
    assert records == [*stories[0].records, *stories[2].records]
    assert "is gone" in told[0]
    assert opened(path.parent)[1:] == (records, [])


def test_what_was_forgotten_is_not_missed(tmp_path: Path) -> None:
    stories = [Story(SessionKey("main", f"{number}")).say() for number in range(4)]
    segments_of(tmp_path / "journal", *stories)
    journal, _, _ = opened(tmp_path / "journal")
    for story in stories[::2]:
        journal.forget(story.key)
    journal.close()
    assert opened(tmp_path / "journal")[1:] == ([*stories[1].records, *stories[3].records], [])


def test_what_was_torn_is_not_missed_later(tmp_path: Path) -> None:
    story = Story().say()
    path = written(tmp_path / "journal", MAGIC + b"".join(frames_of(story))[:-1])
    for _ in range(3):
        segments_of(path.parent, Story(SessionKey("main", f"{len(names(path.parent))}")))
    assert opened(path.parent)[2] == []


def test_a_segment_in_which_a_kill_left_nothing_is_removed_and_not_missed(tmp_path: Path) -> None:
    story = Story()
    segments_of(tmp_path / "journal", story)
    hollow = written(tmp_path / "journal", bytes(500), SECOND)
    journal, records, told = opened(tmp_path / "journal")
    journal.close()
    assert (records, told) == (story.records, [])
    assert not hollow.exists()
    segments_of(tmp_path / "journal", Story(OTHER))
    assert opened(tmp_path / "journal")[2] == []


def test_a_commit_that_found_no_room_leaves_no_gap(tmp_path: Path) -> None:
    journal, _, _ = opened(tmp_path / "journal", segment_size=1)
    write(journal, story := Story())
    (tmp_path / "journal" / SECOND).mkdir()
    with pytest.raises(NoSegmentError):
        journal.write([(OTHER, 1, encode_body(OTHER, Story(OTHER).records))])
    (tmp_path / "journal" / SECOND).rmdir()
    write(journal, story.say())
    journal.close()
    assert opened(tmp_path / "journal")[2] == []


def test_forgetting_a_session_takes_little_memory_however_much_others_have_said(tmp_path: Path) -> None:
    journal, _, _ = opened(tmp_path / "journal", segment_size=1 << 22)
    for number in range(200):
        story = Story(SessionKey("main", f"{number}"))
        for _ in range(50):
            story.say("Hello!")
        write(journal, story)
    size = (tmp_path / "journal" / FIRST).stat().st_size
    tracemalloc.start()
    try:
        journal.forget(SessionKey("main", "7"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * size
