"""The store on disk: its layout, and what it makes of crashes, damage and full disks."""

import errno
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import pytest
from anyio import wait_all_tasks_blocked
from msgspec import structs
from trio.testing import MockClock

from argentos.errors import (
    StaleWriteError,
    StoreBusyError,
    StoreError,
    StoreFailedError,
    StoreFullError,
)
from argentos.storage import Accepted, FileStore, SessionKey, fold, inline
from argentos.storage.disk import reading
from argentos.storage.file_store import sessions
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.storage.directories import (
    CANARY,
    EVERYTHING,
    ROOT,
    Disk,
    Gate,
    assert_kept,
    block,
    crashed,
    folder,
    holding,
    journal,
    kept,
    put,
    tree,
)

pytestmark = pytest.mark.anyio

T = TypeVar("T")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(params=[0o000, 0o077, 0o277], ids=["umask 000", "umask 077", "umask 277"])
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    assert tmp_path.exists()
    old = os.umask(request.param)
    yield
    os.umask(old)


def modes(path: Path) -> tuple[int, int]:
    """Those that all folders have, and all files."""
    paths = [path, *path.rglob("*")]
    [folders] = {stat.S_IMODE(each.stat().st_mode) for each in paths if each.is_dir()}
    [files] = {stat.S_IMODE(each.stat().st_mode) for each in paths if each.is_file()}
    return folders, files


MERGED = "00000001-00000004.json"


def archive(state: Path) -> list[str]:
    return sorted(path.name for path in (folder(state) / "archive").iterdir())


async def assert_whole(state: Path, *stories: Story) -> None:
    """A look without owning finds these sessions."""
    async with FileStore(state, run=inline, read_only=True) as store:
        for story in stories:
            assert await store.load(story.key) == story.snapshot


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


async def test_the_files_of_a_session_that_owed_something_are_of_a_version_that_would_not_forget_it(
    state: Path,
) -> None:
    await kept(state, Story().converse("a").owe().deliver(2).clear())
    names = ["metadata.json", "history.json", "archive/00000001-00000002.json"]
    assert [json.loads((folder(state) / name).read_bytes())["version"] for name in names] == [3, 3, 3]


async def test_the_files_are_json_that_says_what_it_is(state: Path) -> None:
    story = Story().converse("hé\n", "b").summarise(3).say("c")
    await kept(state, story)
    metadata, history, archive = (
        json.loads((folder(state) / name).read_bytes())
        for name in ["metadata.json", "history.json", "archive/00000001-00000003.json"]
    )
    for each in (metadata, history, archive):
        assert next(iter(each)) == "checksum"
        assert len(each.pop("checksum")) == 8
    assert [each["version"] for each in (metadata, history, archive)] == [3, 3, 3]
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


async def test_segments_are_dropped_in_order_once_files_cover_them(state: Path) -> None:
    one, other = Story(), Story(OTHER)
    async with FileStore(state, run=inline, segment_size=1) as store:
        await appended(store, one, other)
        covered = one.snapshot
        await appended(store, one.say(), other.say())
        for key, snapshot, left in [(KEY, covered, "234"), (OTHER, other.snapshot, "34"), (KEY, one.snapshot, "4")]:
            await store.checkpoint(key, snapshot)
            await wait_all_tasks_blocked()
            assert journal(state) == [f"0000000{number}.journal" for number in left]
            assert await store.load(KEY) == one.snapshot
            await assert_whole(crashed(state), one, other)


async def test_a_segment_that_files_cover_waits_for_those_before_it(state: Path) -> None:
    one, other = Story(), Story(OTHER)
    async with FileStore(state, run=inline, segment_size=1) as store:
        await appended(store, one, other, Story(SessionKey("main", "third")))
        await store.checkpoint(OTHER, other.snapshot)
        await wait_all_tasks_blocked()
        assert len(journal(state)) == 3
        await store.checkpoint(KEY, one.snapshot)
        await wait_all_tasks_blocked()
        assert journal(state) == ["00000003.journal"]


@pytest.mark.parametrize("done", range(5))
async def test_a_crash_between_files_loses_and_doubles_nothing(state: Path, done: int) -> None:
    story = Story().converse("a", "b").summarise(1)
    await kept(state, story)
    async with FileStore(state, run=inline) as store:
        await append(store, story.converse("c").summarise(3).say("d"))
        before = crashed(state)
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        assert archive(state) == [MERGED]
        steps: list[Callable[[], object]] = [
            lambda: shutil.copy(folder(state) / "archive" / MERGED, folder(before) / "archive"),
            (folder(before) / "archive" / "00000001-00000001.json").unlink,
            lambda: shutil.copy(folder(state) / "history.json", folder(before)),
            lambda: shutil.copy(folder(state) / "metadata.json", folder(before)),
        ]
        for step in steps[:done]:
            step()
    await assert_kept(before, story)
    assert archive(before)[-1] == MERGED


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_files_of_the_archive_are_merged_while_they_are_small(state: Path) -> None:
    story = Story()
    async with FileStore(state, run=inline) as store:
        for size in [10, 1000, 300_000, 300_000, 10]:
            await append(store, story.say("x" * size).start().reply("y" * size).end().clear())
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
        assert archive(state) == ["00000001-00000006.json", "00000007-00000008.json", "00000009-00000010.json"]
    await assert_kept(state, story)


async def test_the_archive_is_read_while_it_is_merged(state: Path) -> None:
    story = Story().converse("a", "b").clear()
    await kept(state, story)
    gate = Gate()
    story.epoch = 2
    async with FileStore(state, run=gate) as store:
        gate.hold("read_stored", after=True)
        async with anyio.create_task_group() as group:

            async def read() -> None:
                assert [each.number for each in await store.read(KEY, 1, 5)] == [1, 2, 3, 4]

            group.start_soon(read)
            await gate.is_waiting.wait()
            gate.pass_others()
            await append(store, story.converse("c").clear())
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
            assert archive(state) == ["00000001-00000006.json"]
            gate.open()


async def test_an_archive_that_vanishes_between_looking_and_reading_is_looked_for_again(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story().converse("a").clear()
    await kept(state, story)
    merged = folder(state) / "archive" / "00000001-00000004.json"
    await kept(other := state.with_name("other"), Story().converse("a", "b").clear())
    read = reading.read
    steps: list[Callable[[], object]] = [
        merged.parent.joinpath("00000001-00000002.json").unlink,
        lambda: shutil.copy(folder(other) / "archive" / merged.name, merged),
    ]

    def read_late(path: Path) -> bytes:
        if path.parent.name == "archive":
            while steps:
                steps.pop()()
        return read(path)

    monkeypatch.setattr(reading, "read", read_late)
    async with FileStore(state, run=inline, read_only=True) as store:
        assert [each.number for each in await store.read(KEY, 1, 3)] == [1, 2]
    assert steps == []


async def test_a_temporary_file_left_by_a_kill_is_no_hindrance(state: Path) -> None:
    story = Story().converse("a")
    await kept(state, story)
    for name in ["history.json", "metadata.json"]:
        (folder(state) / f".{name}.new").write_bytes(b"half of")
    await assert_kept(state, story)


async def test_the_files_of_many_sessions_are_written_together_when_the_store_is_closed(state: Path) -> None:
    running, most = 0, 0

    async def run(function: Callable[[], T], /) -> T:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.lowlevel.checkpoint()
        try:
            return function()
        finally:
            running -= 1

    stories = [Story(SessionKey("main", f"user-{number}")).converse("a").clear() for number in range(30)]
    async with FileStore(state, run=run) as store:
        await appended(store, *stories)
        most = 0
    assert most >= 3
    assert journal(state) == []
    await assert_kept(state, *stories)


async def test_what_a_kill_left_half_written_is_removed_at_the_next_opening(state: Path) -> None:
    story = Story().converse("a").clear()
    await kept(state, story)
    story.epoch = 2
    async with FileStore(state, run=inline) as store:
        await store.load(KEY)
        await append(store, story.converse("b").clear())
        killed = crashed(state)
    left = [".history.json.new", ".metadata.json.new", "archive/.00000001-00000004.json.new"]
    for name in left:
        put(folder(killed) / name, CANARY.encode())
    put(folder(killed) / ".mine", b"kept")
    async with FileStore(killed) as store:
        assert holding(killed, CANARY) == []
        assert await store.load(KEY) == story.snapshot
    assert reading.exists(folder(killed) / ".mine")


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
from argentos.storage.testing.story import Story, append

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


# Journal and files -----------------------------------------------------------------------------------------


async def test_a_link_in_the_place_of_a_temporary_file_is_not_followed(state: Path, tmp_path: Path) -> None:
    story = Story()
    await kept(state, story)
    (tmp_path / "victim").write_text("mine")
    (folder(state) / ".history.json.new").symlink_to(tmp_path / "victim")
    await assert_kept(state, story)
    assert (tmp_path / "victim").read_text() == "mine"
    assert not (folder(state) / "history.json").is_symlink()


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


async def test_half_a_surrogate_pair_is_refused_and_nothing_is_written(state: Path) -> None:
    story = Story()
    async with FileStore(state) as store:
        with pytest.raises(StoreError, match="half a surrogate pair"):
            await append(store, Story().say("\ud83d"))
        await append(store, story)
        assert await store.load(KEY) == story.snapshot


# A journal that outlives what it holds -----------------------------------------------------------------------


async def test_what_cannot_be_written_to_files_stays_in_the_journal(state: Path) -> None:
    story = Story().converse("a")
    async with FileStore(state, run=inline) as store:
        await append(store, story)
        blocker = block(state)
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        assert await store.load(KEY) == story.snapshot
    [name] = journal(state)
    assert name.endswith(".kept")
    await assert_whole(state, story)
    blocker.rmdir()
    await assert_kept(state, story)
    assert journal(state) == []


@pytest.mark.parametrize(
    "harm", ["a file in the place of its folder", "files that cannot be written", "a failing disk"]
)
@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_a_session_that_cannot_be_written_pins_nothing_and_loses_nothing(state: Path, harm: str) -> None:
    stuck, other = Story(), Story(OTHER)
    gate = Gate()
    if harm.startswith("files"):
        block(state)

    async def run(function: Callable[[], T], /) -> T:
        if harm == "a failing disk" and KEY in getattr(function, "args", ()) and "_bring_up" in str(function):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return await gate(function)

    async with FileStore(state, run=run, segment_size=300, journal_limit=4000) as store:
        await append(store, stuck)
        if harm.startswith("a file"):
            put(folder(state), b"a file")
        for _ in range(12):
            await append(store, other.say("x" * 100))
            await store.checkpoint(OTHER, other.snapshot)
            await wait_all_tasks_blocked()
        names = journal(state)
        assert sum(name.endswith(".journal") for name in names) <= 5
        assert sum(name.endswith(".kept") for name in names) == 1
        copy = crashed(state)
    if harm.startswith("a file"):
        (folder(copy)).unlink()
    elif harm.startswith("files"):
        (folder(copy) / ".history.json.new").rmdir()
    await assert_kept(copy, stuck, other)
    assert journal(copy) == []


async def test_what_is_appended_while_records_are_kept_aside_is_not_lost(state: Path) -> None:
    stuck, other = Story(), Story(OTHER)
    gate = Gate()
    block(state)
    async with FileStore(state, run=gate, segment_size=1, journal_limit=400_000) as store:
        store._writer._long_journal = 0  # noqa: SLF001 - else a journal of 100,000 bytes is needed  # type: ignore[attr-defined]
        await append(store, stuck)
        gate.hold("keep")
        await append(store, other)
        await store.checkpoint(OTHER, other.snapshot)
        await gate.is_waiting.wait()
        await append(store, stuck.say("meanwhile"))
        gate.open()
        for _ in range(3):
            await append(store, other.say())
            await store.checkpoint(OTHER, other.snapshot)
            await wait_all_tasks_blocked()
        await assert_whole(crashed(state), stuck, other)


async def test_records_kept_of_a_session_go_once_its_files_can_be_written(state: Path) -> None:
    story = Story()
    blocker = block(state)
    await kept(state, story)
    assert [name[-5:] for name in journal(state)] == [".kept"]
    story.epoch = 2
    async with FileStore(state, run=inline) as store:
        await append(store, story.say())
        copy = crashed(state)
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        blocker.rmdir()
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        assert [name for name in journal(state) if name.endswith(".kept")] == []
    assert journal(state) == []
    (folder(copy) / ".history.json.new").rmdir()
    await assert_kept(copy, story)
    assert journal(copy) == []


async def test_kept_records_that_files_have_overtaken_harm_nothing(state: Path) -> None:
    story = Story()
    blocker = block(state)
    await kept(state, story)
    [name] = journal(state)
    left = (state / "journal" / name).read_bytes()
    blocker.rmdir()
    story.epoch = 2
    await kept(state, story.converse("a", "b"))
    put(state / "journal" / name, left)
    story.epoch = 3
    async with FileStore(state, run=inline) as store:
        await append(store, story.say("acknowledged"))
        put(state / "journal" / name, left)
        copy = crashed(state)
    await assert_whole(copy, story)
    await assert_kept(copy, story)


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


LIMIT = 16_000
SEGMENT = 1_000
CLOCKS = [pytest.param(("trio", {"clock": MockClock(autojump_threshold=0)}), id="trio with virtual time")]


async def filled(store: FileStore, upto: int) -> list[Story]:
    """Small sessions, each with a segment, that nobody checkpoints."""
    stories = [Story(SessionKey("main", f"s{number}")).say("x" * 600) for number in range(upto // SEGMENT)]
    for story in stories:
        await append(store, story)
        await wait_all_tasks_blocked()
    return stories


async def test_small_sessions_are_written_when_the_journal_exceeds_a_quarter_of_its_limit(state: Path) -> None:
    async with FileStore(state, run=inline, segment_size=SEGMENT, journal_limit=LIMIT) as store:
        stories = await filled(store, LIMIT // 2 - SEGMENT)
        assert len(journal(state)) <= 1 + LIMIT // 4 // SEGMENT
        assert folder(state, stories[0].key).exists()
        assert not folder(state, stories[-1].key).exists()
        await assert_whole(crashed(state), *stories)


@pytest.mark.parametrize("anyio_backend", CLOCKS)
async def test_acceptance_slows_from_half_the_limit_of_the_journal_and_ends_at_it(state: Path) -> None:
    gate = Gate()
    async with FileStore(state, run=gate, segment_size=SEGMENT, journal_limit=LIMIT) as store:
        await append(store, slow := Story(OTHER))
        gate.hold("_bring_up")
        await store.checkpoint(OTHER, slow.snapshot)
        await gate.is_waiting.wait()
        waits: list[float] = []
        stories = [Story(SessionKey("main", f"s{number}")).say("x" * 800) for number in range(50)]

        async def send() -> None:
            for story in stories:
                begun = anyio.current_time()
                await append(store, story)
                waits.append(anyio.current_time() - begun)

        with pytest.raises(StoreFullError, match="nothing was accepted: send again later"):
            await send()
        assert isinstance(store.failure, StoreFullError)
        half = LIMIT // SEGMENT // 2
        assert sum(waits[: half - 1]) == 0
        assert waits[half + 1 :] == sorted(waits[half + 1 :])
        assert 0 < waits[-1] <= 1
        refused = stories[len(waits)]
        assert await store.load(refused.key) is None
        gate.open()
        await wait_all_tasks_blocked()
        assert store.failure is None
        await append(store, again := Story(refused.key))
        assert await store.load(refused.key) == again.snapshot
    await assert_kept(state, *stories[: len(waits)], again)


async def test_a_limit_smaller_than_a_segment_ends_nothing(state: Path) -> None:
    story = Story()
    async with FileStore(state, run=inline, segment_size=1 << 16, journal_limit=10_000) as store:
        for _ in range(40):
            await append(store, story.say("x" * 500))
            await wait_all_tasks_blocked()
    await assert_kept(state, story)


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


async def test_a_segment_that_cannot_be_made_refuses_what_came_and_the_store_goes_on_once_it_can(state: Path) -> None:
    one, other, late = Story(), Story(OTHER), Story(SessionKey("main", "late"))
    gate = Gate()
    refused: list[SessionKey] = []

    async def send(store: FileStore, story: Story) -> None:
        records = story.say().records[-1:]
        with pytest.raises(StoreError, match="make room, and send again") as caught:
            await store.append(story.key, 1, records[0].sequence - 1, records)
        assert not isinstance(caught.value, StoreFailedError)
        refused.append(story.key)

    async with FileStore(state, run=gate, segment_size=1) as store:
        await appended(store, one, other, late)
        whole = one.snapshot
        (state / "journal" / "00000004.journal").mkdir()
        gate.hold("write")
        async with anyio.create_task_group() as group:
            group.start_soon(send, store, one)
            await gate.is_waiting.wait()
            for story in (other, late):
                group.start_soon(send, store, story)
            await wait_all_tasks_blocked()
            gate.open()
        assert sorted(refused) == sorted(story.key for story in (one, other, late))
        assert await store.load(KEY) == whole
        with pytest.raises(StoreError, match="make room"):
            await append(store, Story(SessionKey("main", "new")))
        (state / "journal" / "00000004.journal").rmdir()
        await appended(store, one, other, late)
        for story in (one, other, late):
            assert await store.load(story.key) == story.snapshot
        neighbour = os.open(os.devnull, os.O_RDONLY)
    os.close(neighbour)  # still there: the store has closed what is its own, and once
    await assert_kept(state, one, other, late)


async def test_a_failed_write_is_never_tried_again(state: Path) -> None:
    disk = Disk()
    writes: list[str] = []

    async def run(function: Callable[[], T], /) -> T:
        if getattr(function, "func", function).__name__ == "write":
            writes.append("write")
        return await disk(function)

    async with FileStore(state, run=run) as store:
        await append(store, story := Story())
        disk.fails_at = disk.calls + 1
        with pytest.raises(StoreFailedError):
            await append(store, story.say())
        written = len(writes)
        for _ in range(3):
            with pytest.raises(StoreFailedError):
                await append(store, Story(OTHER))
            with pytest.raises(StoreFailedError):
                await store.delete(KEY)
        assert len(writes) == written == 2


FULL_DISK = """
import resource, sys
import anyio
from argentos.errors import StoreFailedError
from argentos.storage import FileStore
from argentos.storage.testing.story import Story, append

async def main():
    story = Story()
    async with FileStore(sys.argv[1], segment_size=2000) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
        while True:
            await append(store, story.say("x" * 100 * len(story.records)))
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
        story.say("x" * 100 * len(story.records))
    async with FileStore(state) as store:
        assert await store.load(KEY) == story.snapshot


# Sessions that are let go of ---------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [2, 3, 7])
@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_sessions_let_go_of_are_fenced_all_the_same(
    state: Path, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_MOST", held)
    stories = [Story(SessionKey("main", f"{number}")) for number in range(6)]
    async with FileStore(state, run=inline, segment_size=500) as store:
        for _ in range(3):
            for story in stories:
                await append(store, story.say())
                await store.checkpoint(story.key, story.snapshot)
                await wait_all_tasks_blocked()
                story.epoch += 1
            for story in stories:
                for epoch, sequence in [(story.epoch, 0), (story.epoch, 1), (story.epoch - 2, story.metadata.sequence)]:
                    records = [structs.replace(story.records[0], sequence=sequence + 1, epoch=epoch)]
                    with pytest.raises(StaleWriteError):
                        await store.append(story.key, epoch, sequence, records)
    await assert_kept(state, *stories)


async def test_a_session_let_go_of_while_it_is_loaded_is_fenced_all_the_same(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, others = Story().converse("a"), [Story(SessionKey("main", f"{number}")) for number in range(6)]
    await kept(state, story, *others)
    story.epoch = 2
    monkeypatch.setattr(sessions, "_MOST", 2)
    gate = Gate()
    async with FileStore(state, run=gate) as store:
        gate.hold("read_stored", after=True)
        async with anyio.create_task_group() as group:

            async def begin_anew() -> None:
                with pytest.raises(StaleWriteError):
                    await store.append(KEY, 2, 0, Story(epoch=2).records)

            async def go_on() -> None:
                await append(store, story.say("on"))

            group.start_soon(begin_anew)
            group.start_soon(go_on)
            await gate.is_waiting.wait()
            await wait_all_tasks_blocked()
            gate.pass_others()
            for other in others:
                await store.load(other.key)
            gate.open()
        assert await store.load(KEY) == story.snapshot
    await assert_kept(state, story)


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


async def test_a_record_that_could_not_be_read_back_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    odd: Any = 1.5
    key = SessionKey("main", "ada")
    made = {"sequence": 1, "epoch": 1, "at": datetime(2026, 5, 8, tzinfo=UTC)}
    record: Any = Accepted
    async with FileStore(tmp_path) as store:
        with pytest.raises(StoreError, match="a record of session ada cannot be stored"):
            await store.append(key, 1, 0, [record(**made, id="m", number=1, role="user", content="hi", tokens=odd)])
    async with FileStore(tmp_path) as store:
        assert await store.load(key) is None
