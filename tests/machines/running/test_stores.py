"""Snapshots of a life: durable before anything is seen or done."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from argentos.errors import InputError, StoreBusyError, StoreDamagedError, StoreFailedError, StoreVersionError
from argentos.machines.running import MachineSnapshot, MemorySnapshots, Runner
from argentos.storage import SnapshotFile
from tests.machines.running.doors import DOOR, House, door, new_clock, stored

pytestmark = pytest.mark.anyio


class Failing(MemorySnapshots):
    """A store that fails, before or after it has saved."""

    def __init__(self) -> None:
        super().__init__()
        self.before: BaseException | None = None
        self.after: BaseException | None = None

    async def save(self, snapshot: MachineSnapshot, /) -> None:
        if self.before is not None:
            raise self.before
        await super().save(snapshot)
        if self.after is not None:
            raise self.after


async def test_a_life_goes_on_where_it_was() -> None:
    store = MemorySnapshots()
    async with door(store=store) as runner:
        await runner.send("install")
        await runner.send("lock")
    async with door(store=store, name="another") as runner:
        assert runner.state == "Locked"
        await runner.send("unlock")
    assert store.snapshot is not None
    assert (store.snapshot.id, store.snapshot.sequence) == ("door-1", 3)
    assert store.snapshot.diagram == DOOR.diagram.digest


async def test_a_transition_is_stored_with_its_effects_before_they_run() -> None:
    house, store = House(), MemorySnapshots()
    seen: list[tuple[str, list[str]]] = []

    def beep() -> None:
        assert store.snapshot is not None
        seen.append((store.snapshot.state, [each.effect for each in store.snapshot.pending]))

    effects = {"beep": beep, "log": beep, "chime": house.chime}
    async with door(house, effects=effects, store=store) as runner:
        await runner.send("install")
        await runner.send("push")
        assert seen == [("Open", ["beep", "log"]), ("Open", ["log"])]
        assert store.snapshot is not None
        assert store.snapshot.pending == ()


async def test_what_cannot_be_stored_does_not_happen() -> None:
    house, store = House(), Failing()
    async with door(house, store=store) as runner, runner.subscribe() as changes:
        await runner.send("install")
        store.before = OSError("no disk")
        with pytest.raises(StoreFailedError, match=r"the store raised OSError\('no disk'\)"):
            await runner.send("push")
        assert (runner.state, house.heard, len(changes.take())) == ("Closed", [], 1)
        store.before = None
        await runner.send("push")
        assert (runner.state, house.heard) == ("Open", ["beep", "log"])


async def test_what_was_stored_though_the_store_failed_has_happened_once_it_is_asked_again() -> None:
    house, store = House(), Failing()
    async with door(house, store=store) as runner, runner.subscribe() as changes:
        await runner.send("install")
        store.after = OSError("no answer")
        with pytest.raises(StoreFailedError):
            await runner.send("push")
        store.after = None
        await runner.send("pull")
        await runner.settle()
        assert runner.state == "Closed"
        assert [str(each.transition.event) for each in changes.take()] == ["install", "push", "pull"]
        assert house.heard == ["beep", "log"]


async def test_that_an_effect_is_done_need_not_be_stored_at_once(caplog: pytest.LogCaptureFixture) -> None:
    house, store = House(), Failing()

    def break_store() -> None:
        store.before = OSError("no disk")

    async with door(
        house, store=store, effects={"beep": break_store, "log": house.log, "chime": house.chime}
    ) as runner:
        await runner.send("install")
        await runner.send("push")
        assert house.heard == ["log"]
    assert "it may be run again" in caplog.text


async def test_a_timer_that_could_not_be_stored_is_raised_again() -> None:
    clock, store = new_clock(), Failing()
    async with door(store=store, clock=clock) as runner:
        await runner.send("install")
        await runner.send("push")
        store.before = OSError("no disk")
        clock.advance(30)
        await anyio.wait_all_tasks_blocked()
        assert runner.state == "Open"
        store.before = None
        with anyio.fail_after(20):
            await runner.wait_for("Closed")


@pytest.mark.parametrize("plain", [False, True])
async def test_a_store_may_be_two_functions(*, plain: bool) -> None:
    kept: dict[str, bytes] = {}

    class Plain:
        def load(self) -> MachineSnapshot | None:
            return MachineSnapshot.from_json(kept["door"]) if kept else None

        def save(self, snapshot: MachineSnapshot, /) -> None:
            kept["door"] = snapshot.to_json()

    class Asynchronous:
        async def load(self) -> MachineSnapshot | None:
            return Plain().load()

        async def save(self, snapshot: MachineSnapshot, /) -> None:
            Plain().save(snapshot)

    for state in ("Closed", "Locked"):
        async with door(store=Plain() if plain else Asynchronous()) as runner:
            await runner.send("install" if state == "Closed" else "lock")
            assert runner.state == state
    assert json.loads(kept["door"])["state"] == "Locked"


async def test_a_store_that_gives_what_is_no_snapshot_is_told_so() -> None:
    class Odd(MemorySnapshots):
        async def load(self) -> Any:
            return {"state": "Closed"}

    with pytest.raises(StoreFailedError, match=r"the store gave \{'state': 'Closed'\} for a snapshot"):
        async with door(store=Odd()):
            pass


async def test_data_that_cannot_be_stored_are_refused_and_nothing_happens() -> None:
    async with door(store=MemorySnapshots()) as runner:
        await runner.send("install")
        with pytest.raises(InputError, match="the data of an event cannot be stored"):
            await runner.send("push", object())
        assert runner.state == "Closed"
        await runner.send("lock", object())  # which no effect needs


async def test_a_sender_that_is_cancelled_leaves_nothing_half_done() -> None:
    class Slow(MemorySnapshots):
        def __init__(self) -> None:
            super().__init__(stored().snapshot)
            self.begun, self.go_on = anyio.Event(), anyio.Event()

        async def save(self, snapshot: MachineSnapshot, /) -> None:
            self.begun.set()
            await self.go_on.wait()
            await super().save(snapshot)

    store = Slow()
    async with door(store=store) as runner:
        async with anyio.create_task_group() as group:
            group.start_soon(runner.send, "lock")
            await store.begun.wait()
            group.cancel_scope.cancel()
            store.go_on.set()
        assert (runner.state, store.snapshot and store.snapshot.state) == ("Locked", "Locked")


# In a file --------------------------------------------------------------------------------------------------------


async def test_a_file_has_the_snapshot_as_json_that_people_can_read(tmp_path: Path) -> None:
    path = tmp_path / "homes" / "door.json"
    async with door(store=SnapshotFile(path)) as runner:
        await runner.send("install")
        await runner.send("push", {"who": "Ada"})
        found = json.loads(path.read_text(encoding="utf-8"))
        assert (found["state"], found["sequence"], found["diagram"]) == ("Open", 2, DOOR.diagram.digest)
    async with door(store=SnapshotFile(path)) as runner:
        assert runner.state == "Open"


async def test_a_file_belongs_to_one_runner_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "door.json"
    async with door(store=SnapshotFile(path)):
        with pytest.raises(StoreBusyError, match=r"door\.json is in use by .*process \d+"):
            async with door(store=SnapshotFile(path)):
                pass
    async with door(store=SnapshotFile(path)):
        pass


@pytest.mark.parametrize(
    ("part", "other", "error"),
    [
        ("}\n", "", StoreDamagedError),
        ('"Closed"', "7", StoreDamagedError),
        ("Closed", "\udcff", StoreDamagedError),
        ('"version": 1', '"version": 2', StoreVersionError),
    ],
)
async def test_a_file_that_cannot_be_read_is_left_as_it_is(
    tmp_path: Path, part: str, other: str, error: type[Exception]
) -> None:
    path = tmp_path / "door.json"
    async with door(store=SnapshotFile(path)) as runner:
        await runner.send("install")
    damaged = path.read_text().replace(part, other).encode(errors="surrogateescape")
    path.write_bytes(damaged)
    with pytest.raises(error, match=r"door\.json .*it was left as it is"):
        async with door(store=SnapshotFile(path)):
            pass
    assert path.read_bytes() == damaged


async def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailedError, match=r"file/door\.json cannot be used: "):
        async with Runner(DOOR, House(), effects=House(), store=SnapshotFile(tmp_path / "file" / "door.json")):
            pass
