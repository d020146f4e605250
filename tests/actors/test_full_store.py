"""A store without room for a while: what waits is taken up again by itself, and no reply is lost or given twice."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import anyio
import anyio.lowlevel
import pytest

from argentos import Config, Emit, FileStore, ManualClock, MemoryStore, ReplayModel, Reply, Request, Supervisor
from argentos.errors import StoreError, StoreFullError
from argentos.storage import Record, SessionKey, Snapshot

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]


class Filling(MemoryStore):
    """Refuses every append while it is full, and counts how often."""

    def __init__(self) -> None:
        super().__init__()
        self.error: StoreError | None = None
        self.refused = 0

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        self._check()
        return await super().append(key, epoch, expected_sequence, records)

    def _check(self) -> None:
        if self.error is not None:
            self.refused += 1
            raise self.error


class Gated:
    """A model that answers when it may."""

    name = "gated"
    can_summarise = True

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = anyio.Event()

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.asked += 1
        await self.go_on.wait()
        return Reply("A summary." if request.instruction else "Yes.")


@pytest.fixture
def store() -> Filling:
    return Filling()


@pytest.fixture
def model() -> Gated:
    return Gated()


async def pass_time(clock: ManualClock, seconds: float) -> None:
    for _ in range(int(seconds)):
        clock.advance(1)
        await anyio.wait_all_tasks_blocked()


async def test_a_reply_that_finds_no_room_is_kept_and_durable_later_without_asking_again(
    running: Running, store: Filling, model: Gated, clock: ManualClock
) -> None:
    async with running(model) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        await anyio.wait_all_tasks_blocked()
        store.error = StoreFullError("full")
        model.go_on.set()
        await pass_time(clock, 100)
        assert store.refused > 1
        store.error = None
        await pass_time(clock, 31)
        with anyio.fail_after(10):
            assert (await turn.reply()).text == "Yes."
        assert model.asked == 1
        assert [message.text for message in await supervisor.session("maren").history()] == ["Hello?", "Yes."]


async def test_messages_whose_turn_finds_no_room_to_begin_are_answered_later(
    running: Running, store: Filling, model: Gated, clock: ManualClock
) -> None:
    model.go_on.set()
    async with running(model, config=Config(collect_for=5.0)) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        store.error = StoreFullError("full")
        await pass_time(clock, 10)
        assert store.refused
        assert model.asked == 0
        store.error = None
        await pass_time(clock, 31)
        with anyio.fail_after(10):
            assert (await turn.reply()).text == "Yes."


async def test_a_summary_that_finds_no_room_is_kept_and_taken_later(
    running: Running, store: Filling, model: Gated, clock: ManualClock
) -> None:
    model.go_on.set()
    config = Config(max_context_tokens=500, keep_recent_tokens=20)
    async with running(model, config=config) as supervisor:
        session = supervisor.session("maren")
        for _ in range(3):
            await session.ask("word " * 30)
        model.go_on = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(session.compact)
            await anyio.wait_all_tasks_blocked()
            store.error = StoreFullError("full")
            model.go_on.set()
            await pass_time(clock, 10)
            assert (model.asked, (await session.info()).state) == (4, "Compacted")
            store.error = None
            await pass_time(clock, 31)
        info = await session.info()
        assert (info.state, info.compactions, model.asked) == ("Active", 1, 4)


async def test_a_message_that_is_refused_ends_no_turn_that_runs(running: Running, store: Filling, model: Gated) -> None:
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("Hello?")
        await anyio.wait_all_tasks_blocked()
        store.error = StoreFullError("full")
        with pytest.raises(StoreError):
            await session.send("And now?", message_id="m-2")
        assert (await session.info()).messages == 1
        store.error = None
        model.go_on.set()
        assert (await turn.reply()).text == "Yes."
        assert (await session.ask("And now?", message_id="m-2")).text == "Yes."
        assert model.asked == 2


async def test_a_session_is_tried_less_and_less_often(
    running: Running, store: Filling, model: Gated, clock: ManualClock
) -> None:
    async with running(model) as supervisor:
        await supervisor.session("maren").send("Hello?")
        await anyio.wait_all_tasks_blocked()
        store.error = StoreFullError("full")
        model.go_on.set()
        await pass_time(clock, 600)
        assert 20 <= store.refused <= 30


async def test_a_session_can_be_looked_at_while_there_is_no_room(
    running: Running, store: Filling, model: Gated
) -> None:
    async with running(model) as supervisor:
        await supervisor.session("maren").send("Hello?")
        await anyio.wait_all_tasks_blocked()
        store.error = StoreFullError("full")
        model.go_on.set()
        await anyio.wait_all_tasks_blocked()
        info = await supervisor.session("maren").info()
        assert (info.messages, info.waiting) == (1, 1)


async def test_a_session_that_cannot_be_read_meanwhile_is_taken_up_all_the_same(
    running: Running, model: Gated, clock: ManualClock
) -> None:
    class Deaf(Filling):
        async def load(self, key: SessionKey) -> Snapshot | None:
            self._check()
            return await super().load(key)

    store = Deaf()
    async with running(model, on=store) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        await anyio.wait_all_tasks_blocked()
        store.error = StoreFullError("full")
        model.go_on.set()
        await pass_time(clock, 10)
        store.error = StoreError("too many files are open")
        await pass_time(clock, 40)
        store.error = None
        await pass_time(clock, 31)
        with anyio.fail_after(10):
            assert (await turn.reply()).text == "Yes."
        assert model.asked == 1


async def test_what_can_never_be_stored_is_not_tried_again(
    running: Running, store: Filling, model: Gated, clock: ManualClock
) -> None:
    async with running(model, resume=False) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        await anyio.wait_all_tasks_blocked()
        store.error = StoreError("half a surrogate pair cannot be stored")
        model.go_on.set()
        await pass_time(clock, 60)
        assert store.refused == 1
        with pytest.raises(StoreError, match="half a surrogate pair"):
            await turn.reply()


async def test_a_command_that_finds_no_room_is_refused_and_not_done_later(
    running: Running, store: Filling, model: Gated, clock: ManualClock
) -> None:
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.send("Hello?")
        await anyio.wait_all_tasks_blocked()
        store.error = StoreFullError("full")
        model.go_on.set()
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(StoreFullError):
            await session.clear()
        store.error = None
        await pass_time(clock, 31)
        assert (await session.info()).messages == 2


async def test_the_health_tells_of_a_full_disk_until_there_is_room_though_nobody_sends(
    running: Running, tmp_path: Path
) -> None:
    async with running(ReplayModel(["Yes."] * 4), on=FileStore(tmp_path, segment_size=1)) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        assert supervisor.health().is_well
        newest = max((tmp_path / "journal").iterdir())
        in_the_way = newest.with_name(f"{int(newest.stem) + 1:08}.journal")
        in_the_way.mkdir()  # as good as a full disk: no segment can be made
        with pytest.raises(StoreFullError) as refused:
            await session.send("And now?")
        assert supervisor.health().store == str(refused.value)
        assert not supervisor.health().is_well
        in_the_way.rmdir()
        with anyio.fail_after(10):
            while not supervisor.health().is_well:
                await anyio.lowlevel.checkpoint()
        assert (await session.ask("And now?")).text == "Yes."


async def test_the_health_tells_of_a_supervisor_that_does_not_run(running: Running) -> None:
    async with running() as supervisor:
        assert supervisor.health().is_well
    assert not supervisor.health().is_open
    assert not supervisor.health().is_well
