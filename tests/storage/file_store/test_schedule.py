"""The JSON files lag behind what was acknowledged for a bounded time, whatever the host does."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.lowlevel
import pytest
from anyio import wait_all_tasks_blocked

from argentos import FileStore, ManualClock, OfflineModel, Supervisor
from argentos.storage import SessionKey, inline
from argentos.storage.testing.story import KEY, OTHER, Story, append
from tests.storage.directories import Gate, assert_kept, block, crashed, folder

pytestmark = pytest.mark.anyio

T = TypeVar("T")

QUIET, LOAD = 5, 30


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


def covered(state: Path, key: SessionKey = KEY) -> int:
    """The last record that both files have."""
    sequences: list[int] = []
    for name in ("history.json", "metadata.json"):
        path = folder(state, key) / name
        if not path.exists():
            return 0
        content = json.loads(path.read_bytes())
        sequences.append(int(content.get("metadata", content)["sequence"]))
    return min(sequences)


async def pass_time(clock: ManualClock, seconds: float) -> None:
    for _ in range(round(2 * seconds)):
        clock.advance(0.5)
        await wait_all_tasks_blocked()


async def test_the_files_have_everything_after_some_seconds_of_quiet(state: Path, clock: ManualClock) -> None:
    story, other = Story().say("a"), Story(OTHER).say("b")
    async with FileStore(state, run=inline, clock=clock) as store:
        await append(store, story)
        await pass_time(clock, QUIET - 2)
        assert not folder(state).exists()
        await append(store, other)
        await pass_time(clock, 2)
        assert covered(state) == story.metadata.sequence
        await pass_time(clock, QUIET - 2)
        assert covered(state, OTHER) == other.metadata.sequence
        await append(store, story.say("c"))
        await pass_time(clock, QUIET)
        assert covered(state) == story.metadata.sequence


async def test_under_load_the_files_lag_half_a_minute_at_most(state: Path, clock: ManualClock) -> None:
    story = Story()
    async with FileStore(state, run=inline, clock=clock) as store:
        appended: list[tuple[float, int]] = []
        seen: set[int] = set()
        for second in range(100):
            await append(store, story.say("x"))
            appended.append((second, story.metadata.sequence))
            await pass_time(clock, 1)
            seen.add(has := covered(state))
            assert all(sequence <= has for at, sequence in appended if at + LOAD <= second + 1)
        assert 3 < len(seen) <= 1 + 100 / 20


async def test_what_a_kill_left_in_the_journal_reaches_the_files_though_nobody_loads_it(
    state: Path, clock: ManualClock
) -> None:
    story = Story().say("a")
    async with FileStore(state, run=inline, clock=clock) as store:
        await append(store, story)
        copy = crashed(state)
    async with FileStore(copy, run=inline, clock=clock):
        await pass_time(clock, QUIET)
        assert covered(copy) == story.metadata.sequence


async def test_an_append_whose_caller_has_gone_lags_no_longer(state: Path, clock: ManualClock) -> None:
    story, gate = Story().say("a"), Gate()
    async with FileStore(state, run=gate, clock=clock) as store:
        await store.load(KEY)
        gate.hold("write")
        async with anyio.create_task_group() as group:
            group.start_soon(append, store, story)
            await gate.is_waiting.wait()
            group.cancel_scope.cancel()
        gate.open()
        await pass_time(clock, QUIET)
        assert covered(state) == story.metadata.sequence


async def test_files_that_cannot_be_written_hold_up_no_others_and_are_tried_again(
    state: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    story, other = Story().say("a"), Story(OTHER).say("b")
    blocker = block(state)
    async with FileStore(state, run=inline, clock=clock) as store:
        await append(store, story)
        await append(store, other)
        await pass_time(clock, QUIET)
        assert covered(state, OTHER) == other.metadata.sequence
        await pass_time(clock, 3 * LOAD)
        assert len([each for each in caplog.records if "were not written" in each.getMessage()]) == 1
        blocker.rmdir()
        await pass_time(clock, LOAD + 1)
        assert covered(state) == story.metadata.sequence


class Hangs:
    """A runner in which whatever writes a history of one session hangs."""

    def __init__(self, state: Path, key: SessionKey) -> None:
        self._path = folder(state, key) / ".history.json.new"
        self.let_go = anyio.Event()
        self.hangs = 0

    async def __call__(self, function: Callable[[], T], /) -> T:
        await anyio.lowlevel.checkpoint()
        self._path.mkdir(parents=True, exist_ok=True)
        try:
            return function()
        except IsADirectoryError:
            self._path.rmdir()
            self.hangs += 1
            await self.let_go.wait()
            return function()
        finally:
            if self._path.exists():
                self._path.rmdir()


async def test_files_that_hang_hold_up_no_others_for_long(state: Path, clock: ManualClock) -> None:
    story, other = Story().say("a"), Story(OTHER).say("b")
    disk = Hangs(state, KEY)
    async with FileStore(state, run=disk, clock=clock, patience=0.05) as store:
        await append(store, story)
        await append(store, other)
        clock.advance(QUIET)
        with anyio.fail_after(5):
            while covered(state, OTHER) < other.metadata.sequence:
                await anyio.lowlevel.checkpoint()
        assert disk.hangs == 1
        assert covered(state) == 0
        disk.let_go.set()
    await assert_kept(state, story, other)


async def test_a_host_does_nothing_for_it(state: Path, clock: ManualClock) -> None:
    async with Supervisor(FileStore(state, run=inline, clock=clock), OfflineModel(), clock=clock) as supervisor:
        session = supervisor.session("user-jason")
        for text in ("one", "two", "three"):
            await session.ask(text)
        await pass_time(clock, QUIET)
        content = json.loads((folder(state) / "history.json").read_bytes())
        assert len(content["messages"]) == 6
        assert (await session.info()).state == "Active"
