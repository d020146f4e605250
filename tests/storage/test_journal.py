import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import StoreDamagedError
from argentos.storage import Record, SessionKey
from argentos.storage.journal import Journal, Recovered, encode_append, encode_frame, recover
from tests.storage.builders import KEY, OTHER, Story, stories

MAGIC = b"ARGENTJ1"
FIRST = "00000001.journal"
SIZE = 1 << 20


def frame(key: SessionKey, records: Sequence[Record]) -> bytes:
    return encode_frame([encode_append(key, records)])


def frames_of(story: Story) -> list[bytes]:
    return [frame(story.key, [record]) for record in story.records]


def written(folder: Path, data: bytes | bytearray, name: str = FIRST) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def recovered(folder: Path) -> list[Record]:
    found: list[Recovered] = []
    recover(folder, found.append)
    return [record for each in found for record in each.records]


def opened(folder: Path, *, segment_size: int = SIZE) -> tuple[Journal, list[Record], list[Path]]:
    found: list[Recovered] = []
    journal = Journal(folder, segment_size)
    torn = journal.open(found.append)
    return journal, [record for each in found for record in each.records], torn


def write(journal: Journal, story: Story) -> None:
    records = story.take()
    journal.write([(story.key, records[-1].sequence, encode_append(story.key, records))])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@given(stories(), st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 9))
def test_what_is_encoded_is_recovered(
    tmp_path_factory: pytest.TempPathFactory, story: Story, id_: str, batch: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    key = SessionKey("main", id_)
    batches = [story.records[at : at + batch] for at in range(0, len(story.records), batch)]
    written(folder, MAGIC + b"".join(frame(key, records) for records in batches))
    found: list[Recovered] = []
    [segment] = recover(folder, found.append)
    assert [(each.key, each.records) for each in found] == [(key, records) for records in batches]
    assert segment.last == {key: len(story.records)}
    shutil.rmtree(folder)


def test_a_torn_tail_is_cut_at_the_last_whole_record_and_set_aside(tmp_path: Path) -> None:
    story = Story().say("hello")
    *whole, last = frames_of(story.say("and then"))
    kept = MAGIC + b"".join(whole)
    for length in range(1, len(last)):
        folder = tmp_path / str(length)
        path = written(folder, kept + last[:length])
        journal, records, torn = opened(folder)
        journal.close()
        assert records == story.records[:-1]
        assert path.read_bytes() == kept
        assert [each.read_bytes() for each in torn] == [last[:length]]


def test_a_tail_of_zeros_is_cut(tmp_path: Path) -> None:
    story = Story()
    path = written(tmp_path / "journal", MAGIC + frames_of(story)[0] + bytes(100))
    journal, records, torn = opened(path.parent)
    journal.close()
    assert records == story.records
    assert path.read_bytes() == MAGIC + frames_of(story)[0]
    assert [each.read_bytes() for each in torn] == [bytes(100)]


def test_looking_at_a_torn_tail_changes_nothing(tmp_path: Path) -> None:
    story = Story().say()
    data = MAGIC + b"".join(frames_of(story))[:-1]
    path = written(tmp_path / "journal", data)
    assert recovered(path.parent) == story.records[:-1]
    assert names(path.parent) == [FIRST]
    assert path.read_bytes() == data


def test_what_was_cut_once_is_not_torn_again(tmp_path: Path) -> None:
    story = Story().say().say()
    path = written(tmp_path / "journal", MAGIC + b"".join(frames_of(story)[:2])[:-1])
    story.take()
    journal, records, _ = opened(path.parent)
    journal.write([(KEY, 2, encode_append(KEY, story.records[1:2]))])
    journal.close()
    assert records == story.records[:1]
    journal, records, torn = opened(path.parent)
    journal.close()
    assert (records, torn) == (story.records[:2], [])


def test_a_segment_without_records_is_not_torn(tmp_path: Path) -> None:
    path = written(tmp_path / "journal", MAGIC)
    journal, records, torn = opened(path.parent)
    journal.close()
    assert (records, torn) == ([], [])
    assert path.read_bytes() == MAGIC


@pytest.mark.parametrize("damaged", [0, 1], ids=["first frame", "second frame"])
@pytest.mark.parametrize("part", ["length", "checksum", "body"])
def test_damage_in_the_middle_is_refused_and_left_as_it_is(tmp_path: Path, part: str, damaged: int) -> None:
    frames = frames_of(Story().say().say())
    at = len(MAGIC) + sum(map(len, frames[:damaged]))
    begin, end = {"length": (0, 4), "checksum": (4, 8), "body": (8, len(frames[damaged]))}[part]
    for offset in range(at + begin, at + end):
        data = bytearray(MAGIC + b"".join(frames))
        data[offset] ^= 0xFF
        path = written(tmp_path / "journal", data)
        with pytest.raises(StoreDamagedError, match=f"is damaged at byte {at}, in the middle"):
            opened(path.parent)
        assert path.read_bytes() == data
        assert names(path.parent) == [FIRST]


def test_a_segment_that_is_not_the_last_has_no_torn_tail_but_damage(tmp_path: Path) -> None:
    story = Story().say()
    first, second = frames_of(story)
    path = written(tmp_path / "journal", MAGIC + first[:-1])
    written(path.parent, MAGIC + second, "00000002.journal")
    with pytest.raises(StoreDamagedError):
        opened(path.parent)
    assert path.read_bytes() == MAGIC + first[:-1]


@pytest.mark.parametrize("foreign", [b"{}", b"ARGENTX1" + bytes(30), b"SQLite format 3\0", b"\0" * 16])
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path, foreign: bytes) -> None:
    path = written(tmp_path / "journal", foreign)
    with pytest.raises(StoreDamagedError, match="is not a journal of argentos"):
        opened(path.parent)
    assert path.read_bytes() == foreign
    assert names(path.parent) == [FIRST]


def test_a_frame_with_records_we_do_not_know_is_refused(tmp_path: Path) -> None:
    whole = frame(KEY, [Story().records[0]])
    unknown = whole[8:].replace(b"transition", b"telepathic")
    path = written(tmp_path / "journal", MAGIC + _frame(unknown))
    with pytest.raises(StoreDamagedError, match="cannot be read"):
        opened(path.parent)


def _frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "little") + zlib.crc32(body).to_bytes(4, "little") + body


@pytest.mark.parametrize("size", range(len(MAGIC) + 1))
def test_a_segment_whose_making_was_killed_holds_nothing_and_hinders_nothing(tmp_path: Path, size: int) -> None:
    folder = tmp_path / "journal"
    written(folder, MAGIC[:size])
    for _ in range(2):
        journal, records, _ = opened(folder)
        assert records == []
        write(journal, Story())
        journal.close()
        (folder / f"{len(journal.older) + 1:08}.journal").unlink()


def test_segments_follow_one_another_at_their_size(tmp_path: Path) -> None:
    story = Story()
    journal, _, _ = opened(tmp_path / "journal", segment_size=200)
    for text in ["a", "b" * 150, "c"]:
        write(journal, story)
        story.say(text)
    write(journal, story)
    journal.close()
    assert names(tmp_path / "journal") == ["00000001.journal", "00000002.journal", "00000003.journal"]
    assert recovered(tmp_path / "journal") == story.records


def test_an_append_larger_than_a_segment_stays_whole(tmp_path: Path) -> None:
    story = Story().say("x" * 1000)
    journal, _, _ = opened(tmp_path / "journal", segment_size=100)
    write(journal, story)
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


def test_a_segment_knows_the_last_record_of_each_session(tmp_path: Path) -> None:
    one, other = Story(KEY).say(), Story(OTHER)
    journal, _, _ = opened(tmp_path / "journal")
    write(journal, one)
    write(journal, other)
    write(journal, one.say())
    journal.close()
    assert journal.newest.last == {KEY: 3, OTHER: 1}
    [segment] = recover(tmp_path / "journal", lambda _: None)
    assert segment.last == {KEY: 3, OTHER: 1}


def test_a_dropped_segment_is_gone(tmp_path: Path) -> None:
    journal, _, _ = opened(tmp_path / "journal")
    write(journal, Story())
    journal.begin_segment()
    [segment] = journal.older
    journal.drop(segment)
    journal.close()
    assert journal.older == []
    assert names(tmp_path / "journal") == ["00000002.journal"]


def test_a_segment_that_its_owner_drops_while_we_look_is_passed_over(tmp_path: Path) -> None:
    story = Story().say()
    folder = tmp_path / "journal"
    for number, record in enumerate(story.records, 1):
        written(folder, MAGIC + frame(KEY, [record]), f"{number:08}.journal")
    found: list[Record] = []

    def take(each: Recovered) -> None:
        found.extend(each.records)
        (folder / "00000002.journal").unlink(missing_ok=True)

    recover(folder, take)
    assert found == story.records[:1]


def test_a_journal_that_is_a_link_is_refused(tmp_path: Path) -> None:
    elsewhere = written(tmp_path / "elsewhere", MAGIC)
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / FIRST).symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        opened(tmp_path / "journal")


def test_a_journal_that_is_not_open_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        write(Journal(tmp_path, SIZE), Story())
