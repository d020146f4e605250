"""What is whole behind something that is missing is never thrown away, and what is missing is named."""

import contextlib
import shutil
from pathlib import Path

import anyio
import pytest

from argentos.storage import FileStore, SessionKey, fold, inline
from argentos.storage.repair.doctor import Finding, check, repair
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.storage.directories import EVERYTHING, Disk, assert_kept, crashed, flip, folder, kept, put, tree

pytestmark = pytest.mark.anyio

THIRD = SessionKey("main", "third")
TEXTS = ["a", "about a", "b", "about b", "c", "about c", "d", "about d"]


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


async def texts(state: Path, key: SessionKey = KEY) -> dict[int, str]:
    """The texts of all messages that are there, by their numbers."""
    async with FileStore(state, read_only=True) as store:
        return {each.number: each.text for each in await store.read(key, *EVERYTHING)}


def problems(state: Path) -> list[Finding]:
    return [finding for finding in check(state) if not finding.is_harmless]


async def harmed(state: Path, text: bytes, *, in_files: bool = False) -> tuple[Path, Story, Story]:
    """Two sessions after a kill, and a byte of one of the appends of the first one is another one now.

    Args:
        in_files: what stands in front of it is in the session's files.
    """
    story, other = Story(), Story(OTHER)
    async with FileStore(state, run=inline, segment_size=700) as store:
        for letter in "abcd":
            await appended(store, story.converse(letter), other.converse(f"other {letter}"))
            if in_files and letter == "a":
                await store.checkpoint(KEY, story.snapshot)
                await anyio.wait_all_tasks_blocked()
        copy = crashed(state)
    segments = sorted((copy / "journal").iterdir())
    assert len(segments) > 2
    flip(next(each for each in segments if text in each.read_bytes()), text)
    other.epoch += 1
    return copy, story, other


@pytest.mark.parametrize("in_files", [False, True])
async def test_what_is_contiguous_is_kept_and_what_is_behind_a_gap_is_set_aside_and_named(
    state: Path, caplog: pytest.LogCaptureFixture, *, in_files: bool
) -> None:
    copy, story, other = await harmed(state, b"about b", in_files=in_files)
    async with FileStore(copy, run=inline) as store:
        assert await store.load(KEY) == fold(KEY, None, story.records[:5]).snapshot
        assert await store.load(OTHER) == other.snapshot
    assert "records 6 to 9 of session user-jason, messages 3 to 4: missing" in caplog.text
    assert str(copy / "agents" / "main" / "damaged" / "user-jason.damaged-") in caplog.text
    await assert_kept(copy, other)


@pytest.mark.parametrize("in_files", [False, True])
@pytest.mark.parametrize("opened", [False, True])
async def test_repair_brings_back_what_is_whole_behind_a_gap(state: Path, *, in_files: bool, opened: bool) -> None:
    copy, _, other = await harmed(state, b"about b", in_files=in_files)
    if opened:
        async with FileStore(copy, run=inline):
            pass
        assert await texts(copy) == dict(enumerate(TEXTS[:2], 1))
    assert await repair(copy)
    assert await texts(copy) == {number: text for number, text in enumerate(TEXTS, 1) if number not in {3, 4}}
    assert [each.what for each in problems(copy)] == [
        "2 of 8 messages are missing, from number 3 on; restore them from a backup"
    ]
    async with FileStore(copy) as store:
        snapshot = await store.load(KEY)
        assert snapshot
        assert (snapshot.metadata.waiting, snapshot.metadata.turn) == ((), None)
        assert snapshot.metadata.tokens == sum(each.tokens for each in snapshot.context.messages)
    await assert_kept(copy, other)


async def test_a_session_whose_first_records_are_missing_is_put_back_with_the_others(state: Path) -> None:
    copy, _, other = await harmed(state, b"First message")
    async with FileStore(copy, run=inline) as store:
        assert await store.load(KEY) is None
    await repair(copy)
    assert await texts(copy) == {number: text for number, text in enumerate(TEXTS, 1) if number > 2}
    await assert_kept(copy, other)


async def test_what_was_tried_again_stays_in_a_context_of_which_a_summary_speaks_for_what_was_before(
    state: Path,
) -> None:
    story = Story()
    async with FileStore(state, run=inline, segment_size=700) as store:
        await appended(store, story.say("tried again").start().end("failed"))
        for letter in "bcd":
            await appended(store, story.converse(letter))
        await appended(store, story.retry(1).start().reply("at last").end())
        await appended(store, story.summarise(6))
        assert [each.number for each in story.context.messages] == [1, 8]
        copy = crashed(state)
    flip(next(each for each in sorted((copy / "journal").iterdir()) if b"about c" in each.read_bytes()), b"about c")
    await repair(copy)
    async with FileStore(copy) as store:
        snapshot = await store.load(KEY)
    assert snapshot
    assert [each.text for each in snapshot.context.messages] == ["tried again", "at last"]


async def test_what_was_set_aside_stays_there_where_the_session_has_gone_on(state: Path) -> None:
    copy, _, _ = await harmed(state, b"about b")
    async with FileStore(copy, run=inline) as store:
        await store.load(KEY)
        again = Story(KEY, epoch=2)
        again.converse("a")
        again.take()
        await append(store, again.say("gone on"))
    before = tree(copy / "agents")
    await repair(copy)
    assert tree(copy / "agents") == before
    assert any("remove it when you need it no more" in each.what for each in check(copy))


async def test_files_that_have_what_is_missing_in_the_journal_bridge_it(state: Path) -> None:
    story = Story()
    async with FileStore(state, run=inline, segment_size=700) as store:
        for letter in "abc":
            await append(store, story.converse(letter))
        await store.checkpoint(KEY, story.snapshot)
        journal = crashed(state)
        await anyio.wait_all_tasks_blocked()
        await append(store, story.converse("d"))
        copy = crashed(state)
    for segment in (journal / "journal").iterdir():
        if not (copy / "journal" / segment.name).exists():
            shutil.copy(segment, copy / "journal")
    flip(next(each for each in sorted((copy / "journal").iterdir()) if b"about b" in each.read_bytes()), b"about b")
    story.epoch += 1
    await assert_kept(copy, story)


async def test_appends_that_changed_places_are_all_there(state: Path) -> None:
    story = Story()
    async with FileStore(state, run=inline) as store:
        for letter in "abcd":
            await append(store, story.converse(letter))
        copy = crashed(state)
    path = copy / "journal" / "00000001.journal"
    data = path.read_bytes()
    marks = [at for at in range(len(data)) if data.startswith(b"\xc1AJ\xc1", at)]
    begin, middle, end = marks[2], marks[3], marks[4]
    path.write_bytes(data[:begin] + data[middle:end] + data[begin:middle] + data[end:])
    story.epoch += 1
    await assert_kept(copy, story)


async def test_a_failure_at_any_moment_of_setting_aside_loses_nothing(state: Path) -> None:
    copy, _, other = await harmed(state, b"about b")
    call = 0
    while True:
        call += 1
        broken = shutil.copytree(copy, copy.with_name(f"broken-{call}"))
        disk = Disk()
        disk.fails_at = call
        with contextlib.suppress(Exception):  # whatever the store makes of it
            async with FileStore(broken, run=disk) as store:
                await store.load(KEY)
        if disk.calls < call:
            break
        await repair(broken)
        assert await texts(broken) == {number: text for number, text in enumerate(TEXTS, 1) if number not in {3, 4}}
        async with FileStore(broken, read_only=True) as store:
            assert await store.load(OTHER) == other.snapshot
        shutil.rmtree(broken)
    assert call > 5


async def test_nothing_is_set_aside_where_nothing_is_missing(state: Path) -> None:
    await kept(state, Story().converse("a"))
    put(state / "journal" / "00000007.journal", b"ARGENTJ3garbage")
    async with FileStore(state, run=inline):
        pass
    assert not (state / "agents" / "main" / "damaged").exists()
    assert folder(state).exists()
