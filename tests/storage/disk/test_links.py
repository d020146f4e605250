"""Symbolic links: none is followed below a state directory, whatever is done, and the directory itself may be one."""

import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from argentos.errors import ArgentError, StoreDamagedError, StoreError
from argentos.storage import FileStore, SessionKey, inline
from argentos.storage.backup import restore
from argentos.storage.repair.doctor import check, repair
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.storage.directories import assert_kept, folder, kept

pytestmark = pytest.mark.anyio

ELSEWHERE = SessionKey("sales", "user-jason")

PLACES = {
    "the lock": Path("lock"),
    "the folder of all agents": Path("agents"),
    "the journal": Path("journal"),
    "an agent's folder": Path("agents/main"),
    "an agent's sessions": Path("agents/main/sessions"),
    "a session's folder": Path("agents/main/sessions/user-jason"),
    "a session's archive": Path("agents/main/sessions/user-jason/archive"),
    "a session's history": Path("agents/main/sessions/user-jason/history.json"),
    "a session's metadata": Path("agents/main/sessions/user-jason/metadata.json"),
}
ALL = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def divert(path: Path, outside: Path) -> None:
    """Put a link in the place of a file or folder, to a copy outside."""
    if path.is_dir():
        shutil.copytree(path, outside)
        shutil.rmtree(path)
    else:
        shutil.copy(path, outside)
        path.unlink()
    path.symlink_to(outside)


def contents(path: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its identity, and every folder."""
    paths = [path, *sorted(path.rglob("*"))]
    return {str(each): (each.stat().st_mtime_ns, each.read_bytes() if each.is_file() else b"") for each in paths}


async def attempt(call: Callable[[], Awaitable[object]]) -> str:
    """What it is refused with, or nothing."""
    try:
        await call()
    except ArgentError as error:
        return str(error)
    return ""


def linked_twice(state: Path, top: Path) -> None:
    """A state directory that is a link, the way to which leads through another."""
    (top / "real" / "below").mkdir(parents=True)
    (top / "way").symlink_to(top / "real")
    (top / "real" / "below" / "linked").mkdir(mode=0o700)
    state.symlink_to(top / "way" / "below" / "linked")


async def delete(state: Path) -> None:
    async with FileStore(state) as store:
        await store.delete(KEY)


async def use(state: Path, story: Story) -> list[str]:
    """Whatever a store can do, and what it is refused with."""
    told: list[str] = []
    for read_only in (True, False):
        try:
            async with FileStore(state, run=inline, read_only=read_only) as store:
                told += [await attempt(lambda: store.load(KEY)), await attempt(lambda: store.read(KEY, 1, 100))]
                told += (await store.list("main")).problems
                await attempt(lambda: store.unfinished("main", ["Active"]))
                if not read_only:
                    story.epoch += 1
                    told.append(await attempt(lambda: append(store, story.say("more").clear())))
                    await store.checkpoint(KEY, story.snapshot)
                    await append(store, Story(ELSEWHERE).say("b"))
                    await wait_all_tasks_blocked()
        except StoreError as error:
            told.append(str(error))
    return told


@ALL
async def test_a_link_is_not_followed_by_anything_that_a_store_does(state: Path, tmp_path: Path, place: Path) -> None:
    story = Story().converse("a", "b").clear().say("c")
    await kept(state, story, Story(OTHER))
    (state / "journal").mkdir(mode=0o700, exist_ok=True)
    divert(state / place, outside := tmp_path / "outside")
    before = contents(outside)
    told = await use(state, story)
    assert any(f"{state / place} is a symbolic link, which is not followed" in each for each in told), told
    for _ in range(2):
        with suppress(OSError):  # the lock cannot be had
            await repair(state)
    check(state)
    assert contents(outside) == before


@ALL
async def test_a_link_is_not_followed_when_a_session_is_deleted(state: Path, tmp_path: Path, place: Path) -> None:
    await kept(state, Story().converse("a").clear())
    (state / "journal").mkdir(mode=0o700, exist_ok=True)
    divert(state / place, outside := tmp_path / "outside")
    before = contents(outside)
    told = await attempt(lambda: delete(state))
    assert not told or f"{state / place} is a symbolic link" in told
    assert contents(outside) == before


async def test_a_link_that_comes_while_the_store_is_open_is_not_followed(state: Path, tmp_path: Path) -> None:
    one, other = Story().converse("a"), Story(SessionKey("main", "user-maria"))
    await kept(state, one)
    async with FileStore(state, run=inline) as store:
        await append(store, other)
        divert(state / "agents" / "main", outside := tmp_path / "outside")
        before = contents(outside)
        await store.checkpoint(other.key, other.snapshot)
        await wait_all_tasks_blocked()
        with pytest.raises(StoreDamagedError, match=f"{state / 'agents' / 'main'} is a symbolic link"):
            await store.load(KEY)
    assert contents(outside) == before
    (state / "agents" / "main").unlink()
    shutil.copytree(outside, state / "agents" / "main")
    await assert_kept(state, one, other)


async def test_a_backup_tells_of_links_and_does_not_follow_them(
    state: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await kept(state, Story().converse("a"), Story(SessionKey("sales", "b")))
    divert(state / "agents" / "main", tmp_path / "outside")
    async with FileStore(state) as store:
        await store.backup(tmp_path / "saved")
    assert f"{state / 'agents' / 'main'} is a symbolic link" in caplog.text
    await anyio.to_thread.run_sync(restore, tmp_path / "saved", tmp_path / "restored")
    assert sorted(each.name for each in (tmp_path / "restored" / "agents").iterdir()) == ["sales"]


async def test_a_link_in_the_place_of_a_restore_is_refused(state: Path, tmp_path: Path) -> None:
    await kept(state, Story())
    async with FileStore(state) as store:
        await store.backup(tmp_path / "saved")
    (victim := tmp_path / "victim").mkdir()
    (victim / "photo").write_bytes(b"mine")
    (tmp_path / ".restored.restoring").symlink_to(victim)
    with pytest.raises(StoreError, match="is a symbolic link; remove it"):
        await anyio.to_thread.run_sync(restore, tmp_path / "saved", tmp_path / "restored")
    assert list(contents(victim)) == [str(victim), str(victim / "photo")]


async def test_the_path_of_a_state_directory_may_lead_through_links(state: Path, tmp_path: Path) -> None:
    story = Story().converse("a").clear()
    linked_twice(state, tmp_path)
    async with FileStore(state) as store:
        await appended(store, story, Story(OTHER))
        await store.checkpoint(KEY, story.snapshot)
    assert folder(tmp_path / "real" / "below" / "linked").is_dir()
    await assert_kept(state, story)


@pytest.fixture
def loop(state: Path) -> Path:
    state.symlink_to(state)
    return state


async def test_a_state_directory_that_is_a_link_to_itself_is_refused_by_its_name(loop: Path) -> None:
    with pytest.raises(StoreError, match=f"{loop} cannot be used: "):
        await FileStore(loop, run=inline).__aenter__()
