"""The store on disk: its layout, and what it makes of crashes, damage and full disks."""

import errno
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.lowlevel
import pytest
from anyio import wait_all_tasks_blocked

from argentos.errors import (
    StaleWriteError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFailedError,
    StoreVersionError,
)
from argentos.storage import FileStore, SessionKey, fold, inline
from tests.storage.builders import KEY, OTHER, Story, append, appended

pytestmark = pytest.mark.anyio

T = TypeVar("T")

EVERYTHING = (1, 1000)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(params=[0o000, 0o077, 0o277], ids=["umask 000", "umask 077", "umask 277"])
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    assert tmp_path.exists()
    old = os.umask(request.param)
    yield
    os.umask(old)


def folder(state: Path, key: SessionKey = KEY) -> Path:
    return state / "agents" / key.agent / "sessions" / key.id


def tree(path: Path) -> dict[str, bytes]:
    """Every file, except the lock, which says who had it last."""
    files = (each for each in path.rglob("*") if each.is_file() and each.name != "lock")
    return {str(each.relative_to(path)): each.read_bytes() for each in files}


def modes(path: Path) -> tuple[int, int]:
    """Those that all folders have, and all files."""
    paths = [path, *path.rglob("*")]
    [folders] = {stat.S_IMODE(each.stat().st_mode) for each in paths if each.is_dir()}
    [files] = {stat.S_IMODE(each.stat().st_mode) for each in paths if each.is_file()}
    return folders, files


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def journal(state: Path) -> list[str]:
    return sorted(path.name for path in (state / "journal").iterdir())


def crashed(state: Path) -> Path:
    """The state directory as the owner's death at this moment would leave it."""
    copies = len(list(state.parent.glob("crashed-*")))
    return shutil.copytree(state, state.parent / f"crashed-{copies}")


async def kept(state: Path, *stories: Story, segment_size: int = 1 << 20) -> None:
    """Write sessions and close."""
    async with FileStore(state, segment_size=segment_size) as store:
        await appended(store, *stories)


async def assert_kept(state: Path, *stories: Story) -> None:
    """Whoever opens the directory finds these sessions, and can go on with each."""
    async with FileStore(state) as store:
        for story in stories:
            assert await store.load(story.key) == story.snapshot
            numbers = [message.number for message in await store.read(story.key, *EVERYTHING)]
            assert numbers == list(range(1, story.metadata.messages + 1))
            story.epoch += 1
            await append(store, story.say("going on"))
    async with FileStore(state, read_only=True) as store:
        for story in stories:
            assert await store.load(story.key) == story.snapshot


class Disk:
    """A runner whose calls are counted, and can be made to fail or to bring something about."""

    def __init__(self, *, after: bool = False) -> None:
        self.calls = 0
        self.fails_at = 0
        self.after = after
        self.at: dict[int, Callable[[], None]] = {}

    async def __call__(self, function: Callable[[], T], /) -> T:
        await anyio.lowlevel.checkpoint()
        self.calls += 1
        if self.calls in self.at:
            self.at[self.calls]()
        if self.calls != self.fails_at:
            return function()
        if self.after:
            function()
        raise OSError(errno.EIO, os.strerror(errno.EIO))


# Layout ------------------------------------------------------------------------------------------------------


async def test_each_session_has_a_folder_of_its_own(state: Path) -> None:
    await kept(state, Story().converse("a", "b").summarise(3), Story(SessionKey("Helper", "Ada")))
    assert sorted(tree(state)) == [
        "agents/%48elper/sessions/%41da/history.json",
        "agents/%48elper/sessions/%41da/metadata.json",
        "agents/main/sessions/user-jason/archive/00000001-00000003.json",
        "agents/main/sessions/user-jason/history.json",
        "agents/main/sessions/user-jason/metadata.json",
    ]


async def test_the_files_are_json_that_says_what_it_is(state: Path) -> None:
    story = Story().converse("hé\n", "b").summarise(3).say("c")
    await kept(state, story)
    metadata, history, archive = (
        json.loads((folder(state) / name).read_bytes())
        for name in ["metadata.json", "history.json", "archive/00000001-00000003.json"]
    )
    assert [each["version"] for each in (metadata, history, archive)] == [1, 1, 1]
    for each in (metadata, archive):
        assert (each["agent"], each["session"]) == ("main", "user-jason")
    assert history["metadata"] == metadata
    assert metadata["sequence"] == story.metadata.sequence
    assert metadata["messages"] == 5
    assert metadata["createdAt"] == "2026-01-01T00:00:01Z"
    assert [message["number"] for message in archive["messages"]] == [1, 2, 3]
    assert [message["text"] for message in history["messages"]] == ["about b"]
    assert [message["text"] for message in history["waiting"]] == ["c"]
    assert archive["messages"][0]["text"] == "hé\n"
    assert history["summary"]["last"] == 3


@pytest.mark.usefixtures("umask")
async def test_files_and_folders_are_private_whatever_the_umask(state: Path) -> None:
    nested = state / "deeper"
    async with FileStore(nested, run=inline) as store:
        await append(store, story := Story().converse("a").clear())
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        await append(store, story.converse("b").clear())
        assert modes(state) == (0o700, 0o600)
    assert modes(state) == (0o700, 0o600)


async def test_no_journal_and_no_temporary_file_is_left_after_closing(state: Path) -> None:
    await kept(state, Story().converse("a").clear(), Story(OTHER), segment_size=100)
    assert journal(state) == []
    assert not [name for name in tree(state) if name.endswith(".new")]


async def test_a_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert FileStore("~/.argentos").path == tmp_path / ".argentos"


async def test_other_files_in_the_state_directory_are_left_alone(state: Path) -> None:
    put(state / "argent.json", b"{}")
    await kept(state, Story())
    assert (state / "argent.json").read_text() == "{}"


async def test_a_state_directory_that_cannot_be_made_is_named(state: Path) -> None:
    put(state, b"a file")
    with pytest.raises(StoreError, match="cannot be used"):
        async with FileStore(state):
            pass


# Files follow ------------------------------------------------------------------------------------------------


async def test_appended_records_are_durable_before_any_file_has_them(state: Path) -> None:
    story = Story().converse("a", "b").summarise(1)
    async with FileStore(state) as store:
        await append(store, story)
        copy = crashed(state)
    assert not (copy / "agents").exists()
    await assert_kept(copy, story)


async def test_files_follow_a_checkpoint(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        await append(store, story := Story().converse("a"))
        assert not folder(state).exists()
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        history = json.loads((folder(state) / "history.json").read_bytes())
        assert history["metadata"]["sequence"] == story.metadata.sequence


async def test_more_than_64_kilobytes_ask_for_a_checkpoint(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        assert await append(store, story := Story().say("x" * 32_000)) is False
        assert await append(store, story.say("x" * 32_000)) is False
        assert await append(store, story.say("x" * 2_000)) is True


async def test_more_than_the_size_of_the_files_asks_for_a_checkpoint(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        await append(store, story := Story().say("x" * 150_000))
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        assert await append(store, story.say("x" * 100_000)) is False
        assert await append(store, story.say("x" * 60_000)) is True


async def test_old_segments_are_dropped_once_files_cover_them(state: Path) -> None:
    one, other = Story(), Story(OTHER)
    async with FileStore(state, run=inline, segment_size=1) as store:
        await appended(store, one, other)
        covered = one.snapshot
        await appended(store, one.say(), other.say())
        assert len(journal(state)) == 4
        await store.checkpoint(KEY, covered)
        await wait_all_tasks_blocked()
        assert journal(state) == ["00000004.journal"]


@pytest.mark.parametrize("written", range(4))
async def test_a_crash_between_files_loses_and_doubles_nothing(state: Path, written: int) -> None:
    story = Story().converse("a", "b").summarise(1)
    await kept(state, story)
    async with FileStore(state, run=inline) as store:
        await append(store, story.converse("c").summarise(3).say("d"))
        before = crashed(state)
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        for name in ["archive/00000002-00000004.json", "history.json", "metadata.json"][:written]:
            shutil.copy(folder(state) / name, folder(before) / name)
    await assert_kept(before, story)


async def test_a_temporary_file_left_by_a_kill_is_no_hindrance(state: Path) -> None:
    story = Story().converse("a")
    await kept(state, story)
    for name in ["history.json", "metadata.json"]:
        (folder(state) / f".{name}.new").write_bytes(b"half of")
    await assert_kept(state, story)


async def test_a_torn_append_is_reported_and_set_aside(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    story = Story()
    async with FileStore(state) as store:
        await append(store, story)
        copy = crashed(state)
    with (copy / "journal" / "00000001.journal").open("ab") as file:
        file.write(b"\x40\0\0\0torn")
    await assert_kept(copy, story)
    [record] = caplog.records
    assert "torn" in record.getMessage()
    assert [name for name in journal(copy) if "torn" in name]


# Owners ------------------------------------------------------------------------------------------------------


async def test_a_second_owner_is_refused_with_the_process_of_the_first(state: Path) -> None:
    async with FileStore(state) as store:
        await append(store, story := Story())
        with pytest.raises(StoreBusyError, match=rf"in use by process {os.getpid()} \("):
            async with FileStore(state):
                pass
        await append(store, story.say())
    await assert_kept(state, story)


OWNER = """
import sys
import anyio
from argentos.storage import FileStore
from tests.storage.builders import Story, append

async def main():
    async with FileStore(sys.argv[1]) as store:
        await append(store, Story())
        print("ready", flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


async def test_an_owner_in_another_process_is_named_and_followed_when_killed(state: Path) -> None:
    async with await anyio.open_process([sys.executable, "-c", OWNER, str(state)], cwd=ROOT) as owner:
        assert owner.stdout
        assert await owner.stdout.receive() != b""
        with pytest.raises(StoreBusyError, match=f"process {owner.pid} "):
            await kept(state)
        owner.kill()
    story = Story()
    story.take()
    await assert_kept(state, story)


async def test_a_reader_sees_everything_while_another_owns_the_directory(state: Path) -> None:
    filed, both, journaled = Story(), Story(OTHER).converse("a"), Story(SessionKey("main", "new")).converse("b")
    await kept(state, filed)
    async with FileStore(state, run=inline) as owner:
        await appended(owner, both, journaled)
        await owner.checkpoint(OTHER, both.snapshot)
        await wait_all_tasks_blocked()
        await append(owner, both.converse("c").clear())
        before = tree(state)
        async with FileStore(state, read_only=True) as reader:
            for story in (filed, both, journaled):
                assert await reader.load(story.key) == story.snapshot
            assert [message.number for message in await reader.read(OTHER, *EVERYTHING)] == [1, 2, 3, 4]
            assert [each.key for each in (await reader.list("main")).sessions] == [journaled.key, OTHER, KEY]
            await reader.checkpoint(OTHER, both.snapshot)
        assert tree(state) == before


async def test_a_reader_refuses_to_write(state: Path) -> None:
    await kept(state, Story())
    before = tree(state)
    async with FileStore(state, read_only=True) as reader:
        with pytest.raises(StoreError, match="opened for reading only"):
            await append(reader, Story(OTHER))
    assert tree(state) == before


async def test_a_reader_makes_no_directory(state: Path) -> None:
    async with FileStore(state, read_only=True) as reader:
        assert await reader.load(KEY) is None
        assert (await reader.list("main")).sessions == ()
    assert tree(state.parent) == {}


# Damage ------------------------------------------------------------------------------------------------------

FILES = ["metadata.json", "history.json", "archive/00000001-00000002.json"]
DAMAGE = {
    "empty": b"",
    "cut": b'{"version":1,"agent":"ma',
    "no version": b"{}",
    "not UTF-8": b'{"version":1,"agent":"\xff"}',
    "deep": b'{"version":1,"agent":' + b"[" * 100_000,
}


async def with_damage(state: Path, name: str, data: bytes) -> tuple[Story, dict[str, bytes]]:
    unharmed = Story(OTHER).converse("a")
    await kept(state, Story().converse("a", "b").summarise(2), unharmed)
    (folder(state) / name).write_bytes(data)
    return unharmed, tree(folder(state))


async def use(store: FileStore) -> None:
    await store.load(KEY)
    await store.read(KEY, *EVERYTHING)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_file_is_named_and_left_as_it_is(state: Path, name: str, damage: str) -> None:
    unharmed, before = await with_damage(state, name, DAMAGE[damage])
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError) as refused:
            await use(store)
        assert f"{folder(state) / name} is damaged" in str(refused.value)
        assert await store.load(OTHER) == unharmed.snapshot
    assert tree(folder(state)) == before


@pytest.mark.parametrize("name", FILES)
async def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(state: Path, name: str) -> None:
    unharmed, before = await with_damage(state, name, b'{"version":2,"sessions":"quite another format"}')
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreVersionError, match=r"version 2, this one reads 1") as refused:
            await use(store)
        assert str(folder(state) / name) in str(refused.value)
        assert await store.load(OTHER) == unharmed.snapshot
    assert tree(folder(state)) == before


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_is_a_link_is_refused(state: Path, tmp_path: Path, name: str) -> None:
    await kept(state, Story().converse("a", "b").summarise(2))
    (folder(state) / name).rename(tmp_path / "elsewhere")
    (folder(state) / name).symlink_to(tmp_path / "elsewhere")
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match="cannot be read: Too many levels of symbolic links"):
            await use(store)


async def test_a_session_folder_that_is_a_link_is_refused(state: Path, tmp_path: Path) -> None:
    await kept(state, Story())
    folder(state).rename(tmp_path / "elsewhere")
    folder(state).symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path / "elsewhere")
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await store.load(KEY)
    assert tree(tmp_path / "elsewhere") == before


async def test_a_link_in_the_place_of_a_temporary_file_is_not_followed(state: Path, tmp_path: Path) -> None:
    story = Story()
    await kept(state, story)
    (tmp_path / "victim").write_text("mine")
    (folder(state) / ".history.json.new").symlink_to(tmp_path / "victim")
    await assert_kept(state, story)
    assert (tmp_path / "victim").read_text() == "mine"
    assert not (folder(state) / "history.json").is_symlink()


async def test_a_history_that_is_gone_is_damage_and_no_new_session(state: Path) -> None:
    await kept(state, Story().converse("a"))
    (folder(state) / "history.json").unlink()
    before = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await store.load(KEY)
        with pytest.raises(StoreError):
            await append(store, Story())
    assert tree(folder(state)) == before


async def test_a_history_older_than_the_metadata_is_damage_where_no_journal_bridges_them(state: Path) -> None:
    story = Story().converse("a")
    await kept(state, story)
    older = (folder(state) / "history.json").read_bytes()
    story.epoch = 2
    await kept(state, story.converse("b"))
    (folder(state) / "history.json").write_bytes(older)
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError):
            await store.load(KEY)


async def test_metadata_that_are_gone_or_old_are_only_a_view(state: Path) -> None:
    story = Story().converse("a")
    await kept(state, story)
    older = (folder(state) / "metadata.json").read_bytes()
    story.epoch = 2
    await kept(state, story.converse("b"))
    (folder(state) / "metadata.json").write_bytes(older)
    await assert_kept(state, story)
    (folder(state) / "metadata.json").unlink()
    await assert_kept(state, story)


async def test_a_gap_between_the_history_and_the_journal_is_damage(state: Path) -> None:
    story = Story().converse("a")
    await kept(state, story)
    older = (folder(state) / "history.json").read_bytes()
    story.epoch = 2
    await kept(state, story.converse("b"))
    async with FileStore(state, run=inline) as store:
        await append(store, story.say("c"))
        copy = crashed(state)
    (folder(copy) / "history.json").write_bytes(older)
    async with FileStore(copy, run=inline) as store:
        with pytest.raises(StoreDamagedError, match=r"history\.json of session user-jason reaches record 5"):
            await store.load(KEY)


@pytest.mark.parametrize("content", [DAMAGE["cut"], b'{"version":2}'], ids=["damaged", "newer"])
async def test_a_list_goes_on_past_a_session_that_cannot_be_read(state: Path, content: bytes) -> None:
    unharmed, _ = await with_damage(state, "metadata.json", content)
    async with FileStore(state) as store:
        page = await store.list("main")
    assert page.sessions == (unharmed.metadata,)
    [problem] = page.problems
    assert str(folder(state) / "metadata.json") in problem


async def test_records_of_a_damaged_session_stay_in_the_journal(state: Path) -> None:
    story, unharmed = Story().converse("a"), Story(OTHER)
    await kept(state, story)
    good = (folder(state) / "history.json").read_bytes()
    async with FileStore(state, run=inline) as store:
        await append(store, story.say("b"))
        await append(store, unharmed)
        (folder(state) / "history.json").write_bytes(b"damaged")
    assert journal(state)
    assert (folder(state) / "history.json").read_bytes() == b"damaged"
    (folder(state) / "history.json").write_bytes(good)
    await assert_kept(state, story, unharmed)
    assert journal(state) == []


async def test_a_damaged_journal_is_refused_and_left_as_it_is(state: Path) -> None:
    async with FileStore(state, run=inline) as store:
        for story in (Story(), Story(OTHER)):
            await append(store, story)
        copy = crashed(state)
    path = copy / "journal" / "00000001.journal"
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    before = tree(copy)
    for read_only in (True, False):
        with pytest.raises(StoreDamagedError, match=r"00000001\.journal is damaged at byte 8"):
            async with FileStore(copy, read_only=read_only):
                pass
    assert tree(copy) == before


async def test_half_a_surrogate_pair_is_refused_and_nothing_is_written(state: Path) -> None:
    story = Story()
    async with FileStore(state) as store:
        with pytest.raises(StoreError, match="half a surrogate pair"):
            await append(store, Story().say("\ud83d"))
        await append(store, story)
        assert await store.load(KEY) == story.snapshot


# A journal that outlives what it holds -----------------------------------------------------------------------


def block(state: Path, key: SessionKey = KEY) -> Path:
    """Make it impossible to write the files of a session, though they can be read."""
    blocker = folder(state, key) / ".history.json.new"
    blocker.mkdir(parents=True)
    return blocker


async def test_what_cannot_be_written_to_files_stays_in_the_journal(state: Path) -> None:
    story = Story().converse("a")
    async with FileStore(state, run=inline) as store:
        await append(store, story)
        blocker = block(state)
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        assert await store.load(KEY) == story.snapshot
    assert journal(state) == ["00000001.journal"]
    blocker.rmdir()
    await assert_kept(state, story)
    assert journal(state) == []


async def test_a_session_that_cannot_be_written_does_not_keep_the_store_busy(state: Path) -> None:
    blocked, other = Story(), Story(OTHER)
    many = 200
    disk = Disk()
    async with FileStore(state, run=disk, segment_size=1) as store:
        await append(store, blocked)
        disk.at[many] = block(state).rmdir  # so that this test comes to an end in any case
        await append(store, other)
        await store.checkpoint(OTHER, other.snapshot)
        await wait_all_tasks_blocked()
    assert disk.calls < many


async def test_a_segment_kept_for_one_session_holds_no_other_back(state: Path) -> None:
    blocked, story = Story(), Story(OTHER)
    async with FileStore(state, run=inline, segment_size=500) as store:
        await append(store, blocked)
        await append(store, story)
        await append(store, story.say("x" * 500))
        block(state)
    assert journal(state) == ["00000001.journal"]
    await assert_kept(state, story)


async def test_a_segment_that_came_back_after_a_power_cut_holds_no_session_back(state: Path) -> None:
    story = Story()
    async with FileStore(state, run=inline, segment_size=1) as store:
        await append(store, story)
        first = (state / "journal" / "00000001.journal").read_bytes()
        await append(store, story.say())
    (state / "journal" / "00000001.journal").write_bytes(first)
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StaleWriteError):
            await store.append(KEY, 2, 1, story.records[1:])
    await assert_kept(state, story)


async def test_a_hole_in_the_journal_that_files_cover_loses_nothing(state: Path) -> None:
    damaged, story = Story(), Story(OTHER)
    await kept(state, damaged)
    async with FileStore(state, run=inline, segment_size=800) as store:
        await append(store, damaged.say())
        await append(store, story)
        (folder(state) / "history.json").write_bytes(b"damaged")  # from now on the first segment is kept
        await append(store, story.say("x" * 800))
        covered = story.snapshot
        await append(store, story.say("x" * 800))
        await store.checkpoint(OTHER, covered)
        await wait_all_tasks_blocked()
        assert journal(state) == ["00000001.journal", "00000003.journal"]
        copy = crashed(state)
    async with FileStore(copy, run=inline) as store:
        for _ in range(2):
            assert await store.load(OTHER) == story.snapshot
    await assert_kept(copy, story)


# Writes that fail --------------------------------------------------------------------------------------------


async def test_a_failed_write_ends_acceptance_until_the_store_is_opened_again(state: Path) -> None:
    story, unacknowledged = Story().converse("a"), Story(OTHER)
    disk = Disk()
    async with FileStore(state, run=disk) as store:
        await append(store, story)
        before = story.snapshot
        disk.fails_at = disk.calls + 2  # the first looks for the session's files
        with pytest.raises(StoreFailedError, match="Input/output error"):
            await append(store, unacknowledged)
        for later in (Story(OTHER), story.say("b"), Story(SessionKey("main", "new"))):
            with pytest.raises(StoreFailedError, match="until it is opened again"):
                await append(store, later)
        assert await store.load(KEY) == before
        assert await store.load(OTHER) is None
    async with FileStore(state) as store:
        assert await store.load(KEY) == before
        await append(store, again := Story(OTHER))
        assert await store.load(OTHER) == again.snapshot


async def test_all_appends_of_a_failed_batch_are_refused(state: Path) -> None:
    refused: list[SessionKey] = []

    async def lose(store: FileStore, story: Story) -> None:
        with pytest.raises(StoreFailedError):
            await append(store, story)
        refused.append(story.key)

    disk = Disk()
    async with FileStore(state, run=disk) as store:
        disk.fails_at = disk.calls + 4
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(lose, store, Story(SessionKey("main", f"{number}")))
    assert len(refused) == 3


async def live(store: FileStore, stories: list[Story], acknowledged: dict[SessionKey, int]) -> None:
    for text in ["a", "b", "c"]:
        for story in stories:
            await append(store, story.converse(text * 30))
            acknowledged[story.key] = story.metadata.sequence
        await store.checkpoint(stories[0].key, stories[0].snapshot)
        await wait_all_tasks_blocked()


async def found(state: Path, story: Story) -> int:
    """How many records of a story are there, after checking that there is nothing else."""
    async with FileStore(state, run=inline) as store:
        snapshot = await store.load(story.key)
    sequence = snapshot.metadata.sequence if snapshot else 0
    assert snapshot is None or snapshot == fold(story.key, None, story.records[:sequence]).snapshot
    return sequence


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it took effect"])
@pytest.mark.parametrize("fails_at", range(1, 24))
@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_whichever_call_to_the_disk_fails_what_was_acknowledged_is_found(
    state: Path, fails_at: int, *, after: bool
) -> None:
    stories = [Story(), Story(OTHER)]
    acknowledged = {KEY: 0, OTHER: 0}
    disk = Disk(after=after)
    with suppress(StoreError):
        async with FileStore(state, run=disk, segment_size=300) as store:
            disk.fails_at = disk.calls + fails_at
            await live(store, stories, acknowledged)
    for story in stories:
        assert await found(state, story) >= acknowledged[story.key]


async def test_a_segment_that_cannot_be_begun_is_a_failed_write(state: Path) -> None:
    story = Story()
    async with FileStore(state, run=inline, segment_size=1) as store:
        await append(store, story)
        acknowledged = story.snapshot
        (state / "journal" / "00000002.journal").mkdir()
        with pytest.raises(StoreFailedError):
            await append(store, story.say())
        neighbour = os.open(os.devnull, os.O_RDONLY)
    os.close(neighbour)  # still there: the store has closed what is its own, and once
    (state / "journal" / "00000002.journal").rmdir()
    async with FileStore(state) as store:
        assert await store.load(KEY) == acknowledged


FULL_DISK = """
import resource, sys
import anyio
from argentos.errors import StoreFailedError
from argentos.storage import FileStore
from tests.storage.builders import Story, append

async def main():
    story = Story()
    async with FileStore(sys.argv[1]) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
        while True:
            await append(store, story.say("x" * 70))
            print(story.metadata.sequence, flush=True)

try:
    anyio.run(main)
except StoreFailedError as error:
    print(error)
"""


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_a_disk_that_is_full_in_the_middle_of_a_write_loses_nothing_acknowledged(state: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(state)]
    result = await anyio.run_process(command, cwd=ROOT)
    *acknowledged, failure = result.stdout.decode().splitlines()
    assert "File too large" in failure
    assert [int(line) for line in acknowledged] == list(range(2, len(acknowledged) + 2))
    story = Story()
    for _ in acknowledged:
        story.say("x" * 70)
    async with FileStore(state) as store:
        assert await store.load(KEY) == story.snapshot


# Cancellation ------------------------------------------------------------------------------------------------


async def test_a_cancelled_owner_still_writes_its_files(state: Path) -> None:
    story = Story().converse("a")
    with anyio.CancelScope() as scope:
        async with FileStore(state) as store:
            await append(store, story)
            scope.cancel()
    assert journal(state) == []
    await assert_kept(state, story)


async def test_an_append_that_cancellation_kept_from_the_disk_is_not_acknowledged(state: Path) -> None:
    story = Story()
    is_writing, never = anyio.Event(), anyio.Event()
    is_stuck = False
    acknowledged: list[int] = []

    async def run(function: Callable[[], T], /) -> T:
        if is_stuck:
            is_writing.set()
            await never.wait()
        return function()

    async def send(store: FileStore) -> None:
        with anyio.fail_after(5), suppress(StoreError):
            await append(store, story.say())
            acknowledged.append(story.metadata.sequence)

    async with anyio.create_task_group() as senders:
        with anyio.CancelScope() as scope:
            async with FileStore(state, run=run) as store:
                await append(store, story)
                is_stuck = True
                senders.start_soon(send, store)
                await is_writing.wait()
                is_stuck = False
                scope.cancel()
                never.set()
    assert await found(state, story) >= max(acknowledged, default=1)
