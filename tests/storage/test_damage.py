"""What cannot be read harms its own session only, is told once, and is never thrown away."""

import json
import os
import shutil
from pathlib import Path

import anyio
import msgspec
import pytest
from anyio import wait_all_tasks_blocked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argentos.errors import StaleWriteError, StoreDamagedError, StoreError, StoreVersionError
from argentos.storage import FileStore, Record, SessionKey, fold, inline
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.storage.directories import (
    EVERYTHING,
    Gate,
    assert_kept,
    crashed,
    flip,
    folder,
    journal,
    kept,
    listed,
    put,
    tree,
)

pytestmark = pytest.mark.anyio

HISTORY, METADATA, ARCHIVE = FILES = ["history.json", "metadata.json", "archive/00000001-00000002.json"]
DAMAGE = {
    "empty": b"",
    "cut": b'{"version":3,"agent":"ma',
    "no version": b"{}",
    "not UTF-8": b'{"version":3,"agent":"\xff"}',
    "deep": b'{"version":3,"agent":' + b"[" * 100_000,
    "wrong checksum": b'{"checksum":"00000000","version":3}\n',
    "huge number": b'{"version":' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"version":3,"agent":"\\ud83d","session":"a"}',
}


@pytest.fixture
def anyio_backend() -> str:
    return "trio"  # that the store is the same on asyncio is said in test_contract.py


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def damaged(state: Path, agent: str = "main") -> list[Path]:
    return sorted((state / "agents" / agent / "damaged").glob("*"))


def saved(aside: Path) -> list[Record]:
    return msgspec.json.decode((aside / "records.json").read_bytes(), type=list[Record])


async def pair(state: Path) -> tuple[Story, Story]:
    """Two sessions in files, each with an archive."""
    stories = Story().converse("a", "b").summarise(2), Story(OTHER).converse("a", "b").summarise(2)
    await kept(state, *stories)
    for story in stories:
        story.epoch = 2
    return stories


# A history that is corrupt -----------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_corrupt_history_is_set_aside_once_and_its_session_begins_anew(state: Path, damage: str) -> None:
    story, other = await pair(state)
    (folder(state) / HISTORY).write_bytes(DAMAGE[damage])
    before = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match=r"history\.json is damaged: .* begins anew"):
            await store.load(KEY)
        [aside] = damaged(state)
        assert aside.name.startswith("user-jason.damaged-20")
        assert tree(aside) == before
        assert await store.load(KEY) is None
        assert await listed(store) == [other.metadata]
        with pytest.raises(StaleWriteError):
            await append(store, story.say("late"))
        await append(store, new := Story().converse("new"))
    assert damaged(state) == [aside]
    await assert_kept(state, new, other)


async def test_what_the_journal_had_of_a_corrupt_session_is_saved_beside_it(state: Path) -> None:
    story, other = await pair(state)
    async with FileStore(state, run=inline) as store:
        await appended(store, story.say("in the journal"), other.say("on"))
        copy = crashed(state)
    (folder(copy) / HISTORY).write_bytes(b"corrupt")
    async with FileStore(copy, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await store.load(KEY)
        [aside] = damaged(copy)
        assert saved(aside) == story.records[-1:]
        again = crashed(copy)
        await append(store, new := Story())
        later = crashed(copy)
    await assert_kept(again, other)
    assert damaged(again)
    assert len(damaged(again)) == 1
    other.epoch = 1
    async with FileStore(later, run=inline) as store:
        assert await store.load(KEY) == new.snapshot


async def test_an_append_to_a_session_whose_history_is_corrupt_is_refused_once(state: Path) -> None:
    story, _ = await pair(state)
    (folder(state) / HISTORY).write_bytes(b"corrupt")
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await append(store, story.say("on"))
        await append(store, new := Story())
        assert await store.load(KEY) == new.snapshot


@pytest.mark.parametrize("damage", ["corrupt history", "gap"])
async def test_a_reader_of_damage_raises_and_changes_nothing(state: Path, damage: str) -> None:
    story, other = await pair(state)
    older = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        await append(store, story.converse("c"))
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        await append(store, story.converse("d"))
        copy = crashed(state)
    if damage == "gap":
        for name, data in older.items():
            (folder(copy) / name).write_bytes(data)
        shutil.rmtree(copy / "journal")
        async with FileStore(copy.with_name("later"), run=inline, segment_size=1) as store:
            await append(store, Story(SessionKey("main", "x")))
    else:
        (folder(copy) / HISTORY).write_bytes(b"corrupt")
    before = tree(copy)
    async with FileStore(copy, read_only=True) as reader:
        if damage == "corrupt history":
            for _ in range(2):
                with pytest.raises(StoreDamagedError, match="it was left as it is"):
                    await reader.load(KEY)
        assert await reader.load(OTHER) == other.snapshot
    assert tree(copy) == before


async def test_sessions_damaged_within_a_second_of_one_another_are_all_set_aside(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        for number in range(3):
            await append(store, story := Story().say(f"number {number}"))
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
            (folder(state) / HISTORY).write_bytes(b"corrupt %d" % number)
            with pytest.raises(StoreDamagedError, match="begins anew"):
                await store.load(KEY)
    assert sorted((each / HISTORY).read_bytes() for each in damaged(state)) == [
        b"corrupt %d" % number for number in range(3)
    ]


async def test_two_that_load_a_corrupt_session_at_once_set_it_aside_once(state: Path) -> None:
    gate = Gate()
    await pair(state)
    (folder(state) / HISTORY).write_bytes(b"corrupt")
    failures: list[StoreError] = []

    async def load(store: FileStore) -> None:
        try:
            await store.load(KEY)
        except StoreError as error:
            failures.append(error)

    async with FileStore(state, run=gate) as store:
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(load, store)
        assert len(damaged(state)) == 1
        assert await store.load(KEY) is None
        assert failures
        await append(store, new := Story())
    await assert_kept(state, new)


async def test_what_is_set_aside_is_private_whatever_the_umask(state: Path) -> None:
    story, _ = await pair(state)
    old = os.umask(0)
    try:
        async with FileStore(state, run=inline) as store:
            await append(store, story.say("in the journal"))
            copy = crashed(state)
        (folder(copy) / HISTORY).write_bytes(b"corrupt")
        async with FileStore(copy, run=inline) as store:
            with pytest.raises(StoreDamagedError):
                await store.load(KEY)
    finally:
        os.umask(old)
    paths = [copy / "agents" / "main" / "damaged", *(copy / "agents" / "main" / "damaged").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}


# What is refused and left ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [HISTORY, METADATA, ARCHIVE])
async def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(state: Path, name: str) -> None:
    _, other = await pair(state)
    (folder(state) / name).write_bytes(b'{"version":4,"sessions":"quite another format"}')
    before = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        for _ in range(2):
            with pytest.raises(StoreVersionError, match=r"version 4, this one reads 3") as refused:
                await store.read(KEY, *EVERYTHING)
            assert str(folder(state) / name) in str(refused.value)
        assert await store.load(OTHER) == other.snapshot
    assert tree(folder(state)) == before


@pytest.mark.parametrize("name", [HISTORY, METADATA, ARCHIVE])
async def test_a_file_that_is_a_link_is_refused_and_left_as_it_is(state: Path, tmp_path: Path, name: str) -> None:
    await pair(state)
    (folder(state) / name).rename(tmp_path / "elsewhere")
    (folder(state) / name).symlink_to(tmp_path / "elsewhere")
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match=r"cannot be read: .* is a symbolic link"):
            await store.read(KEY, *EVERYTHING)
    assert (folder(state) / name).is_symlink()
    assert damaged(state) == []


async def test_a_session_folder_that_is_a_link_is_refused(state: Path, tmp_path: Path) -> None:
    await kept(state, Story())
    folder(state).rename(tmp_path / "elsewhere")
    folder(state).symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path / "elsewhere")
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match="is a symbolic link"):
            await store.load(KEY)
    assert tree(tmp_path / "elsewhere") == before


@pytest.mark.parametrize("name", [HISTORY, METADATA])
async def test_a_file_that_cannot_be_opened_is_refused_and_left_as_it_is(state: Path, name: str) -> None:
    await pair(state)
    (folder(state) / name).rename(state / "saved")
    (folder(state) / name).mkdir()
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match="cannot be read: Is a directory"):
            await store.load(KEY)
    (folder(state) / name).rmdir()
    (state / "saved").rename(folder(state) / name)
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY)


async def test_a_folder_that_was_renamed_is_refused_and_left_as_it_is(state: Path) -> None:
    await pair(state)
    folder(state).rename(folder(state, SessionKey("main", "renamed")))
    before = tree(state)
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match="holds the session user-jason, not renamed; was it renamed"):
            await store.load(SessionKey("main", "renamed"))
    assert tree(state) == before


async def test_a_history_that_is_gone_is_no_new_session_and_left_as_it_is(state: Path) -> None:
    await pair(state)
    (folder(state) / HISTORY).unlink()
    before = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        for _ in range(2):
            with pytest.raises(StoreDamagedError):
                await store.load(KEY)
            with pytest.raises(StoreError):
                await append(store, Story())
    assert tree(folder(state)) == before


async def older_history(state: Path) -> tuple[Story, bytes, bytes]:
    """A session with its history of an earlier moment; also gives both histories."""
    story, _ = await pair(state)
    older = (folder(state) / HISTORY).read_bytes()
    await kept(state, story.converse("c"))
    newer = (folder(state) / HISTORY).read_bytes()
    (folder(state) / HISTORY).write_bytes(older)
    story.epoch = 3
    return story, older, newer


async def test_a_history_older_than_its_metadata_is_refused_and_left_as_it_is(state: Path) -> None:
    story, older, newer = await older_history(state)
    async with FileStore(state, run=inline) as store:
        for _ in range(2):
            with pytest.raises(StoreDamagedError, match=r"history\.json of session user-jason reaches record 10"):
                await store.load(KEY)
    assert (folder(state) / HISTORY).read_bytes() == older
    (folder(state) / HISTORY).write_bytes(newer)
    await assert_kept(state, story)


async def test_a_history_older_than_its_metadata_is_refused_though_the_journal_has_more(state: Path) -> None:
    story, older, newer = await older_history(state)
    (folder(state) / HISTORY).write_bytes(newer)
    async with FileStore(state, run=inline) as store:
        await append(store, story.say("in the journal"))
        copy = crashed(state)
    (folder(copy) / HISTORY).write_bytes(older)
    for _ in range(2):
        async with FileStore(copy, run=inline) as store:
            with pytest.raises(StoreDamagedError, match=r"history\.json of session user-jason reaches record 10"):
                await store.load(KEY)
    (folder(copy) / HISTORY).write_bytes(newer)
    await assert_kept(copy, story)


# What is only a view -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [*DAMAGE, "gone"])
async def test_metadata_that_are_damaged_or_gone_are_taken_from_the_history(state: Path, damage: str) -> None:
    story, other = await pair(state)
    (state / "index.sqlite").unlink()
    if damage == "gone":
        (folder(state) / METADATA).unlink()
    else:
        (folder(state) / METADATA).write_bytes(DAMAGE[damage])
    async with FileStore(state, read_only=True) as reader:
        assert await listed(reader) == [other.metadata, story.metadata]
        assert await reader.load(KEY) == story.snapshot
    await assert_kept(state, story, other)
    assert json.loads((folder(state) / METADATA).read_bytes())["sequence"] == story.metadata.sequence


async def test_metadata_of_an_earlier_moment_are_only_a_view(state: Path) -> None:
    story, _ = await pair(state)
    older = (folder(state) / METADATA).read_bytes()
    await kept(state, story.converse("c"))
    (folder(state) / METADATA).write_bytes(older)
    story.epoch = 3
    await assert_kept(state, story)


async def test_a_file_without_checksum_is_taken_as_it_is(state: Path) -> None:
    story, other = await pair(state)
    for name in FILES:
        content = json.loads((folder(state) / name).read_bytes())
        assert next(iter(content)) == "checksum"
        del content["checksum"]
        (folder(state) / name).write_text(json.dumps(content, indent=2))
    await assert_kept(state, story, other)


async def test_a_file_that_jq_wrote_again_is_taken_as_it_is(state: Path) -> None:
    story, other = await pair(state)
    for name in FILES:
        content = json.loads((folder(state) / name).read_bytes())
        (folder(state) / name).write_text(json.dumps(content, indent=2))
    await assert_kept(state, story, other)


@pytest.mark.parametrize("ids", [b"{}", b"null", b'"m-1"', b"[1]", b'["m-1",null]', b'["\xff"]', b'["\\ud83d"]'])
async def test_a_file_without_checksum_is_damaged_where_archived_ids_are_no_texts(state: Path, ids: bytes) -> None:
    story, _ = await pair(state)
    content = json.loads((folder(state) / HISTORY).read_bytes())
    del content["checksum"]
    assert content["archivedIds"] == ["m-1"]
    data = json.dumps(content).encode()
    assert data.count(b'["m-1"]') == 1
    (folder(state) / HISTORY).write_bytes(data)
    await assert_kept(state, story)
    (folder(state) / HISTORY).write_bytes(data.replace(b'["m-1"]', ids))
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match=r"history\.json is damaged"):
            await store.load(KEY)


async def test_a_loaded_context_is_the_same_as_one_that_was_folded(state: Path) -> None:
    story, other = await pair(state)
    async with FileStore(state, read_only=True) as one, FileStore(state, read_only=True) as two:
        loaded, again, another = await one.load(KEY), await two.load(KEY), await two.load(OTHER)
    assert loaded
    assert again
    assert another
    assert loaded.context == again.context == story.context == loaded.context
    ids = loaded.context.archived_ids
    assert (list(ids), len(ids), "m-1" in ids, "m-2" in ids) == (["m-1"], 1, True, False)
    assert hash(ids) == hash(again.context.archived_ids)
    assert ids == another.context.archived_ids
    assert ids not in ((), ("m-2",), "m-1", None)
    assert other.context.archived_ids == ids


async def test_a_damaged_archive_is_refused_where_it_is_read_and_left_as_it_is(state: Path) -> None:
    story, _ = await pair(state)
    flip(folder(state) / ARCHIVE, b'"about a')
    before = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY) == story.snapshot
        for _ in range(2):
            with pytest.raises(StoreDamagedError, match=r"00000001-00000002\.json is damaged"):
                await store.read(KEY, *EVERYTHING)
        assert len(await store.read(KEY, 3, 100)) == 2
        assert tree(folder(state)) == before
        await append(store, story.summarise(1))
    after = tree(folder(state))
    assert after[ARCHIVE] == before[ARCHIVE]
    assert [name for name in after if name.startswith("archive/")] == [
        ARCHIVE,
        "archive/00000003-00000003.json",
    ] or len(after) == len(before) + 1


@pytest.mark.parametrize("content", [DAMAGE["cut"], b'{"version":4}'], ids=["damaged", "newer"])
async def test_a_list_goes_on_past_a_session_that_cannot_be_read(state: Path, content: bytes) -> None:
    _, other = await pair(state)
    (state / "index.sqlite").unlink()
    for name in (HISTORY, METADATA):
        (folder(state) / name).write_bytes(content)
    async with FileStore(state) as store:
        page = await store.list("main")
        assert await store.unfinished("main", ["Created"]) == (other.metadata,)
    assert page.sessions == (other.metadata,)
    [problem] = page.problems
    assert str(folder(state)) in problem


# Records missing between files and journal -------------------------------------------------------------------


async def gap(state: Path) -> tuple[Path, Story, list[Record]]:
    """A session whose files lack what the journal takes for granted; the records in the journal."""
    story, _ = await pair(state)
    earlier = shutil.copytree(folder(state), state.parent / "earlier")
    await kept(state, story.converse("missing"))
    story.epoch = 3
    async with FileStore(state, run=inline) as store:
        await append(store, story.say("behind"))
        copy = crashed(state)
    shutil.rmtree(folder(copy))
    shutil.copytree(earlier, folder(copy))
    (copy / "index.sqlite").unlink()
    return copy, story, story.records[-1:]


async def test_records_behind_a_gap_are_set_aside_and_the_session_goes_on_from_its_files(state: Path) -> None:
    copy, story, behind = await gap(state)
    async with FileStore(copy, run=inline) as store:
        found = await store.load(KEY)
        assert found == fold(KEY, None, story.records[:10]).snapshot
        [aside] = damaged(copy)
        assert saved(aside) == behind
        await store.append(KEY, 4, 10, [msgspec.structs.replace(story.records[10], epoch=4)])
        again = crashed(copy)
    async with FileStore(again, run=inline) as store:
        found = await store.load(KEY)
        assert found
        assert found.metadata.sequence == 11
    assert len(damaged(again)) == 1


async def test_a_reader_of_a_gap_shows_what_is_in_front_of_it_says_what_is_missing_and_changes_nothing(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy, story, _ = await gap(state)
    before = tree(copy)
    async with FileStore(copy, read_only=True) as reader:
        assert await reader.load(KEY) == fold(KEY, None, story.records[:10]).snapshot
        assert "records 11 to 14 of session user-jason, messages 5 to 6: missing" in caplog.text
        assert (await reader.list("main")).problems
    assert tree(copy) == before


async def test_an_append_acknowledged_while_a_gap_is_set_aside_twice_is_not_lost(state: Path) -> None:
    copy, story, _ = await gap(state)
    gate = Gate()
    continued = [msgspec.structs.replace(story.records[10], epoch=4)]
    async with FileStore(copy, run=gate) as store:
        gate.hold("read_stored", after=True)

        async def load() -> None:
            await store.load(KEY)

        async with anyio.create_task_group() as group:
            group.start_soon(load)
            await gate.is_waiting.wait()
            gate.pass_others()
            await store.load(KEY)
            await store.append(KEY, 4, 10, continued)
            gate.open()
        again = crashed(copy)
        found = await store.load(KEY)
        assert found
        assert found.metadata.sequence == 11
    async with FileStore(again, run=inline) as store:
        found = await store.load(KEY)
        assert found
        assert found.metadata.sequence == 11


# The journal -------------------------------------------------------------------------------------------------


async def test_damage_in_the_journal_is_told_once_and_harms_one_session(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story, other, third = Story(), Story(OTHER), Story(SessionKey("main", "third"))
    async with FileStore(state, run=inline) as store:
        await appended(store, story, other, third)
        whole = story.snapshot
        await appended(store, story.say("harmed"), other.say("on"))
        await appended(store, story.say("later"), third.say("on"))
        copy = crashed(state)
    flip(copy / "journal" / "00000001.journal", b"harmed")
    before = tree(copy)
    async with FileStore(copy, read_only=True) as reader:
        for each in (other, third):
            assert await reader.load(each.key) == each.snapshot
        assert await reader.load(KEY) == whole
    assert tree(copy) == before
    assert any("records of session user-jason are lost" in record.getMessage() for record in caplog.records)
    caplog.clear()
    async with FileStore(copy, run=inline) as store:
        for each in (other, third):
            assert await store.load(each.key) == each.snapshot
        assert await store.load(KEY) == whole
        told = [record.getMessage() for record in caplog.records]
        assert sum("records of session user-jason are lost" in each for each in told) == 1
        assert sum("record 2 of session user-jason, message 1: missing" in each for each in told) == 1
        assert sum("was set aside in" in each for each in told) == 2
        caplog.clear()
        again = crashed(copy)
    async with FileStore(again, run=inline) as store:
        assert await store.load(KEY) == whole
    assert caplog.records == []
    [aside] = [name for name in journal(again) if "damaged" in name]
    assert (again / "journal" / aside).read_bytes() == before["journal/00000001.journal"]
    assert (again / "journal" / aside).stat().st_mode & 0o777 == 0o600


async def test_a_torn_commit_is_told_and_set_aside_and_can_be_sent_again(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story()
    async with FileStore(state, run=inline) as store:
        await append(store, story)
        whole = story.snapshot
        await append(store, story.say("never acknowledged"))
        copy = crashed(state)
    flip(copy / "journal" / "00000001.journal", b"never")
    async with FileStore(copy, run=inline) as store:
        assert await store.load(KEY) == whole
        await store.append(KEY, 1, 1, story.records[1:])
    [torn, _] = [record.getMessage() for record in caplog.records]
    assert "are torn" in torn
    assert [name for name in journal(copy) if "torn" in name]
    await assert_kept(copy, story)


async def test_a_session_whose_first_record_is_gone_is_not_made_up_from_the_rest(state: Path) -> None:
    story, other = Story(), Story(OTHER)
    async with FileStore(state, run=inline) as store:
        await appended(store, story, other)
        await appended(store, story.say("later"), other.say("on"))
        copy = crashed(state)
    flip(copy / "journal" / "00000001.journal", b"Created")
    async with FileStore(copy, run=inline) as store:
        assert await store.load(KEY) is None
        assert await store.load(OTHER) == other.snapshot
        await append(store, new := Story())
    assert len(damaged(copy)) == 1
    await assert_kept(copy, new, other)


@pytest.mark.parametrize("magic", [b"ARGENTJ4", b"ARGENTJ9"])
async def test_a_journal_of_a_newer_version_is_refused_and_nothing_is_changed(state: Path, magic: bytes) -> None:
    async with FileStore(state, run=inline) as store:
        await append(store, Story())
        copy = crashed(state)
    put(copy / "journal" / "00000002.journal", magic + b"anything")
    before = tree(copy)
    for read_only in (True, False):
        with pytest.raises(StoreVersionError, match="newer argentos"):
            async with FileStore(copy, read_only=read_only):
                pass
    assert tree(copy) == before


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
async def test_however_files_and_journal_are_mutated_no_other_session_is_harmed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    state = tmp_path_factory.mktemp("mutated") / "state"
    story, other = await pair(state)
    async with FileStore(state, run=inline, segment_size=1) as store:
        await appended(store, other.say("on"), story.say("text"))
        await append(store, story.say("more"))
        await append(store, story.say("and more"))
        copy = crashed(state)
    segments = sorted((copy / "journal").glob("*.journal"))[1:]  # in the first there is the other session
    path = data.draw(st.sampled_from([*(folder(copy) / name for name in FILES), *segments]))
    content = bytearray(path.read_bytes())
    begin = 8 if path in segments else 0
    end = len(content.rstrip(b"\0"))
    at = data.draw(st.integers(begin, end - 1))
    if data.draw(st.booleans()):
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[at:]
    path.write_bytes(content)
    async with FileStore(copy, run=inline) as store:
        assert await store.load(OTHER) == other.snapshot
        assert len(await store.read(OTHER, *EVERYTHING)) == 5
        try:
            found = await store.load(KEY)
            await store.read(KEY, *EVERYTHING)
        except (StoreDamagedError, StoreVersionError):
            pass
        else:
            assert found
            sequence = found.metadata.sequence
            assert sequence >= 10
            if path in segments:  # of a file in JSON nobody can tell it from an edit
                assert found.context == fold(KEY, None, story.records[:sequence]).snapshot.context
    shutil.rmtree(state.parent)
