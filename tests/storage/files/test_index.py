"""The index is a view: whatever becomes of it, lists are right."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from argentos.storage import FileStore, SessionKey, inline
from argentos.storage.files.index import Index
from argentos.storage.testing.story import KEY, OTHER, Story, append
from tests.storage.directories import Disk, crashed, folder, kept, listed

NAMES = ["a", "B", "c.d", "user-jason"]


def stories() -> list[Story]:
    """Of several sizes, one of them unfinished."""
    return [Story(SessionKey("main", id_)).converse(*"x" * at) for at, id_ in enumerate(NAMES)] + [
        Story(OTHER).say("?")
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


@pytest.fixture
def anyio_backend() -> str:
    return "trio"  # that the store is the same on asyncio is said in test_contract.py


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def opened(path: Path, *, read_only: bool = False) -> Index:
    index = Index(path, read_only=read_only)
    index.open()
    return index


def known(index: Index) -> list[object]:
    return list(index.page("main", "\0", "\uffff").values())


# By itself ---------------------------------------------------------------------------------------------------


def test_what_was_put_is_there_after_closing(path: Path) -> None:
    index = opened(path)
    told = sorted((story.metadata for story in stories()), key=lambda each: each.session)
    for metadata in told:
        index.put(metadata)
    assert sorted(known(index), key=lambda each: getattr(each, "session", "")) == told
    index.close()
    with closing(opened(path, read_only=True)) as again:
        assert sorted(known(again), key=lambda each: getattr(each, "session", "")) == told


def test_what_was_not_committed_is_not_there_after_a_crash(path: Path) -> None:
    index = opened(path)
    index.put((one := Story()).metadata)
    index.commit()
    index.put(Story(OTHER).metadata)
    copy = path.with_name("copy.sqlite")
    copy.write_bytes(path.read_bytes())
    with closing(opened(copy)) as again:
        assert known(again) == [one.metadata]
    index.close()


def test_what_was_removed_is_not_in_the_file_any_more(path: Path) -> None:
    index = opened(path)
    story = Story(SessionKey("main", "unheard-of"))
    index.put(story.metadata)
    index.commit()
    assert b"unheard-of" in path.read_bytes()
    index.remove(story.key)
    index.commit()
    assert b"unheard-of" not in path.read_bytes()
    assert known(index) == []
    index.close()


@pytest.mark.parametrize("meanwhile", ["written", "removed", "nothing"])
def test_what_a_list_read_is_taken_over_only_where_nothing_was_written_meanwhile(path: Path, meanwhile: str) -> None:
    index = opened(path)
    early, late = Story().metadata, Story().say().metadata
    began = index.age
    if meanwhile == "written":
        index.put(late)
    elif meanwhile == "removed":
        index.remove(KEY)
    index.add(early, began)
    assert known(index) == {"written": [late], "removed": [], "nothing": [early]}[meanwhile]
    index.close()


def test_unfinished_sessions_are_found_by_state_and_by_what_waits(path: Path) -> None:
    index = opened(path)
    waiting, active, done = Story().say(), Story(OTHER).move("Created", "Active"), Story(SessionKey("main", "done"))
    for story in (waiting, active, done):
        index.put(story.metadata)
    everything = ("\0", "\uffff")
    assert index.unfinished("main", ["Active"], *everything) == (
        {"user-ada": active.metadata, "user-jason": waiting.metadata},
        {"done"},
    )
    assert index.unfinished("main", [], *everything) == ({"user-jason": waiting.metadata}, {"done", "user-ada"})
    assert index.unfinished("main", ["Active"], "e", "user-b") == ({"user-ada": active.metadata}, set())
    assert index.unfinished("other", ["Active"], *everything) == ({}, set())
    index.close()


def test_sessions_that_owe_something_are_found(path: Path) -> None:
    index = opened(path)
    owing, done = Story().converse("a").owe(), Story(OTHER).converse("a").owe().deliver(2)
    for story in (owing, done):
        index.put(story.metadata)
    everything = ("\0", "\uffff")
    assert index.owing("main", *everything) == ({"user-jason": owing.metadata}, {"user-ada"})
    assert index.owing("main", "a", "user-b") == ({}, {"user-ada"})
    assert index.owing("other", *everything) == ({}, set())
    index.close()


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o277])
def test_it_is_private_whatever_the_umask(path: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        index = opened(path)
        index.put(Story().metadata)
        files = [*path.parent.glob("index.sqlite*")]
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
        index.close()
    finally:
        os.umask(old)


def test_a_reader_makes_none_and_changes_none(path: Path) -> None:
    opened(path, read_only=True).close()
    assert not path.exists()
    index = opened(path)
    index.put(Story().metadata)
    index.close()
    before = path.read_bytes()
    reader = opened(path, read_only=True)
    reader.put(Story(OTHER).metadata)
    reader.remove(KEY)
    assert known(reader) == [Story().metadata]
    reader.close()
    assert path.read_bytes() == before


# Under a store -----------------------------------------------------------------------------------------------


def _remove(path: Path) -> None:
    path.unlink()


def _overwrite(path: Path) -> None:
    path.write_bytes(b"this is no database" * 500)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("DROP TABLE sessions")
    connection.close()


def _other_table(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE sessions")
        connection.execute("CREATE TABLE sessions (nonsense TEXT)")
    connection.close()


def _other_content(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sessions SET metadata = 'nonsense'")
    connection.close()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def _foreign_journal(path: Path) -> None:
    path.with_name("index.sqlite-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\xff" * 600)


HARMS = [
    _remove,
    _overwrite,
    _cut,
    _empty,
    _newer,
    _other_table,
    _other_content,
    _folder,
    _link,
    _foreign_journal,
]


async def assert_lists(state: Path, *told: Story, read_only: bool = False) -> None:
    expected = sorted((story.metadata for story in told), key=lambda each: each.session.replace("B", "%42"))
    async with FileStore(state, run=inline, read_only=read_only) as store:
        assert await listed(store, limit=2) == expected
        assert await listed(store) == expected
        unfinished = await store.unfinished("main", [])
        assert [each.session for each in unfinished] == ["user-ada"]


@pytest.mark.anyio
@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("read_only", [False, True], ids=["owner", "reader"])
async def test_lists_are_right_whatever_became_of_it(
    state: Path, harm: Callable[[Path], None], *, read_only: bool
) -> None:
    told = stories()
    await kept(state, *told)
    harm(state / "index.sqlite")
    for _ in range(2):
        await assert_lists(state, *told, read_only=read_only)


@pytest.mark.anyio
@pytest.mark.parametrize("harm", [_overwrite, _remove])
async def test_lists_are_right_though_it_is_harmed_while_in_use(state: Path, harm: Callable[[Path], None]) -> None:
    told = stories()
    async with FileStore(state, run=inline) as store:
        for story in told:
            await append(store, story)
            await store.checkpoint(story.key, story.snapshot)
        await listed(store)
        harm(state / "index.sqlite")
        expected = {story.key: story.metadata for story in told}
        assert {each.key: each for each in await listed(store)} == expected
    await assert_lists(state, *told)


@pytest.mark.anyio
async def test_no_wrong_bit_in_it_reaches_a_list(state: Path) -> None:
    told = stories()
    await kept(state, *told)
    path = state / "index.sqlite"
    whole = path.read_bytes()
    begin = min(whole.index(name.encode()) for name in ("user-ada", "user-jason") if name.encode() in whole)
    for at in range(begin, len(whole), 37):
        data = bytearray(whole)
        data[at] ^= 1 << (at % 8)
        path.write_bytes(data)
        async with FileStore(state, run=inline, read_only=True) as store:
            found = {each.key: each for each in await listed(store)}
        assert found == {story.key: story.metadata for story in told}


@pytest.mark.anyio
async def test_it_follows_files_that_came_and_went_without_it(state: Path) -> None:
    told = stories()
    await kept(state, *told)
    elsewhere = state.with_name("elsewhere")
    await kept(elsewhere, new := Story(SessionKey("main", "new")))
    folder(elsewhere, new.key).rename(folder(state, new.key))
    for each in folder(state, told[0].key).iterdir():
        each.unlink()
    folder(state, told[0].key).rmdir()
    await assert_lists(state, *told[1:], new)
    await assert_lists(state, *told[1:], new, read_only=True)


@pytest.mark.anyio
async def test_after_a_crash_at_any_call_lists_are_what_loading_gives(state: Path) -> None:
    disk = Disk()
    copies: list[Path] = []
    one, other = Story(), Story(OTHER)
    async with FileStore(state, run=disk, segment_size=400) as store:
        disk.before_each = lambda: copies.append(crashed(state))
        for _ in range(3):
            for story in (one, other):
                await append(store, story.converse("x" * 50).summarise(1))
            await store.checkpoint(KEY, one.snapshot)
            await listed(store)
        disk.before_each = None
    assert len(copies) > 20
    for copy in copies:
        for read_only in (True, False):
            async with FileStore(copy, run=inline, read_only=read_only) as store:
                fresh = await listed(store)
                loaded = [await store.load(key) for key in (OTHER, KEY)]
                assert fresh == [each.metadata for each in loaded if each]
                assert await listed(store) == fresh
                assert {each.key for each in await store.unfinished("main", ["Created"])} == {
                    each.key for each in fresh
                }


def test_metadata_stay_readable_by_this_version(path: Path) -> None:
    index = opened(path)
    story = Story().converse("a")
    index.put(story.metadata)
    index.close()
    with sqlite3.connect(path) as connection:
        [(agent, name)] = connection.execute("SELECT agent, name FROM sessions").fetchall()
    connection.close()
    assert (agent, name) == ("main", "user-jason")
    assert msgspec.json.encode(story.metadata)
