"""Deleting a session leaves no byte of it, however it is interrupted, and harms no other."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from argentos.errors import StaleWriteError, StoreDamagedError, StoreError
from argentos.storage import FileStore, SessionKey, inline
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.campaigns.scarcity import can_mount, few_bytes
from tests.storage.directories import (
    CANARY,
    ROOT,
    Disk,
    Gate,
    assert_kept,
    block,
    crashed,
    flip,
    folder,
    holding,
    journal,
    kept,
    listed,
    put,
    tree,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "trio"  # but for what happens beside a deletion


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def secret(key: SessionKey = KEY) -> Story:
    """A session with its text in context, archive and waiting messages."""
    return Story(key).converse(CANARY, CANARY).summarise(2, CANARY).say(CANARY)


async def assert_deleted(state: Path, *others: Story, key: SessionKey = KEY) -> None:
    """Nothing is left of a session, whoever looks; a new one under its id is new; the others are whole."""
    async with FileStore(state, run=inline) as store:
        assert await store.load(key) is None
        assert await store.read(key, 1, 1000) == ()
        assert await store.size(key) == 0
        assert [each.key for each in await listed(store)] == sorted(story.key for story in others)
        assert key not in [each.key for each in await store.unfinished("main", ["Created", "Active"])]
        assert not await store.delete(key)
        assert holding(state, CANARY) == []
        with pytest.raises(StaleWriteError):
            await append(store, _late(key))
        await append(store, new := Story(key))
        assert [each for each in await listed(store) if each.key == key] == [new.metadata]
        assert await store.delete(key)
    await assert_kept(state, *others)


def _late(key: SessionKey) -> Story:
    story = secret(key)
    story.take()
    return story.say("too late")


# Every copy --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["journal", "files", "both", "segments", "reopened"])
async def test_a_deleted_session_is_nowhere(state: Path, where: str) -> None:
    story, other = secret(), Story(OTHER).converse("a").summarise(1)
    size = 300 if where == "segments" else 1 << 16
    if where in {"files", "both"}:
        await kept(state, story, other)
        story.epoch = other.epoch = 2
    async with FileStore(state, run=inline, segment_size=size) as store:
        if where != "files":
            for _ in range(3):
                await appended(store, story.say(CANARY), other.say("b"))
        if where == "both":
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
            await append(store, story.say(CANARY))
        copy = crashed(state)
        if where != "reopened":
            assert await store.delete(KEY)
            assert holding(state, CANARY) == []
            assert await store.load(OTHER) == other.snapshot
            await append(store, other.say("c"))
    if where == "reopened":
        async with FileStore(copy, run=inline) as store:
            assert await store.delete(KEY)
            assert holding(copy, CANARY) == []
        state = copy
    await assert_deleted(state, other)


@pytest.mark.parametrize("aside", ["torn", "damaged", "both segments"])
async def test_what_was_set_aside_of_the_journal_is_deleted_where_that_is_asked_for(state: Path, aside: str) -> None:
    story, other = secret(), Story(OTHER)
    async with FileStore(state, run=inline) as store:
        await appended(store, other, story)
        copy = crashed(state)
        await append(store, story.say("last " + CANARY) if aside == "torn" else other.say("behind"))
        if aside != "both segments":
            copy = crashed(state)
    flip(copy / "journal" / "00000001.journal", b"last" if aside == "torn" else CANARY.encode())
    async with FileStore(copy, run=inline) as store:
        assert holding(copy, CANARY[1:])
        await store.delete(KEY, set_aside=True)
        assert holding(copy, CANARY[1:]) == []
        assert await store.load(OTHER)


async def test_texts_set_aside_without_the_name_of_their_session_are_deleted_likewise(state: Path) -> None:
    story, other = Story().say("first"), Story(OTHER)
    async with FileStore(state, run=inline) as store:
        await appended(store, story, other)
        await append(store, story.say(CANARY))
        copy = crashed(state)
    path = copy / "journal" / "00000001.journal"
    data = bytearray(path.read_bytes())
    at = data.rindex(b"user-jason")
    data[at : at + 10] = b"\xff" * 10
    path.write_bytes(data)
    async with FileStore(copy, run=inline) as store:
        assert holding(copy, CANARY)
        assert await store.delete(KEY, set_aside=True)
        assert holding(copy, CANARY) == []
        assert await store.load(OTHER) == other.snapshot


async def test_what_was_set_aside_as_damaged_is_deleted_where_that_is_asked_for(state: Path) -> None:
    story, other = secret(), Story(OTHER)
    await kept(state, story, other)
    flip(folder(state) / "history.json", f'"{CANARY}'.encode())
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await store.load(KEY)
        assert holding(state, CANARY)
        assert await store.delete(KEY, set_aside=True)
        assert holding(state, CANARY) == []
    await assert_deleted(state, other)


async def test_what_was_set_aside_is_deleted_likewise_with_the_session_that_came_after_it(state: Path) -> None:
    story = secret()
    await kept(state, story)
    flip(folder(state) / "history.json", f'"{CANARY}'.encode())
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await store.load(KEY)
        await append(store, Story())
        assert await store.delete(KEY, set_aside=True)
        assert holding(state, CANARY) == []
    await assert_deleted(state)


@pytest.mark.parametrize("began_anew", [False, True])
async def test_what_was_set_aside_survives_a_deletion_that_does_not_name_it(state: Path, *, began_anew: bool) -> None:
    await kept(state, secret())
    put(torn := state / "journal" / "00000001.journal.torn-20260101T000000Z", CANARY.encode())
    flip(folder(state) / "history.json", f'"{CANARY}'.encode())
    damaged = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await store.load(KEY)
        if began_anew:
            await append(store, Story().say("anew"))
        for _ in range(2):
            assert await store.delete(KEY) is began_anew
            began_anew = False
        assert await store.load(KEY) is None
        [aside] = (state / "agents" / "main" / "damaged").iterdir()
        assert tree(aside) == damaged
        assert torn.exists()
        assert await store.delete(KEY, set_aside=True)
        assert not await store.delete(KEY, set_aside=True)
        assert holding(state, CANARY[1:]) == []


async def test_what_was_set_aside_of_another_session_stays(state: Path) -> None:
    other = Story(SessionKey("main", f"{KEY.id}.damaged-other")).say("theirs")
    await kept(state, Story(), other)
    flip(folder(state, other.key) / "history.json", b'"theirs')
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await store.load(other.key)
        assert await store.delete(KEY)
        assert holding(state, "heirs")


async def test_records_kept_for_a_session_that_could_not_be_written_are_deleted_too(state: Path) -> None:
    story, other = secret(), Story(OTHER)
    block(state)
    async with FileStore(state, run=inline, segment_size=300, journal_limit=4000) as store:
        for _ in range(8):
            await appended(store, story.say(CANARY), other.say())
            await store.checkpoint(OTHER, other.snapshot)
            await wait_all_tasks_blocked()
        assert any(name.endswith(".kept") for name in journal(state))
        assert await store.delete(KEY)
        assert holding(state, CANARY) == []
    await assert_deleted(state, other)


async def test_what_a_kill_left_half_written_in_the_journal_is_deleted_too(state: Path) -> None:
    await kept(state, secret())
    for name in (".00000001.journal.new", ".00000001.journal.torn-20260101T000000Z.new", f".{'0' * 64}.kept.new"):
        put(state / "journal" / name, CANARY.encode())
    async with FileStore(state, run=inline) as store:
        assert await store.delete(KEY)
        assert holding(state, CANARY) == []


@pytest.mark.parametrize("harm", ["a file in the place of the folder", "a link in the place of the folder", "corrupt"])
async def test_a_session_that_cannot_be_loaded_can_be_deleted(state: Path, tmp_path: Path, harm: str) -> None:
    await kept(state, secret())
    put(tmp_path / "elsewhere" / "precious", b"mine")
    if harm == "corrupt":
        flip(folder(state) / "history.json", f'"{CANARY}'.encode())
    else:
        shutil.rmtree(folder(state))
        if harm.startswith("a file"):
            put(folder(state), CANARY.encode())
        else:
            folder(state).symlink_to(tmp_path / "elsewhere")
    async with FileStore(state, run=inline) as store:
        assert await store.delete(KEY)
        assert holding(state, CANARY) == []
    assert (tmp_path / "elsewhere" / "precious").read_bytes() == b"mine"
    await assert_deleted(state)


async def test_a_reader_deletes_nothing(state: Path) -> None:
    story = Story().converse("a")
    await kept(state, story)
    async with FileStore(state, read_only=True) as reader:
        with pytest.raises(StoreError, match="opened for reading only"):
            await reader.delete(KEY)
    await assert_kept(state, story)


# Interrupted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", range(1, 9))
async def test_a_crash_at_any_call_of_a_deletion_leaves_the_session_whole_or_nothing(state: Path, call: int) -> None:
    copies: list[Path] = []
    disk = Disk()
    story, other = secret(), Story(OTHER).converse("a")
    await kept(state, story, other)
    story.epoch = other.epoch = 2
    put(state / "journal" / "00000001.journal.torn-20260101T000000Z", f"{KEY.id} {CANARY}".encode())
    async with FileStore(state, run=disk, segment_size=300) as store:
        for _ in range(2):
            await appended(store, story.say(CANARY), other.say("b"))
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        await append(store, story.say(CANARY))
        disk.at[disk.calls + call] = lambda: copies.append(crashed(state))
        assert await store.delete(KEY, set_aside=True)
        copy = copies[0] if copies else crashed(state)
    async with FileStore(copy, run=inline) as store:
        found = await store.load(KEY)
        if found is not None:
            assert found == story.snapshot
            assert [each.number for each in await store.read(KEY, 1, 1000)] == list(range(1, 9))
            assert await store.delete(KEY, set_aside=True)
        assert holding(copy, CANARY) == []
    await assert_deleted(copy, other)


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it took effect"])
@pytest.mark.parametrize("call", range(1, 8))
async def test_a_deletion_on_a_failing_disk_is_reported_and_finished_at_the_next_opening(
    state: Path, call: int, *, after: bool
) -> None:
    story, other = secret(), Story(OTHER).converse("a")
    disk = Disk(after=after)
    async with FileStore(state, run=disk, segment_size=300) as store:
        await appended(store, story, other)
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        disk.fails_at = disk.calls + call
        is_deleted = False
        try:
            is_deleted = await store.delete(KEY)
        except StoreError:
            if call > 1:  # the first looks whether there is a session
                with pytest.raises(StoreError):
                    await append(store, story.say("more"))
    async with FileStore(state, run=inline) as store:
        found = await store.load(KEY)
        if found is None:
            assert holding(state, CANARY) == []
        else:
            assert not is_deleted
            assert await store.delete(KEY)
    await assert_deleted(state, other)


async def test_a_deletion_that_failed_can_be_tried_again(state: Path) -> None:
    disk = Disk()
    async with FileStore(state, run=disk) as store:
        await append(store, story := secret())
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        disk.fails_at = disk.calls + 3  # the first looks for the folder, the second says so in the journal
        with pytest.raises(StoreError, match="could not be removed"):
            await store.delete(KEY)
        assert await store.delete(KEY)
        assert holding(state, CANARY) == []
        await append(store, Story())
    await assert_kept(state)


async def test_a_deletion_refused_by_a_full_disk_leaves_the_session_as_it_was(state: Path) -> None:
    story = secret()
    async with FileStore(state, run=inline, segment_size=1) as store:
        await append(store, story)
        (state / "journal" / "00000002.journal").mkdir()
        with pytest.raises(StoreError, match="make room"):
            await store.delete(KEY)
        assert await store.load(KEY) == story.snapshot
        (state / "journal" / "00000002.journal").rmdir()
        await append(store, story.say("on"))
        assert await store.delete(KEY)
    await assert_deleted(state)


async def test_a_reader_shows_no_session_whose_deletion_was_interrupted(state: Path) -> None:
    disk = Disk()
    copies: list[Path] = []
    await kept(state, secret())
    async with FileStore(state, run=disk) as store:
        disk.at[disk.calls + 3] = lambda: copies.append(crashed(state))  # its end is in the journal
        await store.delete(KEY)
    async with FileStore(copies[0], read_only=True) as reader:
        assert await reader.load(KEY) is None
        assert (await reader.list("main")).sessions == ()
        assert await reader.unfinished("main", ["Created"]) == ()


async def test_a_cancelled_deletion_is_finished(state: Path) -> None:
    gate = Gate()
    async with FileStore(state, run=gate) as store:
        await append(store, story := secret())
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        gate.hold("_remove_files")
        async with anyio.create_task_group() as group:
            group.start_soon(store.delete, KEY)
            await gate.is_waiting.wait()
            group.cancel_scope.cancel()
            gate.open()
        assert holding(state, CANARY) == []
        assert await store.load(KEY) is None


# Beside others -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_a_session_is_deleted_while_an_append_to_it_is_in_flight(state: Path) -> None:
    gate = Gate()
    story, other = secret(), Story(OTHER)
    outcomes: list[str] = []

    async def attempt(name: str, call: Callable[[], object]) -> None:
        try:
            await call()  # type: ignore[misc]
        except StaleWriteError:
            outcomes.append(f"{name} stale")
        except StoreError:
            outcomes.append(f"{name} refused")
        else:
            outcomes.append(name)

    async with FileStore(state, run=gate) as store:
        await appended(store, story, other)
        gate.hold("write")
        async with anyio.create_task_group() as group:
            group.start_soon(attempt, "first", lambda: append(store, story.say(CANARY)))
            await gate.is_waiting.wait()
            group.start_soon(attempt, "second", lambda: append(store, story.say(CANARY)))
            await wait_all_tasks_blocked()
            group.start_soon(attempt, "delete", lambda: store.delete(KEY))
            await wait_all_tasks_blocked()
            group.start_soon(attempt, "third", lambda: append(store, story.say(CANARY)))
            group.start_soon(attempt, "other", lambda: append(store, other.say("on")))
            await wait_all_tasks_blocked()
            gate.open()
        assert {"delete", "other"} <= {*outcomes}
        assert "third" not in outcomes
        assert holding(state, CANARY) == []
    await assert_deleted(state, other)


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_of_two_deletions_at_once_one_removes_and_the_other_does_no_harm(state: Path) -> None:
    gate = Gate()
    gone: list[bool] = []

    async def delete() -> None:
        with suppress(StoreError):
            gone.append(await store.delete(KEY))

    async with FileStore(state, run=gate) as store:
        await append(store, secret())
        gate.hold("_remove_files")
        async with anyio.create_task_group() as group:
            group.start_soon(delete)
            await gate.is_waiting.wait()
            group.start_soon(delete)
            await wait_all_tasks_blocked()
            gate.open()
        assert gone.count(True) == 1
    await assert_deleted(state)


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_a_checkpoint_of_a_session_that_is_being_deleted_changes_nothing(state: Path) -> None:
    gate = Gate()
    async with FileStore(state, run=gate) as store:
        await append(store, story := secret())
        gate.hold("_remove_files")
        async with anyio.create_task_group() as group:
            group.start_soon(store.delete, KEY)
            await gate.is_waiting.wait()
            await store.checkpoint(KEY, story.snapshot)
            gate.open()
        await append(store, new := Story().say("new"))
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        assert await store.load(KEY) == new.snapshot
        assert holding(state, CANARY) == []
    await assert_kept(state, new)


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_loading_a_session_while_it_is_deleted_brings_nothing_back(state: Path) -> None:
    await kept(state, secret())
    gate, new = Gate(), Story().say("new")
    async with FileStore(state, run=gate) as store:
        gate.hold("read_stored", after=True)
        async with anyio.create_task_group() as group:
            group.start_soon(store.load, KEY)
            await gate.is_waiting.wait()
            gate.pass_others()
            assert await store.delete(KEY)
            await append(store, new)
            gate.open()
        assert await store.load(KEY) == new.snapshot
        await append(store, new.say("on"))
    await assert_kept(state, new)


# A full disk -------------------------------------------------------------------------------------------------


async def test_a_session_is_deleted_where_not_a_byte_can_be_written(state: Path) -> None:
    story, other = secret(), Story(OTHER).converse("a")
    await kept(state, story, other)
    async with FileStore(state, run=inline) as store:
        with few_bytes(0):
            assert await store.delete(KEY)
            assert not await store.delete(KEY)
        assert holding(state, CANARY) == []
    await assert_deleted(state, other)


@pytest.mark.skipif(not can_mount(), reason="a small tmpfs can be mounted on Linux, and by root only")
@pytest.mark.parametrize("left", ["ended", "killed", "owner"])
def test_sessions_are_deleted_on_a_disk_without_a_free_page(tmp_path: Path, left: str) -> None:
    command = ["unshare", "--mount", sys.executable, "-m", "tests.storage.full_disk", str(tmp_path), left]
    subprocess.run(command, check=True, timeout=50, cwd=ROOT)  # noqa: S603 - our own command
