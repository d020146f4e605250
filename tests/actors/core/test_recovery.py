"""What is left when a supervisor ends, in order or not, and what the next one makes of it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import pytest

from argentos import FileStore, OfflineModel, RecordAppended, ReplayModel, Supervisor, Turn
from argentos.errors import StoreFailedError, SupervisorStoppedError
from argentos.storage import MemoryStore, Record, Replied, SessionKey, TurnStarted

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]


class Broken(MemoryStore):
    """A store whose disk fails after some appends."""

    def __init__(self, appends: int) -> None:
        super().__init__()
        self.left = appends

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        self.left -= 1
        if self.left < 0:
            raise StoreFailedError("the disk is gone")
        return await super().append(key, epoch, expected_sequence, records)


async def test_a_message_left_unanswered_is_answered_by_the_next_supervisor(running: Running) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        turn = await supervisor.session("maren").send("Hello?", message_id="m-1")
    with pytest.raises(SupervisorStoppedError):
        await turn.reply()
    async with running(ReplayModel(["I am back."])) as supervisor:
        reply = await supervisor.session("maren").ask("Hello?", message_id="m-1")
        assert reply.text == "I am back."
        assert (await supervisor.session("maren").info()).messages == 2


async def test_the_next_supervisor_answers_without_being_asked(running: Running) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        await supervisor.session("maren").send("Hello?")
    model = ReplayModel(live=True)
    async with running(model) as supervisor, supervisor.events() as events:
        started = await anext(aiter(events))
        assert isinstance(started, RecordAppended)
        assert isinstance(started.record, TurnStarted)
        assert started.record.attempt == 2


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_where_nothing_was_left_no_tasks_are_begun_to_take_it_up(running: Running) -> None:
    begun: list[asyncio.Task[Any]] = []

    def begin(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        begun.append(asyncio.Task(coroutine, loop=loop, **options))
        return begun[-1]

    asyncio.get_running_loop().set_task_factory(begin)
    async with running(max_turns=1000):
        await anyio.wait_all_tasks_blocked()
    assert len(begun) < 50


async def test_a_supervisor_that_should_not_resume_leaves_the_unanswered_alone(running: Running) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        await supervisor.session("maren").send("Hello?")
    async with running(OfflineModel(), resume=False) as supervisor:
        await anyio.wait_all_tasks_blocked()
        assert [info.waiting for info in await supervisor.list()] == [1]


async def test_a_running_turn_may_end_within_the_grace(running: Running) -> None:
    model = ReplayModel(live=True)
    turns: list[Turn] = []
    async with anyio.create_task_group() as group, running(model, grace=5) as supervisor:
        turns.append(await supervisor.session("maren").send("Hello?"))
        group.start_soon(feed_when_all_wait, model)
    assert (await turns[0].reply()).text == "Just in time."


async def feed_when_all_wait(model: ReplayModel) -> None:
    await anyio.wait_all_tasks_blocked()
    model.feed("Just in time.")


async def test_no_turn_is_begun_while_draining(running: Running) -> None:
    model = ReplayModel(live=True)
    turns: list[Turn] = []
    async with anyio.create_task_group() as group, running(model, grace=5) as supervisor:
        turns += [await supervisor.session("maren").send(text) for text in ("one", "two")]
        group.start_soon(feed_when_all_wait, model)
    assert (await turns[0].reply()).text == "Just in time."
    with pytest.raises(SupervisorStoppedError):
        await turns[1].reply()


async def test_a_failing_store_fails_the_sender_and_acknowledges_nothing(running: Running) -> None:
    async with running(ReplayModel(["Yes."] * 9), on=Broken(appends=2)) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hello?")
        with pytest.raises(StoreFailedError):
            await session.send("And now?")
        assert [message.text for message in await session.history()] == ["Hello?", "Yes."]


async def test_a_store_that_fails_at_the_reply_tells_whoever_waits(running: Running) -> None:
    async with running(ReplayModel(["Yes."] * 9), on=Broken(appends=1)) as supervisor:
        with pytest.raises(StoreFailedError):
            await supervisor.session("maren").ask("Hello?")


def segments_in(state: Path) -> list[Path]:
    return list(state.glob("journal/*.journal"))


async def test_a_host_that_is_cancelled_still_ends_in_order(running: Running, tmp_path: Path) -> None:
    with anyio.CancelScope() as scope:
        async with running(ReplayModel(["Yes."], live=True), on=FileStore(tmp_path)) as supervisor:
            session = supervisor.session("maren")
            await session.ask("Hello?")
            await session.send("Left open.")
            scope.cancel()
            await anyio.sleep_forever()
    assert segments_in(tmp_path) == []  # the files have it all
    async with running(ReplayModel(["Later."]), on=FileStore(tmp_path)) as supervisor, supervisor.events() as events:
        async for event in events:
            if isinstance(event, RecordAppended) and isinstance(event.record, Replied):
                break
        texts = [message.text for message in await supervisor.session("maren").history()]
        assert texts == ["Hello?", "Yes.", "Left open.", "Later."]


async def test_a_cancelled_sender_leaves_a_message_whole_or_absent(running: Running) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        session = supervisor.session("maren")
        await session.create()
        with anyio.move_on_after(0):
            await session.send("Cancelled at once.", message_id="m-1")
        await session.send("Next.", message_id="m-2")
        texts = [message.text for message in await session.history()]
        assert texts in (["Next."], ["Cancelled at once.", "Next."])


async def test_a_cancelled_reader_does_not_end_the_turn(running: Running) -> None:
    model = ReplayModel(live=True)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("Hello?")
        with anyio.move_on_after(0):
            await turn.reply()
        model.feed("Still here.")
        assert (await turn.reply()).text == "Still here."


async def test_several_supervisors_live_in_one_process(running: Running, tmp_path: Path) -> None:
    async with (
        running(ReplayModel(["from a"]), on=FileStore(tmp_path / "a")) as a,
        running(ReplayModel(["from b"]), on=FileStore(tmp_path / "b")) as b,
    ):
        assert (await a.session("maren").ask("Who?")).text == "from a"
        assert (await b.session("maren").ask("Who?")).text == "from b"


async def test_a_supervisor_may_run_again_after_its_end(running: Running) -> None:
    async with running(ReplayModel(["one", "two"])) as supervisor:
        await supervisor.session("maren").ask("Hello?")
    async with supervisor:
        assert (await supervisor.session("maren").ask("Again?")).text == "two"


async def test_everything_survives_on_disk(running: Running, tmp_path: Path) -> None:
    for number in range(3):
        async with running(ReplayModel([f"reply {number}"]), on=FileStore(tmp_path)) as supervisor:
            await supervisor.session("maren").ask(f"question {number}")
    async with running(on=FileStore(tmp_path)) as supervisor:
        texts = [message.text for message in await supervisor.session("maren").history()]
    assert texts == [f"{kind} {number}" for number in range(3) for kind in ("question", "reply")]
